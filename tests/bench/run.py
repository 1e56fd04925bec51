#!/usr/bin/env python3
"""Measures storm natively, under the floor layer, under Reprise and under gfxreconstruct, round by round, and prints
medians; then replays the traces. tests/bench/run.sh installs what this needs."""

import argparse
import datetime
import json
import os
import pathlib
import tempfile
from statistics import median

import programs
from measure import RECORDERS, Place

# name, storm's arguments, driver, the figure, its unit
CASES = [
    ("record, 1 thread", ["record"], "mock", "ns_per_call", "ns a call"),
    ("record, {cores} threads", ["record", "--threads", "{cores}", "--calls", "2400000"], "mock", "ns_per_call", "ns a call"),
    ("image create + destroy", ["image"], "mock", "ns_per_pair", "ns a pair"),
    ("submit, wait, reset, wait", ["submit"], "mock", "ns_per_call", "ns a call"),
    ("descriptor updates", ["descriptors"], "mock", "ns_per_call", "ns a call"),
    ("map 64 MiB, 256 dirty pages", ["map", "--submits", "60"], "lavapipe", "us_median", "us a submit"),
    ("the same on the mock driver", ["map", "--submits", "60"], "mock", "us_median", "us a submit"),
    ("1 GiB mapped, nothing dirty", ["map", "--mib", "1024", "--dirty", "0", "--submits", "30"], "lavapipe", "us_median",
     "us a submit"),
    ("1,000 mappings of 256 KiB, nothing dirty", ["map", "--mib", "250", "--mappings", "1000", "--dirty", "0", "--submits",
                                                  "30"], "lavapipe", "us_median", "us a submit"),
]
REPLAYED = [("record", ["record", "--calls", "10000000"]), ("image create + destroy", ["image", "--calls", "4000000"])]


class Case:
    def __init__(self, row, cores):
        self.name, arguments, self.driver, self.figure, self.unit = row
        self.name = self.name.format(cores=cores)
        self.arguments = [word.format(cores=cores) for word in arguments]
        self.runs = {recorder: [] for recorder in RECORDERS}

    def value(self, recorder):
        return median([run.values[self.figure] for run in self.runs[recorder]])

    def above(self, recorder):
        return self.value(recorder) - self.value("native")

    def wall(self, recorder):
        return median([run.wall for run in self.runs[recorder]])

    def bytes(self, recorder):
        return self.runs[recorder][-1].bytes

    def calls(self):
        return self.runs["native"][-1].values.get("calls", 0)


def measure_cases(place, rounds, recorders, only):
    cases = [Case(row, min(os.cpu_count(), 12)) for row in CASES]
    cases = [case for case in cases if not only or only in case.name]
    for round_number in range(rounds):
        for index, case in enumerate(cases):
            for recorder in recorders:
                # gfxreconstruct's large mappings take minutes: twice is enough to see.
                if recorder == "gfxreconstruct" and case.arguments[0] == "map" and round_number > 1:
                    continue
                name = f"case{index}"
                case.runs[recorder].append(place.run(recorder, [place.storm, *case.arguments], case.driver, name))
    return cases


def print_cases(cases, recorders):
    others = [recorder for recorder in recorders if recorder != "native"]
    print("| above native | native | " + " | ".join(others) + " | reprise / floor | reprise's file | gfxreconstruct's |")
    print("|---" * (len(others) + 5) + "|")
    for case in cases:
        cells = [f"{case.name} ({case.unit}{'' if case.driver == 'mock' else ', lavapipe'})", f"{case.value('native'):.1f}"]
        cells += [f"{case.above(recorder):.1f}" for recorder in others]
        floor = case.above("floor") if "floor" in recorders else 0
        covered = case.arguments[0] != "map" and floor > 0
        cells.append(f"{case.above('reprise') / floor:.1f}" if covered else "-")
        for recorder in ("reprise", "gfxreconstruct"):
            cells.append(size(case.bytes(recorder)) if recorder in recorders else "-")
        print("| " + " | ".join(cells) + " |")


