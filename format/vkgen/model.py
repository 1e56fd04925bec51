"""One typed model of the Vulkan registry (vk.xml, and video.xml for the StdVideo structs).

Everything that an emitter needs is decided here: what a member is, how long it is, which way a parameter flows.
Emitters only loop and substitute. Registry grammar: the "Vulkan API Registry" document, sections on <member>,
<param>, len, altlen, optional, selector, structextends.
"""

import re
import sys
import xml.etree.ElementTree as ElementTree
from dataclasses import dataclass, field
from pathlib import Path

import overrides

INTEGERS = {"int", "int8_t", "int16_t", "int32_t", "int64_t", "uint8_t", "uint16_t", "uint32_t", "uint64_t", "size_t",
            "char"}
FLOATS = {"float", "double"}
QUEUE_FAMILY = re.compile(r"(p|src|dst)?[qQ]ueueFamilyInd(ex|ices)")


class RegistryError(Exception):
    """What the registry and the overrides disagree about; ends the build with one sentence."""


@dataclass
class Member:
    name: str
    base: str                     # canonical type name without const, struct, * and []
    stars: int = 0
    const: bool = False           # of the pointee
    dims: list = field(default_factory=list)
    bits: int = 0                 # bit-field width, 0 if none
    length: str = ""              # the registry's len (or altlen) expression, one item a pointer level
    null_terminated: bool = False
    optional: str = ""
    selector: str = ""
    selection: list = field(default_factory=list)
    object_type: str = ""         # the member that holds the VkObjectType of this uint64_t
    kind: str = ""                # one of the visitor's words, see classify()
    names: str = ""               # enum that names its values
    declaration: str = ""         # C text, for parameters
    for_shaders: bool = False     # bytes that shaders get to see
    declared_base: str = ""       # where overrides.py knows better than the C type

    @property
    def is_output(self):
        return self.kind.startswith("out") or self.kind == "countPointer"


@dataclass
class Struct:
    name: str
    members: list
    union: bool = False
    stype: str = ""
    extends: list = field(default_factory=list)
    returned_only: bool = False
    guard: str = ""

    @property
    def has_output_pointers(self):
        return any(m.is_output for m in self.members)


@dataclass
class Command:
    name: str
    returns: str
    params: list
    aliases: list = field(default_factory=list)
    extension: str = ""
    device_level: bool = False
    error_codes: bool = False
    added: list = field(default_factory=list)   # members of its packet that are no parameters

    @property
    def packet(self):
        return self.name[2:] + "Call"

    @property
    def members(self):
        """Of its packet."""
        return self.params + self.added


@dataclass
class Enum:
    name: str
    values: list = field(default_factory=list)   # (name, C constant)
    flags: bool = False
    width: int = 32


@dataclass
class Handle:
    name: str
    dispatchable: bool
    parent: str
    object_type: str


def text_of(element):
    return "".join(t for t in element.itertext()).strip()


def for_vulkan(element):
    api = element.get("api")
    return api is None or "vulkan" in api.split(",")


