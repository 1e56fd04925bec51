"""Which versions and extensions have a command, struct, feature or SPIR-V capability."""

import overrides
from cpp import NOTICE
from emit_enums import named_enums
from model import for_vulkan

# Enums whose values come with every extension and say nothing of its use.
NAMING_ENUMS = {"VkStructureType", "VkObjectType", "VkResult", "VkDebugReportObjectTypeEXT"}


def text(providers):
    return f'"{",".join(providers)}"'


def is_core(providers):
    return "VK_VERSION_1_0" in providers


def commands(model):
    for c in model.commands.values():
        providers = model.providers(c.name, *c.aliases)
        if not is_core(providers):
            for name in [c.name] + c.aliases:
                yield f"REPRISE_COMMAND_PROVIDERS({name}, {text(providers)})"


def structs(model):
    """What a driver fills in does no harm where it does not know it: left out here."""
    for s in model.structs.values():
        providers = model.providers(s.name)
        if s.stype and not s.returned_only and not is_core(providers):
            yield f"REPRISE_STRUCT_PROVIDERS({s.stype}, {text(providers)})"


def is_feature_struct(s):
    asked = "VkPhysicalDeviceFeatures2" in s.extends and "VkDeviceCreateInfo" in s.extends
    return s.name == "VkPhysicalDeviceFeatures" or (asked and s.stype)


def features(model):
    """A struct's members right behind it."""
    for s in model.structs.values():
        if not is_feature_struct(s):
            continue
        stype = s.stype or "VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_FEATURES_2"  # what holds it in a chain
        yield f"REPRISE_FEATURE_STRUCT({s.name}, {stype}, {text(model.providers(s.name))})"
        for m in s.members:
            if m.base == "VkBool32" and not m.dims:
                yield f"REPRISE_FEATURE({s.name}, {m.name})"


def promoted_to(model, extension):
    """The version of Vulkan that an extension became part of, also by way of another extension."""
    seen = set()
    while extension in model.extensions and extension not in seen:
        seen.add(extension)
        extension = model.extensions[extension].get("promotedto") or ""
    return extension if extension.startswith("VK_VERSION_") else ""


def adds_values(extension):
    return any(e.get("extends") not in NAMING_ENUMS
               for e in extension.iterfind("require/enum") if e.get("extends") and not e.get("alias"))


def extensions(model):
    for name, extension in model.extensions.items():
        of_device = extension.get("type") == "device"
        yield (f'REPRISE_EXTENSION_FATE("{name}", {str(of_device).lower()}, "{promoted_to(model, name)}", '
               f"{str(adds_values(extension)).lower()})")


def enabled_by(model, element):
    """One item an alternative: a version or extension, a feature, or '' for what is a property or unknown here."""
    for e in element.iterfind("enable"):
        if e.get("feature"):
            known = any(m.name == e.get("feature") for s in [model.structs.get(model.canonical(e.get("struct")))] if s
                        for m in s.members)
            yield (e.get("feature") if known else ""), "true"
        else:
            yield e.get("version") or e.get("extension") or "", "false"


def spirv(model):
    for element in model.spirv_capabilities:
        number = overrides.SPIRV_CAPABILITIES.get(element.get("name"))
        for name, is_feature in enabled_by(model, element) if number is not None else ():
            yield f'REPRISE_SPIRV_CAPABILITY({number}, "{element.get("name")}", "{name}", {is_feature})'
    for element in model.spirv_extensions:
        for name, _ in enabled_by(model, element):
            yield f'REPRISE_SPIRV_EXTENSION("{element.get("name")}", "{name}")'


def base_values(model):
    """Names of values that stand in the enums themselves: of Vulkan 1.0, or of whatever has the whole enum."""
    return {e.get("name") for block in model.enum_blocks for e in block.iterfind("enum") if not e.get("alias")}


def added_values(model):
    """{(enum, value): providers} of what versions and extensions add to enums that others may use, too."""
    aliases, found, base = {}, {}, base_values(model)
    items = [(block, e) for block, require in model.extension_requires for e in require.iterfind("enum")
             if e.get("extends") in model.enums and e.get("extends") not in NAMING_ENUMS and for_vulkan(e)]
    for _, e in items:
        if e.get("alias"):
            aliases[e.get("name")] = e.get("alias")
    for block in model.enum_blocks:
        aliases.update({e.get("name"): e.get("alias") for e in block.iterfind("enum") if e.get("alias")})
    for block, e in items:
        value = e.get("name")
        while value in aliases:
            value = aliases[value]
        provider = model.provider(block)
        providers = found.setdefault((e.get("extends"), value), [])
        if provider not in providers:
            providers.append(provider)
    return {key: providers for key, providers in found.items()
            if key[1] not in base and key[1] in model.enums[key[0]].values}


def values(model):
    for (enum, value), providers in added_values(model).items():
        if enum in named_enums(model):
            yield f"REPRISE_VALUE_PROVIDERS({enum}, {value}, {text(providers)})"


def holdings(model):
    """Of each command, whether its inputs may hold pNext chains, values that came later, and its outputs handles."""
    enums = {enum for enum, _ in added_values(model)}
    known = {}

    def of(members):
        chain = value = handle = False
        for m in members:
            value |= m.names in enums
            chain |= m.name == "pNext"
            handle |= m.base in model.handles
            if m.base in model.structs:
                inner = of_struct(m.base)
                chain, value, handle = chain | inner[0], value | inner[1], handle | inner[2]
        return chain, value, handle

    def of_struct(name):
        if name not in known:
            known[name] = (False, False, False)  # a struct within itself adds nothing
            known[name] = of(model.structs[name].members)
        return known[name]

    for c in model.commands.values():
        chain, value, _ = of([p for p in c.params if not p.is_output])
        handle = of([p for p in c.params if p.is_output])[2]
        if chain or value or handle:
            yield f"REPRISE_COMMAND_HOLDS({c.name}, {str(chain).lower()}, {str(value).lower()}, {str(handle).lower()})"


def emit(model):
    parts = {"value_providers.inc": values, "command_holdings.inc": holdings, "command_providers.inc": commands, "struct_providers.inc": structs, "features.inc": features,
             "extension_fates.inc": extensions, "spirv.inc": spirv}
    return {name: NOTICE + "".join(line + "\n" for line in part(model)) for name, part in parts.items()}
