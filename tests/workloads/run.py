#!/usr/bin/env python3
"""Captures real programs, replays their traces on every driver at hand, and prints what came of it.

    tests/workloads/run.sh --build build/release                        all programs: 15 minutes
    tests/workloads/run.sh --only "vkcube,ffmpeg filters" --keep DIR    traces and judgements stay in DIR
    tests/workloads/run.sh --replay-only DIR --driver nvidia=FILE.json  the kept traces on another machine

Exit status: 0 if every rule holds, 1 if one does not; the broken ones are listed below the table:
capture: the program ends as without, with the output, and where it is deterministic the pictures, of a native
  run; the trace is whole; glxgears and vkd3d-gears keep 80 % of their speed.
replay on the capture's driver: status 0, every call and every picture as captured, headless and in a window.
replay on another driver: status 0, pictures equal within 2 of 255 a channel, in a window as headless; or
  status 4 with the list of what that driver lacks, and then, if the program runs there natively, a capture
  taken there replays.
installed: each program, lavapipe and SwiftShader; a row says what is not.
"""

import argparse
import contextlib
import datetime
import json
import os
import pathlib
import platform
import shutil
import signal
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))

import captures  # noqa: E402 - the harness's folder has to be known first
import gfxreconstruct  # noqa: E402
import replays  # noqa: E402
import table  # noqa: E402
from programs import FRAME_SUMS, FRAMES, PROGRAMS, READ_BACKS  # noqa: E402
from support.harness import Failure  # noqa: E402
from workplace import Workplace, drivers_of, say  # noqa: E402

WSI = ("headless", "xcb")


def arguments():
    form = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=form)
    parser.add_argument("--build", default="build/release", help="the build folder")
    parser.add_argument("--only", default="", help="names of programs, separated by commas")
    parser.add_argument("--rounds", type=int, default=3, help="pairs of runs that the speed is taken from")
    parser.add_argument("--json", help="write every detail there")
    parser.add_argument("--markdown", help="write the table there, too")
    parser.add_argument("--keep", help="work in this folder and leave it")
    parser.add_argument("--no-gfxr", action="store_true", help="leave gfxreconstruct out")
    parser.add_argument("--no-rate", action="store_true", help="leave the speed out")
    parser.add_argument("--driver", action="append", default=[], metavar="NAME=MANIFEST",
                        help="one more driver")
    parser.add_argument("--replay-only", metavar="DIR", help="replay what --keep DIR left; runs no program")
    return parser.parse_args()


def what_was_compared(program, capture):
    if program.evidence == FRAMES and capture["deterministic"]:
        return "every frame"
    if program.evidence == FRAMES:
        return "replay with capture; two native runs differ from each other"
    if program.evidence == FRAME_SUMS:
        return "its own frame hashes; in the replay the frames downloaded"
    if program.evidence == READ_BACKS:
        return "presents nothing: results of all calls, mapped memory of two replays"
    return "its own output" if capture["repeatable_output"] else "exit status; its output varies natively"


