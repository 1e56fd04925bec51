"""`reprise check`: what is expected, what is found, and what CI engines and people are told of it."""

import contextlib
import json
import os
import pathlib
import re
import shutil
import signal
import time
import xml.etree.ElementTree

from support.cases_errors import says, small_trace
from support.harness import Failure, copy_head, descendants, ok, program_name, require, test_layer

MUTATED = {"VK_INSTANCE_LAYERS": test_layer("mutate"), "REPRISE_MUTATE": "draw", "REPRISE_MUTATE_CALL": "1",
           "REPRISE_MUTATE_COUNT": "30"}
FRAMES = 12


def cube_trace(bench):
    bench.display()
    trace = bench.path("cube.vkr")
    bench.capture(trace, ["vkcube", "--c", FRAMES]).expect()
    return trace


def manifest(bench, traces, name="traces.toml", head=""):
    """Writes a manifest of those traces, each a dict of keys."""
    path = bench.path(name)
    values = {True: "true", False: "false"}

    def value(v):
        if isinstance(v, dict):
            return "{" + ", ".join(f"{k} = {value(x)}" for k, x in v.items()) + "}"
        if isinstance(v, list):
            return "[" + ", ".join(value(x) for x in v) + "]"
        return values[v] if isinstance(v, bool) else json.dumps(v)

    blocks = ["[[traces]]\n" + "\n".join(f"{key} = {value(v)}" for key, v in trace.items()) for trace in traces]
    path.write_text("version = 1\n" + head + "\n" + "\n".join(blocks) + "\n")
    return path


LAVAPIPE = '[[drivers]]\nname = "lavapipe"\ndevice = "llvmpipe*"\n'


def check(bench, path, *options, env=None):
    return bench.run([bench.reprise, "check", path, "--json", bench.path("results.json"), *options], env)


def results(bench):
    return json.loads(bench.path("results.json").read_text())


def outcomes(bench):
    return {trace["name"]: (trace["judgement"], trace["outcome"]) for trace in results(bench)["traces"]}


def same(what, found, wanted):
    require(found == wanted, f"{what}: {found}, not {wanted}")


def by_debian(bench, program, path):
    """What a program for Debian's Python, which has its packages, makes of a file: an object of JSON."""
    return json.loads(bench.run(["/usr/bin/python3", "-c", program, path]).expect().out)


JUNIT = """import json, sys, junitparser
suite = list(junitparser.JUnitXml.fromfile(sys.argv[1]))[0]
kinds = {case.name: case.result[0].__class__.__name__.lower() if case.result else "" for case in suite}
print(json.dumps({"kinds": kinds, "counts": [suite.tests, suite.failures, suite.errors, suite.skipped]}))"""


def junit_of(bench, path):
    """{name: kind of its result} of a JUnit file, as a stock parser reads it; "" passed."""
    parsed = by_debian(bench, JUNIT, path)
    kinds = parsed["kinds"]
    counts = list(kinds.values())
    same("JUnit's own counts", parsed["counts"],
         [len(counts), counts.count("failure"), counts.count("error"), counts.count("skipped")])
    root = xml.etree.ElementTree.parse(path).getroot()
    same("testcases", len(root.findall("testsuite/testcase")), len(counts))
    return kinds


def green(bench):
    """Without references nothing is green; with those that --update makes, all is, on this driver."""
    cube_trace(bench)
    ok(bench.capture(bench.path("compute.vkr"), [bench.app("compute")]))
    path = manifest(bench, [{"name": "cube", "path": "cube.vkr"},
                            {"name": "compute", "path": "compute.vkr", "memory": True}], head=LAVAPIPE)
    run = check(bench, path).expect(1)
    same("without references", outcomes(bench),
         {"cube": ("regression", "no reference"), "compute": ("regression", "no reference")})
    require("--update" in run.out, f"the way out is not told: {run.out}")
    before = path.read_bytes()
    check(bench, path, "--update").expect()
    require(path.read_bytes() == before, "--update changed the manifest")
    cube = bench.path("references/cube/lavapipe")
    same("reference pictures", len(list(cube.glob("frame-*.png"))), FRAMES)
    sums = bench.path("references/compute/lavapipe/memory.sha256").read_text()
    require(re.search(r"^[0-9a-f]{64}  memory-\d{6}-\d{6}-VkDeviceMemory-\d+\.bin$", sums, re.M), sums)
    run = check(bench, path, "--jobs", "2", "--junit", bench.path("junit.xml"), "--html", bench.path("page")).expect()
    lines = run.out.splitlines()
    require([line.split()[2] for line in lines[:2]] == ["cube", "compute"], f"not in the manifest's order: {run.out}")
    same("the last line", lines[-1], "2 traces: 2 as expected")
    same("JUnit", junit_of(bench, bench.path("junit.xml")), {"cube": "", "compute": ""})
    found = results(bench)
    same("pictures compared", found["traces"][0]["pictures"], FRAMES)
    require(found["traces"][1]["memories"] > 0, "no memory of the compute program was compared")
    require("llvmpipe" in found["traces"][0]["device"] and "Mesa" in found["traces"][0]["driver_info"],
            f"device and driver: {found['traces'][0]}")


