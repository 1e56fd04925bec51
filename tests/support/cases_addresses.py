"""Opaque capture-replay addresses: objects of a replay on the captured device and driver lie where they did.

No driver of Debian's offers the features: the layer `opaque` makes one of lavapipe, and one of the mock driver.
"""

from support.cases_memory import compare_results
from support.harness import ok, require, results_of, test_layer

OPAQUE = test_layer("opaque")
KEPT = "the device addresses are the captured ones: "
REFUSED = "this device refused the captured addresses or group handles of "
DEVICE_REFUSED = "this device refuses the features that keep addresses"
TRANSLATED = "device addresses differ here: "
INVALID = "opaque: a buffer with the capture-replay flag lies in memory without it"


class Trace:
    def __init__(self, file, run, results):
        self.file, self.run, self.results = file, run, results


def captured(bench, case, *options):
    """A case of `addresses`, captured on lavapipe with the feature."""
    trace, native, results = bench.path(case + ".vkr"), bench.path("native.bin"), bench.path(case + ".bin")
    command = [bench.app("addresses"), case]
    wanted = ok(bench.run([*command, native], dict(VK_INSTANCE_LAYERS=OPAQUE)))
    run = ok(bench.capture(trace, [*command, results], [OPAQUE], options=options))
    require(INVALID not in run.err, f"{case}: {run.err[-1000:]}")
    require(results_of(run.out)["output"]["xxh64"] == results_of(wanted.out)["output"]["xxh64"],
            f"{case}: the captured run computed something else")
    require(bench.info(trace)["holes"] == 0, f"{case}: the trace has holes")
    return Trace(trace, run, results)


def opaque_values(bench, trace):
    """The trace's records, and the calls right behind them."""
    lines = bench.dump(trace.file)
    return [(line, lines[at + 1]) for at, line in enumerate(lines) if line.get("event") == "opaque"]


def replayed(bench, trace, what, **env):
    """Replays and compares what the GPU wrote; the replay's stderr."""
    before = dict(bench.env)
    bench.env.update(env)
    compare_results(bench, trace.file, trace.run, trace.results, what)
    run = bench.replay(trace.file, "--wsi", "headless").expect()
    bench.env = before
    require(INVALID not in run.err, f"{what}: {run.err[-1000:]}")
    return run.err


def kept(bench):
    """Every address is the captured one: also one that was pushed in halves with other bits mixed in."""
    for case in ("hidden", "push", "list"):
        trace = captured(bench, case)
        values = opaque_values(bench, trace)
        kinds = {line["type"] for line, _ in values}
        require(kinds == {"VkBuffer", "VkDeviceMemory"}, f"{case}: opaque values of {kinds}")
        for line, call in values:
            made = call["args"].get("pBuffer") or call["args"].get("pMemory")
            require(made == line["object"], f"{case}: {line} does not stand before the call that makes it: {call}")
            flags = call["args"]["pCreateInfo"]["flags"] if "pBuffer" in call["args"] else "0"
            require("CAPTURE_REPLAY" not in str(flags), f"{case}: the trace has a flag that the program did not give")
        told = replayed(bench, trace, f"addresses {case}", VK_INSTANCE_LAYERS=OPAQUE)
        require(KEPT in told and TRANSLATED not in told and REFUSED not in told, f"{case}: {told[-2000:]}")


def own(bench):
    """A program that is a replayer itself: its flags and addresses are in the trace, and played as they are."""
    trace = captured(bench, "own")
    flagged = [call for call in bench.dump(trace.file, "--command", "vkCreateBuffer")
               if "CAPTURE_REPLAY" in str(call.get("args", {}).get("pCreateInfo", {}).get("flags"))]
    require(len(flagged) == 2, f"{len(flagged)} buffers have the program's flag")
    told = replayed(bench, trace, "addresses own", VK_INSTANCE_LAYERS=OPAQUE)
    require(KEPT in told and TRANSLATED not in told and REFUSED not in told, told[-2000:])


def refused(bench):
    """A driver that grants no address, though it has the feature: they are translated, and it is said."""
    trace = captured(bench, "list")
    told = replayed(bench, trace, "addresses list, refused", VK_INSTANCE_LAYERS=OPAQUE, REPRISE_OPAQUE_REFUSE="1")
    require(REFUSED in told and TRANSLATED in told and KEPT not in told, told[-2000:])


def refused_device(bench):
    """A driver that makes no device with the feature, though it says that it can: capture and replay go without."""
    trace = captured(bench, "list")
    told = replayed(bench, trace, "addresses list, device refused", VK_INSTANCE_LAYERS=OPAQUE, REPRISE_OPAQUE_REFUSE="device")
    require(DEVICE_REFUSED in told and TRANSLATED in told and KEPT not in told, told[-2000:])
    bench.env["REPRISE_OPAQUE_REFUSE"] = "device"
    trace = captured(bench, "push")
    require(not opaque_values(bench, trace), "opaque values were recorded of a device without the feature")
    told = replayed(bench, trace, "addresses push, captured without", VK_INSTANCE_LAYERS=OPAQUE)
    require(TRANSLATED in told and KEPT not in told, told[-2000:])


