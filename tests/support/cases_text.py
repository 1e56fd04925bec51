"""export, import and scrub: the same trace again, an edit that shows, and nothing of the sender in a copy."""

import json
import os
import shutil

from support.cases_errors import says
from support.cases_memory import compare_results
from support.harness import copy_head, ok, require, same_lines, test_layer
from support.png import pixels_of

JUDGE = test_layer("judge")


def export(bench, trace, name="text"):
    folder = bench.path(name)
    shutil.rmtree(folder, ignore_errors=True)
    bench.run([bench.reprise, "export", trace, "-o", folder]).expect()
    return folder


def import_text(bench, folder, name="again.vkr"):
    trace = bench.path(name)
    bench.run([bench.reprise, "import", folder, "-o", trace]).expect()
    return trace


def same_file(one, two, what):
    require(one.read_bytes() == two.read_bytes(), f"{what}: the file came back with other bytes")


def edit_lines(folder, change):
    """Gives each line's object to `change`, which returns it or None; the number of lines that are not what they were."""
    file = folder / "trace.jsonl"
    before = file.read_text().splitlines()
    after, changed = [], 0
    for line in before:
        row = json.loads(line)
        made = change(row)
        changed += made is None or made != json.loads(line)
        if made is not None:
            after.append(line if made == json.loads(line) else json.dumps(made))
    file.write_text("".join(line + "\n" for line in after))
    return changed