# -- regressions

def regression(bench):
    """One altered draw: red, with the frames, the call, the swapchain and the place of what differs."""
    cube_trace(bench)
    path = manifest(bench, [{"name": "cube", "path": "cube.vkr"}], head=LAVAPIPE)
    check(bench, path, "--update").expect()
    run = check(bench, path, "--junit", bench.path("junit.xml"), "--html", bench.path("page"), env=MUTATED).expect(1)
    require("frame 0, call" in run.out and "vkQueuePresentKHR, VkSwapchainKHR:1" in run.out, run.out)
    same("JUnit", junit_of(bench, bench.path("junit.xml")), {"cube": "failure"})
    trace = results(bench)["traces"][0]
    same("judgement", (trace["judgement"], trace["outcome"]), ("regression", "fail"))
    presents = {call["frame"]: call["call"] for call in bench.dump(bench.path("cube.vkr"), "--command", "vkQueuePresentKHR")}
    require(trace["finding_count"] > 0, "no frame differs")  # vkcube records a draw once for all frames of an image
    for finding in trace["findings"]:
        same("the present of a finding", finding["call"], presents[finding["frame"]])
        x, y, width, height = finding["box"]
        require(0 < x and 0 < y and width * height >= finding["pixels"] > 100 and finding["lowest_ssim"] < 0.9,
                f"where it differs: {finding}")
    for kind in ("reference", "actual", "difference"):
        picture = bench.path(f"page/pictures/cube/frame-000000-{kind}.png")
        require(picture.stat().st_size > 1000, f"{picture} is no picture of the difference")
    dom = chromium(bench, "--dump-dom").out
    for words in ("✗ regression", "VkSwapchainKHR:1", 'src="pictures/cube/frame-000000-difference.png"', "pixels differ"):
        require(words in dom, f"the page does not say {words}: {dom[-3000:]}")
    require("http://" not in dom and "https://" not in dom, "the page asks for something of the network")
    check(bench, path).expect()
    check(bench, path, env=dict(MUTATED, REPRISE_MUTATE_FRAME="0")).expect(1)
    check(bench, path, env=dict(MUTATED, REPRISE_MUTATE_FRAME="5")).expect()  # nothing is recorded that late
    blends = dict(MUTATED, REPRISE_MUTATE="blend")
    check(bench, path, env=blends).expect(1)
    # Within a tolerance wide enough nothing is said of it.
    check(bench, manifest(bench, [{"name": "cube", "path": "cube.vkr", "tolerance": "channel:255"}], head=LAVAPIPE),
          env=MUTATED).expect()
    check(bench, manifest(bench, [{"name": "cube", "path": "cube.vkr", "tolerance": "ssim:0.99"}], head=LAVAPIPE),
          env=MUTATED).expect(1)


def chromium(bench, *options, width=1280, page="page/index.html"):
    profile = bench.path("chromium")
    command = ["chromium", "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
               "--disable-background-networking", "--disable-component-update", "--disable-sync",
               f"--user-data-dir={profile}", f"--window-size={width},1600", "--virtual-time-budget=5000", *options,
               bench.path(page).as_uri()]
    return bench.run(command).expect()


