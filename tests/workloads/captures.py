"""A program natively and under capture: its status, its output, its pictures, its speed."""

import re
import statistics
import time

from pictures import agreement, hashes
from programs import FRAMES, READ_BACKS
from workplace import FLOOR, JUDGE, status_word
from support.harness import CAPTURE_LAYER

# Said by the loader and by the capture, not by the program; where drivers report free memory, it varies.
NOT_THE_PROGRAM = re.compile(r"\[Loader Message\]|^reprise: |heapBudget|heapUsage|budget =|usage  *=")

# What is kept of `reprise info`.
TRACE_FACTS = ("calls", "frames", "submits", "holes", "complete", "unfinished", "file_bytes", "error")


def own_lines(text):
    return [line for line in text.splitlines() if not NOT_THE_PROGRAM.search(line)]


def without_figures(lines):
    """A benchmark's output: its figures differ from run to run."""
    return [re.sub(r"[0-9.]+", "#", line).replace(" ", "") for line in lines]


def judged(place, name, more):
    return dict(more, **place.judged(name))


def native(place, program, manifest, name):
    """The program by itself, with the judge below it where it presents."""
    env = dict(program.environment, VK_ICD_FILENAMES=manifest)
    if program.evidence == FRAMES:
        env = judged(place, name, dict(env, VK_INSTANCE_LAYERS=JUDGE))
    return place.run(program.command, env)


def captured(place, program, manifest, trace, name):
    """The program under capture; the judge stands below the capture layer and sees what the driver gets."""
    env = dict(program.environment, VK_ICD_FILENAMES=manifest)
    layers = [JUDGE] if program.evidence == FRAMES else []
    return place.capture(trace, program.command, layers, judged(place, name, env))


def deterministic(first, second):
    shared = min(len(first), len(second))
    return shared > 0 and first[:shared] == second[:shared]


def capture(place, program, manifest, trace):
    """Two native runs (do they agree with each other?) and a captured one."""
    runs = [native(place, program, manifest, name) for name in ("native-1", "native-2")]
    run = captured(place, program, manifest, trace, "captured")
    lists = [hashes(place, name) for name in ("native-1", "native-2")]
    wanted = max(lists, key=len)
    found = hashes(place, "captured")
    info = place.calls_of(trace)
    result = {
        "native_status": runs[0].status, "status": run.status, "draws": program.draws,
        "deterministic": deterministic(*lists),
        "native_frames": [len(frames) for frames in lists], "judged_frames": len(found),
        "pictures": agreement(found, wanted) if program.evidence == FRAMES else None,
        "repeatable_output": own_lines(runs[0].out) == own_lines(runs[1].out),
        "same_output": own_lines(run.out) == own_lines(runs[0].out),
        "same_but_figures": without_figures(own_lines(run.out)) == without_figures(own_lines(runs[0].out)),
        "said": run.err.splitlines()[-5:], "output": run.out[-20000:],
        "trace": {key: info.get(key) for key in TRACE_FACTS},
    }
    return dict(result, problems=problems_of(program, result))


def problems_of(program, result):
    """What is not as it should be, each a sentence."""
    found = []
    if result["native_status"] != (124 if program.stopped else 0):
        found.append(f"natively it ends with {status_word(result['native_status'])}: {result['said'][-1:]}")
    if status_word(result["status"]) != status_word(result["native_status"]):
        found.append(f"captured it ends with {status_word(result['status'])}, natively with "
                     f"{status_word(result['native_status'])}")
    pictures = result["pictures"]
    if pictures and not pictures["frames"]:
        found.append("captured it presents nothing")
    if pictures and program.draws and result["deterministic"] and pictures["equal"] != pictures["compared"]:
        wrong = pictures["compared"] - pictures["equal"]
        found.append(f"{wrong} of {pictures['compared']} captured frames are not the native ones")
    if result["repeatable_output"] and not result["same_output"]:
        found.append("its output is another under capture")
    if program.evidence == READ_BACKS and not result["same_but_figures"]:
        found.append("its output is another under capture, figures apart")
    trace = result["trace"]
    # Of memory like the mock driver's a hole says that the device's own writes are not seen; it has none.
    if trace["error"] or not trace["complete"] or (trace["holes"] and program.draws):
        found.append(f"the trace is not whole: {trace['error'] or trace}")
    return found


# -- the frame rate

def speed(place, rate, run, wall):
    if rate.counted == "time":
        return 1 / wall if run.status == 0 else 0.0
    if rate.counted == "printed":
        figures = re.findall(rate.printed, run.out)
        return float(figures[-1]) if figures else 0.0
    counter = place.path("presents")
    return float(int.from_bytes(counter.read_bytes(), "little")) if counter.exists() else 0.0


def timed(place, program, manifest, under_capture):
    """One run's speed. Presents are counted by a layer that stands below in both runs."""
    place.path("presents").unlink(missing_ok=True)
    env = dict(program.environment, VK_ICD_FILENAMES=manifest)
    layers = []
    if program.rate.counted == "presents":
        layers = [FLOOR]
        env["REPRISE_FLOOR_PRESENTS"] = place.path("presents")
    if under_capture:
        layers = [CAPTURE_LAYER, *layers]
    if layers:
        env["VK_INSTANCE_LAYERS"] = ":".join(layers)
    command = program.rate.command
    if under_capture:
        command = place.capture_command(place.path("rate.vkr"), command)
    start = time.monotonic()
    run = place.run(command, env)
    return speed(place, program.rate, run, time.monotonic() - start)


def frame_rate(place, program, manifest, rounds):
    """The share of its speed that the program keeps: the median of pairs of runs, one after the other."""
    if program.rate is None:
        return None
    pairs = []
    for number in range(rounds):
        order = (False, True) if number % 2 == 0 else (True, False)
        speeds = {under_capture: timed(place, program, manifest, under_capture) for under_capture in order}
        pairs.append((speeds[False], speeds[True]))
    shares = [mine / native_speed for native_speed, mine in pairs if native_speed]
    place.path("rate.vkr").unlink(missing_ok=True)
    result = {"counted": program.rate.counted, "pairs": pairs, "at_least": program.rate.at_least,
              "kept": round(statistics.median(shares), 3) if shares else None}
    slow = result["kept"] is None or result["kept"] < program.rate.at_least
    wanted = f"keeps {result['kept']} of its speed, {program.rate.at_least} wanted"
    return dict(result, problems=[wanted] if slow else [])


# -- elsewhere

NOT_TRIED = {"runs": None, "status": None, "repeatable_output": None, "said": []}


def runs_natively(place, program, manifest):
    """Whether another driver can run the program, and gives the same each time: by running it twice."""
    runs, frames = [], []
    for name in ("elsewhere-1", "elsewhere-2"):
        runs.append(native(place, program, manifest, name))
        frames.append(hashes(place, name))
    lines = [line for line in (runs[0].err + runs[0].out).splitlines() if line.strip()]
    alike = program.evidence in (FRAMES, READ_BACKS) or own_lines(runs[0].out) == own_lines(runs[1].out)
    return {"status": runs[0].status, "runs": runs[0].status == (124 if program.stopped else 0),
            "frames": len(frames[0]), "repeatable_output": alike, "deterministic": deterministic(*frames),
            "said": lines[-5:]}
