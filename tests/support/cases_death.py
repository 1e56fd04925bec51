"""Traces of programs and writers that were killed, and files that were cut: everything that was recorded is there."""

import concurrent.futures
import ctypes
import os
import random
import signal
import struct
import threading
import time

from support.harness import (Run, copy_head, descendants, kill9, ok, program_name, require, test_layer)

# The order of the Command enum in tests/apps/counter.cpp.
COUNTED = ("vkCreateBuffer", "vkDestroyBuffer", "vkBeginCommandBuffer", "vkCmdFillBuffer", "vkEndCommandBuffer",
           "vkQueueSubmit", "vkWaitForFences", "vkResetFences")


def counters_of(path):
    """Calls that had returned, by command, over all threads; empty until the program has begun."""
    data = path.read_bytes() if path.exists() else b""
    words = struct.unpack(f"<{len(data) // 8}Q", data[:len(data) // 8 * 8])
    return {name: sum(words[i::len(COUNTED)]) for i, name in enumerate(COUNTED)} if words else {}


def wait_until_counting(bench, process, path):
    while not any(counters_of(path).values()):
        if process.poll() is not None:
            run = bench.finish(process)
            require(False, f"the program ended before it counted: {run.status} {run.err[-1000:]}")
        time.sleep(0.005)


def the_program(process, name):
    """The traced program's process id; the wrapper is `process` itself."""
    while process.poll() is None:
        for pid in descendants(process.pid):
            if program_name(pid) == name:
                return pid
        time.sleep(0.002)
    require(False, f"`reprise capture` ended before {name} ran")


def holds_all_returned(bench, trace, returned, threads, what):
    """A call counted by the program is in the file; at most one more a thread is (returned, not yet counted)."""
    calls = {c["command"]: c["calls"] for c in bench.info(trace)["commands"]}
    for name, count in returned.items():
        found = calls.get(name, 0)
        # vkBeginCommandBuffer and the others are counted one by one: at most one call a thread is uncounted.
        require(count <= found <= count + threads, f"{what}: {found} calls of {name} in the file, {count} had returned")


def kill_once(bench, chance, threads, what):
    trace, page = bench.path("killed.vkr"), bench.path("counters")
    trace.unlink(missing_ok=True)
    page.unlink(missing_ok=True)
    process = bench.start(bench.capture_command(trace, [bench.app("counter"), page, str(threads)]))
    wait_until_counting(bench, process, page)
    time.sleep(chance.uniform(0, 0.25))
    kill9(the_program(process, "counter"))
    run = bench.finish(process).expect(128 + 9)
    returned = counters_of(page)
    require(trace.exists(), f"{what}: no file; {run.err[-500:]}")
    holds_all_returned(bench, trace, returned, threads, what)
    # An unfinished call may be run or skipped; both replay to the end.
    bench.replay(trace, "--wsi", "headless", "--unfinished", chance.choice(["run", "skip"])).expect()


def kill_program(bench, times):
    chance = random.Random(20240229)
    for attempt in range(times):
        kill_once(bench, chance, 1 + attempt % 2, f"kill {attempt + 1} of {times}")


def last_call(bench, trace, unfinished=None):
    """The last call; of several threads' unfinished ones, which all stand at the end, that of this command."""
    calls = [line for line in bench.dump(trace) if "command" in line]
    ends = [call for call in calls if call.get("unfinished") and call["command"] == unfinished]
    return ends[-1] if ends else calls[-1]


def crash_once(bench, program, command, nth, recurs=True, threads=1):
    trace = bench.path("crashed.vkr")
    env = {"REPRISE_CRASH_COMMAND": command, "REPRISE_CRASH_CALL": nth}
    bench.capture(trace, program, [test_layer("crash")], env).expect(128 + 11)
    last = last_call(bench, trace, command if threads > 1 else None)
    require(last["command"] == command and last.get("unfinished"),
            f"crash in call {nth} of {command}: the dump ends with {last['command']}, "
            f"{'unfinished' if last.get('unfinished') else 'finished'}")
    require(last["args"], f"crash in {command}: its arguments are missing")
    info = bench.info(trace)
    calls = {c["command"]: c["calls"] for c in info["commands"]}
    # The other threads may be inside a call of their own at that moment.
    require(calls[command] == nth and 1 <= info["unfinished"] <= threads,
            f"crash in call {nth} of {command}: {calls[command]} in the file, {info['unfinished']} unfinished")
    bench.replay(trace, "--wsi", "headless", "--unfinished", "skip").expect()
    if not recurs:
        return
    # Run again below the crash layer, the replay meets the same fault: that is the repro.
    run = bench.replay(trace, "--wsi", "headless", "--unfinished", "run", layers=[test_layer("crash")], env=env)
    require(run.status == -11, f"crash in {command}: the replay with the unfinished call ended with {run.status}, "
            f"not by SIGSEGV: {run.err[-500:]}")


def crash(bench):
    bench.display()
    cube = ["vkcube", "--c", "30"]
    crash_once(bench, cube, "vkCmdDraw", 2)
    crash_once(bench, cube, "vkQueueSubmit", 7)
    crash_once(bench, [bench.app("render")], "vkCreateImage", 1)
    crash_once(bench, [bench.app("render")], "vkCreateGraphicsPipelines", 1)
    crash_once(bench, [bench.app("compute")], "vkAllocateMemory", 2, recurs=False)  # replays lay allocations out anew
    crash_once(bench, [bench.app("threads"), "/dev/null", "500"], "vkQueueSubmit", 300, threads=2)


def become_reaper():
    """Orphans become children of this process, so that their end and status can be seen."""
    pr_set_child_subreaper = 36
    require(ctypes.CDLL(None).prctl(pr_set_child_subreaper, 1, 0, 0, 0) == 0, "prctl failed")


def kill_writer(bench):
    """The writer dies; the program ends as if nothing had been, the file holds what was written."""
    become_reaper()
    trace, page = bench.path("orphan.vkr"), bench.path("counters")
    process = bench.start(bench.capture_command(trace, [bench.app("counter"), page, "2"]))
    wait_until_counting(bench, process, page)
    program = the_program(process, "counter")
    while not trace.exists() or bench.info(trace)["calls"] < 1000:  # the growing file, up to its last watermark
        require(process.poll() is None, "the writer ended by itself")
        time.sleep(0.1)
    held = bench.info(trace)["calls"]
    kill9(process.pid)
    submits = counters_of(page)["vkQueueSubmit"]
    while counters_of(page)["vkQueueSubmit"] < submits + 5000:  # the program goes on
        time.sleep(0.01)
    os.kill(program, signal.SIGTERM)
    run = bench.finish(process)  # its pipes stay open until the program ends
    _, status = os.waitpid(program, 0)
    ok(Run(run.command, os.waitstatus_to_exitcode(status), run.out, run.err))
    info = bench.info(trace)
    require(not info["complete"] and info["calls"] >= held, f"complete {info['complete']}, {info['calls']} calls")
    bench.replay(trace, "--wsi", "headless", "--unfinished", "skip").expect()


# -- files that were cut

def cut_opens_or_says(bench, trace, size, replay):
    part = bench.path(f"cut-{threading.get_ident()}.vkr")
    copy_head(trace, part, size)
    run = bench.run([bench.reprise, "info", "--format", "json", part])
    require(run.status in (0, 3), f"file cut to {size} bytes: info ended with {run.status}: {run.err[-500:]}")
    require(run.status == 0 or run.err.strip(), f"file cut to {size} bytes: refused without a sentence")
    if not replay:
        return run.status == 0
    run = bench.replay(part, "--wsi", "headless", "--unfinished", "skip")
    require(run.status in (0, 3), f"file cut to {size} bytes: replay ended with {run.status}: {run.err[-1000:]}")
    return run.status == 0


def cut(bench, sizes_of, replay_every):
    bench.display()
    cube = bench.path("cube.vkr")
    bench.capture(cube, ["vkcube", "--c", "300"]).expect()
    threads = bench.path("threads.vkr")
    ok(bench.capture(threads, [bench.app("threads"), "/dev/null", "1500"]))
    for trace in (cube, threads):
        sizes = enumerate(sizes_of(trace.stat().st_size))
        with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
            def one(cut):
                return cut_opens_or_says(bench, trace, cut[1], cut[0] % replay_every == 0)
            opened = list(pool.map(one, sizes))
        require(any(opened), f"no cut of {trace.name} opens; a cut file should replay to its last watermark")


def sampled(size):
    chance = random.Random(7)
    edges = [0, 1, 7, 8, 64, size - 1, size - 4, size - 8, size - 9, size - 16, size - 100, size]
    return edges + [chance.randrange(max(0, size - 65536), size) for _ in range(60)]


CASES = {
    "kill-program": lambda bench: kill_program(bench, 12),
    "kill-writer": kill_writer,
    "crash": crash,
    "cut": lambda bench: cut(bench, sampled, 6),
}
SLOW = {
    "kill-program-100": lambda bench: kill_program(bench, 100),
    "cut-every-byte": lambda bench: cut(bench, lambda size: range(max(0, size - 65536), size), 97),
}