class Model:
    def __init__(self, registry: Path, video: Path | None):
        root = ElementTree.parse(registry).getroot()
        self.version = self.read_version(root)
        self.types, self.aliases = {}, {}
        self.enums, self.handles, self.structs, self.commands = {}, {}, {}, {}
        self.flag_bits, self.foreign, self.func_pointers, self.base_types = {}, {}, set(), {}
        self.alias_extension = {}
        self.platforms = {p.get("name"): p.get("protect") for p in root.iterfind("platforms/platform")}
        self.select(root)
        self.read_types(root)
        if video:
            self.read_video(ElementTree.parse(video).getroot())
        self.read_enums(root)
        self.formats = list(root.iterfind("formats/format"))
        self.spirv_capabilities = list(root.iterfind("spirvcapabilities/spirvcapability"))
        self.spirv_extensions = list(root.iterfind("spirvextensions/spirvextension"))
        self.read_structs(root)
        self.read_commands(root)
        self.check_overrides()
        for struct in self.structs.values():
            for member in struct.members:
                self.classify(member, struct.members, struct.name)
        for command in self.commands.values():
            for member in command.members:
                self.classify(member, command.members, command.name)

    # ---- what of the registry is Vulkan, and who requires it

    def read_version(self, root):
        for t in root.iterfind("types/type"):
            if t.findtext("name") == "VK_HEADER_VERSION" and for_vulkan(t):
                return int(re.search(r"(\d+)\s*$", text_of(t)).group(1))
        raise RegistryError("the registry has no VK_HEADER_VERSION: it is not a vk.xml of Vulkan")

    def select(self, root):
        self.required, self.command_origin, self.type_origin, self.platform_of = set(), {}, {}, {}
        self.origins = {}  # of commands and types, every one: versions as VK_VERSION_x_y, and extensions
        self.extension_requires = []
        self.extensions = {}
        for feature in root.iterfind("feature"):
            if for_vulkan(feature):
                self.take(feature, feature.get("name"), "")
        for ext in root.iterfind("extensions/extension"):
            supported = (ext.get("supported") or "").split(",")
            if "vulkan" in supported:
                self.extensions[ext.get("name")] = ext
                self.take(ext, ext.get("name"), ext.get("platform") or "")

    def provider(self, block):
        """What a <feature> or <extension> is called as a provider."""
        version = f"VK_VERSION_{(block.get('number') or '').replace('.', '_')}"
        return version if block.tag == "feature" else block.get("name")

    def take(self, block, origin, platform):
        provider = self.provider(block)
        for require in block.iterfind("require"):
            if not for_vulkan(require):
                continue
            self.extension_requires.append((block, require))
            for item in require:
                name = item.get("name")
                if item.tag in ("type", "command") and name:
                    self.required.add(name)
                    if provider not in self.origins.setdefault(name, []):
                        self.origins[name].append(provider)
                    if item.tag == "command":
                        self.command_origin.setdefault(name, origin)
                    else:
                        self.type_origin.setdefault(name, origin)
                    if platform:
                        self.platform_of.setdefault(name, platform)

    # ---- types

    def read_types(self, root):
        for t in root.iterfind("types/type"):
            if not for_vulkan(t):
                continue
            name = t.get("name") or t.findtext("name")
            category = t.get("category")
            if t.get("alias"):
                self.aliases[name] = t.get("alias")
            if category == "handle" and not t.get("alias") and name in self.required:
                macro = t.findtext("type")
                self.handles[name] = Handle(name, macro == "VK_DEFINE_HANDLE", (t.get("parent") or "").split(",")[0],
                                            t.get("objtypeenum") or "")
            elif category == "bitmask" and not t.get("alias"):
                self.flag_bits[name] = (t.get("requires") or t.get("bitvalues") or "",
                                        64 if t.findtext("type") == "VkFlags64" else 32)
            elif category == "funcpointer":
                self.func_pointers.add(name or t.findtext("proto/name"))
            elif category == "basetype" and t.findtext("type"):
                self.base_types[name] = t.findtext("type")
            elif category in (None, "basetype") and name and not t.findtext("type"):
                self.foreign[name] = t.get("requires") or category or ""
            self.types[name] = category

    def read_video(self, root):
        for t in root.iterfind("types/type"):
            name = t.get("name") or t.findtext("name")
            if t.get("category") == "struct":
                self.structs[name] = Struct(name, [self.read_member(m) for m in t.iterfind("member")])
                self.foreign.pop(name, None)
            elif t.get("category") == "enum":
                self.enums[name] = Enum(name)
                self.foreign.pop(name, None)
        for block in root.iterfind("enums"):
            self.add_enum_block(block)

    def add_enum_block(self, block):
        if block.get("type") not in ("enum", "bitmask"):
            return
        enum = self.enums.setdefault(block.get("name"), Enum(block.get("name")))
        enum.flags = block.get("type") == "bitmask"
        enum.width = int(block.get("bitwidth") or 32)
        enum.values += [e.get("name") for e in block.iterfind("enum") if not e.get("alias") and for_vulkan(e)]

    def read_enums(self, root):
        self.enum_blocks = list(root.iterfind("enums"))
        for block in self.enum_blocks:
            self.add_enum_block(block)
        for _, require in self.extension_requires:
            for e in require.iterfind("enum"):
                extends = e.get("extends")
                if extends and not e.get("alias") and for_vulkan(e) and extends in self.enums:
                    values = self.enums[extends].values
                    if e.get("name") not in values:
                        values.append(e.get("name"))

    def read_structs(self, root):
        for t in root.iterfind("types/type"):
            name = t.get("name")
            if t.get("category") not in ("struct", "union") or t.get("alias") or not for_vulkan(t):
                continue
            if name not in self.required or name in overrides.names(overrides.SKIPPED_STRUCTS):
                continue
            members = [self.read_member(m) for m in t.iterfind("member") if for_vulkan(m)]
            struct = Struct(name, members, t.get("category") == "union")
            first = t.find("member")
            struct.stype = (first.get("values") or "") if first.findtext("type") == "VkStructureType" else ""
            struct.extends = (t.get("structextends") or "").split(",") if t.get("structextends") else []
            struct.returned_only = t.get("returnedonly") == "true"
            self.structs[name] = struct

    def read_member(self, element):
        parts = [element.text or ""]
        for child in element:
            if child.tag != "comment":
                parts.append(text_of(child))
            parts.append(child.tail or "")
        text = " ".join("".join(p + " " for p in parts).split())
        name = element.findtext("name")
        base = element.findtext("type")
        after = text.split(" " + name, 1)[1] if " " + name in text else ""
        member = Member(name, self.canonical(base), text.count("*"))
        member.const = text.startswith("const")
        member.dims = re.findall(r"\[\s*(\w+)\s*\]", after)
        bits = re.match(r"\s*:\s*(\d+)", after)
        member.bits = int(bits.group(1)) if bits else 0
        length = element.get("altlen") or element.get("len") or ""
        member.null_terminated = (element.get("len") or "").endswith("null-terminated")
        member.length = length.split(",")[0] if length.split(",")[0] != "null-terminated" else ""
        member.optional = element.get("optional") or ""
        member.selector = element.get("selector") or ""
        member.selection = (element.get("selection") or "").split(",") if element.get("selection") else []
        member.object_type = element.get("objecttype") or ""
        member.declaration = re.sub(r"\s*([\[\]*])\s*", r"\1 ", text).replace("[ ", "[").strip()
        return member

    def canonical(self, name):
        while name in self.aliases:
            name = self.aliases[name]
        return name

    def providers(self, name, *aliases):
        """Versions and extensions that have a type or command, under whatever name."""
        names = [name, *aliases, *(a for a in self.aliases if self.canonical(a) == name)]
        return list(dict.fromkeys(p for n in names for p in self.origins.get(n, [])))

    # ---- commands

    def read_commands(self, root):
        aliases = []
        for c in root.iterfind("commands/command"):
            if not for_vulkan(c):
                continue
            if c.get("alias"):
                aliases.append((c.get("name"), c.get("alias")))
                continue
            name = c.findtext("proto/name")
            params = [self.read_member(p) for p in c.iterfind("param") if for_vulkan(p)]
            self.commands[name] = Command(name, c.findtext("proto/type"), params,
                                          error_codes=bool(c.get("errorcodes")))
        targets = dict(aliases)
        for alias, target in aliases:
            while target in targets:
                target = targets[target]
            if alias in self.required and target in self.commands:
                self.commands[target].aliases.append(alias)
        # A command that only its alias's extension requires is reachable under the alias alone: keep it when either is.
        self.commands = {n: c for n, c in self.commands.items() if n in self.required}
        for c in self.commands.values():
            c.extension = self.command_origin[c.name]
            first = c.params[0].base if c.params else ""
            c.device_level = first in ("VkDevice", "VkQueue", "VkCommandBuffer", "VkExternalComputeQueueNV")
            for alias in c.aliases:
                self.alias_extension[alias] = self.command_origin[alias]
            row = overrides.find(overrides.ADDED_PARAMETERS, c.name)
            c.added = [self.added_member(*m) for m in row.value] if row else []

    def added_member(self, ctype, name, length):
        return Member(name, ctype.replace("const ", "").rstrip("*"), ctype.count("*"), ctype.startswith("const"),
                      length=length, declaration=f"{ctype} {name}")

    # ---- what a member is

    def check_overrides(self):
        for table, row in overrides.all_rows():
            if not row.since <= self.version < row.until:
                continue
            owner, _, member = row.name.partition(".")
            known = owner in self.structs or owner in self.commands or owner in self.foreign or owner in self.types
            if known and member:
                thing = self.structs.get(owner) or self.commands.get(owner)
                members = (thing.members if isinstance(thing, Struct) else thing.params) if thing else []
                known = any(m.name == member for m in members)
            if not known:
                raise RegistryError(
                    f"overrides.py, {table}: '{row.name}' is not in the registry (header version {self.version}); "
                    f"correct the row or give it since=/until= the version that has it")

    def row(self, table, owner, member):
        return overrides.find(table, f"{owner}.{member}")

    def is_struct(self, base):
        return base in self.structs

    def is_opaque_value(self, m):
        return (m.base in self.func_pointers or m.base.startswith("PFN_") or m.base in ("void",)
                or (m.base in self.foreign and m.base not in INTEGERS | FLOATS) or m.base in overrides.names(
                    overrides.OPAQUE_TYPES))

    def classify(self, m, siblings, owner):
        actual = self.row(overrides.ACTUAL_TYPES, owner, m.name)
        if actual:
            m.declared_base, m.base = m.base, actual.value
        m.names = self.names_of(m.base)
        m.for_shaders = bool(self.row(overrides.DATA_FOR_SHADERS, owner, m.name))
        length = self.row(overrides.LENGTHS, owner, m.name)
        if length:
            m.length = length.value
        m.kind = self.kind_of(m, siblings, owner)
        if m.kind == "unknown":
            raise RegistryError(f"{owner}.{m.name} ({m.declaration}): no rule of the model fits; add a row to overrides.py")

    def kind_of(self, m, siblings, owner):
        if m.name == "sType" and m.base == "VkStructureType":
            return "structure"
        if m.name == "pNext":
            return "chain"
        if self.row(overrides.OPAQUE_MEMBERS, owner, m.name) or m.base == "VkAllocationCallbacks":
            return "opaque"
        if self.row(overrides.JAGGED, owner, m.name):
            return "jagged"
        if m.stars == 0:
            return self.value_kind(m)
        if m.stars == 2:
            return self.double_pointer_kind(m, siblings)
        if m.stars == 1:
            return self.pointer_kind(m, siblings, owner)
        return "unknown"

    def value_kind(self, m):
        if m.dims:
            return "text" if m.base == "char" else "fixed"
        if m.object_type and m.base == "uint64_t":
            return "objectHandle"
        if m.base in self.structs:
            if self.structs[m.base].union and m.selector:
                return "union"
            return "record"
        if m.base in self.handles:
            return "handle"
        if self.is_opaque_value(m) and not self.is_foreign_integer(m.base):
            return "wstring" if m.base == "LPCWSTR" else "opaque"
        return "bitfield" if m.bits else "scalar"

    def is_foreign_integer(self, base):
        return base in overrides.names(overrides.FOREIGN_INTEGERS)

    def double_pointer_kind(self, m, siblings):
        if m.base == "char" and m.length:
            return "strings"
        if m.const and m.base in self.structs and m.length:
            return "pointers"
        if not m.const:
            return "outPointer"   # a pointer that the driver hands out: void** ppData, AHardwareBuffer**
        return "opaque"

    def pointer_kind(self, m, siblings, owner):
        output = not m.const and not self.row(overrides.INPUTS, owner, m.name)
        if m.base == "char" and m.null_terminated:
            return "string"
        if m.base == "void":
            if not m.length:
                return "opaque"
            return "outBytes" if output else "bytes"
        if m.base in self.foreign and m.base not in INTEGERS | FLOATS and not self.is_foreign_value(m.base):
            return "opaque"       # xcb_connection_t*, struct wl_display*, IDirectFB*
        if output and any(s.length == m.name for s in siblings):
            return "countPointer"
        if m.length:
            return "outArray" if output else "array"
        return "outPointer" if output else "pointer"

    def is_foreign_value(self, base):
        return base in overrides.names(overrides.FOREIGN_INTEGERS) or base in overrides.names(overrides.FOREIGN_VALUES)

    def names_of(self, base):
        if base in self.flag_bits:
            base = self.canonical(self.flag_bits[base][0])
        return base if base in self.enums and self.enums[base].values else ""

    def result_kind(self, returned):
        if returned in self.enums:
            return "kEnum"
        return {"VkBool32": "kBool", "VkDeviceAddress": "kDeviceAddress"}.get(returned, "kInt")

    def field_kind(self, m):
        base = m.base
        if m.for_shaders:
            return "kShaderData"
        if m.kind == "opaque" or m.base == "void":
            return "kOpaque"
        if base in self.handles or m.kind == "objectHandle":
            return "kHandle"
        if base in self.flag_bits or (base in self.enums and self.enums[base].flags):
            return "kFlags"
        if base in self.enums:
            return "kEnum"
        if base == "VkBool32":
            return "kBool"
        if base == "VkDeviceAddress":
            return "kDeviceAddress"
        if base in overrides.names(overrides.FOREIGN_VALUES):
            return "kAddress"
        if base == "uint32_t" and QUEUE_FAMILY.fullmatch(m.name):
            return "kQueueFamily"
        return "kFloat" if base in FLOATS else "kStruct" if base in self.structs else "kInt"


def load(registry, video):
    try:
        return Model(Path(registry), Path(video) if video else None)
    except RegistryError as error:
        sys.exit(f"vkgen: {error}")
