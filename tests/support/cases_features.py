"""Features that programs use, one program a group: native run, captured run and replay give one result, on every driver
that has the feature."""

import json

from support.cases_memory import compare_results, nothing_of_the_gpu
from support.cases_pictures import JUDGE, replay_and_judge
from support.harness import LAVAPIPE, ok, require, results_of, same_lines


class Captured:
    """A program that was run and captured on one driver, and what it read back then."""

    def __init__(self, trace, run, file):
        self.trace, self.run, self.file = trace, run, file


def same_results(bench, command, driver, name):
    """None if the driver of the environment lacks what the program is about."""
    native_file, captured_file = bench.path(driver + "-native.bin"), bench.path(driver + ".bin")
    native = bench.run([*command, native_file]).expect()
    if native.out.startswith("lacks "):
        return None
    trace = bench.path(driver + ".vkr")
    captured = ok(bench.capture(trace, [*command, captured_file]))
    require(results_of(ok(native).out)["output"]["xxh64"] == results_of(captured.out)["output"]["xxh64"],
            f"{name}: the captured run computed something else")
    require(bench.info(trace)["holes"] == 0, f"{name}: the trace has holes")
    result = compare_results(bench, trace, captured, captured_file, name)
    nothing_of_the_gpu(bench, trace, result, name)
    return Captured(trace, captured, captured_file)


def same_pictures(bench, command):
    """Every picture that the program presents, as the judge sees it."""
    bench.run(command, dict(VK_INSTANCE_LAYERS=JUDGE, **bench.judged("native"))).expect()
    wanted = bench.verdicts("native")
    trace = bench.path("pictures.vkr")
    bench.capture(trace, command, [JUDGE], bench.judged("captured")).expect()
    same_lines("pictures of the captured run", bench.verdicts("captured"), wanted)
    for wsi in ("headless", "xcb"):
        replay_and_judge(bench, trace, wanted, wsi, "--wsi", wsi)


def surface(bench, case):
    bench.display()
    feature(bench, "surfaces", case, same_pictures)


def last_gpu(bench):
    """Two drivers at once, and the second one's device: it is also the one that the replay takes."""
    bench.env["VK_ICD_FILENAMES"] = f"{LAVAPIPE}:{bench.swiftshader()}"
    captured = same_results(bench, [bench.app("objects"), "last-gpu"], "both", "objects last-gpu")
    require(captured, "the two drivers are not seen at once")
    names = [line.split(" (")[0] for line in captured.run.out.splitlines()[:2]]
    require(len(set(names)) == 2, f"two devices of one name: {names}")
    report = bench.path("report.json")
    bench.replay(captured.trace, "--wsi", "headless", "--report", report).expect()
    device = json.loads(report.read_text())["device"]
    require(device.startswith(names[1]), f"replayed on {device}, not on {names[1]}")


def frames(bench):
    """Without presents frames end where the program says so, else with its submits."""
    for command, kind, count, command_of_end in (
            (["sync", "frames"], "mark", 3, "vkQueueInsertDebugUtilsLabelEXT"),
            (["compute"], "submit", None, "vkQueueSubmit")):
        trace = bench.path(f"{kind}.vkr")
        ok(bench.capture(trace, [bench.app(command[0]), *command[1:]]))
        info = bench.info(trace)
        count = count or info["submits"]
        require(info["frame_end"] == kind and info["frames"] == count > 0,
                f"{info['frames']} frames end with a {info['frame_end']}, not {count} with a {kind}")
        for frame in range(count):
            calls = [call for call in bench.dump(trace, "--frames", str(frame)) if "command" in call]
            ends = [at for at, call in enumerate(calls, 1) if call["command"] == command_of_end]
            require({call["frame"] for call in calls} == {frame} and ends == [len(calls)],
                    f"frame {frame} has {len(calls)} calls, of which {ends} end one")
        replay = bench.replay(trace, "--wsi", "headless", "--screenshots", bench.path("pictures")).expect()
        require(f", {count} frames" in replay.out and "presents nothing" in replay.err, replay.out + replay.err)


def too_many_sets(bench):
    """A driver that does not count gives more sets than a pool has; one that counts must find room for them, too."""
    command = [bench.app("objects"), "too-many-sets"]
    captured = same_results(bench, command, "lavapipe", "objects too-many-sets on lavapipe")
    bench.env["VK_ICD_FILENAMES"] = bench.swiftshader()
    same_results(bench, command, "swiftshader", "objects too-many-sets on swiftshader")
    compare_results(bench, captured.trace, captured.run, captured.file, "objects too-many-sets of lavapipe on swiftshader")
    validated = bench.replay(captured.trace, "--wsi", "headless", "--validate")
    require("descriptor pool is full here" in validated.err, f"no word of the full pool: {validated.err[-1000:]}")


def calls_of(bench, trace, names):
    """The arguments of these commands; each handle is the number of its first appearance. Where the host's memory lies
    is each process's own."""
    seen = {}

    def plain(value):
        if isinstance(value, dict):
            return {key: plain(one) for key, one in value.items() if key != "pHostPointer"}
        if isinstance(value, list):
            return [plain(one) for one in value]
        return seen.setdefault(value, len(seen)) if str(value).startswith("0x") else value

    return [plain(line["args"]) for line in bench.dump(trace) if line.get("command") in names]


