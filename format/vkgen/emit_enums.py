"""Names of enum values and flag bits, and the list of the enums that have them."""

from cpp import NOTICE


def named_enums(model):
    """By name, those whose values get names."""
    enums = [e for e in model.enums.values() if e.values and (e.name.startswith("Vk") or e.name.startswith("StdVideo"))]
    used = {m.names for s in model.structs.values() for m in s.members}
    used |= {m.names for c in model.commands.values() for m in c.params}
    used |= {"VkResult", "VkStructureType", "VkObjectType", "VkColorSpaceKHR", "VkFormat"}
    return {e.name: e for e in enums if e.name in used}


def emit(model):
    enums = list(named_enums(model).values())
    head = [NOTICE, "#pragma once", "namespace reprise {"]
    head += [f"extern const EnumInfo k{e.name}Names;" for e in enums] + ["}  // namespace reprise"]
    body = [NOTICE, '#include "format/vk.h"', "namespace reprise {", "namespace {"]
    for e in enums:
        body.append(f"constexpr EnumName k{e.name}Values[] = {{")
        body += [f'    {{uint64_t({v}), "{v}"}},' for v in e.values]
        body.append("};")
    body.append("}  // namespace")
    for e in enums:
        body.append(f'const EnumInfo k{e.name}Names{{"{e.name}", {"true" if e.flags else "false"}, k{e.name}Values}};')
    return {"enums.h": "\n".join(head) + "\n", "enums.cpp": "\n".join(body + ["}  // namespace reprise"]) + "\n",
            "enum_names.inc": NOTICE + "".join(f"REPRISE_ENUM({e.name}, k{e.name}Names)\n" for e in enums)}
