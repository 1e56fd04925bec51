"""`reprise dump`: what each option selects, against sets computed here from the whole dump; schema, shaders, data,
colours, the pager, and how little is read."""

import fnmatch
import json
import os
import pathlib
import pty
import re
import subprocess

from support.cases_errors import says
from support.cases_features import PROGRAMS
from support.harness import HANG_SECONDS, Failure, ok, require
from support.lives import Lives, named_handles, walk
from support.validate_dump import first_wrong

SCHEMA = pathlib.Path(__file__).resolve().parents[2] / "tools" / "dump.schema.json"
ESCAPE = re.compile(r"\x1b\[[0-9;]*m")


def lines_of(bench, trace, *options):
    """The header and the lines behind it."""
    run = bench.run([bench.reprise, "dump", "--format", "json", *options, trace]).expect()
    lines = [json.loads(line) for line in run.out.splitlines()]
    require(lines and lines[0]["event"] == "header", f"dump {options}: no header line")
    return lines[1:]


def expect_same(what, found, wanted):
    require(wanted, f"{what}: nothing is expected, so this shows nothing")
    if found == wanted:
        return
    raise Failure(f"{what}: {len(found)} lines, {len(wanted)} wanted; only found: "
                  f"{[short(line) for line in found if line not in wanted][:3]}; missing: "
                  f"{[short(line) for line in wanted if line not in found][:3]}")


def short(line):
    return {key: line.get(key) for key in ("call", "event", "command", "frame", "thread")}


def values(line, *suffix):
    """What stands on the ways that end so, elements of arrays one by one."""
    found = [value for way, value in walk(line.get("args", {})) if way[-len(suffix):] == suffix]
    return [value for value in found if not isinstance(value, (dict, list))]


def values_at(line, member):
    """What stands at each member of that name, whatever it is."""
    return [value for way, value in walk(line.get("args", {})) if way[-1:] == (member,)]


def call_numbers(lines):
    """The number that memory changes and the like count as: that of the next call."""
    numbers, following = [], None
    for line in reversed(lines):
        following = line.get("call", following)
        numbers.append(following)
    return numbers[::-1]


def cube(bench, frames=8):
    bench.display()
    trace = bench.path("cube.vkr")
    bench.capture(trace, ["vkcube", "--c", str(frames)]).expect()
    return trace


