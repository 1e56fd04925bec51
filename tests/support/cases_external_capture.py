"""What a trace holds of external memory: contents that another process wrote, payloads behind descriptors, structs that
nobody knows, and the queries of what a driver can share."""

from support.cases_memory import compare_results, read_back
from support.harness import ok, require, results_of, same_lines, test_layer

# Contents records of one frame of producer_consumer: 2 mip levels of 2 layers, and a buffer.
PRODUCER_FRAMES, PRODUCER_RANGES, PRODUCER_BYTES = 3, 5, 2 * (64 * 48 + 32 * 24) * 4 + 5000
UNKNOWN = 1999900000


def producer_consumer(bench, *mode):
    """Each frame's contents lie before the submit that acquires them, and the replay reads them without a producer."""
    native_file, captured_file = bench.path("native.bin"), bench.path("captured.bin")
    native = ok(bench.run([bench.app("producer_consumer"), *mode, native_file]))
    trace = bench.path("producer_consumer.vkr")
    captured = ok(bench.capture(trace, [bench.app("producer_consumer"), *mode, captured_file]))
    require(native_file.read_bytes() == captured_file.read_bytes(), "the captured consumer read other bytes")
    require(results_of(native.out)["output"]["xxh64"] == results_of(captured.out)["output"]["xxh64"], "other hashes")
    info = bench.info(trace)
    require(info["holes"] == 0, f"{info['holes']} holes")
    require(info["outside_contents"] == PRODUCER_FRAMES * PRODUCER_RANGES
            and info["outside_bytes"] == PRODUCER_FRAMES * PRODUCER_BYTES,
            f"{info['outside_contents']} contents of {info['outside_bytes']} bytes")
    names = [line.get("event") or line.get("command") for line in bench.dump(trace)]
    for submit in (i for i, name in enumerate(names) if name == "vkQueueSubmit"):
        require(names[submit - PRODUCER_RANGES:submit] == ["contents"] * PRODUCER_RANGES,
                f"before a submit: {names[submit - PRODUCER_RANGES:submit]}")
    compare_results(bench, trace, captured, captured_file, "producer_consumer")


def producer_consumer_semaphore(bench):
    producer_consumer(bench, "semaphore")


def producer_consumer_batches(bench):
    """What a batch acquires is captured behind the batches before it, and its semaphores are waited for once."""
    trace, _, _ = read_back(bench, "producer_consumer_batches")
    names = [line.get("event") or line.get("command") for line in bench.dump(trace)]
    submits = [i for i, name in enumerate(names) if name.startswith("vkQueueSubmit")]
    require([names[i] for i in submits] == ["vkQueueSubmit", "vkQueueSubmit2KHR"] * 2, "the trace has other submits")
    for before, submit in zip([0, *submits], submits):
        found = names[before:submit].count("contents")
        require(found == 1, f"{found} contents before a submit: {names[before:submit]}")
    lines = [line for line in bench.dump(trace) if line.get("command") == "vkQueueSubmit"]
    waits = [info["waitSemaphoreCount"] for line in lines for info in line["args"]["pSubmits"]]
    require(waits == [0, 2] * 2, f"the trace's submits wait for {waits} semaphores")


def producer_consumer_validation(bench):
    """The layer's own copies break no rule."""
    for name in ("producer_consumer", "producer_consumer_batches"):
        run = ok(bench.capture(bench.path(name + ".vkr"), [bench.app(name)], ["VK_LAYER_KHRONOS_validation"]))
        require("VUID" not in run.out + run.err, f"{name}: validation below the capture layer:\n"
                f"{(run.out + run.err)[-3000:]}")


def payloads_of(bench, trace):
    """(payload, handle given, command) in the order of the trace; each payload directly precedes its call's lane."""
    found, waiting = [], {}
    for line in bench.dump(trace):
        if line.get("event") == "payload":
            require(line["thread"] not in waiting, "two payloads in a row in one lane")
            waiting[line["thread"]] = line
        elif "command" in line and line["thread"] in waiting:
            payload = waiting.pop(line["thread"])
            found.append((payload["payload"], payload["handle"], line["command"]))
    require(not waiting, "a payload without its call")
    return found