def pages(bench):
    """The page at two widths, with one trace of every judgement: nothing stands out of it to the side."""
    cube_trace(bench)
    copy_head(bench.path("cube.vkr"), bench.path("cut.vkr"), 20)
    traces = [{"name": "cube", "path": "cube.vkr"},
              {"name": "mutated", "path": "cube.vkr", "references": "references/cube", "env": MUTATED},
              {"name": "passes", "path": "cube.vkr", "references": "references/cube", "expect": "fail", "reason": "bug 7"},
              {"name": "skipped", "path": "cube.vkr", "expect": "skip", "reason": "<b>not</b> & today"},
              {"name": "cut", "path": "cut.vkr"}]
    path = manifest(bench, traces, head=LAVAPIPE)
    check(bench, path, "--update", "--only", "cube").expect()
    stranger, stale = bench.path("page/pictures/holiday/beach.png"), bench.path("page/pictures/cube/stale.png")
    for file in (stranger, stale):
        file.parent.mkdir(parents=True)
        file.write_bytes(b"a picture")
    check(bench, path, "--html", bench.path("page")).expect(3)
    require(stranger.exists() and not stale.exists(), "pictures that go are an earlier run's of these traces, no others")
    for width in (1280, 500):
        dom = chromium(bench, f"--screenshot={bench.path(f'page-{width}.png')}", width=width)
        require(bench.path(f"page-{width}.png").stat().st_size > 10_000, f"no picture of the page: {dom.err}")
    dom = chromium(bench, "--dump-dom").out
    for words in ("✗ regression", "‼ unexpected pass", "⚠ broken", "✓ as expected", "– not run",
                  "&lt;b&gt;not&lt;/b&gt; &amp; today"):
        require(words in dom, f"the page does not show {words}")
    wide = bench.path("page/wide.html")
    # Headless Chromium's window is never narrower than 500: a frame is.
    wide.write_text('<!doctype html><body style="margin:0"><iframe id="f" width="390" height="800" src="index.html">'
                    "</iframe><script>onload = () => { const d = document.getElementById('f').contentDocument;"
                    "document.title = `widths ${d.documentElement.scrollWidth} ${d.documentElement.clientWidth}`; };"
                    "</script>")
    title = re.search("<title>widths (\\d+) (\\d+)</title>",
                      chromium(bench, "--dump-dom", "--allow-file-access-from-files", page="page/wide.html").out)
    require(title and title[1] == title[2], f"at 390 pixels the page is wider than its window: {title and title[0]}")
    chromium(bench, f"--screenshot={bench.path('page-390.png')}", width=500, page="page/wide.html")


def unexpected_pass(bench):
    cube_trace(bench)
    ways = {"expect": "fail", "reason": "bug 7"}
    path = manifest(bench, [{"name": "cube", "path": "cube.vkr"}], head=LAVAPIPE)
    check(bench, path, "--update").expect()
    path = manifest(bench, [{"name": "cube", "path": "cube.vkr", "on": [{"driver": "lavapipe", **ways}]}], head=LAVAPIPE)
    run = check(bench, path, "--junit", bench.path("junit.xml")).expect(1)
    same("judgement", outcomes(bench)["cube"], ("unexpected pass", "pass"))
    require("unexpected pass" in run.out and "bug 7" in run.out, run.out)
    same("JUnit", junit_of(bench, bench.path("junit.xml")), {"cube": "failure"})
    check(bench, path, env=MUTATED).expect()
    same("judgement", outcomes(bench)["cube"], ("as expected", "fail"))
    # A failing driver's pictures do not become references.
    before = {file: file.read_bytes() for file in bench.path("references").rglob("*.png")}
    check(bench, path, "--update", env=MUTATED).expect()
    same("references", {file: file.read_bytes() for file in bench.path("references").rglob("*.png")} == before, True)


# -- what ends a replay

def dying(how):
    return {"VK_INSTANCE_LAYERS": test_layer("crash"), "REPRISE_CRASH_COMMAND": "vkQueueSubmit", "REPRISE_CRASH_HOW": how}


