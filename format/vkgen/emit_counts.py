"""Which member counts which array: for whoever changes an array's length (tools/text/json_reader.h)."""

import re

from cpp import NOTICE

COUNTED = ("array", "outArray", "bytes", "outBytes", "pointers", "strings", "jagged")


def row(owner, m, siblings):
    """The count is a sibling, or a sibling that counts in smaller units (codeSize / 4)."""
    plain = re.fullmatch(r"@?(\w+)(?: */ *(\d+))?", m.length or "")
    if m.kind not in COUNTED or not plain or plain.group(1) not in {s.name for s in siblings}:
        return ""
    return f'REPRISE_COUNT("{owner}", "{m.name}", "{plain.group(1)}", {plain.group(2) or 1})'


def emit(model):
    rows = [row(s.name, m, s.members) for s in model.structs.values() for m in s.members]
    rows += [row(c.name, p, c.params) for c in model.commands.values() for p in c.params]
    return {"counts.inc": NOTICE + "".join(sorted(r + "\n" for r in rows if r))}
