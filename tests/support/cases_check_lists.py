"""`reprise check`: which traces a run takes, where it has them from, and what it says of a list that is wrong."""

import fcntl
import pathlib
import re
import shutil
import signal
import time

from support.cases_check import LAVAPIPE, MUTATED, by_debian, check, cube_trace, manifest, outcomes, same
from support.cases_errors import says, small_trace
from support.harness import fresh_folder, ok, require

SOURCE = pathlib.Path(__file__).resolve().parents[2]
YAML = "import json, sys, yaml; print(json.dumps(yaml.safe_load(open(sys.argv[1]))))"


# -- many machines

def shards(bench):
    """Every trace is in exactly one shard, and a shard is stable."""
    names = [f"trace-{i}" for i in range(7)]
    path = manifest(bench, [{"name": name, "path": "none.vkr"} for name in names])

    def listed(*options):
        out = bench.run([bench.reprise, "check", path, "--list", *options]).expect().out
        return [line.split("\t")[0] for line in out.splitlines()]

    same("the whole list", listed(), names)
    for count in (1, 2, 3, 7):
        parts = [listed("--shard", f"{i}/{count}") for i in range(1, count + 1)]
        same(f"{count} shards together", sorted(sum(parts, [])), names)
        require(max(map(len, parts)) - min(map(len, parts)) <= 1, f"uneven shards: {parts}")
    same("--only with a shard", listed("--only", "trace-[0-3]", "--shard", "2/2"), ["trace-1", "trace-3"])
    same("two --only", listed("--only", "trace-0", "--only", "*-6"), ["trace-0", "trace-6"])
    run = bench.run([bench.reprise, "check", path, "--shard", "9/9", "--junit", bench.path("junit.xml")]).expect(0)
    require("9/9 has no traces" in run.out, run.out)
    for bad in ("0/3", "4/3", "1", "1/0", "a/b", "1/3x"):
        says(bench.run([bench.reprise, "check", path, "--list", "--shard", bad]), 2, bad)


def fetching(bench):
    """Fetched once, checked, kept as long as there is room, by least recent use; two at a time fetch once."""
    fetches = bench.path("fetches")
    traces, size = [], 0
    for name in ("one", "two", "three"):
        copy = bench.path(name + ".source")
        ok(bench.capture(copy, [bench.app("compute")]))
        size = max(size, copy.stat().st_size)
        digest = bench.run(["sha256sum", copy]).expect().out.split()[0]
        traces.append({"name": name, "hash": digest,
                       "fetch": f"sleep 0.3; echo {name} >> {fetches}; cp {copy.name} {{output}}"})
    path = manifest(bench, traces)
    cache = bench.path("the cache")

    def fetched(*options):
        fetches.unlink(missing_ok=True)
        check(bench, path, "--cache", cache, *options).expect()
        return fetches.read_text().split() if fetches.exists() else []

    same("first", fetched(), ["one", "two", "three"])
    same("again", fetched(), [])
    same("kept", len(list(cache.glob("*.vkr"))), 3)
    room = ["--cache-limit", str(2 * size)]
    same("used last", fetched("--only", "one", *room), [])  # two is now the least recently used
    same("two fetched anew", fetched("--only", "two", *room), ["two"])
    same("one was kept", fetched("--only", "one", *room), [])
    same("three gone", fetched("--only", "three", *room), ["three"])
    shutil.rmtree(cache)
    fetches.unlink(missing_ok=True)
    at_once = [bench.start([bench.reprise, "check", path, "--cache", cache, "--jobs", "3"]) for _ in range(3)]
    for process in at_once:
        bench.finish(process).expect()
    same("three processes at once fetched", sorted(fetches.read_text().split()), ["one", "three", "two"])
    same("nothing else is left", [file.name for file in cache.iterdir() if file.suffix == ".part"], [])
    for file in cache.glob("*.vkr"):
        file.write_bytes(b"rotten")
    same("what rotted is fetched anew", fetched(), ["one", "two", "three"])


def fetches_that_fail(bench):
    small_trace(bench)
    zeros = "0" * 64
    traces = [{"name": "fails", "hash": zeros, "fetch": "echo no such host >&2; exit 6; : {output}"},
              {"name": "empty", "hash": zeros, "fetch": ": {output}"},
              {"name": "other", "hash": zeros, "fetch": "cp good.vkr {output}"},
              {"name": "slow", "hash": zeros, "fetch": "sleep 1000; : {output}", "fetch_time_limit": 1}]
    cache = bench.path("cache")
    run = check(bench, manifest(bench, traces), "--cache", cache).expect(3)
    same("judgements", {kind for kind, _ in outcomes(bench).values()}, {"broken"})
    for words in ("status 6: no such host", "wrote no {output}", "SHA-256 is", "fetch_time_limit of 1 s"):
        require(words in run.out, f"{words} is not said: {run.out}")
    same("left in the cache", list(cache.glob("*.*")), [])


