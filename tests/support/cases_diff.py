"""`reprise diff`: two runs of one program are the same, and what is not is named."""

import json
import re

from support.cases_dump import on_terminal
from support.cases_errors import says
from support.cases_text import edit_lines, export, import_text
from support.harness import copy_head, ok, require


def diff(bench, a, b, *options, status):
    return bench.run([bench.reprise, "diff", *options, a, b]).expect(status)


def lines(bench, a, b, *options, status):
    """JSON lines: what differs, and the summary."""
    found = [json.loads(line) for line in diff(bench, a, b, "--format", "json", *options, status=status).out.splitlines()]
    require(found[0]["kind"] == "traces" and found[-1]["kind"] == "summary", f"the lines are {found}")
    return found[1:-1], found[-1]


def captured_twice(bench, name, command, env=None):
    traces = [bench.path(f"{name}-{i}.vkr") for i in (1, 2)]
    for trace in traces:
        ok(bench.capture(trace, command, env=env))
    return traces


def same_program(bench):
    """Each test program, run twice: other handles and addresses, no difference; and each trace is its own twin."""
    for app, *case in (("compute",), ("render",), ("queries", "occlusion"), ("states", "dynamic"), ("transfers", "images"),
                       ("descriptors", "push"), ("pipelines", "constants"), ("memory", "packed"), ("objects", "names"), ("instances",)):
        a, b = captured_twice(bench, app, [bench.app(app), *case])
        run = diff(bench, a, b, status=0)
        require(run.out.startswith("same: ") and len(run.out.splitlines()) == 1, f"{app}: {run.out}")
        require(run.err == "", f"{app}: {run.err}")
        diff(bench, a, a, "--strict", status=0)
    # Its threads write to one allocation at once: which submit sees which bytes depends on time, all else does not.
    diff(bench, *captured_twice(bench, "threads", [bench.app("threads")]), "--ignore", "memory", status=0)


def cube(bench):
    """Two runs of vkcube are the same; one more frame and another width are what differs, and nothing else is."""
    bench.display()
    traces = {}
    for name, options in {"a": ["--c", "60"], "b": ["--c", "60"], "longer": ["--c", "61"],
                          "wider": ["--c", "60", "--width", "501"]}.items():
        traces[name] = bench.path(name + ".vkr")
        bench.capture(traces[name], ["vkcube", *options]).expect()
    diff(bench, traces["a"], traces["b"], status=0)
    found, summary = lines(bench, traces["a"], traces["longer"], status=1)
    require(summary["changed"] == 0 and summary["only_a"] == 0, f"one frame more changed something: {found}")
    commands = [call.get("command") for line in found for call in line["b"]]
    require("vkQueuePresentKHR" in commands and summary["only_b"] <= 6, f"one frame more is {found}")
    found, summary = lines(bench, traces["a"], traces["wider"], status=1)
    members = {member["path"] for line in found if line["kind"] == "changed" for member in line["members"]}
    require("pCreateInfo.imageExtent.width" in members, f"another width: {members}")
    diff(bench, traces["a"], traces["wider"], "--quiet", status=1)
    # Nothing but these members differs.
    ignored = [word for path in members for word in ("--ignore", "*." + re.sub(r"\[\d+\]", "", path))]
    diff(bench, traces["a"], traces["wider"], *ignored, status=0)
    out = diff(bench, traces["a"], traces["wider"], status=1).out
    require("    - pCreateInfo.imageExtent.width = 500\n    + pCreateInfo.imageExtent.width = 501\n" in out, out[-3000:])


def inserted_calls(bench):
    """More calls in the middle of many: those only, in the right number, whichever trace has them."""
    env = {"VK_ICD_FILENAMES": bench.mock()}
    few, more = bench.path("few.vkr"), bench.path("more.vkr")
    storm = str(bench.build / "tests" / "bench" / "storm")
    bench.capture(few, [storm, "image", "--calls", "2000"], env=env).expect()
    bench.capture(more, [storm, "image", "--calls", "2002"], env=env).expect()
    extra = bench.info(more)["calls"] - bench.info(few)["calls"]
    require(extra > 0, "storm made no more calls")
    for a, b, side in ((few, more, "only_b"), (more, few, "only_a")):
        found, summary = lines(bench, a, b, status=1)
        require(summary[side] == extra and summary["changed"] == 0, f"{extra} more calls are {summary}, {found}")
    diff(bench, few, more, "--ignore", "vkCreateImage", "--ignore", "vkDestroyImage", status=0)