def round_trip(bench):
    """vkcube and some of our own programs, whole, killed and cut: byte for byte."""
    bench.display()
    traces = []
    cube = bench.path("cube.vkr")
    bench.capture(cube, ["vkcube", "--c", "30"]).expect()
    traces.append(cube)
    for name, *case in (("render",), ("descriptors", "template"), ("queries", "occlusion"), ("passes", "subpasses")):
        trace = bench.path(name + ".vkr")
        ok(bench.capture(trace, [bench.app(name), *case]))
        traces.append(trace)
    for trace in traces:
        folder = export(bench, trace)
        helped = [row for row in map(json.loads, (folder / "trace.jsonl").open()) if "exact" in row or "record" in row]
        require(not helped, f"{trace.name}: {len(helped)} records are not text alone, the first {str(helped[:1])[:300]}")
        same_file(trace, import_text(bench, folder), trace.name)
    size = cube.stat().st_size
    for part in (size - 1, size - 30, size * 2 // 3, size // 3):
        cut = bench.path("cut.vkr")
        copy_head(cube, cut, part)
        same_file(cut, import_text(bench, export(bench, cut)), f"cube.vkr cut at {part}")


def edited_colour(bench):
    """A clear colour changed in the text is the colour of the replay's picture."""
    bench.display()
    trace = bench.path("cube.vkr")
    bench.capture(trace, ["vkcube", "--c", "3"]).expect()
    folder = export(bench, trace)

    def change(row):
        if row.get("command") == "vkCmdBeginRenderPass":
            row["args"]["pRenderPassBegin"]["pClearValues"][0]["color"] = {"float32": [1, 0, 0, 1]}
        return row

    require(edit_lines(folder, change) > 0, "vkcube has no vkCmdBeginRenderPass")
    edited = import_text(bench, folder)
    corners = []
    for file, name in ((trace, "before"), (edited, "after")):
        pictures = bench.path(name)
        bench.replay(file, "--wsi", "headless", "--screenshots", pictures).expect()
        corners.append(pixels_of(sorted(pictures.iterdir())[0])[:3])
    require(corners[0] == bytes([51, 51, 51]), f"the original's corner is {list(corners[0])}")
    require(corners[1] == bytes([255, 0, 0]), f"the edited trace's corner is {list(corners[1])}")


def deleted_calls(bench):
    """Calls that nothing needs are taken away: what is left replays."""
    trace = bench.path("render.vkr")
    out = bench.path("render.bin")
    run = ok(bench.capture(trace, [bench.app("render"), out]))
    calls = bench.info(trace)["calls"]
    folder = export(bench, trace)
    gone = edit_lines(folder, lambda row: None if row.get("command", "").startswith("vkGetPhysicalDevice") else row)
    require(gone > 0, "the program asks nothing of its physical device")
    shorter = import_text(bench, folder)
    require(bench.info(shorter)["calls"] == calls - gone, f"{gone} calls were deleted, {calls} were there, "
            f"{bench.info(shorter)['calls']} are left")
    compare_results(bench, shorter, run, out, "the trace without its queries")


def broken_lines(bench):
    trace = bench.path("compute.vkr")
    ok(bench.capture(trace, [bench.app("compute")]))
    folder = export(bench, trace)
    out = bench.path("again.vkr")
    text = (folder / "trace.jsonl").read_text()
    lines = text.splitlines()
    at = next(i for i, line in enumerate(lines) if '"command":"vkCreateBuffer"' in line)

    def with_line(line):
        (folder / "trace.jsonl").write_text("\n".join([*lines[:at], line, *lines[at + 1:], ""]))
        return bench.run([bench.reprise, "import", folder, "-o", out])

    place = f"trace.jsonl:{at + 1}:"
    says(with_line(lines[at][:-5]), 3, place, "JSON")
    require(not out.exists(), "a file was left behind")
    says(with_line(lines[at].replace('"size":', '"sizes":')), 3, place, "/args/pCreateInfo", "size")
    says(with_line(lines[at].replace('"VK_SHARING_MODE_EXCLUSIVE"', '"VK_SHARING_MODE_MINE"')), 3, place,
         "/args/pCreateInfo/sharingMode", "VK_SHARING_MODE_MINE", "VkSharingMode")
    says(with_line(lines[at].replace("vkCreateBuffer", "vkCreateBuffet")), 3, place, "vkCreateBuffet")
    (folder / "trace.jsonl").write_text(text)
    blob = next(iter((folder / "blobs").iterdir()))
    kept = blob.read_bytes()
    blob.write_bytes(kept[:-1])
    says(bench.run([bench.reprise, "import", folder, "-o", out]), 3, blob.name, "size")
    blob.unlink()
    says(bench.run([bench.reprise, "import", folder, "-o", out]), 3, blob.name)


def wrong_arguments(bench):
    trace = bench.path("compute.vkr")
    ok(bench.capture(trace, [bench.app("compute")]))
    empty = bench.path("empty.vkr")
    empty.write_bytes(b"")
    full = bench.path("full")
    full.mkdir()
    (full / "something").write_text("kept")
    out = bench.path("out")
    for verb in ("export", "scrub"):
        says(bench.run([bench.reprise, verb, trace]), 2, "--output")
        says(bench.run([bench.reprise, verb, bench.path("missing.vkr"), "-o", out]), 3, "missing.vkr")
        says(bench.run([bench.reprise, verb, empty, "-o", out]), 3, "empty")
        require(not out.exists(), f"{verb} of no trace left {out}")
    says(bench.run([bench.reprise, "export", trace, "-o", full]), 3, "not empty")
    require((full / "something").read_text() == "kept", "export touched a full directory")
    says(bench.run([bench.reprise, "import", bench.path("nowhere"), "-o", out]), 3, "nowhere")
    says(bench.run([bench.reprise, "import", full, "-o", "/nonexistent/x.vkr"]), 3, "trace.jsonl")
    says(bench.run([bench.reprise, "scrub", trace, "-o", trace]), 2, "itself")
    says(bench.run([bench.reprise, "scrub", trace, "-o", "/nonexistent/x.vkr"]), 3, "/nonexistent/x.vkr")
    says(bench.run([bench.reprise, "scrub", trace, "-o", "/dev/full"]), 3, "/dev/full")
    for verb in ("export", "import", "scrub"):
        text = bench.run([bench.reprise, verb, "--help"]).expect().out
        require("Example" in text and "Exit status" in text, f"`reprise {verb} --help` has no example or exit status")


def kept_files(bench):
    """Who fails leaves the file that was there, and nothing beside it; who succeeds replaces it."""
    trace = bench.path("compute.vkr")
    ok(bench.capture(trace, [bench.app("compute")]))
    folder = export(bench, trace)
    cut = bench.path("cut")
    cut.mkdir()
    (cut / "trace.jsonl").write_text((folder / "trace.jsonl").read_text()[:-40])
    noise = bench.path("noise.vkr")
    noise.write_bytes(trace.read_bytes()[:40] + bytes(range(256)) * 20)
    out = bench.path("precious.vkr")
    out.write_text("precious")
    out.chmod(0o600)
    here = sorted(os.listdir(bench.dir))
    for verb, wrong in (("scrub", "missing.vkr"), ("scrub", "noise.vkr"), ("import", "missing"), ("import", "cut")):
        says(bench.run([bench.reprise, verb, bench.path(wrong), "-o", out]), 3, wrong)
        require(out.read_text() == "precious", f"`{verb} {wrong}` touched a file that was there")
        require(sorted(os.listdir(bench.dir)) == here, f"`{verb} {wrong}` left {sorted(os.listdir(bench.dir))}")
    text = folder / "trace.jsonl"
    says(bench.run([bench.reprise, "import", folder, "-o", text]), 2, "the text itself")
    link = bench.path("link.vkr")
    link.symlink_to(out)
    same_file(trace, import_text(bench, folder, link.name), "a trace by a link")
    require(link.is_symlink() and out.stat().st_mode & 0o777 == 0o600, "the link or its file's permissions are others")
    for verb, source in (("scrub", trace), ("import", folder)):
        bench.run([bench.reprise, verb, source, "-o", "/dev/null"]).expect()
        require(not os.path.isfile("/dev/null"), f"{verb} replaced /dev/null")


def full_output(bench):
    """What cannot be said is an error of every verb; a reader that leaves is none."""
    trace = bench.path("compute.vkr")
    ok(bench.capture(trace, [bench.app("compute")]))
    folder = export(bench, trace)
    bench.path("traces.toml").write_text('version = 1\n[[traces]]\nname = "a"\npath = "compute.vkr"\n')
    lines = (f"check --hash {trace}", "check traces.toml --list", "check traces.toml", f"scrub {trace} -o s.vkr",
             f"export {trace} -o e", f"import {folder} -o i.vkr", f"report {trace} -o r.html", f"replay {trace}",
             f"info {trace}", f"dump {trace}", "--help")
    for line in lines:
        says(bench.run(["sh", "-c", f"exec {bench.reprise} {line} >/dev/full"]), 3, "standard output")
    run = bench.run(["bash", "-c", f"{bench.reprise} dump {trace} | head -c 100; exit ${{PIPESTATUS[0]}}"]).expect()
    require(not run.err, f"dump talks of a reader that left: {run.err}")


def scrubbed(bench):
    """A scrubbed vkcube draws what the original drew, and names nobody."""
    bench.display()
    home = bench.path("home/grete")
    home.mkdir(parents=True)
    program = home / "secretcube"
    shutil.copy(shutil.which("vkcube"), program)
    trace, copy = bench.path("cube.vkr"), bench.path("copy.vkr")
    bench.capture(trace, [program, "--c", "20"], [JUDGE], bench.judged("captured")).expect()
    run = bench.run([bench.reprise, "scrub", trace, "-o", copy, "--all"]).expect()
    host = os.uname().nodename
    for word in ("command line", "host", "application"):
        require(word in run.out, f"scrub does not list the {word}:\n{run.out}")
    folder = export(bench, copy)
    text = (folder / "trace.jsonl").read_bytes() + b"".join(blob.read_bytes() for blob in (folder / "blobs").iterdir())
    for secret in (str(home), "grete", "secretcube", "--c 20", *([f'"{host} ('] if host else [])):
        require(secret.encode() not in text, f"the scrubbed copy still says {secret}")
    for file, name in ((trace, "original"), (copy, "scrubbed")):
        bench.replay(file, "--wsi", "headless", layers=[JUDGE], env=bench.judged(name)).expect()
    same_lines("pictures of the scrubbed copy", bench.verdicts("scrubbed"), bench.verdicts("original"))
    require(bench.info(copy)["calls"] == bench.info(trace)["calls"], "the copy has another number of calls")


def scrubbed_program(bench):
    """A program that reads back what it drew: the scrubbed copy computes the same."""
    trace, copy, out = bench.path("render.vkr"), bench.path("copy.vkr"), bench.path("render.bin")
    run = ok(bench.capture(trace, [bench.app("render"), out]))
    bench.run([bench.reprise, "scrub", trace, "-o", copy, "--all"]).expect()
    compare_results(bench, copy, run, out, "the scrubbed copy")


CASES = {
    "text-round-trip": round_trip,
    "text-edited-colour": edited_colour,
    "text-deleted-calls": deleted_calls,
    "text-broken-lines": broken_lines,
    "text-arguments": wrong_arguments,
    "text-kept-files": kept_files,
    "text-full-output": full_output,
    "scrub-cube": scrubbed,
    "scrub-program": scrubbed_program,
}
SLOW = {}