def ends(bench):
    """A hang and a crash are results; the others go on, and no process is left."""
    small_trace(bench)
    traces = [{"name": "hangs", "path": "good.vkr", "env": dying("hang"), "time_limit": 4},
              {"name": "dies", "path": "good.vkr", "env": dying("crash")},
              {"name": "lives", "path": "good.vkr"},
              {"name": "dies-as-known", "path": "good.vkr", "env": dying("crash"), "expect": "crash", "reason": "bug 9"},
              {"name": "hangs-as-known", "path": "good.vkr", "env": dying("hang"), "time_limit": 4, "expect": "timeout",
               "reason": "bug 10"}]
    run = check(bench, manifest(bench, traces), "--jobs", "3", "--junit", bench.path("junit.xml")).expect(1)
    same("outcomes", outcomes(bench),
         {"hangs": ("regression", "timeout"), "dies": ("regression", "crash"), "lives": ("as expected", "pass"),
          "dies-as-known": ("as expected", "crash"), "hangs-as-known": ("as expected", "timeout")})
    require("SIGSEGV" in run.out and "time limit of 4 s" in run.out, run.out)
    same("JUnit", junit_of(bench, bench.path("junit.xml")),
         {"hangs": "failure", "dies": "failure", "lives": "", "dies-as-known": "", "hangs-as-known": ""})
    same("processes left", sleepers(bench), [])


def sleepers(bench):
    """What the hanging layer started for this case."""
    found = []
    for pid in filter(str.isdigit, os.listdir("/proc")):
        with contextlib.suppress(OSError):
            environment = pathlib.Path(f"/proc/{pid}/environ").read_bytes()
            if f"HOME={bench.dir}".encode() in environment and b"REPRISE_CRASH_HOW=hang" in environment:
                found.append(program_name(int(pid)))
    return found


def until_it_hangs(process):
    for _ in range(3000):
        if "sleep" in [program_name(pid) for pid in descendants(process.pid)]:
            return
        time.sleep(0.02)
    process.kill()
    raise Failure("the replay did not come to hang")


def interrupted(bench):
    """SIGTERM ends the check and all of its replays; what nohup(1) has it ignore does not."""
    small_trace(bench)
    hangs = {"name": "hangs", "path": "good.vkr", "env": dying("hang")}
    command = [bench.reprise, "check", manifest(bench, [hangs]), "--json", bench.path("results.json")]
    process = bench.start(command)
    until_it_hangs(process)
    process.send_signal(signal.SIGTERM)
    run = bench.finish(process)
    same("status", run.status, -signal.SIGTERM)
    same("outcomes", outcomes(bench), {"hangs": ("not run", "interrupted")})
    same("the results' exit status", results(bench)["exit_status"], 128 + signal.SIGTERM)
    same("processes left", sleepers(bench), [])
    manifest(bench, [{**hangs, "time_limit": 4}])
    process = bench.start(["nohup", *command])
    until_it_hangs(process)
    process.send_signal(signal.SIGHUP)
    bench.finish(process).expect(1)
    same("outcomes with nohup", outcomes(bench), {"hangs": ("regression", "timeout")})


def broken(bench):
    """A trace that cannot be read, is not there, or is another one: 3, and each says what it is."""
    trace = small_trace(bench)
    copy_head(trace, bench.path("cut.vkr"), 20)
    bench.path("noise.vkr").write_bytes(bytes(range(256)) * 20)
    digest = bench.run([bench.reprise, "check", "--hash", trace]).expect().out.split()[0]
    traces = [{"name": "cut", "path": "cut.vkr"}, {"name": "noise", "path": "noise.vkr"},
              {"name": "absent", "path": "absent.vkr"},
              {"name": "other", "path": "good.vkr", "hash": digest.replace(digest[0], "f" if digest[0] != "f" else "0", 1)},
              {"name": "good", "path": "good.vkr", "hash": digest}]
    run = check(bench, manifest(bench, traces), "--junit", bench.path("junit.xml")).expect(3)
    kinds = {name: kind for name, (kind, _) in outcomes(bench).items()}
    same("judgements", kinds, {"cut": "broken", "noise": "broken", "absent": "broken", "other": "broken", "good": "as expected"})
    require("SHA-256 is " + digest in run.out and "absent.vkr" in run.out, run.out)
    same("JUnit", junit_of(bench, bench.path("junit.xml"))["other"], "error")
    sum_line = bench.run(["sha256sum", trace]).expect().out
    same("--hash and sha256sum", bench.run([bench.reprise, "check", "--hash", trace]).out, sum_line)