def elsewhere(bench):
    """On another device the values mean nothing: addresses are translated."""
    trace = captured(bench, "list")
    told = replayed(bench, trace, "addresses list on swiftshader", VK_ICD_FILENAMES=bench.swiftshader())
    require(KEPT not in told and TRANSLATED in told, told[-2000:])


def off(bench):
    """Asked for, by option or variable, the driver gets what the program gave, and nothing is recorded."""
    trace = captured(bench, "list", "--addresses", "translate")
    require(not opaque_values(bench, trace), "opaque values were recorded")
    told = replayed(bench, trace, "addresses list, captured to be translated", VK_INSTANCE_LAYERS=OPAQUE)
    require(KEPT not in told and TRANSLATED in told, told[-2000:])
    require(opaque_values(bench, captured(bench, "push")), "no opaque values were recorded, which is the default")
    bench.env["REPRISE_ADDRESSES"] = "translate"
    require(not opaque_values(bench, captured(bench, "push")), "REPRISE_ADDRESSES=translate recorded some")


def rays(bench):
    """Acceleration structures and shader group handles: each process has other ones, unless it asks for them. The
    mock driver traces nothing; what it is told, and what the program reads of handles, is compared."""
    bench.env["VK_ICD_FILENAMES"] = bench.mock()
    trace = bench.path("rays.vkr")
    for way in ("translate", "opaque"):
        command = [bench.app("rays"), "traced@unseen", bench.path("x.bin")]
        ok(bench.capture(trace, command, [OPAQUE], options=("--addresses", way)))
        if way == "translate":
            run = bench.replay(trace, "--wsi", "headless", layers=[OPAQUE]).expect(4)
            require("a shader group's handle has other bytes on this device" in run.err, run.err[-2000:])
    values = [line for line in bench.dump(trace) if line.get("event") == "opaque"]
    kinds = {line["type"] for line in values}
    require(kinds == {"VkBuffer", "VkDeviceMemory", "VkAccelerationStructureKHR", "VkPipeline"}, f"values of {kinds}")
    again = bench.path("again.vkr")
    bench.capture(again, [bench.reprise, "replay", trace, "--wsi", "headless"], [OPAQUE],
                  options=("--addresses", "opaque")).expect()
    wanted, asked = ([(line["type"], line["values"]) for line in bench.dump(file) if line.get("event") == "opaque"]
                     for file in (trace, again))
    require(asked == wanted, f"the replay's objects have other values: {set(map(str, asked)) ^ set(map(str, wanted))}")
    run = bench.replay(trace, "--wsi", "headless", layers=[OPAQUE]).expect()
    for words in (KEPT, "the shader group handles are the captured ones: of 1 ray-tracing pipeline"):
        require(words in run.err, f"no word of `{words}`: {run.err[-2000:]}")
    run = bench.replay(trace, "--wsi", "headless", layers=[OPAQUE], env=dict(REPRISE_OPAQUE_REFUSE="1")).expect(4)
    require("a shader group's handle has other bytes on this device" in run.err, run.err[-2000:])


def valid(bench):
    """The validation layer has nothing to say of what the capture asks of the driver, nor of the replay."""
    validation = "VK_LAYER_KHRONOS_validation"
    layers = [validation, OPAQUE]
    # Older loaders order layers by where they find them.
    bench.env["VK_ADD_LAYER_PATH"] = "/usr/share/vulkan/explicit_layer.d:" + bench.env["VK_ADD_LAYER_PATH"]
    trace = bench.path("valid.vkr")
    run = ok(bench.capture(trace, [bench.app("addresses"), "push", bench.path("x.bin")], layers,
                           options=("--addresses", "opaque")))
    for word in ("VUID", "UNASSIGNED"):
        require(word not in run.out + run.err, f"the capture's calls are not valid: {(run.out + run.err)[-3000:]}")
    replay = bench.replay(trace, "--wsi", "headless", layers=layers).expect()
    require(KEPT in replay.err, replay.err[-2000:])
    for word in ("VUID", "UNASSIGNED"):
        require(word not in replay.out + replay.err, f"the replay's are not: {(replay.out + replay.err)[-3000:]}")


CASES = {"opaque-kept": kept, "opaque-own": own, "opaque-refused": refused,
         "opaque-refused-device": refused_device, "opaque-elsewhere": elsewhere, "opaque-off": off,
         "opaque-rays": rays, "opaque-valid": valid}
SLOW = {}
