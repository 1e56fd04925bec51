"""visit() of every call's packet, the layer's entry points and the replay table."""

import overrides
from cpp import NOTICE, in_reading_order, type_of, visit_line
from emit_commands import every_name


def param_line(model, c, p):
    if p.kind == "fixed":
        from cpp import field
        return f"v.array({field(model, p)}, mutableRef(c.{p.name}), {' * '.join(p.dims)});"
    return visit_line(model, p, c.members, c.name, "c")


def visit(model, c):
    text = [f"template <class V> void visit(V& v, {c.packet}& c) {{"]
    always = "true" if overrides.find(overrides.OUTPUTS_ON_ERROR, c.name) else "false"
    if c.returns != "void":
        names = f"&k{c.returns}Names" if c.returns == "VkResult" else "nullptr"
        text.append(f'  const bool filled = v.result(Field{{"result", {names}, "{c.returns}", '
                    f'Field::{model.result_kind(c.returns)}}}, c.result, {always});')
    for p in in_reading_order(c.members):
        line = param_line(model, c, p)
        if p.is_output:
            text.append(f"  if (filled) {line}" if c.returns != "void" else f"  {line}")
        else:
            text.append(f"  if constexpr (V::kIn) {{ {line} }}")
    text.append("  (void)v;\n  (void)c;" + ("\n  (void)filled;" if c.returns != "void" else ""))
    return text + ["}"]


def parameters(c):
    parts = []
    for p in c.params:
        parts.append(f"const {p.base} {p.name}[{p.dims[0]}]" if p.dims else f"{type_of(p)} {p.name}")
    return ", ".join(parts)


def entry(name, c):
    arguments = ", ".join(p.name for p in c.params)
    result = "" if c.returns == "void" else "return "
    return (f"VKAPI_ATTR {c.returns} VKAPI_CALL entry_{name}({parameters(c)}) {{ {c.packet} call{{{arguments}}}; "
            f"{result}run(call, Command::{name}); }}")


def emit(model):
    head = [NOTICE, "#pragma once", "namespace reprise {"]
    for c in model.commands.values():
        head += visit(model, c)
    head.append("}  // namespace reprise")
    entries = [NOTICE] + [entry(n, c) for n, c in every_name(model)]
    entries.append("constexpr EntryPoint kEntryPoints[] = {")
    entries += [f'    {{"{n}", reinterpret_cast<PFN_vkVoidFunction>(entry_{n}), Command::{n}}},'
                for n, _ in every_name(model)] + ["};"]
    calls = [NOTICE] + [f"    {{Command::{c.name}, &replayCall<{c.packet}>, &readCall<{c.packet}>}}," for c in model.commands.values()]
    return {"calls.h": "\n".join(head) + "\n", "entrypoints.inc": "\n".join(entries).replace("constexpr Entry", "const Entry")
            + "\n", "calls.inc": "\n".join(calls) + "\n"}