class Row:
    """One program's results, gathered step by step; `problems` are the broken rules."""

    def __init__(self, program, place, drivers, others, options):
        self.program, self.place, self.options = program, place, options
        self.drivers, self.others = drivers, others
        self.trace = place.path("capture.vkr")
        self.result = {"problems": [], "seconds": {}}

    @contextlib.contextmanager
    def step(self, name):
        say("  " + name)
        start = time.monotonic()
        yield
        self.result["seconds"][name] = round(time.monotonic() - start, 1)

    def note(self, what, problems):
        self.result["problems"] += [f"{what} {problem}" for problem in problems]

    def capture(self):
        manifest = self.drivers[self.program.driver]
        for name, text in self.program.files.items():
            self.place.path(name).write_text(text)
        result = captures.capture(self.place, self.program, manifest, self.trace)
        self.result["capture"] = result
        self.place.path("capture.json").write_text(json.dumps(result))
        self.note("capture:", result["problems"])

    def load(self):
        """What an earlier run left of the capture."""
        self.result["capture"] = json.loads(self.place.path("capture.json").read_text())

    def rate(self):
        manifest = self.drivers[self.program.driver]
        rate = captures.frame_rate(self.place, self.program, manifest, self.options.rounds)
        self.result["rate"] = rate
        self.note("speed:", rate["problems"] if rate else [])

    def elsewhere(self):
        """On which of the other drivers the program runs by itself."""
        self.result["elsewhere"] = {}
        for driver in ["lavapipe", *self.others]:
            if driver != self.program.driver and driver in self.drivers:
                self.result["elsewhere"][driver] = (
                    dict(captures.NOT_TRIED) if self.options.replay_only else
                    captures.runs_natively(self.place, self.program, self.drivers[driver]))

    def replay(self):
        self.result["replays"] = {}
        home = self.program.driver
        for driver in [home] + [name for name in ("lavapipe", *self.others) if name != home]:
            if driver not in self.drivers:
                continue
            for wsi in WSI if "DISPLAY" in self.place.env else WSI[:1]:
                with self.step(f"replay on {driver}, {wsi}"):
                    self.replay_one(driver, wsi)

    def replay_one(self, driver, wsi):
        place, program, name = self.place, self.program, f"{driver}-{wsi}"
        result = replays.replay(place, program, self.trace, self.drivers[driver], wsi, name)
        self.result["replays"][f"{driver} {wsi}"] = result
        if driver == program.driver:
            replays.exact(place, program, result, self.result["capture"], name, "captured", self.trace)
            if wsi == "xcb" and program.evidence == READ_BACKS:
                replays.like_headless(place, program, result, name, f"{driver}-headless")
            self.note(f"replay on {driver}, {wsi}:", replays.problems_at_home(result))
            return
        native = self.result["elsewhere"][driver]
        if wsi == "headless":
            self.judge_elsewhere(driver, name, result, native)
        elif result["status"] == 0:
            replays.like_headless(place, program, result, name, f"{driver}-headless")
            result.setdefault("same", True)
        if not replays.judgeable(program, native):
            result["same"] = None
        self.note(f"replay on {driver}, {wsi}:", replays.problems_elsewhere(result, native))

    def judge_elsewhere(self, driver, name, result, native):
        # The mock driver draws nothing: what is replayed from its capture is compared with lavapipe's replay.
        reference = "lavapipe" if self.program.driver == "mock" else self.program.driver
        if driver == reference:
            result["same"] = True
        else:
            judged_at_capture = self.program.draws and self.program.evidence == FRAMES
            wanted = "captured" if judged_at_capture else f"{reference}-headless"
            names = {"judged": name, "reference": f"{reference}-headless", "wanted": wanted}
            replays.tolerant(self.place, self.program, self.trace, result, names)
        if result["status"] == 4 and native["runs"]:
            result["own"] = replays.own_capture(self.place, self.program, driver, self.drivers[driver])

    def beside(self):
        manifest, status = self.drivers[self.program.driver], self.result["capture"]["native_status"]
        self.result["gfxreconstruct"] = gfxreconstruct.beside(self.place, self.program, manifest, status)

    def fill(self):
        if self.options.replay_only:
            self.load()
        elif shutil.which(self.program.executable) is None:
            raise Failure(f"{self.program.executable} is not installed: run.sh --install")
        elif self.program.driver not in self.drivers:
            raise Failure(f"no driver {self.program.driver} here: run.sh --install")
        else:
            with self.step("capture"):
                self.capture()
            if not self.options.no_rate:
                with self.step("speed"):
                    self.rate()
        with self.step("natively elsewhere"):
            self.elsewhere()
        self.replay()
        if not self.options.no_gfxr and not self.options.replay_only:
            with self.step("gfxreconstruct"):
                self.beside()
        self.result["compared"] = what_was_compared(self.program, self.result["capture"])


def run_program(program, folder, options, more_drivers):
    """The program's results; where our own means fail, that is a broken rule of this row, not the end."""
    with Workplace(options.build, folder / program.folder) as place:
        place.limit = program.limit
        if shutil.which("Xvfb") or not options.replay_only:
            place.display()
        drivers = drivers_of(place, more_drivers)
        others = [name for name in ("swiftshader", *more_drivers) if name in drivers]
        row = Row(program, place, drivers, others, options)
        missing = {"lavapipe", "swiftshader"} - set(drivers)
        if missing and not options.replay_only:
            row.note("drivers:", [f"{name} is not installed: run.sh --install" for name in sorted(missing)])
        try:
            row.fill()
        except Failure as failure:
            row.result["error"] = str(failure).splitlines()[0]
            row.note("", [str(failure)])
        row.result["seconds"]["all"] = round(sum(row.result["seconds"].values()), 1)
        return row.result


def chosen(options):
    wanted = [name.strip() for name in options.only.split(",") if name.strip()]
    unknown = [name for name in wanted if name not in {program.name for program in PROGRAMS}]
    if unknown:
        raise SystemExit(f"no program {unknown}; there are {[program.name for program in PROGRAMS]}")
    return [program for program in PROGRAMS if not wanted or program.name in wanted]


def main():
    options = arguments()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # so that displays and folders are cleaned up
    more_drivers = dict(entry.split("=", 1) for entry in options.driver)
    results = {"date": datetime.date.today().isoformat(), "machine": platform.platform(),
               "cores": os.cpu_count(),
               "rounds": options.rounds, "programs": {}}
    with tempfile.TemporaryDirectory(prefix="reprise-workloads-") as temporary:
        folder = pathlib.Path(options.replay_only or options.keep or temporary).resolve()
        for program in chosen(options):
            say(program.name)
            results["programs"][program.name] = run_program(program, folder, options, more_drivers)
            if options.json:
                pathlib.Path(options.json).write_text(json.dumps(results, indent=1, default=str))
    columns = [name for name in ("swiftshader", *more_drivers)]
    text = table.markdown(results, columns)
    print(text)
    if options.markdown:
        pathlib.Path(options.markdown).write_text(text)
    problems = [f"{name}: {problem}" for name, result in results["programs"].items()
                for problem in result["problems"]]
    print("\n".join(["Broken rules:", *problems]) if problems else "Every rule holds.")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
