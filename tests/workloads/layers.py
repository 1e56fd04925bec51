#!/usr/bin/env python3
"""Captures programs with another layer loaded, above ours (nearer to the program) or below, and replays.

    tests/workloads/layers.sh --build build/release                 all layers and programs: 15 minutes
    tests/workloads/layers.sh --only "MangoHud,vkcube" --keep DIR   one layer, one program; files stay in DIR

Implicit layers (MangoHud) stand above explicit ones: to stand above them, ours is an implicit one, too.

Exit status: 0 if every rule holds, 1 if one does not; the broken ones are listed below the table:
capture: the layers stand in the wanted order; the program ends as with that layer alone; the trace is
  complete, has no hole and, unless the program was stopped, no unfinished call.
replay on lavapipe, headless, without that layer: status 0, every call; the pictures are those that the judge
  saw directly below ours during the capture, and the native ones where the program is deterministic and the
  other layer draws nothing above ours. Where that layer, below, answered in the driver's place (RenderDoc),
  1 or 4 is right, and the replay with it ends with 0.
installed: a layer or program that is not breaks a rule; one that a layer breaks by itself is named as such.
"""

import argparse
import datetime
import json
import pathlib
import platform
import shutil
import signal
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))

import captures  # noqa: E402 - the harness's folder has to be known first
import other_layers  # noqa: E402
import replays  # noqa: E402
from other_layers import LAYERS  # noqa: E402
from pictures import agreement, frame_sums, hashes  # noqa: E402
from programs import FRAME_SUMS, FRAMES, PROGRAMS  # noqa: E402
from support.harness import LAVAPIPE, Failure, require  # noqa: E402
from table import pictures_cell, table_of  # noqa: E402
from workplace import Workplace, say, status_word  # noqa: E402

WANTED = ("vkcube", "glxgears on zink", "vkd3d-gears", "ffmpeg filters", "Qt Quick page")
POSITIONS = ("above", "below")
OTHER_DEVICE = (1, 4)  # how a replay ends whose device answers differently, or lacks what the trace uses


def arguments():
    form = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=form)
    parser.add_argument("--build", default="build/release", help="the build folder")
    parser.add_argument("--only", default="", help="names of layers and programs, separated by commas")
    parser.add_argument("--json", help="write every detail there")
    parser.add_argument("--markdown", help="write the table there, too")
    parser.add_argument("--keep", help="work in this folder and leave it")
    return parser.parse_args()


class Guest:
    """One program in its folder, with one layer after the other."""

    def __init__(self, place, program):
        self.place, self.program = place, program
        for name, text in program.files.items():
            place.path(name).write_text(text)
        self.env = dict(program.environment, VK_ICD_FILENAMES=LAVAPIPE)
        runs = [captures.native(place, program, LAVAPIPE, name) for name in ("native-1", "native-2")]
        self.native = {"status": runs[0].status, "output": runs[0].out,
                       "frames": max((hashes(place, name) for name in ("native-1", "native-2")), key=len),
                       "deterministic": program.evidence == FRAME_SUMS or captures.deterministic(
                           hashes(place, "native-1"), hashes(place, "native-2"))}

    def control(self, layer):
        """The program with that layer and without ours."""
        run = self.place.run(self.program.command, dict(self.env, **layer.alone()))
        return {"status": run.status, "said": other_layers.without_loader(run.err)[-5:]}

    def capture(self, layer, position, name):
        for old in self.place.dir.glob(name + ".vkr*"):
            old.unlink()
        prefix, stack, order = other_layers.stacked(self.place, layer, position)
        command = self.place.capture_command(self.place.path(name + ".vkr"), [*prefix, *self.program.command])
        env = dict(captures.judged(self.place, name + "-captured", self.env), VK_LOADER_DEBUG="layer", **stack)
        run = self.place.run(command, env)
        main = name + ".vkr"
        require(self.place.path(main).exists(),
                f"captured with {layer.title} {position}, it wrote no trace: {run.err[-300:]}")
        facts = self.place.calls_of(self.place.path(main))
        return {"status": run.status, "order": order, "found": other_layers.order_found(run.err, order),
                "said": other_layers.without_loader(run.err)[-5:], "output": run.out[-20000:], "file": main,
                "trace": {key: facts.get(key) for key in captures.TRACE_FACTS}}

    def replay(self, layer, position, capture, name):
        trace = self.place.path(capture["file"])
        result = replays.replay(self.place, self.program, trace, LAVAPIPE, "headless", name + "-replay")
        if position == "below" and result["status"] in OTHER_DEVICE:
            env = dict(layer.alone(), VK_ICD_FILENAMES=LAVAPIPE, DISPLAY=None)
            run = self.place.replay(trace, "--wsi", "headless", env=env)
            result["with_layer"] = {"status": run.status, "said": run.err.splitlines()[-5:]}
        return replays.exact(self.place, self.program, result, capture, name + "-replay", name + "-captured",
                             trace)

    def as_native(self, capture, name):
        """Whether the replay gives the native pictures; None where that cannot be told."""
        if not self.native["deterministic"] or self.program.evidence not in (FRAMES, FRAME_SUMS):
            return None
        if self.program.evidence == FRAME_SUMS:
            return frame_sums(capture["output"]) == frame_sums(self.native["output"])
        pictures = agreement(hashes(self.place, name + "-replay"), self.native["frames"])
        return pictures["compared"] > 0 and pictures["equal"] == pictures["compared"]

    def one(self, layer, position, control):
        name = f"{layer.file.removesuffix('.json')}-{position}"
        result = {"control": control, "capture": self.capture(layer, position, name)}
        result["replay"] = self.replay(layer, position, result["capture"], name)
        result["as_native"] = self.as_native(result["capture"], name)
        result["drawn_over"] = layer.draws and position == "above" and self.program.evidence == FRAMES
        return dict(result, problems=problems_of(self.program, self.native, result))