def million(bench):
    """Two storms of a million calls, which differ in nothing; cut short, B ends where it was cut."""
    env = {"VK_ICD_FILENAMES": bench.mock()}
    storm = str(bench.build / "tests" / "bench" / "storm")
    traces = [bench.path(f"storm-{i}.vkr") for i in (1, 2)]
    for trace in traces:
        bench.capture(trace, [storm, "record", "--calls", "1000000"], env=env).expect()
    diff(bench, *traces, status=0)
    short = bench.path("short.vkr")
    copy_head(traces[1], short, traces[1].stat().st_size // 2)
    _, summary = lines(bench, traces[0], short, status=1)
    require(summary["changed"] == 0 and summary["only_b"] == 0 and summary["only_a"] > 0, f"a cut trace: {summary}")
    diff(bench, traces[0], short, "--prefix", status=0)


def trouble(bench):
    good = bench.path("good.vkr")
    ok(bench.capture(good, [bench.app("compute")]))
    empty, noise, missing = bench.path("empty.vkr"), bench.path("noise.vkr"), bench.path("missing.vkr")
    empty.write_bytes(b"")
    noise.write_bytes(bytes((i * 73 + 41) % 256 for i in range(100_000)))
    for bad in (empty, noise, missing):
        for pair in ((good, bad), (bad, good)):
            says(bench.run([bench.reprise, "diff", *pair]), 2, bad.name)
    says(bench.run([bench.reprise, "diff", good]), 2, "B")
    says(bench.run([bench.reprise, "diff", good, good, "--frames", "x"]), 2, "--frames")
    says(bench.run([bench.reprise, "diff", good, good, "--frames", "99999"]), 2, "99999")
    says(bench.run([bench.reprise, "diff", good, good, "--format", "xml"]), 2, "xml")
    says(bench.run([bench.reprise, "diff", good, good], env={"TMPDIR": "/nonexistent"}), 2, "TMPDIR")
    says(bench.run([bench.reprise, "diff", good, good, "--ignore", "vkNoSuch*"]), 0, "vkNoSuch*")
    out = bench.run([bench.reprise, "diff", "--help"]).expect().out
    require("Exit status: 0 the same; 1 different; 2 trouble" in out and "Example" in out, out)


def hostile(bench):
    """A name of nothing but brackets, which is no JSON that nests; and a pager that is not there."""
    trace = bench.path("names.vkr")
    ok(bench.capture(trace, [bench.app("objects"), "names", bench.path("out.bin")]))
    folder = export(bench, trace)

    def rename(row):
        if row.get("command") == "vkSetDebugUtilsObjectNameEXT":
            row["args"]["pNameInfo"]["pObjectName"] = "[" * 65
        return row

    require(edit_lines(folder, rename) > 0, "the program names nothing")
    named = import_text(bench, folder, "named.vkr")
    gone = edit_lines(folder, lambda row: None if row.get("command", "").startswith("vkDestroyBuffer") else row)
    require(gone > 0, "the program destroys no buffer")
    fewer = import_text(bench, folder, "fewer.vkr")
    found, summary = lines(bench, named, fewer, status=1)
    require(summary["only_a"] == gone, f"{gone} calls were taken away: {summary}")
    calls = [call for line in found for call in line["a"]]
    require(all(isinstance(call, dict) for call in calls), f"a call is no object: {calls}")
    require(any(call["args"]["buffer"].get("name") == "[" * 65 for call in calls), f"no call has the name: {calls}")
    err = on_terminal(bench, [bench.reprise, "diff", named, fewer], {"TERM": "xterm", "PAGER": "no-such-pager"}, 2)
    require("no-such-pager" in err and "PAGER" in err, f"a missing pager is not said: {err}")


CASES = {
    "diff-same-program": same_program,
    "diff-cube": cube,
    "diff-inserted": inserted_calls,
    "diff-million": million,
    "diff-trouble": trouble,
    "diff-hostile": hostile,
}
SLOW = {}
