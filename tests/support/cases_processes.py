"""What programs do to their own process: threads, forks, execs, closed descriptors, file size limits."""

from support.harness import CAPTURE_LAYER, ok, require, wait_for_writers


def traces(bench, trace):
    """The file and its siblings FILE.PID, the first one first."""
    return sorted(bench.dir.glob(trace.name + "*"), key=lambda path: len(path.name))


def submits_of(bench, trace):
    return bench.info(trace)["submits"]


def captured(bench, name, variant, submits, env=None, main=None):
    """Runs a forker variant under the wrapper; `submits`: those of each process, most first, `main`: of FILE."""
    trace = bench.path(name + ".vkr")
    ok(bench.capture(trace, [bench.app("forker"), variant], env=env))
    files = traces(bench, trace)
    require(files and files[0] == trace, f"forker {variant}: no {trace.name} among {files}")
    found = sorted((submits_of(bench, file) for file in files), reverse=True)
    require(found == submits, f"forker {variant}: {found} submits in {len(files)} files, {submits} wanted")
    if main is not None:
        require(submits_of(bench, trace) == main, f"{trace.name} is not the program's own")
    for file in files:
        bench.replay(file, "--wsi", "headless").expect()


def alone(bench, trace):
    """Environment of a program whose layer starts the writer by itself."""
    return {"VK_INSTANCE_LAYERS": CAPTURE_LAYER, "REPRISE_OUTPUT": trace,
            "PATH": f"{bench.build / 'tools'}:{bench.env['PATH']}"}


def layer_alone(bench, variant, submits):
    """The same without the wrapper: the layer starts the writer itself."""
    trace = bench.path(f"alone-{variant}.vkr")
    ok(bench.run([bench.app("forker"), variant], alone(bench, trace)))
    wait_for_writers(trace)
    files = traces(bench, trace)
    found = sorted((submits_of(bench, file) for file in files), reverse=True)
    require(found == submits, f"forker {variant} without the wrapper: {found} submits in {len(files)} files, "
            f"{submits} wanted")
    for file in files:
        bench.replay(file, "--wsi", "headless").expect()


def fork(bench):
    captured(bench, "fork", "fork", [30, 20])
    layer_alone(bench, "fork", [30, 20])


def helper(bench):
    captured(bench, "helper", "helper", [30, 20], main=30)


def wait(bench):
    captured(bench, "wait", "wait", [20])
    layer_alone(bench, "wait", [20])


def closefrom(bench):
    captured(bench, "closefrom", "closefrom", [20])
    layer_alone(bench, "closefrom", [20])


def exec_itself(bench):
    captured(bench, "exec", "exec", [20, 10])
    layer_alone(bench, "exec", [20, 10])


def file_size_limit(bench):
    captured(bench, "fsize", "fsize", [20])
    # Without the wrapper the limit is also the writer's: the program goes on, the file ends at the limit.
    trace = bench.path("alone-fsize.vkr")
    ok(bench.run([bench.app("forker"), "fsize"], alone(bench, trace)))
    wait_for_writers(trace)
    require(trace.stat().st_size <= 64 * 1024, "the file is larger than the limit")
    bench.info(trace)
    bench.replay(trace, "--wsi", "headless", "--unfinished", "skip").expect()


def instances(bench):
    trace = bench.path("instances.vkr")
    ok(bench.capture(trace, [bench.app("instances")]))
    calls = {c["command"]: c["calls"] for c in bench.info(trace)["commands"]}
    for name in ("vkCreateInstance", "vkDestroyInstance", "vkCreateDevice", "vkDestroyDevice", "vkQueueSubmit"):
        require(calls.get(name) == 100, f"{calls.get(name)} calls of {name} in the trace, not 100")
    bench.replay(trace, "--wsi", "headless").expect()


def idle_threads(bench):
    trace = bench.path("idle.vkr")
    ok(bench.capture(trace, [bench.app("idle_threads")]))
    info = bench.info(trace)
    calls = {c["command"]: c["calls"] for c in info["commands"]}
    require(calls["vkCreateFence"] == 1001 and info["submits"] == 1000 and info["holes"] == 0,
            f"{calls['vkCreateFence']} fences, {info['submits']} submits, {info['holes']} holes")
    bench.replay(trace, "--wsi", "headless").expect()


CASES = {
    "fork": fork,
    "helper": helper,
    "wait": wait,
    "closefrom": closefrom,
    "exec": exec_itself,
    "file-size-limit": file_size_limit,
    "instances": instances,
    "idle-threads": idle_threads,
}
SLOW = {}