def locked_cache(bench):
    """Who waits for another's fetch can be ended."""
    trace = small_trace(bench)
    digest = bench.run(["sha256sum", trace]).expect().out.split()[0]
    path = manifest(bench, [{"name": "good", "hash": digest, "fetch": "cp good.vkr {output}"}])
    locks = fresh_folder(bench.path("cache/locks"))
    with open(locks / digest[:2], "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        process = bench.start([bench.reprise, "check", path, "--cache", locks.parent, "--json", bench.path("results.json")])
        status = pathlib.Path(f"/proc/{process.pid}/status")
        for _ in range(3000):  # until it can say how it ends
            if int(re.search(r"SigBlk:\s*(\w+)", status.read_text())[1], 16) & 1 << signal.SIGTERM - 1:
                break
            time.sleep(0.01)
        process.send_signal(signal.SIGTERM)
        same("status", bench.finish(process).status, -signal.SIGTERM)
    same("outcomes", outcomes(bench), {"good": ("not run", "interrupted")})
    check(bench, path, "--cache", locks.parent).expect()


# -- both languages, CI files, mistakes

def languages(bench):
    cube_trace(bench)
    toml = manifest(bench, [{"name": "cube", "path": "cube.vkr", "frames": "0-1", "tolerance": "ssim:0.9"}], head=LAVAPIPE)
    check(bench, toml, "--update").expect()
    text = ("version: 1\ndrivers:\n- name: lavapipe\n  device: llvmpipe*\n"
            "traces:\n- name: cube\n  path: cube.vkr\n  frames: 0-1\n  tolerance: ssim:0.9\n")
    bench.path("traces.yaml").write_text(text)
    found = {}
    for path in (toml, bench.path("traces.yaml")):
        check(bench, path).expect()
        found[path.suffix] = outcomes(bench)
        check(bench, path, env=MUTATED).expect(1)
    same("YAML and TOML", found[".yaml"], found[".toml"])


def ci_files(bench):
    """The CI examples are valid, say what their engines want, and their command lines are this program's."""
    small_trace(bench)
    manifest(bench, [{"name": f"trace-{i}", "path": "good.vkr"} for i in range(9)])
    github = by_debian(bench, YAML, SOURCE / "tools/ci/github-actions.yml")
    job = github["jobs"]["check"]
    shards_of = job["strategy"]["matrix"]["shard"]
    require(github["true"] and job["runs-on"] and not job["strategy"]["fail-fast"], "GitHub: a trigger, a runner, all shards")
    steps = {step.get("uses", step.get("name")): step for step in job["steps"]}
    require(steps["actions/upload-artifact@v4"]["if"] == "always()", "GitHub: red jobs keep their pages")
    runs = {"github": [steps["Replay"]["run"].replace("${{ matrix.shard }}", str(i)) for i in shards_of]}
    gitlab = by_debian(bench, YAML, SOURCE / "tools/ci/gitlab-ci.yml")["vulkan-traces"]
    same("GitLab's JUnit", gitlab["artifacts"]["reports"]["junit"], "junit.xml")
    same("GitLab's artifacts", gitlab["artifacts"]["when"], "always")
    total = gitlab["parallel"]
    runs["gitlab"] = [f"CI_NODE_INDEX={i}; CI_NODE_TOTAL={total}; " + gitlab["script"][0] for i in range(1, total + 1)]
    job = by_debian(bench, YAML, SOURCE / "tools/ci/kubernetes-job.yml")
    same("Kubernetes", (job["apiVersion"], job["kind"], job["spec"]["completionMode"]), ("batch/v1", "Job", "Indexed"))
    container = job["spec"]["template"]["spec"]["containers"][0]
    completions = job["spec"]["completions"]
    same("its shards", container["env"], [{"name": "SHARDS", "value": str(completions)}])
    same("its volumes", {mount["name"] for mount in container["volumeMounts"]},
         {volume["name"] for volume in job["spec"]["template"]["spec"]["volumes"]})
    runs["kubernetes"] = [f"SHARDS={completions}; JOB_COMPLETION_INDEX={i}; " + container["args"][0]
                          for i in range(completions)]
    for engine, scripts in runs.items():
        listed = []
        for script in scripts:
            require("reprise check traces.toml" in script and "--junit" in script, f"{engine}: {script}")
            path = f"{bench.build / 'tools'}:{bench.env['PATH']}"
            run = bench.run(["sh", "-euc", script.strip() + " --list"], {"PATH": path}).expect()
            listed += [line.split("\t")[0] for line in run.out.splitlines()]
        same(f"{engine}: all shards together", sorted(listed), [f"trace-{i}" for i in range(9)])


def mistakes(bench):
    """What a newcomer does wrong: one sentence, status 2 or 3."""
    small_trace(bench)
    run = [bench.reprise, "check"]
    says(bench.run(run), 2, "MANIFEST")
    says(bench.run([*run, bench.path("none.toml")]), 3, "none.toml")
    says(bench.run([*run, bench.path("good.vkr")]), 2, ".toml")
    path = manifest(bench, [{"name": "a", "path": "good.vkr", "tolerence": "exact"}])
    says(bench.run([*run, path]), 2, "traces.toml:", "tolerence", "did you mean tolerance")
    path = manifest(bench, [{"name": "a", "path": "good.vkr"}])
    says(bench.run([*run, path, "--only", "b*"]), 2, "--only")
    says(bench.run([*run, path, "--cache-limit", "10X"]), 2, "10X")
    says(bench.run([*run, path, "--jobs", "0"]), 2, "--jobs")
    says(bench.run([*run, path, "--repeat", "none"]), 2, "--repeat")
    says(bench.run([*run, path, "--frames", "1"]), 2, "--frames")
    says(bench.run([*run, path, "--junit", "/nonexistent/junit.xml"]), 3, "/nonexistent/junit.xml")
    says(bench.run([*run, path, "--html", "/proc/page"]), 3, "/proc/page")
    says(bench.run([*run, "--hash", "/nonexistent"]), 3, "/nonexistent")
    says(bench.run([*run, manifest(bench, [])]), 2, "no traces")
    out = bench.run([*run, "--help"]).expect().out
    require("Example" in out and "Exit status" in out and "tolerance" in out, "check --help is short of something")


CASES = {
    "check-shards": shards,
    "check-fetch": fetching,
    "check-fetch-fails": fetches_that_fail,
    "check-locked-cache": locked_cache,
    "check-languages": languages,
    "check-ci-files": ci_files,
    "check-mistakes": mistakes,
}
SLOW = {}
