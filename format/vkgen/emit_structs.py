"""visit() of every struct, in slices for the compiler, and the chain dispatch by sType."""

import emit_direct
import overrides
from cpp import NOTICE, SLICES, condition, in_reading_order, visit_line


def ordered(model):
    return [s for s in model.structs.values() if not s.union] + [s for s in model.structs.values() if s.union]


def body(model, s):
    lines = []
    scope = overrides.find(overrides.SCOPES, s.name)
    if scope:
        lines.append(scope.value)
    if s.union:
        row = overrides.find(overrides.UNION_ARMS, s.name)
        arm = next((m for m in s.members if row and m.name == row.value), None)
        return lines + ([visit_line(model, arm, s.members, s.name)] if arm else ["(void)v; (void)s;"])
    for m in in_reading_order(s.members):
        if m.kind == "structure":
            lines.append(f'v.structure({s.stype or "s.sType"}, "{s.name}", s.sType, chainRef(s.pNext));')
        elif m.kind == "union":
            lines += union_switch(model, s, m)
        elif m.kind != "chain":
            lines.append(visit_line(model, m, s.members, s.name))
    return lines or ["(void)v; (void)s;"]


def union_switch(model, s, m):
    """A union whose arm the owner's selector names."""
    union = model.structs[m.base]
    lines = [f"switch (int64_t(s.{m.selector})) {{"]
    for arm in union.members:
        for value in arm.selection:
            lines.append(f"  case int64_t({value}):")
        if arm.selection:
            inner = visit_line(model, arm, union.members, union.name, f"s.{m.name}", f"{m.name}.")
            lines.append(f"    {inner} break;")
    return lines + ["  default: break;", "}"]


def emit(model):
    structs = ordered(model)
    head = [NOTICE, "#pragma once", "namespace reprise {"]
    head += [f"template <class V> void visit(V& v, {s.name}& s);" for s in structs]
    head += ["// Visits the struct behind a chain node; false if the registry does not know its sType.",
             "template <class V> bool visitNode(V& v, VkStructureType type, void* node);",
             "// Structs through whose pointers the driver writes: at input time their members count.",
             "template <class T> inline constexpr bool kHasOutputPointers = false;",
             "template <class T> inline constexpr bool kReturnedOnly = false;",
             "template <class T> inline constexpr VkStructureType kStructureType = VK_STRUCTURE_TYPE_MAX_ENUM;",
             "// Structs whose encoded form is their bytes in memory: no pointer, no padding.",
             "template <class T> inline constexpr bool kPacked = false;"]
    for s in structs:
        if s.has_output_pointers:
            head.append(f"template <> inline constexpr bool kHasOutputPointers<{s.name}> = true;")
        if s.returned_only:
            head.append(f"template <> inline constexpr bool kReturnedOnly<{s.name}> = true;")
        if s.stype:
            head.append(f"template <> inline constexpr VkStructureType kStructureType<{s.name}> = {s.stype};")
    head += emit_direct.packed_traits(model)
    head.append("}  // namespace reprise")
    out = {"structs.h": "\n".join(head) + "\n"}
    for i in range(SLICES):
        part = structs[i::SLICES]
        text = [NOTICE, "namespace reprise {"]
        for s in part:
            text.append(f"template <class V> void visit(V& v, {s.name}& s) {{")
            text += ["  " + line for line in body(model, s)]
            text.append("}")
        text.append("}  // namespace reprise")
        out[f"structs_{i}.inc"] = "\n".join(text) + "\n"
        out[f"instantiate_{i}.inc"] = NOTICE + "".join(f"REPRISE_INSTANTIATE({s.name})\n" for s in part)
    nodes = [s for s in structs if s.stype]
    out["nodes.inc"] = NOTICE + "".join(f"REPRISE_NODE({s.stype}, {s.name})\n" for s in nodes)
    out["struct_extensions.inc"] = NOTICE + "".join(
        f'REPRISE_STRUCT_EXTENSION({s.stype}, "{model.type_origin[s.name]}")\n' for s in nodes
        if model.type_origin[s.name] in model.extensions)
    out["struct_aliases.inc"] = NOTICE + "".join(
        f"REPRISE_STRUCT_ALIAS({alias}, {model.canonical(alias)})\n" for alias in model.aliases
        if model.canonical(alias) in model.structs)
    out["direct.h"] = emit_direct.header(model, body)
    out["extends.inc"] = NOTICE + "".join(
        f"REPRISE_EXTENDS({e}, {s.name})\n" for s in nodes for e in s.extends if e in model.structs)
    return out
