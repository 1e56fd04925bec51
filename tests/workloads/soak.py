#!/usr/bin/env python3
"""A program under capture for minutes, then the replay of its trace: does anything grow, is anything lost?

    tests/workloads/soak.sh --build build/release --minutes 10

Every ten seconds (more often in a run of less than two minutes): the memory of the program, that of
`reprise capture`, which writes the file, the arena between them, and the file's size. Memory is the
proportional set size, so that the shared arena counts once; its column says how much of it is resident.

Exit status: 0 if every rule holds, 1 if one does not; the broken ones are listed below the table:
memory: over the second half, program and writer together grow by at most --bound MB a minute, and so does
  the writer. If together they grow more, a native run of half the time says how much is the program's own.
  Runs of less than five minutes are not judged: the writer's buffers come as it first needs them.
file: over the second half, no step is more than three times the median step.
trace: complete, no hole. replay on lavapipe, headless: status 0, every call.
"""

import argparse
import datetime
import json
import pathlib
import platform
import re
import shutil
import signal
import statistics
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))

from captures import TRACE_FACTS  # noqa: E402 - the harness's folder has to be known first
from programs import PROGRAMS  # noqa: E402
from support.harness import LAVAPIPE, Failure, descendants, require  # noqa: E402
from replays import REPLAYED  # noqa: E402
from table import table_of  # noqa: E402
from workplace import Workplace, say, status_word  # noqa: E402

ARENA = "/memfd:reprise-arena"
GROWING = ("program", "writer", "arena", "together")
LONG_ENOUGH = 5  # minutes
STEADY = 3  # times the median step that one step of the file may be
MB = 1e6


def arguments():
    form = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=form)
    parser.add_argument("--build", default="build/release", help="the build folder")
    parser.add_argument("--minutes", type=float, default=10, help="how long the program runs")
    parser.add_argument("--program", default="Warzone 2100's menu", help="one that runs until it is stopped")
    parser.add_argument("--bound", type=float, default=4, help="MB a minute that memory may grow by")
    parser.add_argument("--json", help="write every detail there")
    parser.add_argument("--keep", help="work in this folder and leave it")
    return parser.parse_args()


# -- what is sampled

def proportional(pid):
    """Bytes of memory, shared pages by their share; 0 for a process that has just ended."""
    try:
        text = pathlib.Path(f"/proc/{pid}/smaps_rollup").read_text()
    except OSError:
        return 0
    return 1024 * int(re.search(r"^Pss: +(\d+)", text, re.M)[1])


def arena_bytes(pid):
    """Pages of the arena that a process has touched."""
    try:
        mappings = re.split(r"^(?=[0-9a-f]+-)", pathlib.Path(f"/proc/{pid}/smaps").read_text(), flags=re.M)
    except OSError:
        return 0
    return sum(1024 * int(re.search(r"^Rss: +(\d+)", mapping, re.M)[1]) for mapping in mappings
               if ARENA in mapping.split("\n")[0])


def peak(pid):
    try:
        return 1024 * int(re.search(r"VmHWM:\s+(\d+)", pathlib.Path(f"/proc/{pid}/status").read_text())[1])
    except (OSError, TypeError):
        return 0