def nothing_ran(bench):
    small_trace(bench)
    here = {"name": "a", "path": "good.vkr"}
    path = manifest(bench, [{**here, "expect": "skip", "reason": "too slow"}])
    run = check(bench, path, "--junit", bench.path("junit.xml")).expect(77)
    require("too slow" in run.out, run.out)
    same("JUnit", junit_of(bench, bench.path("junit.xml")), {"a": "skipped"})
    path = manifest(bench, [here])
    check(bench, path, env={"VK_ICD_FILENAMES": "/nonexistent.json"}).expect(77)
    same("outcomes", outcomes(bench), {"a": ("not run", "cannot run")})
    # Skipped on one driver only.
    skip = [{"driver": "lavapipe", "expect": "skip", "reason": "hangs there"}]
    path = manifest(bench, [{**here, "on": skip}, {**here, "name": "b"}], head=LAVAPIPE)
    check(bench, path).expect(0)
    same("outcomes", outcomes(bench), {"a": ("not run", "skip"), "b": ("as expected", "pass")})
    check(bench, manifest(bench, [{**here, "gpu": "GeForce"}])).expect(77)
    # What the manifest expects of a driver by name, and it cannot, is a regression.
    external = bench.path("external.vkr")
    ok(bench.capture(external, [bench.app("external_nv")], env={"VK_ICD_FILENAMES": bench.mock()}))
    strict = {"name": "a", "path": "external.vkr", "remap": "strict"}
    check(bench, manifest(bench, [strict], head=LAVAPIPE)).expect(77)
    named = {**strict, "on": [{"driver": "lavapipe", "expect": "pass"}]}
    check(bench, manifest(bench, [named], head=LAVAPIPE)).expect(1)
    same("outcomes", outcomes(bench), {"a": ("regression", "cannot run")})


def flaky(bench):
    cube_trace(bench)
    known = {"expect": "flaky", "reason": "races with itself"}
    plain = manifest(bench, [{"name": "cube", "path": "cube.vkr"}], head=LAVAPIPE)
    check(bench, plain, "--update").expect()
    path = manifest(bench, [{"name": "cube", "path": "cube.vkr", **known}], name="flaky.toml", head=LAVAPIPE)
    check(bench, path).expect()
    check(bench, path, env=MUTATED).expect()
    same("a flaky one that fails", outcomes(bench)["cube"], ("as expected", "fail"))


def repeated(bench):
    """Runs that differ among themselves are told apart from those that differ from the reference."""
    cube_trace(bench)
    path = manifest(bench, [{"name": "cube", "path": "cube.vkr"}], head=LAVAPIPE)
    check(bench, path, "--update", "--repeat", "3").expect()
    same("runs", results(bench)["traces"][0]["runs"], 3)
    once = dict(MUTATED, REPRISE_MUTATE_ONCE=bench.path("mutated-once"))
    run = check(bench, path, "--repeat", "3", env=once).expect(1)
    same("outcome", outcomes(bench)["cube"], ("regression", "nondeterministic"))
    require("run 2 is not like the first: frame 0, call" in run.out, run.out)
    # They do not become references.
    before = {file: file.read_bytes() for file in bench.path("references").rglob("*.png")}
    bench.path("mutated-once").unlink()
    check(bench, path, "--repeat", "2", "--update", env=once).expect(1)
    same("references stayed", {file: file.read_bytes() for file in bench.path("references").rglob("*.png")} == before, True)


def update(bench):
    """--update writes what changed, takes away what is no more, and nothing else."""
    cube_trace(bench)
    path = manifest(bench, [{"name": "cube", "path": "cube.vkr", "frames": "0-3,8"}], head=LAVAPIPE)
    folder = bench.path("references/cube/lavapipe")

    def written():
        return results(bench)["traces"][0]["references"]

    check(bench, path, "--update").expect()
    same("first", written(), "5 pictures new")
    same("frames", sorted(file.name for file in folder.iterdir()), [f"frame-{i:06}.png" for i in (0, 1, 2, 3, 8)])
    times = {file: file.stat().st_mtime_ns for file in folder.iterdir()}
    check(bench, path, "--update").expect()
    same("again", written(), "nothing to change")
    same("untouched", {file: file.stat().st_mtime_ns for file in folder.iterdir()} == times, True)
    check(bench, path, "--update", env=MUTATED).expect()
    require(re.fullmatch(r"\d pictures changed", written()), written())
    check(bench, path).expect(1)
    shutil.copy(folder / "frame-000000.png", folder / "frame-000000-1.png")  # of a second swapchain
    check(bench, path, env=MUTATED).expect(1)
    require("presented no such picture" in bench.path("results.json").read_text(), "a picture too few is not told")
    check(bench, path, "--update").expect()
    require("1 pictures removed" in written(), written())
    check(bench, path).expect()
    # A replay that leaves no report says of no picture that it is no more.
    kept = sorted(folder.iterdir())
    run = check(bench, path, "--update", env=dying("exit")).expect(1)
    require("left no report" in run.out, run.out)
    same("after a replay without a report", (written(), sorted(folder.iterdir())), ("", kept))
    (folder / "frame-000008.png").unlink()
    check(bench, path).expect(1)
    require("there is no reference of it" in bench.path("results.json").read_text(), "a reference too few is not told")
    (folder / "frame-000008.png").write_bytes(b"no picture")
    run = check(bench, path).expect(3)
    require("frame-000008.png" in run.out, run.out)