def size(count):
    return f"{count / 1e6:.2f} MB" if count >= 1e5 else f"{count / 1e3:.1f} kB"


def print_more(place, cases, recorders):
    record = cases[0]
    if record.arguments != ["record"]:
        return
    extra = record.wall("reprise") - record.wall("native")
    print(f"\n`storm record` to its end with all on disk: native {record.wall('native'):.2f} s, reprise +{extra:.2f} s"
          + (f", gfxreconstruct +{record.wall('gfxreconstruct') - record.wall('native'):.2f} s" if "gfxreconstruct" in recorders
             else "") + f"; {record.bytes('reprise') / record.calls():.2f} bytes a call.")
    for case in cases:
        if case.arguments[:1] == ["map"] and "--dirty" not in case.arguments:
            changed = case.runs["reprise"][-1].values["changed_bytes"]
            print(f"{case.name} ({case.driver}): {100 * case.bytes('reprise') / changed - 100:.1f} % more bytes in the file than "
                  "were changed.")


def replay_times(place, rounds, recorders):
    print("\n| replay, ns a call, of the whole process | reprise | gfxreconstruct |\n|---|---|---|")
    for name, arguments in REPLAYED:
        cells = []
        for recorder in ("reprise", "gfxreconstruct"):
            if recorder not in recorders:
                cells.append("-")
                continue
            captured = place.run(recorder, [place.storm, *arguments], "mock", "replayed")
            command = ([place.reprise, "replay", "--wsi", "headless", str(captured.trace)] if recorder == "reprise" else
                       ["gfxrecon-replay", str(captured.trace)])
            walls = [place.measure(command, place.environment("mock")).wall for _ in range(rounds)]
            cells.append(f"{median(walls) * 1e9 / captured.values['calls']:.0f}")
            captured.trace.unlink()
        print(f"| {name} | {' | '.join(cells)} |")


def print_memory(place, recorders):
    burst = [place.storm, "record", "--calls", "20000000"]
    native = place.peak_memory("native", burst)
    cells = [f"{recorder} {place.peak_memory(recorder, burst) - native:.0f} MB" for recorder in ("reprise", "gfxreconstruct")
             if recorder in recorders]
    print(f"\nPeak memory above native, program and writer together, of 20 million calls at full speed: {', '.join(cells)}.")


def machine():
    model = next((line.split(":")[1].strip() for line in open("/proc/cpuinfo") if line.startswith("model name")), "?")
    return f"{os.cpu_count()} cores of {model}, Linux {os.uname().release.split('-')[0]}, {datetime.date.today().isoformat()}"


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--build", default="build/release")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--only", help="cases whose name has this in it")
    parser.add_argument("--without-gfxreconstruct", action="store_true")
    parser.add_argument("--programs", action="store_true", help="real programs instead of storm")
    parser.add_argument("--json", type=pathlib.Path)
    options = parser.parse_args()
    recorders = [r for r in RECORDERS if r != "gfxreconstruct" or not options.without_gfxreconstruct]
    with tempfile.TemporaryDirectory(prefix="reprise-bench-") as folder:
        place = Place(options.build, folder)
        print(f"Khronos mock driver unless said otherwise; medians of {options.rounds} rounds; {machine()}.\n")
        if options.programs:
            return programs.compare(place, options.rounds)
        cases = measure_cases(place, options.rounds, recorders, options.only)
        print_cases(cases, recorders)
        print_more(place, cases, recorders)
        replay_times(place, min(options.rounds, 3), recorders)
        print_memory(place, recorders)
        if options.json:
            rows = [{"case": case.name, "driver": case.driver, "figure": case.figure, "unit": case.unit,
                     "values": {r: [run.values[case.figure] for run in case.runs[r]] for r in recorders},
                     "wall": {r: [run.wall for run in case.runs[r]] for r in recorders}} for case in cases]
            options.json.write_text(json.dumps(rows, indent=1))


if __name__ == "__main__":
    main()