def carried(bench, program, case, *names):
    """What no driver here executes: the mock driver is told the same at replay as at capture."""
    bench.env["VK_ICD_FILENAMES"] = bench.mock()
    captured, replayed = bench.path("captured.vkr"), bench.path("replayed.vkr")
    ok(bench.capture(captured, [bench.app(program), case + "@unseen", bench.path("x.bin")]))
    bench.capture(replayed, [bench.reprise, "replay", captured, "--wsi", "headless"]).expect()
    wanted, found = (calls_of(bench, trace, names) for trace in (captured, replayed))
    require(wanted, f"{program} {case}: the trace has none of {names}")
    require(found == wanted, f"{program} {case}: replayed as {found} instead of {wanted}")


def families_elsewhere(bench):
    """Three queue families become one: each of their queues, what they share and what they hand over."""
    command = [bench.app("sync"), "families"]
    bench.env["VK_ICD_FILENAMES"] = bench.mock()
    trace = bench.path("three.vkr")
    captured = ok(bench.capture(trace, [command[0], "families@unseen", bench.path("x.bin")]))
    require("families=2" in captured.out, f"the mock driver has one family: {captured.out}")
    for driver, icd in (("lavapipe", LAVAPIPE), ("swiftshader", bench.swiftshader())):
        bench.env["VK_ICD_FILENAMES"] = icd
        wanted = bench.path(driver + ".bin")
        require("families=1" in ok(bench.run([*command, wanted])).out, f"{driver} has more than one family")
        compare_results(bench, trace, captured, wanted, f"families of the mock driver on {driver}")
    bench.env["VK_ICD_FILENAMES"] = LAVAPIPE
    replay = bench.replay(trace, "--wsi", "headless", "--validate")
    require("queue family 1 is played on family 0" in replay.err, f"no word of the families: {replay.err[-2000:]}")
    require("validation:" not in replay.err, f"the replay is not valid: {replay.err[-2000:]}")


def turns_elsewhere(bench):
    """Two queues become one: what was submitted before what it waits for is held back."""
    command = [bench.app("sync"), "turns"]
    bench.env["VK_ICD_FILENAMES"] = bench.mock()
    trace = bench.path("two.vkr")
    captured = ok(bench.capture(trace, [command[0], "turns@unseen", bench.path("x.bin")]))
    require("queues=2" in captured.out, f"the mock driver has one queue: {captured.out}")
    for driver, icd in (("lavapipe", LAVAPIPE), ("swiftshader", bench.swiftshader())):
        bench.env["VK_ICD_FILENAMES"] = icd
        wanted = bench.path(driver + ".bin")
        require("queues=1" in ok(bench.run([*command, wanted])).out, f"{driver} has more than one queue")
        compare_results(bench, trace, captured, wanted, f"two queues of the mock driver on {driver}")
    replay = bench.replay(trace, "--wsi", "headless")
    require("some of the program's share one" in replay.err, f"no word of the queues: {replay.err[-2000:]}")
    require("still waiting" not in replay.err, f"the replay waited in vain: {replay.err[-2000:]}")


def left_out(bench):
    """What the program enabled without using it is left out by name, and all is as it was."""
    captured = same_results(bench, [bench.app("objects"), "names"], "lavapipe", "objects names on lavapipe")
    enabled = bench.info(captured.trace)["devices"][0]["enabledFeatures"]
    require("geometryShader" in enabled["VkPhysicalDeviceFeatures"], f"the trace says that this was enabled: {enabled}")
    bench.env["VK_ICD_FILENAMES"] = bench.swiftshader()
    run = bench.replay(captured.trace, "--wsi", "headless").expect()
    note = "feature geometryShader of VkPhysicalDeviceFeatures left out: not available here, and the trace does not use it"
    require(note in run.err, f"no word of `{note}`: {run.err[-2000:]}")


def feature(bench, program, case, more=None):
    """On each driver; and where both compute the same bytes, each one's trace on the other, too. A driver that lacks the
    feature plays the trace as well as it can, or says that it cannot."""
    drivers, had = {"lavapipe": LAVAPIPE, "swiftshader": bench.swiftshader()}, {}
    command = [bench.app(program), case]
    for driver, icd in drivers.items():
        bench.env["VK_ICD_FILENAMES"] = icd
        had[driver] = same_results(bench, command, driver, f"{program} {case} on {driver}")
        if had[driver] and more:
            more(bench, command)
    names = [driver for driver in drivers if had[driver]]
    if not names and {program, f"{program} {case}"} & {*NOT_HERE, *YOUNG}:
        return print(f"{program} {case}: no driver here has the feature, the program says so")
    require(names, f"{program} {case}: no driver has the feature")
    print(f"{program} {case}: {', '.join(names)}")
    for driver in drivers.keys() - names:
        bench.env["VK_ICD_FILENAMES"] = drivers[driver]
        run = bench.replay(had[names[0]].trace, "--wsi", "headless")
        require(run.status in (0, 1, 4), f"{program} {case} of {names[0]} on {driver}, which lacks it, ended with status "
                f"{run.status}: {run.err[-500:]}")
        if case in LACKING:
            status, *words = LACKING[case]
            run.expect(status)
            for word in words:
                require(word in run.err, f"{program} {case} on {driver}: stderr does not mention {word}: {run.err[-1000:]}")
    if len(names) < 2 or len({one.file.read_bytes() for one in had.values()}) > 1:
        return
    for driver, other in (names, reversed(names)):
        bench.env["VK_ICD_FILENAMES"] = drivers[other]
        compare_results(bench, had[driver].trace, had[driver].run, had[driver].file,
                        f"{program} {case} of {driver} on {other}")