# -- exact verdicts of `reprise replay`

def exact_verdicts(bench):
    """A query that counts otherwise: the report names the frame, the call and the query pool."""
    trace = bench.path("queries.vkr")
    ok(bench.capture(trace, [bench.app("queries"), "occlusion"]))
    report = bench.path("report.json")
    bench.replay(trace, "--report", report).expect()
    found = json.loads(report.read_text())
    same("verdict", (found["version"], found["verdict"], found["exit_status"], found["differences"]), (1, "identical", 0, []))
    require(found["calls"] > 0 and "llvmpipe" in found["device"] and "Mesa" in found["driver_info"], f"report: {found}")
    env = {"REPRISE_MUTATE": "draw", "REPRISE_MUTATE_COUNT": "0"}
    run = bench.replay(trace, "--report", report, layers=[test_layer("mutate")], env=env).expect(1)
    found = json.loads(report.read_text())
    same("verdict", (found["verdict"], found["exit_status"]), ("differs", 1))
    calls = {call["call"]: call for call in bench.dump(trace, "--command", "vkGetQueryPoolResults")}
    require(found["differences"], "no difference is listed")
    for difference in found["differences"]:
        call = calls[difference["call"]]
        same("of a query", (difference["kind"], difference["command"], difference["frame"]),
             ("query", "vkGetQueryPoolResults", call["frame"]))
        same("the handle", difference["object"], "VkQueryPool " + call["args"]["queryPool"])
        require(re.fullmatch(r"VkQueryPool:\d+", difference["object_name"]), difference["object_name"])
        require(re.match(r"query \d+ counted \d+; \d+ at capture", difference["text"]), difference["text"])
        require(difference["object"] in run.err, run.err)


def read_back_names(bench):
    """What --dump-memory and --screenshots write has the same names on every device, and --look-at chooses."""
    trace = cube_trace(bench)
    compute = bench.path("compute.vkr")
    ok(bench.capture(compute, [bench.app("compute")]))
    names = []
    for driver, env in (("lavapipe", {}), ("swiftshader", {"VK_ICD_FILENAMES": bench.swiftshader()})):
        folder = bench.path(driver)
        report = bench.path(driver + ".json")
        bench.replay(compute, "--dump-memory", folder, "--report", report, env=env).expect()
        names.append(sorted(file.name for file in folder.iterdir()))
        memories = json.loads(report.read_text())["memories"]
        same("the report's files", sorted(entry["file"] for entry in memories), names[-1])
        for entry in memories:
            require(entry["object_name"].replace(":", "-") in entry["file"] and f"-{entry['call']:06}-" in entry["file"],
                    f"{entry}")
    same("names on two drivers", names[0], names[1])
    folder = bench.path("pictures")
    bench.replay(trace, "--wsi", "headless", "--screenshots", folder, "--look-at", "2,5-6,11-").expect()
    same("pictures", sorted(file.name for file in folder.iterdir()), [f"frame-{i:06}.png" for i in (2, 5, 6, 11)])
    says(bench.replay(trace, "--look-at", "5-2"), 2, "--look-at", "5-2")
    out = bench.replay(trace, "--which-device").expect().out
    require("llvmpipe" in json.loads(out)["device"], out)


CASES = {
    "check-green": green,
    "check-regression": regression,
    "check-pages": pages,
    "check-unexpected-pass": unexpected_pass,
    "check-ends": ends,
    "check-interrupted": interrupted,
    "check-broken": broken,
    "check-nothing-ran": nothing_ran,
    "check-flaky": flaky,
    "check-repeat": repeated,
    "check-update": update,
    "replay-verdicts": exact_verdicts,
    "replay-read-back-names": read_back_names,
}
SLOW = {}