def by_place(bench, trace):
    every = lines_of(bench, trace)
    last = max(line["frame"] for line in every)
    for text, chosen in {"2-3": {2, 3}, "0": {0}, f"{last}-": {last}, "1-": set(range(1, last + 1))}.items():
        expect_same(f"--frames {text}", lines_of(bench, trace, "--frames", text),
                    [line for line in every if line["frame"] in chosen])
    expect_same("--frames twice", lines_of(bench, trace, "--frames", "4", "--frames", "1-2"),
                [line for line in every if line["frame"] in (1, 2, 4)])
    numbers = call_numbers(every)
    count = max(number for number in numbers if number is not None) + 1
    for first, end in ((0, 0), (5, 17), (count // 2, count // 2 + 40), (count - 1, count - 1)):
        expect_same(f"--calls {first}-{end}", lines_of(bench, trace, "--calls", f"{first}-{end}"),
                    [line for line, number in zip(every, numbers) if number is not None and first <= number <= end])
    expect_same("--calls and --frames", lines_of(bench, trace, "--calls", f"{count // 2}-", "--frames", "0-3"),
                [line for line, number in zip(every, numbers)
                 if line["frame"] <= 3 and number is not None and number >= count // 2])
    for lane in sorted({line["thread"] for line in every}):
        expect_same(f"--thread {lane}", lines_of(bench, trace, "--thread", str(lane)),
                    [line for line in every if line["thread"] == lane])


def by_value(bench, trace):
    every = lines_of(bench, trace)
    calls = [line for line in every if "command" in line]
    tests = {
        "extent.width > 100": lambda c: any(v > 100 for v in values(c, "extent", "width")),
        "VkExtent3D.depth == 1 and not VkBufferCreateInfo": lambda c: any(
            isinstance(v, dict) and set(v) == {"width", "height", "depth"} and v["depth"] == 1
            for _, v in walk(c["args"])),
        "pCreateInfo.usage has VK_IMAGE_USAGE_SAMPLED_BIT": lambda c: any(
            "VK_IMAGE_USAGE_SAMPLED_BIT" in str(v).split(" | ") for v in values(c, "pCreateInfo", "usage")),
        "result == VK_SUCCESS": lambda c: c.get("result") == "VK_SUCCESS",
        "result < 0 or result == VK_INCOMPLETE": lambda c: str(c.get("result")).startswith("VK_ERROR")
        or c.get("result") == "VK_INCOMPLETE",
        "commandBufferCount": lambda c: any(v != 0 for v in values(c, "commandBufferCount")),
        "sType ~ '*_PRESENT_INFO*'": lambda c: any("_PRESENT_INFO" in str(v) for v in values(c, "sType")),
        "pName ~ \"ma*\"": lambda c: any(str(v).startswith("ma") for v in values(c, "pName")),
        "pAllocator == NULL and result": lambda c: None in values(c, "pAllocator")
        and c.get("result") not in (None, "VK_SUCCESS"),
    }
    for text, passes in tests.items():
        wanted = [line for line in calls if passes(line)]
        found = lines_of(bench, trace, "--where", text)
        if wanted:
            expect_same(f"--where {text}", found, wanted)
        require(found == wanted, f"--where {text}: {len(found)} lines, none wanted")
        text_run = bench.run([bench.reprise, "dump", "--where", text, trace]).expect()
        heads = re.findall(r"^(\d+) t\d+ ", text_run.out, re.MULTILINE)
        require([int(head) for head in heads] == [line["call"] for line in wanted], f"--where {text}: text differs")
    for struct_name, stype in (("VkImageCreateInfo", "VK_STRUCTURE_TYPE_IMAGE_CREATE_INFO"),
                               ("VkSubmitInfo", "VK_STRUCTURE_TYPE_SUBMIT_INFO"),
                               ("VkPipelineShaderStageCreateInfo", "VK_STRUCTURE_TYPE_PIPELINE_SHADER_STAGE_CREATE_INFO")):
        expect_same(f"--with {struct_name}", lines_of(bench, trace, "--with", struct_name),
                    [line for line in calls if stype in values(line, "sType")])
    expect_same("--with twice and --command", lines_of(bench, trace, "--with", "VkSubmitInfo", "--with", "VkImageCreateInfo",
                                                       "--command", "vkC*", "--command", "vkQueueSubmit"),
                [line for line in calls if (line["command"].startswith("vkC") or line["command"] == "vkQueueSubmit") and
                 ({"VK_STRUCTURE_TYPE_IMAGE_CREATE_INFO", "VK_STRUCTURE_TYPE_SUBMIT_INFO"} & set(values(line, "sType")))])
    expect_same("--command", lines_of(bench, trace, "--command", "vkCmd*"),
                [line for line in calls if fnmatch.fnmatchcase(line["command"], "vkCmd*")])


def by_object(bench, trace, kinds):
    every = lines_of(bench, trace, "--names")
    lives = Lives(every)
    names = sorted(set().union(*lives.touched), key=lambda name: (name.split(":")[0], int(name.split(":")[1])))
    tried = 0
    for kind in kinds:
        of_kind = [name for name in names if name.startswith(kind + ":")]
        require(of_kind, f"{trace.name} has no {kind}")
        for name in {of_kind[0], of_kind[len(of_kind) // 2], of_kind[-1]}:
            tried += 1
            expect_same(f"--object {name}", lines_of(bench, trace, "--names", "--object", name),
                        [line for line, touched in zip(every, lives.touched) if name in touched])
    require(tried >= len(kinds), "no object was tried")
    return every, lives


def selects(bench):
    trace = cube(bench)
    by_place(bench, trace)
    by_value(bench, trace)
    compute = bench.path("compute.vkr")
    ok(bench.capture(compute, [bench.app("compute")]))
    by_value_of_compute = lines_of(bench, compute, "--where", "groupCountX > 0")
    every = lines_of(bench, compute)
    expect_same("compute --where groupCountX > 0", by_value_of_compute,
                [line for line in every if any(v > 0 for v in values(line, "groupCountX"))])


def threads(bench):
    trace = bench.path("threads.vkr")
    ok(bench.capture(trace, [bench.app("threads")]))
    header = json.loads(bench.run([bench.reprise, "dump", "--format", "json", trace]).expect().out.splitlines()[0])
    lanes = {lane["thread"]: lane["name"] for lane in header["threads"]}
    every = lines_of(bench, trace)
    require(len({line["thread"] for line in every}) > 2, "the program has no threads")
    for glob in ("thr*", "*"):
        expect_same(f"--thread {glob}", lines_of(bench, trace, "--thread", glob),
                    [line for line in every if fnmatch.fnmatchcase(lanes[line["thread"]], glob)])
    some = sorted(lanes)[:2]
    expect_same("--thread twice", lines_of(bench, trace, "--thread", str(some[0]), "--thread", str(some[1])),
                [line for line in every if line["thread"] in some])
    says(bench.run([bench.reprise, "dump", "--thread", "painter", trace]), 2, "painter", "the threads are")


def objects(bench):
    trace = cube(bench)
    by_object(bench, trace, ("VkImage", "VkBuffer", "VkDeviceMemory", "VkCommandBuffer", "VkDescriptorSet", "VkFence"))
    memory = bench.path("upload.vkr")
    ok(bench.capture(memory, [bench.app("compute")]))
    every, lives = by_object(bench, memory, ("VkBuffer", "VkDeviceMemory", "VkPipeline", "VkDevice"))
    written = [name for line, touched in zip(every, lives.touched) if line.get("event") == "memory"
               for name in touched if name.startswith("VkBuffer:")]
    require(written, "no buffer's memory changed, so this does not show that changes are found")
    # By value: every object that ever had it.
    values_of = {}
    for line in every:
        for name, handle in named_handles(line).items():
            values_of.setdefault((name.split(":")[0], handle), set()).add(name)
    for (kind, handle), same in list(values_of.items())[:6]:
        expect_same(f"--object {kind}:{handle}", lines_of(bench, memory, "--names", "--object", f"{kind}:{handle}"),
                    [line for line, touched in zip(every, lives.touched) if same & touched])


def debug_names(bench):
    trace = bench.path("names.vkr")
    ok(bench.capture(trace, [bench.app("objects"), "names", bench.path("out.bin")]))
    every = lines_of(bench, trace, "--names")
    lives = Lives(every)
    named = {member["object"] for line in every for _, member in walk(line.get("args", {}))
             if isinstance(member, dict) and member.get("name", "").startswith("the source")}
    require(len(named) == 1, f"one buffer is named, found {named}")
    expect_same("--named", lines_of(bench, trace, "--names", "--named", "the source*"),
                [line for line, touched in zip(every, lives.touched) if named & touched])
    text = bench.run([bench.reprise, "dump", "--names", trace]).expect().out
    require(f"{min(named)} \"the source, \\\"quoted\\\" " in text, "the text does not show the debug name")
    run = bench.run([bench.reprise, "dump", "--named", "no such*", trace]).expect()
    require("no object" in run.err and not run.out, "a name that no object has is not said")


def says_nothing_of_selection(bench, trace):
    for options in ([], ["--command", "vkCreateDevice"], ["--frames", "0"]):
        run = bench.run([bench.reprise, "dump", *options, trace]).expect()
        require("selection" not in run.err, f"{options}: {run.err}")


def output_is_full(bench, trace):
    """What cannot be written is said, wherever it was to go."""
    for options in (["--shaders", bench.path("full"), trace], ["--schema"], [trace]):
        with open("/dev/full", "wb") as full:
            run = subprocess.run([bench.reprise, "dump", *options], stdout=full, stderr=subprocess.PIPE, env=bench.env,
                                 timeout=HANG_SECONDS)
        require(run.returncode == 3 and b"cannot write standard output" in run.stderr,
                f"dump {options} >/dev/full: {run.returncode}, {run.stderr}")


def shader_in_the_way(bench, trace):
    """A module that cannot be written: said, and no half of an index stays."""
    good, bad = bench.path("good-shaders"), bench.path("bad-shaders")
    bench.run([bench.reprise, "dump", "--shaders", good, trace]).expect()
    name = json.loads((good / "index.json").read_text())["modules"][0]["file"]
    (bad / name).mkdir(parents=True)
    says(bench.run([bench.reprise, "dump", "--shaders", bad, trace]), 3, name)
    require(not (bad / "index.json").exists(), "half an index was left")


def usage(bench):
    trace = bench.path("good.vkr")
    ok(bench.capture(trace, [bench.app("compute")]))
    for options, words in (
            (["--with", "VkImageCreateInf"], ["did you mean VkImageCreateInfo?"]),
            (["--with", "Qqqqqqqqq"], ["no struct"]),
            (["--where", "extent.width = 3"], ["column 14", "=="]),
            (["--where", "format == VK_FORMAT_R8G8B8A8_UNROM"], ["did you mean VK_FORMAT_R8G8B8A8_UNORM?"]),
            (["--object", "VkImagee:3"], ["did you mean VkImage?"]),
            (["--object", "VkImage"], ["VkImage:12"]),
            (["--object", "VkImage:0"], ["from 1 on"]),
            (["--object", "VkImage:0xg"], ["value"]),
            (["--calls", "8-3"], ["such as 3-8"]),
            (["--calls", "4000000"], ["beyond the trace"]),
            (["--frames", "4000000"], ["beyond the trace"]),
            (["--color", "pink"], ["auto,always,never"])):
        says(bench.run([bench.reprise, "dump", *options, trace]), 2, *words)
    says(bench.run([bench.reprise, "dump", "--shaders", "/proc/none", trace]), 3, "/proc/none")
    says(bench.run([bench.reprise, "dump"]), 2, "FILE")
    says(bench.run([bench.reprise, "dump", "--bytes", "-1", trace]), 2, "--bytes")
    before = trace.read_bytes()
    says(bench.run([bench.reprise, "dump", trace, "-o", bench.dir / "." / "good.vkr"]), 2, "good.vkr is the trace itself")
    require(trace.read_bytes() == before, "-o FILE destroyed the trace")
    for nothing in (["--object", "VkImage:9999"], ["--command", "vkCmdDrawz"], ["--where", "nosuchmember == 3"]):
        run = bench.run([bench.reprise, "dump", *nothing, trace]).expect()
        require(not run.out and "no event of" in run.err and "passes the selection" in run.err,
                f"{nothing}: {run.out[:100]}{run.err}")
    says_nothing_of_selection(bench, trace)
    output_is_full(bench, trace)
    shader_in_the_way(bench, trace)
    cut = bench.path("cut.vkr")
    cut.write_bytes(trace.read_bytes()[:-40])
    every = bench.run([bench.reprise, "dump", trace]).expect().out
    require(bench.run([bench.reprise, "dump", cut]).expect().out == every, "without its index the dump differs")
    for option in (["--frames", "1"], ["--calls", "20-30"]):
        whole = bench.run([bench.reprise, "dump", *option, trace]).expect().out
        require(bench.run([bench.reprise, "dump", *option, cut]).expect().out == whole, f"{option}: differs without index")
    says(bench.run([bench.reprise, "dump", "--calls", "4000000", cut]), 2, "no call 4000000")


def follows_schema(bench, trace, printed):
    """How many lines do; each, in each form."""
    judged = 0
    for options in ([], ["--names"], ["--data"]):
        run = bench.run([bench.reprise, "dump", "--format", "json", *options, trace]).expect()
        judged += len(run.out.splitlines())
        try:
            wrong = first_wrong(json.loads(printed), run.out.splitlines())
        except ImportError as missing:
            raise Failure("install python3-jsonschema") from missing
        require(not wrong, f"{trace.name} {options}: {wrong}")
    return judged


def schema(bench, programs=(("transfers", "images"), ("descriptors", "template"), ("pipelines", "code-in-chain"),
                            ("passes", "subpasses"), ("sync", "timeline"), ("objects", "names"))):
    printed = bench.run([bench.reprise, "dump", "--schema"]).expect().out
    require(printed == SCHEMA.read_text(), "--schema prints something else than tools/dump.schema.json")
    judged = follows_schema(bench, cube(bench), printed)
    nv = bench.path("nv.vkr")
    ok(bench.capture(nv, [bench.app("external_nv")], env={"VK_ICD_FILENAMES": bench.mock()}))
    judged += follows_schema(bench, nv, printed)
    for program, case in programs:
        trace = bench.path(f"{program}-{case}.vkr")
        run = bench.capture(trace, [bench.app(program), case, bench.path("out.bin")]).expect()
        require(trace.exists() or "lacks" in run.out, f"{program} {case} recorded nothing")
        judged += follows_schema(bench, trace, printed) if trace.exists() else 0
    require(judged > 1000, f"only {judged} lines were judged")


def schema_of_all(bench):
    schema(bench, [(program, case) for program, cases in PROGRAMS.items() for case in cases])


def shaders(bench):
    shaders_of(bench, cube(bench))
    trace = bench.path("inline.vkr")
    ok(bench.capture(trace, [bench.app("pipelines"), "code-in-chain", bench.path("out.bin")]))
    shaders_of(bench, trace)


def shaders_of(bench, trace):
    folder = bench.path(trace.stem + "-shaders")
    run = bench.run([bench.reprise, "dump", "--shaders", folder, trace]).expect()
    index = json.loads((folder / "index.json").read_text())
    every = lines_of(bench, trace, "--names", "--data")
    wanted = {}
    for line in every:
        for way, code in walk(line.get("args", {})):
            if way[-1:] == ("pCode",) and isinstance(code, dict):
                wanted.setdefault(bytes.fromhex(code["hex"]), []).append(line)
    cut = [value for line in lines_of(bench, trace, "--bytes", "4") for value in values_at(line, "pCode")]
    require(cut and all(value["hex"] == "03022307" and value["cut"] for value in cut), f"--bytes 4 shows {cut[:2]}")
    found = {(folder / module["file"]).read_bytes(): module for module in index["modules"]}
    require(wanted and set(found) == set(wanted), f"{len(found)} modules written, {len(wanted)} in the trace: {run.out}")
    require(len(list(folder.glob("*.spv"))) == len(wanted), "a module is written twice, or there is something else")
    for code, module in found.items():
        uses = [use for use in index["uses"] if use["file"] == module["file"]]
        calls = [line["call"] for line in wanted[code]]
        require([use["call"] for use in uses] == calls and module["uses"] == len(calls), f"uses of {module['file']}: {uses}")
        args = wanted[code][0]["args"]
        made = args["pShaderModule"] if "pShaderModule" in args else args["pPipelines"][0]
        require(uses[0]["objects"][0]["object"] == made["object"], f"{module['file']} is said to be {uses[0]['objects']}, "
                f"not {made}")
        text = subprocess.run(["spirv-dis", "--no-color", folder / module["file"]], capture_output=True, text=True,
                              check=True).stdout
        require((folder / (module["file"] + "asm")).read_text() == text, "the text beside the module is another")
        points = re.findall(r'OpEntryPoint (\w+) %\w+ "([^"]*)"', text)
        models = {"vertex": "Vertex", "fragment": "Fragment", "compute": "GLCompute"}
        said = [(models[point["stage"]], point["name"]) for point in module["entry_points"]]
        require(said == points, f"entry points {said}, not {points}")


def hex_lines(lines):
    """The bytes of a hex dump's lines, with their offsets."""
    data = b""
    for line in lines:
        offset, rest = line.strip().split("  ", 1)
        require(not data or int(offset, 16) == first + len(data), f"offset {offset} does not go on")
        if not data:
            first = int(offset, 16)
        data += bytes.fromhex(rest[:49])
        shown = rest[rest.index("|") + 1:-1]
        plain = "".join(chr(c) if 0x20 <= c < 0x7f else "." for c in bytes.fromhex(rest[:49]))
        require(shown == plain, f"the ASCII of {line} is not that of its bytes")
    return first if data else 0, data


def data(bench):
    trace = bench.path("compute.vkr")
    ok(bench.capture(trace, [bench.app("compute")]))
    every = lines_of(bench, trace, "--data")
    changes = [line for line in every if line.get("event") == "memory"]
    require(changes and all(len(line["data"]["hex"]) == 2 * line["size"] for line in changes), "memory without its bytes")
    text = bench.run([bench.reprise, "dump", "--data", trace]).expect().out.splitlines()
    heads = [i for i, line in enumerate(text) if line.startswith("- ") and " memory VkDeviceMemory" in line]
    require(len(heads) == len(changes), "text and JSON have other changes")
    for head, change in zip(heads, changes):
        end = head + 1
        while end < len(text) and re.match(r" {4}[0-9a-f]{8,16}  ", text[end]):
            end += 1
        offset, found = hex_lines(text[head + 1:end])
        require((offset, found) == (change["offset"], bytes.fromhex(change["data"]["hex"])), f"bytes of {text[head]}")
    whole = [value for line in every for _, value in walk(line.get("args", {}))
             if isinstance(value, dict) and set(value) == {"size", "hex"}]
    require(all(len(value["hex"]) == 2 * value["size"] for value in whole), "a payload is cut although --data was asked for")
    without = bench.run([bench.reprise, "dump", trace]).expect().out
    require("  |" not in without and len(without) < sum(map(len, text)), "--data is no other text")


def on_terminal(bench, command, env, status=0):
    """Runs with a terminal as standard output: what it shows; of a failure, what it says."""
    leader, follower = pty.openpty()
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=follower, stderr=subprocess.PIPE,
                               env=dict(bench.env, **env), cwd=bench.dir)
    os.close(follower)
    shown = b""
    while True:
        try:
            piece = os.read(leader, 65536)
        except OSError:  # the other side was closed
            break
        if not piece:
            break
        shown += piece
    os.close(leader)
    err = process.communicate(timeout=HANG_SECONDS)[1]
    require(process.returncode == status, f"`{command}` on a terminal: status {process.returncode}: {err}")
    if status:
        return err.decode()
    return shown.decode().replace("\r\n", "\n")


def terminal(bench):
    trace = bench.path("compute.vkr")
    ok(bench.capture(trace, [bench.app("compute")]))
    command = [bench.reprise, "dump", "--names", str(trace)]
    plain = bench.run(command).expect().out
    require("\x1b" not in plain, "colours in a pipe")
    colours = bench.run([*command, "--color", "always"]).expect().out
    require("\x1b[" in colours and ESCAPE.sub("", colours) == plain, "colours change the text")
    xterm = {"TERM": "xterm-256color"}
    shown = on_terminal(bench, [*command, "--no-pager"], xterm)
    require(shown == colours, "on a terminal the text is another")
    for env in (dict(xterm, NO_COLOR="1"), {"TERM": "dumb"}):
        require(on_terminal(bench, [*command, "--no-pager"], env) == plain, f"colours although {env}")
    paged = bench.path("paged")
    shown = on_terminal(bench, command, dict(xterm, PAGER=f"cat > {paged}; echo the end"))
    require(paged.read_text() == colours and shown == "the end\n", "the pager was given something else")
    require(on_terminal(bench, command, dict(xterm, PAGER="")) == colours, "an empty PAGER is no pager")
    require(on_terminal(bench, command, dict(xterm, PAGER="true")) == "", "a pager that leaves is no error")
    require("PAGER" in on_terminal(bench, command, dict(xterm, PAGER="no-such-pager"), 3), "a missing pager is not said")
    require(on_terminal(bench, [*command, "--format", "json", "--no-pager"], xterm).startswith("{"), "colours in JSON")


def read_amount(run):
    found = re.search(r"read (\d+) of (\d+) bytes; decompressed (\d+) of (\d+) blocks", run.err)
    require(found, f"--stats says nothing: {run.err}")
    return [int(number) for number in found.groups()]


def seeks(bench):
    """With an index, a range in the middle costs a few blocks, and is the same text as in the whole dump."""
    storm = bench.build / "tests" / "bench" / "storm"
    mock = {"VK_ICD_FILENAMES": bench.mock()}
    calls, frames = bench.path("calls.vkr"), bench.path("frames.vkr")
    bench.capture(calls, [storm, "record", "--threads", "2", "--calls", "600000"], env=mock).expect()
    bench.capture(frames, [storm, "map", "--mib", "16", "--dirty", "64", "--submits", "200"], env=mock).expect()
    middle = bench.info(calls)["calls"] // 2
    part_costs_little(bench, calls, ["--calls", f"{middle}-{middle + 50}"])
    part_costs_little(bench, calls, ["--calls", "0"])
    part_costs_little(bench, frames, ["--frames", "100"])
    part_costs_little(bench, frames, ["--frames", "10-11", "--frames", "150"])


def part_costs_little(bench, trace, option):
    whole = bench.run([bench.reprise, "dump", trace]).expect().out
    run = bench.run([bench.reprise, "dump", "--stats", *option, trace]).expect()
    for part in re.split(r"^==== frame \d+\n", run.out, flags=re.MULTILINE)[1:]:
        require(part.strip() and part.strip() in whole, f"{option}: not a part of the whole dump")
    read, size, blocks, every_block = read_amount(run)
    # Three lanes, twice each at most where one ends; the bulk of a frame; names, metadata and the index.
    require(every_block >= 20 and blocks <= every_block / 2 and read < size / 2,
            f"{option}: {blocks} of {every_block} blocks, {read} of {size} bytes")


CASES = {
    "dump-selects": selects,
    "dump-threads": threads,
    "dump-objects": objects,
    "dump-names": debug_names,
    "dump-usage": usage,
    "dump-schema": schema,
    "dump-shaders": shaders,
    "dump-data": data,
    "dump-terminal": terminal,
    "dump-seeks": seeks,
}
SLOW = {"dump-schema-all": schema_of_all}
