"""Mapped memory: what the program read back is what the replay reads back, and the trace holds only the
program's own bytes."""

from support.harness import Failure, fresh_folder, ok, require, results_of


def memory_dumps(bench, trace, *options, env=None):
    """Replays with --dump-memory: {captured VkDeviceMemory: the file with its last contents}."""
    folder = fresh_folder(bench.path("memory"))
    bench.replay(trace, "--wsi", "headless", "--dump-memory", folder, *options, env=env).expect()
    owner = {}
    for name in ("vkFreeMemory", "vkUnmapMemory"):
        for line in bench.dump(trace, "--command", name):
            if line.get("command") == name:
                owner[line["call"]] = int(line["args"]["memory"], 16)
    newest = {}
    for file in sorted(folder.iterdir(), key=lambda f: int(f.stem.split("-")[1])):
        call = int(file.stem.split("-")[2])
        if call in owner:
            newest[owner[call]] = file
    return newest


def compare_results(bench, trace, run, original, what):
    """The program's `result output` and its file `original` against the replay's memory."""
    result = results_of(run.out)["output"]
    dumps = memory_dumps(bench, trace)
    require(result["memory"] in dumps, f"{what}: the replay dumped nothing of memory {result['memory']:#x}")
    wanted = original.read_bytes()
    found = dumps[result["memory"]].read_bytes()[:result["size"]]
    require(len(found) == len(wanted), f"{what}: the replay's memory has {len(found)} bytes, {len(wanted)} wanted")
    if found != wanted:
        pages = range(0, len(wanted), 4096)
        wrong = [at for at in pages if found[at:at + 4096] != wanted[at:at + 4096]]
        first = next(i for i in range(wrong[0], len(wanted)) if found[i] != wanted[i])
        raise Failure(f"{what}: {len(wrong)} of {len(pages)} pages differ in the replay, first byte {first}: "
                      f"{found[first:first + 16].hex()} instead of {wanted[first:first + 16].hex()}")
    return result


def program_bytes(bench, trace, memory):
    """How many bytes the trace records as the program's own in this allocation."""
    changes = [line for line in bench.dump(trace) if line.get("event") == "memory"]
    return sum(line["size"] for line in changes if int(line["memory"], 16) == memory)


def read_back(bench, name, *arguments, options=(), env=None):
    """Native run, captured run and replay of one of our programs give one result."""
    native_file, captured_file = bench.path("native.bin"), bench.path("captured.bin")
    native = ok(bench.run([bench.app(name), *arguments, native_file], env))
    trace = bench.path(name + ".vkr")
    captured = ok(bench.capture(trace, [bench.app(name), *arguments, captured_file], env=env, options=options))
    require(results_of(native.out)["output"]["xxh64"] == results_of(captured.out)["output"]["xxh64"],
            f"{name}: the captured run computed something else")
    require(native_file.read_bytes() == captured_file.read_bytes(), f"{name}: the captured run read other bytes")
    result = compare_results(bench, trace, captured, captured_file, name)
    return trace, captured, result


def nothing_of_the_gpu(bench, trace, result, name):
    recorded = program_bytes(bench, trace, result["memory"])
    require(recorded == 0, f"{name}: the trace holds {recorded} bytes that only the GPU wrote")


def compute(bench):
    trace, captured, result = read_back(bench, "compute")
    nothing_of_the_gpu(bench, trace, result, "compute")
    # The other half: what the program wrote must be there, else the first half proves nothing.
    line = next(line for line in captured.out.splitlines() if line.startswith("input "))
    memory = int(line.split("memory=")[1].split()[0], 16)
    size = int(line.split("size=")[1])
    recorded = program_bytes(bench, trace, memory)
    require(size <= recorded <= 2 * size, f"compute wrote {2 * size} bytes of input, the trace holds {recorded}")


def render(bench):
    trace, _, result = read_back(bench, "render")
    nothing_of_the_gpu(bench, trace, result, "render")


def ignored(bench):
    trace, _, result = read_back(bench, "ignored")
    nothing_of_the_gpu(bench, trace, result, "ignored")
    # The one that stays: whether a binding has immutable samplers stands in the set's layout. The value is kept as it was
    # given, and replay turns a sampler that never was into null.
    shown = [line.strip() for line in bench.run([bench.reprise, "dump", trace]).expect().out.splitlines() if "0xdead" in line]
    require(set(shown) <= {"sampler = VkSampler 0xdead"}, f"the dump shows members that Vulkan says are ignored: {shown}")


def mixed_page(bench):
    """Program and GPU write the same pages: the program's bytes are there, the GPU's are not, or flagged."""
    trace, captured, result = read_back(bench, "shared_page")
    split = int(next(l for l in captured.out.splitlines() if l.startswith("split ")).split()[1])
    lines = bench.dump(trace)
    changes = [line for line in lines if line.get("event") == "memory"
               and int(line["memory"], 16) == result["memory"]]
    require(changes, "the trace holds nothing of what the program wrote")
    # Before the first submit the GPU has written nothing, and whole pages are recorded.
    first_submit = next(i for i, line in enumerate(lines) if line.get("command") == "vkQueueSubmit")
    gpu = [c for c in lines[first_submit:] if c in changes and c["offset"] + c["size"] > split and not c.get("mixed")]
    require(not gpu, f"the trace claims GPU-written bytes for the program: {gpu[:3]}")


