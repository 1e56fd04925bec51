"""Which structs and calls need no thought to encode, and visits of them that a compiler can inline.

Packed: the encoded form is the bytes in memory. Direct: numbers, handles, byte ranges and arrays of these, chains and
pointers to direct structs; no strings, unions with a selector, or outputs that are structs.
"""

import overrides
from cpp import NOTICE, in_reading_order

PACKED_KINDS = {"scalar", "handle", "objectHandle", "fixed", "record"}
DIRECT_KINDS = {"structure", "chain", "scalar", "handle", "objectHandle", "bitfield", "opaque", "fixed", "record", "pointer",
                "array", "bytes"}
OUTPUT_KINDS = {"outPointer", "outArray"}


def is_conditional(owner, m):
    return overrides.find(overrides.CONDITIONS, f"{owner}.{m.name}") is not None


def arm_of(s):
    row = overrides.find(overrides.UNION_ARMS, s.name)
    return [m for m in s.members if row and m.name == row.value]


def packed_candidate(model, s):
    """Packed if its members leave no padding, which the compiler knows."""
    members = arm_of(s) if s.union else s.members
    if not members or overrides.find(overrides.SCOPES, s.name) or in_reading_order(members) != members:
        return False
    for m in members:
        if m.kind not in PACKED_KINDS or is_conditional(s.name, m):
            return False
        if overrides.find(overrides.FIXED_COUNTS, f"{s.name}.{m.name}"):
            return False
        if m.base in model.structs and not packed_candidate(model, model.structs[m.base]):
            return False
    return True


def packed_traits(model):
    lines, done = [], set()

    def add(s):
        if s.name in done or not packed_candidate(model, s):
            return
        done.add(s.name)
        members = arm_of(s) if s.union else s.members
        inner = sorted({m.base for m in members if m.base in model.structs})
        for name in inner:
            add(model.structs[name])
        size = " + ".join(f"sizeof({s.name}::{m.name})" for m in members)
        nested = "".join(f" && kPacked<{name}>" for name in inner)
        lines.append(f"template <> inline constexpr bool kPacked<{s.name}> = {size} == sizeof({s.name}){nested};")

    for s in model.structs.values():
        add(s)
    return lines


def direct_members(model, owner, members, kinds, seen):
    for m in members:
        if m.kind not in kinds or m.stars > 1:
            return False
        if m.base in model.structs and m.kind in DIRECT_KINDS - {"opaque", "bytes"}:
            if not direct(model, model.structs[m.base], seen):
                return False
        elif m.base in model.structs and m.kind in OUTPUT_KINDS:
            return False
    return True


def direct(model, s, seen=()):
    if s.name in seen:  # its own kind again, through a pointer: no end is known
        return False
    if packed_candidate(model, s):
        return True
    if s.union:
        return False
    return direct_members(model, s.name, s.members, DIRECT_KINDS, (*seen, s.name))


def header(model, body):
    structs = [s for s in model.structs.values() if direct(model, s)]
    calls = [c for c in model.commands.values()
             if direct_members(model, c.name, c.members, DIRECT_KINDS | OUTPUT_KINDS, ())]
    text = [NOTICE, "#pragma once", "namespace reprise {",
            "template <class T> inline constexpr bool kDirect = false;  // of structs and packets"]
    text += [f"template <> inline constexpr bool kDirect<{x}> = true;"
             for x in [s.name for s in structs] + [c.packet for c in calls]]
    text += [f"template <class V> void visitDirect(V& v, {s.name}& s);" for s in structs]
    for s in structs:
        text.append(f"template <class V> void visitDirect(V& v, {s.name}& s) {{")
        text += ["  " + line for line in body(model, s)] + ["}"]
    text += ["#define REPRISE_DIRECT_NODES(X) \\"]
    text += [f"  X({s.stype}, {s.name}) \\" for s in structs if s.stype]
    return "\n".join(text + ["", "}  // namespace reprise"]) + "\n"