# What a replay on a driver that lacks the feature says before it plays anything.
NOTHING_PLAYED = "lacks what the trace uses; no call was played"
LACKING = {
    "feedback": (4, NOTHING_PLAYED, "VK_EXT_transform_feedback: ", "SPIR-V capability TransformFeedback (call"),
    "indexing": (4, NOTHING_PLAYED, "feature runtimeDescriptorArray (", "SPIR-V capability RuntimeDescriptorArray (call"),
    "rows": (4, NOTHING_PLAYED, "VK_EXT_host_image_copy: ", "vkCopyImageToMemoryEXT (2 calls", "vkCopyMemoryToImageEXT (2 calls",
             "vkTransitionImageLayoutEXT (call"),
    "multi-draw": (4, NOTHING_PLAYED, "VK_EXT_multi_draw: vkCmdDrawMultiEXT (call", "vkCmdDrawMultiIndexedEXT (2 calls"),
    "statistics": (4, NOTHING_PLAYED, "feature pipelineStatisticsQuery (VkPhysicalDeviceFeatures): vkCreateQueryPool (call"),
    "null": (4, NOTHING_PLAYED, "nullDescriptor by vkUpdateDescriptorSets (2 calls"),
    "ycbcr": (4, NOTHING_PLAYED, "feature samplerYcbcrConversion", "vkCreateSamplerYcbcrConversion (call"),
}

# Programs about what only a GPU's driver has: a machine with one compares them.
NOT_HERE = ("hardware", "rays")
# Programs about what the registry that they are built with may not have yet; they say so.
YOUNG = ("host_copy", "newer")

# program: its cases
PROGRAMS = {
    "addresses": ("push", "stored", "block", "list", "copied", "updated"),
    "drawing": ("secondary", "dynamic-rendering", "indirect", "indirect-count", "multi-draw", "conditional", "feedback"),
    "hardware": ("mesh", "shading-rate", "descriptor-buffer"),
    "host_copy": ("rows", "formats", "memcpy", "between"),
    "memory": ("host-import", "packed", "reused", "aliased", "shared", "linear", "linear-shared"),
    "newer": ("map2", "frame-boundary", "shader-object", "maintenance5", "maintenance6"),
    "objects": ("private-data", "names", "command-pools", "failures", "allocators", "nothing", "groups",
                "devices", "devices-later"),
    "passes": ("depth-stencil", "subpasses", "imageless", "multiview"),
    "pipelines": ("constants", "cache", "derivatives", "compile-required", "libraries", "code-in-chain"),
    "queries": ("occlusion", "statistics", "timestamps", "host-reset"),
    "rays": ("traced", "copied", "deferred"),
    "states": ("dynamic", "dynamic3", "vertices"),
    "sync": ("timeline", "timeline-threads", "polling", "events", "events2", "families", "turns", "idle-threads", "flag",
             "frames"),
    "descriptors": ("push", "push-template", "template", "indexing", "inline", "template-inline",
                    "offsets", "null", "pool-reset"),
    "transfers": ("buffers", "buffers2", "images", "images2", "blits", "blits2", "resolves", "resolves2", "clears",
                  "depth-stencil"),
    "views": ("kinds", "compressed", "ycbcr"),
}

CASES = {
    f"{program}-{case}": lambda bench, program=program, case=case: feature(bench, program, case)
    for program, cases in PROGRAMS.items() for case in cases
} | {f"surfaces-{case}": lambda bench, case=case: surface(bench, case) for case in ("headless", "maintenance", "xcb", "two", "threads")} | {
    "memory-sparse-buffer": lambda bench: carried(bench, "memory", "sparse-buffer", "vkQueueBindSparse"),
    "memory-sparse-image": lambda bench: carried(bench, "memory", "sparse-image", "vkQueueBindSparse"),
    "objects-last-gpu": last_gpu,
    "objects-left-out": left_out,
    "objects-too-many-sets": too_many_sets,
    "frames": frames,
    "sync-families-elsewhere": families_elsewhere,
    "sync-turns-elsewhere": turns_elsewhere,
    # Three families.
    "sync-families-mock": lambda bench: carried(bench, "sync", "families", "vkCmdPipelineBarrier"),
}
SLOW = {}