class Samples:
    """What was seen of one run, a dictionary a sample; `trace` is None in a native run."""

    def __init__(self, trace=None):
        self.trace, self.start, self.rows = trace, time.monotonic(), []

    def take(self, pid):
        wrapper = proportional(pid)
        row = {"seconds": round(time.monotonic() - self.start, 1),
               "program": sum(proportional(each) for each in descendants(pid))}
        if self.trace is None:
            row["program"] += wrapper
        else:
            size = self.trace.stat().st_size if self.trace.exists() else 0
            row.update(writer=wrapper, arena=max(map(arena_bytes, (pid, *descendants(pid)))), file=size,
                       step=size - (self.rows[-1]["file"] if self.rows else 0))
        row["together"] = row["program"] + row.get("writer", 0)
        if row["program"]:  # otherwise it has ended
            self.rows.append(row)

    def second_half(self):
        return self.rows[len(self.rows) // 2:]

    def growth(self, key):
        """Bytes a minute: the least squares' line through the second half."""
        rows = self.second_half()
        require(len(rows) >= 3, f"only {len(rows)} samples in the second half: run longer")
        line = statistics.linear_regression([row["seconds"] for row in rows], [row[key] for row in rows])
        return 60 * line.slope


# -- the runs

def endless(program, seconds):
    """The program's command with `timeout` stopping it later."""
    for command in (program.command, program.rate.command if program.rate else ()):
        if command and command[0] == "timeout":
            return ("timeout", str(round(seconds)), *command[2:])
    raise SystemExit(f"{program.name} does not run until it is stopped")


def interval(seconds):
    return min(10.0, seconds / 12)


def captured(place, program, seconds, trace):
    samples = Samples(trace)
    command = place.capture_command(trace, endless(program, seconds))
    run = place.run(command, dict(program.environment, VK_ICD_FILENAMES=LAVAPIPE), limit=seconds + 120,
                    every=interval(seconds), watch=samples.take)
    info = place.calls_of(trace)
    return samples, {"status": run.status, "said": run.err.splitlines()[-3:],
                     "trace": {key: info.get(key) for key in TRACE_FACTS}}


def native(place, program, seconds):
    samples = Samples()
    place.run(endless(program, seconds), dict(program.environment, VK_ICD_FILENAMES=LAVAPIPE),
              limit=seconds + 120, every=interval(seconds), watch=samples.take)
    return samples


def replayed(place, trace, seconds):
    peaks, start = [0], time.monotonic()
    run = place.run([place.reprise, "replay", trace, "--wsi", "headless"],
                    {"VK_ICD_FILENAMES": LAVAPIPE, "DISPLAY": None}, limit=10 * seconds + 60,
                    every=0.5, watch=lambda pid: peaks.append(peak(pid)))
    counts = REPLAYED.search(run.out)
    return {"status": run.status, "seconds": round(time.monotonic() - start, 1), "peak": max(peaks),
            "calls": int(counts[1]) if counts else None, "said": run.err.splitlines()[-3:]}


# -- the rules

def growth_problems(result, bound):
    found = []
    growth, own = result["growth"], result.get("native_growth", 0)
    judged = result["minutes"] >= LONG_ENOUGH
    if judged and growth["writer"] > bound:
        found.append(f"the writer grows by {growth['writer'] / MB:.1f} MB a minute")
    if judged and growth["together"] - max(own, 0) > bound:
        found.append(f"program and writer grow by {growth['together'] / MB:.1f} MB a minute, natively the "
                     f"program by {own / MB:.1f}")
    steps = result["steps"]
    if steps["largest"] > STEADY * steps["median"]:
        found.append(f"a step of the file is {steps['largest']} bytes, the median {steps['median']}")
    return found


def problems_of(result, bound):
    found = growth_problems(result, bound)
    trace, replay = result["capture"]["trace"], result["replay"]
    if result["capture"]["status"] != 124:
        found.append(f"the program ended with {status_word(result['capture']['status'])} by itself: "
                     f"{result['capture']['said']}")
    if trace["error"] or not trace["complete"] or trace["holes"]:
        found.append(f"the trace is not whole: {trace['error'] or trace}")
    if replay["status"] != 0 or replay["calls"] != trace["calls"]:
        found.append(f"the replay ends with {status_word(replay['status'])} after {replay['calls']} of "
                     f"{trace['calls']} calls: {replay['said']}")
    return found


def soak(place, program, options):
    seconds, bound = 60 * options.minutes, options.bound * MB
    trace = place.path("soak.vkr")
    for name, text in program.files.items():
        place.path(name).write_text(text)
    say(f"{program.name}: {options.minutes:g} minutes under capture")
    samples, capture = captured(place, program, seconds, trace)
    steps = [row["step"] for row in samples.second_half()]
    result = {"program": program.name, "minutes": options.minutes, "samples": samples.rows,
              "capture": capture, "growth": {key: round(samples.growth(key)) for key in GROWING},
              "steps": {"median": round(statistics.median(steps)), "largest": max(steps)}}
    if options.minutes >= LONG_ENOUGH and result["growth"]["together"] > bound:
        say("natively, half as long")
        result["native_growth"] = round(native(place, program, seconds / 2).growth("program"))
    say("replay")
    result["replay"] = replayed(place, trace, seconds)
    return dict(result, problems=problems_of(result, bound))


# -- what is printed

def megabytes(number):
    return f"{number / MB:.1f}"


def report(result):
    keys = (*GROWING, "file", "step")
    rows = [[f"{row['seconds']:.0f}", *(megabytes(row[key]) for key in keys)] for row in result["samples"]]
    print(table_of(["s", *(f"{key}, MB" for key in keys)], rows))
    growth, steps, replay = result["growth"], result["steps"], result["replay"]
    print("Second half, MB a minute: "
          + ", ".join(f"{key} {value / MB:+.2f}" for key, value in growth.items()))
    if result["minutes"] < LONG_ENOUGH:
        print(f"Memory is not judged: {LONG_ENOUGH} minutes at least.")
    if "native_growth" in result:
        print(f"Natively the program grows by {result['native_growth'] / MB:+.2f} MB a minute.")
    median, largest = (f"{steps[key] / 1e3:.0f} kB" for key in ("median", "largest"))
    print(f"The file's steps: median {median}, largest {largest}.")
    trace = result["capture"]["trace"]
    print(f"Trace: {trace['calls']} calls, {trace['frames']} frames, {trace['holes']} holes, complete: "
          f"{trace['complete']}, {megabytes(trace['file_bytes'] or 0)} MB.")
    print(f"Replay: status {status_word(replay['status'])}, {replay['calls']} calls in "
          f"{replay['seconds']} s, peak memory {megabytes(replay['peak'])} MB.")
    problems = result["problems"]
    print("\n".join(["Broken rules:", *problems]) if problems else "Every rule holds.")


def main():
    options = arguments()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # so that the display and the folder are cleaned up
    program = next((each for each in PROGRAMS if each.name == options.program), None)
    if program is None:
        raise SystemExit(f"no program {options.program}; there are {[each.name for each in PROGRAMS]}")
    if shutil.which(program.executable) is None:
        raise SystemExit(f"{program.executable} is not installed: soak.sh --install")
    with tempfile.TemporaryDirectory(prefix="reprise-soak-") as temporary:
        with Workplace(options.build, pathlib.Path(options.keep or temporary).resolve()) as place:
            place.display()
            try:
                result = soak(place, program, options)
            except Failure as failure:
                raise SystemExit(str(failure)) from failure
    result.update(date=datetime.date.today().isoformat(), machine=platform.platform())
    if options.json:
        pathlib.Path(options.json).write_text(json.dumps(result, indent=1, default=str))
    report(result)
    return 1 if result["problems"] else 0


if __name__ == "__main__":
    sys.exit(main())