def broken_by_layer(native, result):
    return status_word(result["control"]["status"]) != status_word(native["status"])


def trace_problem(program, trace):
    if trace["error"]:
        return trace["error"].splitlines()[0]
    if not trace["complete"]:
        return "not complete"
    if trace["holes"]:
        return f"{trace['holes']} holes"
    if trace["unfinished"] and not program.stopped:
        return f"{trace['unfinished']} unfinished"
    return None


def replay_problems(replay):
    """A layer below that answers in the driver's place makes another device: the replay needs it, too."""
    beside = replay.get("with_layer")
    if beside is None:
        return replays.problems_at_home(replay)
    if beside["status"] != 0:
        return [f"with that layer ends with {status_word(beside['status'])}: {beside['said'][-1:]}"]
    pictures = replay.get("pictures")
    wrong = replay["status"] == 1 and pictures and pictures["equal"] != pictures["wanted"]
    return [f"is not what was captured: {pictures}"] if wrong else []


def problems_of(program, native, result):
    capture, replay, found = result["capture"], result["replay"], []
    if capture["found"] != capture["order"]:
        found.append(f"the layers stand as {capture['found']}, not as {capture['order']}")
    if status_word(capture["status"]) != status_word(result["control"]["status"]):
        found.append(f"captured it ends with {status_word(capture['status'])}, with the layer alone with "
                     f"{status_word(result['control']['status'])}: {capture['said'][-1:]}")
    trace = trace_problem(program, capture["trace"])
    if trace and not broken_by_layer(native, result):
        found.append(f"the trace is not whole: {trace}")
    found += [f"the replay {problem}" for problem in replay_problems(replay)]
    if result["as_native"] is False and not result["drawn_over"]:
        found.append("the pictures are not the native ones")
    return found


# -- the table

def cells(title, position, name, program, result):
    if "error" in result:
        return [title, position, name, result["error"]]
    capture, replay = result["capture"], result["replay"]
    status = status_word(capture["status"])
    if broken_by_layer(result["native"], result):
        status += f" (with the layer alone {status_word(result['control']['status'])})"
    other = ", drawn over" if result["drawn_over"] else ", **not as native**"
    pictures = {True: ", as native", False: other, None: ""}[result["as_native"]]
    replayed = status_word(replay["status"])
    if "with_layer" in replay:
        replayed += f"; with {title} {status_word(replay['with_layer']['status'])}"
    return [title, position, name, status, trace_problem(program, capture["trace"]) or "whole", replayed,
            pictures_cell(replay) + pictures]


def markdown(rows):
    heads = ["layer", "place", "program", "capture", "trace", "replay", "replayed pictures"]
    return table_of(heads, [cells(*row) for row in rows])


# -- all of them

def try_program(program, layers, place):
    """Yields (layer, position, result)."""
    if shutil.which(program.executable) is None:
        for layer in layers:
            yield layer, "-", failed(f"{program.executable} is not installed: layers.sh --install")
        return
    place.display()
    guest = Guest(place, program)
    native = {key: guest.native[key] for key in ("status", "deterministic")}
    for layer in layers:
        if not layer.installed:
            yield layer, "-", failed(f"{layer.file} is not installed: layers.sh --install")
            continue
        say(f"{program.name}, {layer.title}")
        control = guest.control(layer)
        for position in POSITIONS:
            try:
                yield layer, position, dict(guest.one(layer, position, control), native=native)
            except Failure as failure:
                yield layer, position, failed(str(failure))


def failed(sentence):
    return {"error": sentence.splitlines()[0], "problems": [sentence]}


def chosen(options):
    wanted = {name.strip() for name in options.only.split(",") if name.strip()}
    programs = [program for program in PROGRAMS if program.name in WANTED]
    unknown = wanted - {program.name for program in programs} - {layer.title for layer in LAYERS}
    if unknown:
        raise SystemExit(f"no layer or program {sorted(unknown)}; there are "
                         f"{[layer.title for layer in LAYERS]} and {[program.name for program in programs]}")
    return ([program for program in programs if program.name in wanted] or programs,
            [layer for layer in LAYERS if layer.title in wanted] or LAYERS)


def main():
    options = arguments()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # so that displays and folders are cleaned up
    programs, layers = chosen(options)
    rows = []
    with tempfile.TemporaryDirectory(prefix="reprise-layers-") as temporary:
        folder = pathlib.Path(options.keep or temporary).resolve()
        for program in programs:
            with Workplace(options.build, folder / program.folder) as place:
                rows += [(layer.title, position, program.name, program, result)
                         for layer, position, result in try_program(program, layers, place)]
    titles = [layer.title for layer in layers]
    rows.sort(key=lambda row: (titles.index(row[0]), row[1]))
    report(options, rows)
    return 1 if any(row[-1]["problems"] for row in rows) else 0


def report(options, rows):
    if options.json:
        details = {"date": datetime.date.today().isoformat(), "machine": platform.platform(),
                   "rows": [dict(result, layer=title, position=position, program=name)
                            for title, position, name, _, result in rows]}
        pathlib.Path(options.json).write_text(json.dumps(details, indent=1, default=str))
    text = markdown(rows)
    print(text)
    if options.markdown:
        pathlib.Path(options.markdown).write_text(text)
    problems = [f"{title} {position}, {name}: {problem}"
                for title, position, name, _, result in rows for problem in result["problems"]]
    print("\n".join(["Broken rules:", *problems]) if problems else "Every rule holds.")


if __name__ == "__main__":
    sys.exit(main())
