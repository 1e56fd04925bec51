"""Command ids, handle kinds, packets, the dispatch table and what is known of every command."""

import overrides
from cpp import NOTICE, SLICES, type_of

BEFORE = ("vkDestroy", "vkFree", "vkReset", "vkBegin", "vkEnd", "vkQueue", "vkUpdate", "vkTrim", "vkUnmap", "vkRelease",
          "vkSet", "vkSignal", "vkBind", "vkFlush", "vkMerge", "vkSubmit", "vkBuild", "vkCopy", "vkTransition")


def every_name(model):
    """(called name, command) of every command and alias."""
    for c in model.commands.values():
        for name in [c.name] + c.aliases:
            yield name, c


def ticket(c):
    row = overrides.find(overrides.TICKETS, c.name)
    if row:
        return row.value
    if c.name.startswith("vkCmd"):
        return "kNone"
    return "kBefore" if c.name.startswith(BEFORE) else "kAfter"


def created(model, c):
    outputs = [p for p in c.params if p.is_output and p.base in model.handles]
    return outputs[-1].base if outputs and c.name.startswith(("vkCreate", "vkAllocate", "vkRegister")) else ""


def destroyed(model, c):
    handles = [p for p in c.params if p.base in model.handles]
    return handles[-1].base if handles and c.name.startswith(("vkDestroy", "vkFree")) else ""


def kind(handle):
    return f"HandleKind::k{handle}" if handle else "HandleKind::kNone"


def argument(p):
    return f"reinterpret_cast<{p.declared_base}*>(c.{p.name})" if p.declared_base else f"c.{p.name}"


def emit(model):
    names = [n for n, _ in every_name(model)]
    out = {}
    head = [NOTICE, "#pragma once", "namespace reprise {", "enum class Command : uint16_t {", "  kUnknown = 0,"]
    head += [f"  {n}," for n in names] + ["};", f"inline constexpr size_t kCommandCount = {len(names) + 1};"]
    head += ["enum class HandleKind : uint8_t {", "  kNone = 0,"] + [f"  k{h}," for h in model.handles] + ["};"]
    head += [f"inline constexpr size_t kHandleKindCount = {len(model.handles) + 1};",
             "template <class T> inline constexpr HandleKind kHandleKind = HandleKind::kNone;"]
    head += [f"template <> inline constexpr HandleKind kHandleKind<{h}> = HandleKind::k{h};" for h in model.handles]
    for c in model.commands.values():
        head.append(f"struct {c.packet} {{")
        head.append(f"  static constexpr Command kId = Command::{c.name};")
        completes = c.returns != "void" or any(p.is_output for p in c.members)
        head.append(f"  static constexpr bool kHasOutputs = {str(completes).lower()};  // or a result")
        head.append(f"  static constexpr TicketWhen kTicket = TicketWhen::{ticket(c)};")
        head += [f"  {type_of(p)} {p.name}{{}};" for p in c.members]
        if c.returns != "void":
            head.append(f"  {c.returns} result{{}};")
        head.append("};")
    head.append("struct Dispatch {")
    head += [f"  PFN_{n} {n[2:]} = nullptr;" for n in names] + ["};"]
    head += ["// The pointer behind a command by its id: an alias is called under the name that the program called.",
             "template <class F> F slot(const Dispatch& d, Command called) {", "  F f;",
             "  std::memcpy(&f, reinterpret_cast<const char*>(&d) + (size_t(called) - 1) * sizeof f, sizeof f);",
             "  return f;", "}"]
    for c in model.commands.values():
        call = f"slot<PFN_{c.name}>(d, called)({', '.join(map(argument, c.params))})"
        head.append(f"inline void invoke(const Dispatch& d, {c.packet}& c, Command called = Command::{c.name}) {{ "
                    + ("c.result = " if c.returns != "void" else "") + call + "; }")
    head.append("}  // namespace reprise")
    out["commands.h"] = "\n".join(head) + "\n"
    packets = [f"REPRISE_PACKET({c.name}, {c.packet})\n" for c in model.commands.values()]
    out["packets.inc"] = NOTICE + "".join(packets)
    for i in range(SLICES):
        out[f"packets_{i}.inc"] = NOTICE + "".join(packets[i::SLICES])
    rows = [NOTICE]
    for n, c in every_name(model):
        origin = model.alias_extension.get(n, c.extension)
        first = c.params[0].base if c.params and c.params[0].base in model.handles else ""
        rows.append(f'REPRISE_COMMAND({n}, {c.name}, "{origin}", {str(c.device_level).lower()}, '
                    f'TicketWhen::{ticket(c)}, {kind(first)}, {kind(created(model, c))}, {kind(destroyed(model, c))})')
    out["commands.inc"] = "\n".join(rows) + "\n"
    out["handles.inc"] = NOTICE + "".join(
        f'REPRISE_HANDLE({h.name}, {str(h.dispatchable).lower()}, {kind(model.canonical(h.parent))}, '
        f'{h.object_type or "VK_OBJECT_TYPE_UNKNOWN"})\n' for h in model.handles.values())
    out["aliases.inc"] = NOTICE + "".join(
        f"REPRISE_ALIAS({c.name[2:]}, {a[2:]})\n" for c in model.commands.values() for a in c.aliases)
    out["extensions.inc"] = NOTICE + "".join(
        f'REPRISE_EXTENSION("{n}", {str(e.get("type") == "device").lower()})\n' for n, e in model.extensions.items())
    out["not_recorded.inc"] = NOTICE + "".join(
        f'REPRISE_NOT_RECORDED({r.name}, "{r.reason}")\n' for r in overrides.NOT_RECORDED)
    return out
