"""Small pieces of C++ that several emitters print."""

import re

import overrides

NOTICE = "// Generated from the Vulkan registry by format/vkgen. Lists only; the logic is in the headers that include it.\n"
SLICES = 6  # of what one source would compile for too long; format/CMakeLists.txt counts them, too


def type_of(m):
    """The C type of a packet's member: parameters that are C arrays decay to pointers."""
    if m.dims:
        return f"const {m.base}*"
    if m.stars == 2 and m.const:
        return f"const {m.base}* const*"
    return ("const " if m.const else "") + m.base + "*" * m.stars


def field(model, m, prefix=""):
    names = f"&k{m.names}Names" if m.names else "nullptr"
    return f'Field{{"{prefix}{m.name}", {names}, "{m.base}", Field::{model.field_kind(m)}}}'


def in_reading_order(members):
    """As declared, but a length before what it counts: a decoder reads in this order."""
    by_name, taken, order = {m.name: m for m in members}, set(), []

    def take(m):
        if m.name in taken:
            return
        taken.add(m.name)
        for word in re.findall(r"[A-Za-z_]\w*", m.length or ""):
            if word in by_name:
                take(by_name[word])
        order.append(m)

    for m in members:
        take(m)
    return order


def length(m, siblings, var):
    """The C expression for the number of elements, guarded against null pointers on its way."""
    expression = m.length
    if "@" in expression:
        return re.sub(r"@(\w*)", lambda t: f"{var}.{t.group(1)}" if t.group(1) else var, expression)
    by_name = {s.name: s for s in siblings}

    def member(t):
        name, rest = t.group(1), t.group(2) or ""
        if name not in by_name:
            return t.group(0)
        if rest:
            return f"({var}.{name} ? {var}.{name}{rest} : 0)"
        return f"({var}.{name} ? *{var}.{name} : 0)" if by_name[name].stars else f"{var}.{name}"

    return re.sub(r"\b([A-Za-z_]\w*)((?:->\w+)?)", member, expression)


def condition(expression, var):
    return re.sub(r"@(\w*)", lambda t: f"{var}.{t.group(1)}" if t.group(1) else var, expression)


def visit_line(model, m, siblings, owner, var="s", prefix="", place=None):
    """One line of a visit(): what the visitor is told of one member."""
    x = place or f"{var}.{m.name}"
    f = field(model, m, prefix)
    n = f"size_t({length(m, siblings, var)})" if m.length else "1"
    kind = m.kind
    if kind == "bitfield":
        line = f"{{ auto bits = {x}; v.scalar({f}, bits); if constexpr (V::kWrites) {x} = bits; }}"
    elif kind in ("scalar", "handle", "record", "wstring"):
        line = f"v.{kind}({f}, {x});"
    elif kind == "objectHandle":
        line = f"v.objectHandle({f}, {x}, VkObjectType({var}.{m.object_type}));"
    elif kind == "opaque":
        line = f"v.opaque({f}, mutableRef({x}));"
    elif kind in ("fixed", "text"):
        line = f"v.{kind}({f}, {fixed(m, x, owner, var)});"
    elif kind in ("pointer", "outPointer"):
        line = f"v.{kind}({f}, mutableRef({x}));"
    elif kind in ("array", "outArray", "bytes", "outBytes"):
        line = f"v.{kind}({f}, mutableRef({x}), {n});"
    elif kind == "pointers":
        line = f"v.pointers({f}, mutablePointers({x}), {n});"
    elif kind == "string":
        line = f"v.string({f}, {x});"
    elif kind == "strings":
        line = f"v.strings({f}, {x}, {n});"
    elif kind == "countPointer":
        users = " || ".join(f"{var}.{s.name}" for s in siblings if s.length == m.name and s.is_output)
        line = f"v.countPointer({f}, {x}, {users});"
    elif kind == "jagged":
        inner = condition(overrides.find(overrides.JAGGED, f"{owner}.{m.name}").value, var)
        line = f"v.jagged({f}, mutablePointers({x}), {n}, [&](size_t i) {{ return size_t({inner}); }});"
    else:
        raise KeyError(kind)
    row = overrides.find(overrides.CONDITIONS, f"{owner}.{m.name}")
    if row:
        size = f", sizeof {x}" if kind in ("handle", "scalar") else ""
        line = f"if (V::kDecodes || {condition(row.value, var)}) {line} else v.ignored({f}{size});"
    return line


def fixed(m, x, owner, var):
    total = " * ".join(m.dims)
    row = overrides.find(overrides.FIXED_COUNTS, f"{owner}.{m.name}")
    first = f"&{x}" + "[0]" * len(m.dims)
    if row:
        return f"{first}, std::min<size_t>({var}.{row.value}, {total})"
    return f"{first}, {total}"