def threads(bench):
    trace, _, result = read_back_threads(bench, 2000)
    nothing_of_the_gpu(bench, trace, result, "threads")


def read_back_threads(bench, submits):
    captured_file = bench.path("captured.bin")
    trace = bench.path("threads.vkr")
    run = ok(bench.capture(trace, [bench.app("threads"), captured_file, str(submits)]))
    require(bench.info(trace)["submits"] == 2 * submits, f"info counts {bench.info(trace)['submits']} submits")
    return trace, run, compare_results(bench, trace, run, captured_file, "threads")


def threads_slow(bench):
    for _ in range(5):
        read_back_threads(bench, 8000)


def thread_storm(bench, seconds):
    """Eight threads that create, map, record, submit and read back at once: the replay reads what they read."""
    captured_file = bench.path("captured.bin")
    trace = bench.path("storm.vkr")
    run = ok(bench.capture(trace, [bench.app("thread_storm"), captured_file, str(seconds)]))
    require(bench.info(trace)["holes"] == 0, "the storm left holes in the trace")
    compare_results(bench, trace, run, captured_file, "thread_storm")


def upload(bench, mib, arena):
    captured_file = bench.path("captured.bin")
    trace = bench.path("upload.vkr")
    run = ok(bench.capture(trace, [bench.app("upload"), str(mib), captured_file], options=["--arena", str(arena)]))
    require(bench.info(trace)["holes"] == 0, "the upload left holes in the trace")
    compare_results(bench, trace, run, captured_file, f"upload of {mib} MiB")


MAPPED = ("whole", "part", "remap", "freed", "flushed", "neighbours", "system-call", "signal")
KEEPS_ITS_MAPPING = ("whole", "flushed", "neighbours", "system-call", "signal")


def mapped(bench, name):
    """One way of writing to mapped memory, by each method, on a driver with a GPU and on one whose mappings are not
    aligned to pages."""
    for method in ("auto", "beside", "compare"):
        env = {"REPRISE_MEMORY": method}
        trace, _, result = read_back(bench, "mapped", name, env=env)
        if method == "auto":  # comparing cannot tell whose bytes they are
            nothing_of_the_gpu(bench, trace, result, f"mapped {name}")
        if name == "flushed":  # the driver's flush hands over only what lies in its memory by then
            lines = bench.dump(trace)
            first = [next(i for i, line in enumerate(lines) if line.get(key) == value) for key, value in
                     (("event", "memory"), ("command", "vkFlushMappedMemoryRanges"))]
            require(first[0] < first[1], "what the program wrote is recorded after its flush")
        if name in KEEPS_ITS_MAPPING:
            read_back(bench, "mapped", name + "@host", env=dict(env, VK_ICD_FILENAMES=bench.mock()))


MAPPED_DEVICE = ("words", "reads", "remapped", "forked")


def mapped_device(bench, name):
    """Memory that the GPU writes, too, by each method, on two drivers with a GPU of their own: the program, which
    judges itself, reads what it reads natively, and none of the GPU's words are recorded as the program's."""
    for driver in ({}, {"VK_ICD_FILENAMES": bench.swiftshader()}):
        for method in ("auto", "beside", "compare"):
            trace, _, result = read_back(bench, "mapped_device", name, env=dict(driver, REPRISE_MEMORY=method))
            if method == "beside" and name == "words":
                changes = [line for line in bench.dump(trace) if line.get("event") == "memory"
                           and int(line["memory"], 16) == result["memory"]]
                gpus = [c for c in changes if c["offset"] % 8 or c["size"] > 4]
                require(changes and not gpus, f"{name}: of {len(changes)} changes these have words of the GPU: {gpus[:3]}")


def assisted(bench):
    """Flushes are trusted: what was flushed is there, on a driver whose memory need not be coherent; what was not is
    not."""
    env, options = {"VK_ICD_FILENAMES": bench.mock()}, ["--memory", "assisted"]
    read_back(bench, "mapped", "flushed@host", env=env, options=options)
    trace = bench.path("unflushed.vkr")
    ok(bench.capture(trace, [bench.app("mapped"), "whole@host", bench.path("x.bin")], env=env, options=options))
    require(bench.info(trace)["memory_changes"] == 0, "a program that never flushes has memory changes in its trace")


CASES = {
    "compute": compute,
    "render": render,
    "ignored": ignored,
    "mixed-page": mixed_page,
    "threads": threads,
    **{f"mapped-{name}": lambda bench, name=name: mapped(bench, name) for name in MAPPED},
    **{f"mapped-device-{name}": lambda bench, name=name: mapped_device(bench, name) for name in MAPPED_DEVICE},
    "mapped-assisted": assisted,
    "thread-storm": lambda bench: thread_storm(bench, 2),
    "upload": lambda bench: upload(bench, 64, 16),
}
SLOW = {
    "threads-long": threads_slow,
    "thread-storm-60": lambda bench: thread_storm(bench, 60),
    "upload-512": lambda bench: upload(bench, 512, 256),
}
