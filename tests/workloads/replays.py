"""A trace replayed on a driver, headless or in a window: its status, its pictures beside the capture's."""

import re
import time

from captures import captured
from pictures import (agreement, byte_difference, downloaded_frames, frame_sums, hashes, picture_difference,
                      read_backs, spread, sum_of, summary, SAMPLES)
from programs import FRAME_SUMS, FRAMES, READ_BACKS
from support.harness import fresh_folder
from workplace import HANG, JUDGE, status_word

TOLERANCE = 2.0  # mean absolute difference a channel, 0 to 255, that two drivers' pictures may have
OURS = re.compile(r"^reprise: ")
LISTED = re.compile(r"  \S")  # what a sentence before it announces
REPLAYED = re.compile(r"replayed (\d+) calls, (\d+) frames")


def replay(place, program, trace, manifest, wsi, name):
    """One replay; its pictures' hashes are in file `name`, memory read back in folder `name`-memory."""
    env = {"VK_ICD_FILENAMES": manifest}
    if wsi == "headless":
        env["DISPLAY"] = None
    options = ["--wsi", wsi]
    if program.evidence in (FRAME_SUMS, READ_BACKS):
        options += ["--dump-memory", fresh_folder(place.path(name + "-memory"))]
    layers = [JUDGE] if program.evidence == FRAMES else []
    if program.evidence == FRAMES and wsi == "headless":
        env.update(pictures_kept(place, trace, name))
    start = time.monotonic()
    run = place.replay(trace, *options, layers=layers, env=dict(env, **place.judged(name)))
    counts = REPLAYED.search(run.out)
    return {"status": run.status, "seconds": round(time.monotonic() - start, 1),
            "calls": int(counts[1]) if counts else None, "frames": int(counts[2]) if counts else None,
            "said": [line for line in run.err.splitlines() if OURS.match(line) or LISTED.match(line)][-24:]
            or run.err.splitlines()[-5:]}


def pictures_kept(place, trace, name):
    """Environment that makes the judge keep some pictures of the trace, in folder `name`-pictures."""
    frames = place.calls_of(trace).get("frames") or 1
    return {"REPRISE_JUDGE_PICTURES": fresh_folder(place.path(name + "-pictures")),
            "REPRISE_JUDGE_EVERY": max(1, frames // SAMPLES)}


def exact(place, program, result, capture, name, wanted_name, trace):
    """Judges a replay on the driver of the capture: everything must be as it was."""
    if not program.draws:
        result["same"] = True
    elif program.evidence == FRAMES:
        result["pictures"] = agreement(hashes(place, name), hashes(place, wanted_name))
        # One stopped inside a present may have been judged and not recorded, or the other way round.
        slack = 1 if program.stopped else 0
        pictures = result["pictures"]
        result["same"] = (pictures["equal"] == pictures["compared"]
                          and abs(pictures["frames"] - pictures["wanted"]) <= slack)
    elif program.evidence == FRAME_SUMS:
        frames = downloaded_frames(place, trace, place.path(name + "-memory"))
        result["pictures"] = agreement(list(map(sum_of, frames)), frame_sums(capture["output"]))
        result["same"] = bool(frames) and result["pictures"]["equal"] == result["pictures"]["wanted"]
    elif program.evidence == READ_BACKS:
        result["read_backs"] = len(read_backs(place.path(name + "-memory")))
        result["same"] = True
    else:
        result["same"] = True
    if result["calls"] is not None and result["calls"] != capture["trace"]["calls"]:
        result["same"] = False
    return result


def like_headless(place, program, result, name, headless_name):
    """Judges a replay in a window beside the headless one on the same driver: equal, too."""
    if program.evidence == FRAMES:
        result["like_headless"] = agreement(hashes(place, name), hashes(place, headless_name))
        result["same"] = result["like_headless"]["equal"] == len(hashes(place, headless_name))
    elif program.evidence in (READ_BACKS, FRAME_SUMS):
        mine, headless = (place.path(each + "-memory") for each in (name, headless_name))
        result["same"] = read_backs(mine) == read_backs(headless)
    return result


def tolerant(place, program, trace, result, names):
    """Judges a replay on another driver than the reference's: the pictures are nearly the same."""
    if result["status"] != 0:
        return result
    if program.evidence == FRAMES:
        result["pictures"] = agreement(hashes(place, names["judged"]), hashes(place, names["wanted"]))
        mine, theirs = (place.path(names[each] + "-pictures") for each in ("judged", "reference"))
        result["difference"] = picture_difference(mine, theirs)
    elif program.evidence == FRAME_SUMS:
        mine = downloaded_frames(place, trace, place.path(names["judged"] + "-memory"))
        theirs = downloaded_frames(place, trace, place.path(names["wanted"] + "-memory"))
        pairs = spread(list(zip(mine, theirs)), SAMPLES)
        result["pictures"] = agreement(list(map(sum_of, mine)), list(map(sum_of, theirs)))
        result["difference"] = summary([byte_difference(one, other) for one, other in pairs])
    else:
        result["same"] = True
        return result
    worst = result["difference"].get("worst")
    result["same"] = worst is not None and worst <= TOLERANCE
    return result


def own_capture(place, program, driver, manifest):
    """Captured where it is replayed: the program adapts to a driver, and its trace is made for that one."""
    trace = place.path(f"own-{driver}.vkr")
    run = captured(place, program, manifest, trace, f"own-{driver}-captured")
    result = replay(place, program, trace, manifest, "headless", f"own-{driver}")
    info = place.calls_of(trace)
    as_capture = {"trace": info, "output": run.out}
    return dict(exact(place, program, result, as_capture, f"own-{driver}", f"own-{driver}-captured", trace),
                capture_status=run.status)


def problems_at_home(result):
    """Of a replay on the capture's own driver."""
    if result["status"] != 0:
        return [f"ends with {status_word(result['status'])}: {' / '.join(result['said'][-2:])}"]
    return [] if result["same"] else [f"is not what was captured: {result.get('pictures') or result}"]


def judgeable(program, native):
    """Whether a driver computes the same each time: elsewhere no replay can be judged."""
    return program.evidence != FRAME_SUMS or native["repeatable_output"]


def problems_elsewhere(result, native):
    """Of a replay on another driver: green where it could be, or a sentence about what that driver lacks."""
    status = result["status"]
    if status == HANG or status not in (0, 4):
        return [f"ends with {status_word(status)}: {' / '.join(result['said'][-2:])}"]
    if status == 4:
        own = result.get("own")
        if not any("lacks" in line or "not " in line for line in result["said"]):
            return ["ends with 4 and does not say why"]
        if native["runs"] and own and (own["status"] != 0 or not own["same"]):
            return [f"cannot run here, and a capture taken here replays with {status_word(own['status'])}, "
                    f"same: {own['same']}"]
        return []
    if result["same"] is not False:
        return []
    return [f"differs too much: {result.get('difference') or result.get('like_headless')}"]