def payload_numbers(bench):
    """Exported twice, duplicated, imported, exported again: one payload. What came in under its number: none."""
    trace = bench.path("dup.vkr")
    ok(bench.capture(trace, [bench.app("producer_consumer"), "dup"]))
    found = payloads_of(bench, trace)
    numbers = [(payload, command) for payload, _, command in found]
    get, allocate = "vkGetMemoryFdKHR", "vkAllocateMemory"
    wanted = [(1, get), (1, allocate), (1, get), (1, get), (0, allocate), (0, allocate)]
    require(numbers == wanted, f"payloads {numbers}, not {wanted}")
    handles = [handle for _, handle, _ in found]
    require(handles[0] == handles[2] == handles[3] == 0 and handles[1] != 0, f"handles {handles}")


def unknown_structs(bench, icd=None):
    """An unknown node reaches the driver where it was, leaves a hole before its call, and one warning."""
    trace = bench.path("unknown.vkr")
    env = {"REPRISE_CHAINCHECK_OUT": bench.path("chains")}
    if icd:
        env["VK_ICD_FILENAMES"] = icd
    run = ok(bench.capture(trace, [bench.app("producer_consumer_unknown")], [test_layer("chaincheck")], env))
    wanted = [line.removeprefix("chain ") for line in run.out.splitlines() if line.startswith("chain ")]
    require(len(wanted) == 9, f"the program printed {len(wanted)} chains")
    same_lines("chains", bench.path("chains").read_text().splitlines(), wanted)
    holes, seen = {}, 0
    for line in bench.dump(trace):
        if line.get("event") == "hole":
            require(line["cause"] == "unknown struct" and str(line["subject"]) in line["text"], f"a hole: {line}")
            holes.setdefault(line["thread"], []).append(line["subject"])
        elif line.get("command") in ("vkCreateImage", "vkCreateBuffer", "vkAllocateMemory"):
            nodes = [int(node.split("@")[0]) for node in wanted[seen].split()[1:]]
            require(wanted[seen].startswith(line["command"] + " "), f"call {seen} is {line['command']}")
            unknown = [node for node in nodes if node >= UNKNOWN]
            require(holes.pop(line["thread"], []) == unknown, f"holes before {line['command']}: not {unknown}")
            seen += 1
    require(seen == len(wanted) and not holes, f"{seen} calls, holes left over: {holes}")
    for structure in (UNKNOWN, UNKNOWN + 1):
        warnings = [line for line in run.err.splitlines() if f"sType {structure}" in line]
        require(len(warnings) == 1, f"{len(warnings)} warnings of sType {structure}")


def unknown_structs_mock(bench):
    unknown_structs(bench, bench.mock())


def external_queries(bench):
    """What the mock driver answered is in the trace: NV and core queries, and a handle where it gives one out."""
    trace = bench.path("queries.vkr")
    ok(bench.capture(trace, [bench.app("external_nv")], env={"VK_ICD_FILENAMES": bench.mock()}))
    calls = {}
    for line in bench.dump(trace):
        if "command" in line:
            calls.setdefault(line["command"].removesuffix("KHR"), []).append(line)
    outputs = {
        "vkGetPhysicalDeviceExternalImageFormatPropertiesNV": "pExternalImageFormatProperties",
        "vkGetPhysicalDeviceExternalBufferProperties": "pExternalBufferProperties",
        "vkGetPhysicalDeviceExternalFenceProperties": "pExternalFenceProperties",
        "vkGetPhysicalDeviceExternalSemaphoreProperties": "pExternalSemaphoreProperties",
    }
    handle = "vkGetMemoryWin32HandleNV"  # Debian's mock driver has none
    if handle in calls:
        outputs[handle] = "pHandle"
    for command, output in outputs.items():
        require(command in calls, f"the trace lacks {command}")
        for line in calls[command]:
            require(line["args"].get(output) is not None, f"{command} without its {output}: {line}")
            require("result" in line or "Properties" in command, f"{command} without its result: {line}")
    payloads = payloads_of(bench, trace)
    exported = [payload for payload, _, command in payloads if command == handle]
    require(all(exported) and len(exported) == len(calls.get(handle, [])), f"payloads of {handle}: {exported}")
    require(any(command == "vkAllocateMemory" for _, _, command in payloads), "no import has its payload")


CASES = {
    "producer-consumer": producer_consumer,
    "producer-consumer-semaphore": producer_consumer_semaphore,
    "producer-consumer-batches": producer_consumer_batches,
    "producer-consumer-validation": producer_consumer_validation,
    "payload-numbers": payload_numbers,
    "unknown-structs": unknown_structs,
    "unknown-structs-mock": unknown_structs_mock,
    "external-queries": external_queries,
}
SLOW = {}
