"""`reprise info`: its counts against the dump's, what it calls used against the registry, its --target against replay."""

import collections
import json
import statistics
import xml.etree.ElementTree

from support.cases_errors import says, small_trace
from support.harness import LAVAPIPE, copy_head, ok, require

REGISTRY = "/usr/share/vulkan/registry/vk.xml"
# Enums whose values come with every extension and say nothing of its use.
NAMING_ENUMS = {"VkStructureType", "VkObjectType", "VkResult", "VkDebugReportObjectTypeEXT"}
PROGRAMS = ["render", "compute", "threads", "objects private-data", "objects command-pools", "objects devices",
            "transfers images", "transfers clears", "descriptors indexing", "memory aliased", "passes subpasses"]


def traces_of(bench, programs, icd=LAVAPIPE):
    """One trace a program of tests/apps that runs on that driver."""
    for words in programs:
        program, *case = words.split()
        if case:  # the mock driver computes nothing that could be looked at
            case = [case[0] + ("@unseen" if icd == bench.mock() else ""), bench.path("x.bin")]
        trace = bench.path(words.replace(" ", "-") + ".vkr")
        run = bench.capture(trace, [bench.app(program), *case], env={"VK_ICD_FILENAMES": icd})
        if run.status == 0 and trace.exists() and not run.out.startswith("lacks "):
            yield words, trace


def returned(call):
    return call.get("result") in (None, "VK_SUCCESS", "VK_SUBOPTIMAL_KHR") and not call.get("unfinished")


# -- counts

class Counted:
    """What a trace's dump says of objects and memory, counted without a word from `info`."""

    MAKERS = {"vkCreateBuffer": "pBuffer", "vkCreateImage": "pImage", "vkAllocateMemory": "pMemory",
              "vkCreateFence": "pFence", "vkCreateSemaphore": "pSemaphore", "vkCreateImageView": "pView",
              "vkCreateShaderModule": "pShaderModule", "vkCreatePipelineLayout": "pPipelineLayout",
              "vkCreateRenderPass": "pRenderPass", "vkCreateDescriptorSetLayout": "pSetLayout"}
    ENDERS = {"vkDestroyBuffer": "buffer", "vkDestroyImage": "image", "vkFreeMemory": "memory",
              "vkDestroyFence": "fence", "vkDestroySemaphore": "semaphore", "vkDestroyImageView": "imageView",
              "vkDestroyShaderModule": "shaderModule", "vkDestroyPipelineLayout": "pipelineLayout",
              "vkDestroyRenderPass": "renderPass", "vkDestroyDescriptorSetLayout": "descriptorSetLayout"}
    TYPES = {"pBuffer": "VkBuffer", "pImage": "VkImage", "pMemory": "VkDeviceMemory", "pFence": "VkFence",
             "pSemaphore": "VkSemaphore", "pView": "VkImageView", "pShaderModule": "VkShaderModule",
             "pPipelineLayout": "VkPipelineLayout", "pRenderPass": "VkRenderPass",
             "pSetLayout": "VkDescriptorSetLayout"}

    def __init__(self, lines):
        self.made, self.peak = collections.Counter(), collections.Counter()
        self.alive = collections.defaultdict(dict)
        self.devices = []
        self.memory = collections.defaultdict(lambda: [0, 0, 0])  # device and type -> allocations, bytes, peak bytes
        self.frames, self.submits, in_frame, submits = [], [], 0, 0
        frame = 0
        for call in (line for line in lines if "command" in line):
            if call["frame"] != frame:
                self.frames.append(in_frame)
                self.submits.append(submits)
                in_frame, submits, frame = 0, 0, call["frame"]
            in_frame += 1
            submits += call["command"].startswith("vkQueueSubmit")
            if returned(call):
                self.see(call["command"], call["args"])

    def see(self, command, args):
        if command in self.MAKERS:
            member = self.MAKERS[command]
            kind = self.TYPES[member]
            memory = ((self.devices.index(args["device"]), args["pAllocateInfo"]["memoryTypeIndex"]),
                      args["pAllocateInfo"]["allocationSize"]) if command == "vkAllocateMemory" else None
            self.made[kind] += 1
            self.alive[kind][args[member]] = memory
            self.peak[kind] = max(self.peak[kind], len(self.alive[kind]))
            if memory:
                row = self.memory[memory[0]]
                row[0], row[1] = row[0] + 1, row[1] + int(memory[1])
                row[2] = max(row[2], row[1])
        elif command == "vkCreateDevice":
            self.devices.append(args["pDevice"])
        elif command == "vkDestroyDevice":  # with all that is left on it
            self.alive.clear()
            for row in self.memory.values():
                row[1] = 0
        elif command in self.ENDERS:
            for kind, objects in self.alive.items():
                if kind == self.TYPES[self.MAKERS[self.maker(command)]] and args[self.ENDERS[command]] in objects:
                    memory = objects.pop(args[self.ENDERS[command]])
                    if memory:
                        self.memory[memory[0]][1] -= int(memory[1])

    def maker(self, ender):
        return list(self.MAKERS)[list(self.ENDERS).index(ender)]


def counts(bench):
    """Objects, memory, frames, formats and shaders, program by program."""
    seen = collections.Counter()
    for command, trace in traces_of(bench, PROGRAMS):
        survey, lines = bench.survey(trace), bench.dump(trace, "--bytes", "0")
        counted = Counted(lines)
        require(survey["unreadable_calls"] == 0, f"{command}: {survey['unreadable_calls']} calls are not read")
        found = {row["type"]: row for row in survey["objects"]}
        for kind, made in counted.made.items():
            row = found.get(kind, {})
            wanted = (made, counted.peak[kind], len(counted.alive[kind]))
            require((row.get("made"), row.get("peak"), row.get("left")) == wanted,
                    f"{command}: {kind} {row}, not {wanted} made, at the peak and left")
            seen[kind] += 1
        types = {(at, row["type"]): row
                 for at, device in enumerate(survey["devices"]) for row in device["memory_types"]}
        require({kind: (row["allocations"], row["peak_bytes"]) for kind, row in types.items()} ==
                {kind: (row[0], row[2]) for kind, row in counted.memory.items()},
                f"{command}: memory by type {types}, not {dict(counted.memory)}")
        frames = survey["frames"]
        require(frames["count"] == len(counted.frames) or frames["count"] == len(counted.frames) + 1,
                f"{command}: {frames['count']} frames, {len(counted.frames)} in the dump")
        formats = collections.Counter(line["args"]["pCreateInfo"]["format"] for line in lines
                                      if line.get("command") == "vkCreateImage" and returned(line))
        require({row["format"]: row["images"] for row in survey["formats"] if row["images"]} == dict(formats),
                f"{command}: formats {survey['formats']}, not {dict(formats)}")
        submits = collections.Counter()
        for device in survey["devices"]:
            for family in device["queue_families"]:
                for queue in family["queues"]:
                    submits[family["family"]] += queue["submits"]
        queue_calls = sum(line.get("command", "").startswith(("vkQueueSubmit", "vkQueueBindSparse")) for line in lines)
        require(sum(submits.values()) == queue_calls, f"{command}: {dict(submits)} submits, not {queue_calls}")
    require(len(seen) >= 8, f"the programs make too little: {dict(seen)}")


def frame_statistics(bench):
    """vkcube: calls and submits a frame, its swapchain, and times that are those of a run."""
    bench.display()
    trace = bench.path("cube.vkr")
    bench.capture(trace, ["vkcube", "--c", "40"]).expect()
    survey, lines = bench.survey(trace), bench.dump(trace)
    calls = [line for line in lines if "command" in line]
    by_frame = collections.Counter(call["frame"] for call in calls)
    submits = collections.Counter(call["frame"] for call in calls if call["command"].startswith("vkQueueSubmit"))
    whole = [by_frame[frame] for frame in range(40)]
    found = survey["frames"]
    require(found["count"] == 40, f"{found['count']} frames, not 40")
    require(found["calls"] == {"min": min(whole), "median": statistics.median_low(whole), "max": max(whole)},
            f"calls a frame {found['calls']} of {whole}")
    whole = [submits[frame] for frame in range(40)]
    require(found["submits"] == {"min": min(whole), "median": statistics.median_low(whole), "max": max(whole)},
            f"submits a frame {found['submits']} of {whole}")
    times = found["nanoseconds"]
    require(0 <= times["min"] <= times["median"] <= times["max"] < 60e9, f"times between frames: {times}")
    info = next(call["args"]["pCreateInfo"] for call in calls if call["command"] == "vkCreateSwapchainKHR")
    swapchain = survey["swapchains"][0]
    wanted = (info["imageExtent"]["width"], info["imageExtent"]["height"], info["imageFormat"], info["presentMode"])
    require((swapchain["width"], swapchain["height"], swapchain["format"], swapchain["present_mode"]) == wanted,
            f"{swapchain}, not {wanted}")
    require(swapchain["images"] >= info["minImageCount"], f"{swapchain} has fewer images than asked for")


# -- what is used

class Registry:
    """Of each extension its commands, structs (by sType) and values, straight from vk.xml."""

    def __init__(self):
        root = xml.etree.ElementTree.parse(REGISTRY).getroot()
        types = {t.get("name"): t for t in root.iterfind("types/type") if t.get("category") == "struct"}
        self.commands, self.structs, self.values = {}, {}, {}
        core_values = {e.get("name") for block in root.iterfind("enums") for e in block.iterfind("enum")}
        for extension in root.iterfind("extensions/extension"):
            name = extension.get("name")
            items = [item for require in extension.iterfind("require") for item in require]
            self.commands[name] = {item.get("name") for item in items if item.tag == "command"}
            self.structs[name] = set()
            for item in items:
                struct = types.get(item.get("name")) if item.tag == "type" else None
                while struct is not None and struct.get("alias"):
                    struct = types.get(struct.get("alias"))
                if struct is None or struct.get("returnedonly") == "true":
                    continue
                extends = (struct.get("structextends") or "").split(",")
                first = struct.find("member")
                if first is not None and first.get("values"):
                    is_features = "VkPhysicalDeviceFeatures2" in extends and "VkDeviceCreateInfo" in extends
                    self.structs[name].add((first.get("values"), is_features))
            self.values[name] = {item.get("name") for item in items if item.tag == "enum" and item.get("extends")
                                 and item.get("extends") not in NAMING_ENUMS and not item.get("alias")
                                 and item.get("name") not in core_values}

    def uses(self, name, call):
        """Whether a call, by its command, the structs in it or the values in it, uses the extension."""
        if call["command"] in self.commands[name]:
            return True
        if call["command"].startswith("vkGetPhysicalDevice"):
            return False
        stypes, words = set(), set()
        collect(call["args"], stypes, words)
        makes_device = call["command"] == "vkCreateDevice"
        structs = {stype for stype, is_features in self.structs[name] if not (is_features and makes_device)}
        return bool(structs & stypes or self.values[name] & words)


def collect(value, stypes, words):
    if isinstance(value, dict):
        for key, one in value.items():
            if key == "sType":
                stypes.add(one)
            else:
                collect(one, stypes, words)
    elif isinstance(value, list):
        for one in value:
            collect(one, stypes, words)
    elif isinstance(value, str) and value.startswith("VK_"):
        words.update(value.split(" | "))


def used_extensions(bench):
    """Every extension that the registry and the dump say is used is; what is said to be used and is not seen so, is
    used by a shader or a feature."""
    registry, seen, unused = Registry(), collections.Counter(), 0
    programs = ["pipelines libraries", "states dynamic3", "states vertices", "drawing multi-draw", "drawing conditional",
                "drawing feedback", "descriptors push", "memory host-import", "sync timeline", "views ycbcr"]
    on_mock = ["external_nv", "named", "hardware mesh", "hardware shading-rate", "hardware descriptor-buffer"]
    traces = [*traces_of(bench, programs), *traces_of(bench, on_mock, bench.mock())]
    require(len(traces) >= 12, f"only {[words for words, _ in traces]} run here")
    for command, trace in traces:
        survey = bench.survey(trace)
        calls = [line for line in bench.dump(trace, "--bytes", "0") if "command" in line and returned(line)]
        things = survey["instance_extensions"] + [thing for device in survey["devices"] for thing in device["extensions"]]
        require(survey["devices"], f"{command}: no device")
        for thing in things:
            name = thing["name"]
            by_calls = name in registry.commands and any(registry.uses(name, call) for call in calls)
            seen[thing["state"], by_calls] += 1
            if by_calls:
                require(thing["state"] == "used", f"{command}: {name} is used, and said to be {thing['state']}")
            elif thing["state"] == "used":
                ways = [use["what"] for use in thing["uses"]]
                require(all(" by " in way or way.startswith("SPIR-V") or name_of_core(way, calls) for way in ways),
                        f"{command}: {name} is said to be used by {ways}")
        for device in survey["devices"]:
            states = {feature["name"]: feature["state"] for feature in device["features"]}
            require(states.get("geometryShader", "not used") == "not used", f"{command}: geometryShader is not used")
            unused += states.get("geometryShader") == "not used"
    require(seen["used", True] > 15 and unused > 5, f"too little was seen: {dict(seen)}, {unused}")


def name_of_core(way, calls):
    """A use under the name that the extension's command, struct or value got in a version of Vulkan."""
    return any(way.endswith(call["command"]) for call in calls)


# -- this machine as a target

SHARED = ("VkExternalMemoryImageCreateInfo", "VkExternalMemoryImageCreateInfoNV", "VkExternalMemoryBufferCreateInfo",
          "VkExportMemoryAllocateInfo", "VkExportMemoryAllocateInfoNV", "VkExportSemaphoreCreateInfo",
          "VkExportFenceCreateInfo")


def table(changes):
    return collections.Counter((c["struct"], c["from"], c["to"], c["action"]) for c in changes if c["struct"] in SHARED)


def agrees(bench, trace, driver, icd, seen):
    """--target says 4 where replay does, and 0 where it does not; and the same of each shared image and buffer."""
    env, report = {"VK_ICD_FILENAMES": icd}, bench.path("report.json")
    report.unlink(missing_ok=True)
    replay = bench.replay(trace, "--wsi", "headless", "--report", report, env=env)
    require(replay.status in (0, 1, 4, 5), f"{trace.name} on {driver}: replay ended with {replay.status}: {replay.err}")
    target = bench.run([bench.reprise, "info", "--quick", "--target", "--format", "json", trace], env)
    wanted = 4 if replay.status == 4 else 0
    require(target.status == wanted, f"{trace.name} on {driver}: replay ends with {replay.status}, --target with "
            f"{target.status}\n{target.out[-1500:]}{target.err[-1500:]}\n--- replay\n{replay.err[-1500:]}")
    verdict = json.loads(target.out)["target"]
    require(verdict["can_replay"] == (wanted == 0), f"{trace.name} on {driver}: {verdict}")
    if wanted == 4:
        require(verdict["reason"].splitlines()[0].split(": ")[-1] in replay.err, f"{trace.name} on {driver}: `{verdict['reason']}` is "
                f"not what replay says:\n{replay.err}")
    else:
        found, played = table(verdict["changes"]), table(json.loads(report.read_text())["changes"])
        require(found == played, f"{trace.name} on {driver}: {found - played} too many and {played - found} too few")
        seen["shared"] += sum(found.values())
    seen[driver, wanted] += 1


def target(bench):
    """Traces of every driver here, each on every driver here."""
    drivers = {"lavapipe": LAVAPIPE, "swiftshader": bench.swiftshader(), "mock": bench.mock()}
    folder, seen, traces = bench.path("foreign"), collections.Counter(), []
    folder.mkdir()
    bench.run([bench.build / "tests" / "foreign" / "foreign_traces", folder]).expect()
    traces += sorted(folder.glob("*.vkr"))
    for driver, icd in drivers.items():
        programs = ["render", "compute", "objects devices", "queries occlusion", "states dynamic", "views kinds",
                    "memory shared", "rays traced", "external_nv"]
        for words, trace in traces_of(bench, programs, icd):
            traces.append(trace.rename(bench.path(f"{driver}-{trace.name}")))
    require(len(traces) >= 20, f"only {len(traces)} traces")
    for trace in traces:
        for driver, icd in drivers.items():
            agrees(bench, trace, driver, icd, seen)
    require(seen["shared"] > 50, f"too few shared objects were compared: {dict(seen)}")
    for driver in drivers:
        require(seen[driver, 0] > 5, f"{driver} cannot replay anything: {dict(seen)}")
    require(any(seen[driver, 4] for driver in drivers), f"every machine can replay everything: {dict(seen)}")


# -- what a newcomer gets wrong

def errors(bench):
    trace = small_trace(bench)
    info = [bench.reprise, "info"]
    says(bench.run([*info, "--gpu", "0", trace]), 2, "--target")
    says(bench.run([*info, "--quik", trace]), 2, "--quick")
    says(bench.run([*info, "--target", bench.path("missing.vkr")]), 3, "missing.vkr")
    says(bench.run([*info, "--quick", "--target", "--gpu", "No Such Card", trace]), 4, "No Such Card")
    says(bench.run([*info, "--quick", "--target", trace], {"VK_ICD_FILENAMES": "/nonexistent.json"}), 4)
    ok_text = bench.run([*info, "--target", trace]).expect()
    require("can replay it" in ok_text.out, ok_text.out[-500:])
    cut = bench.path("cut.vkr")
    for part in (3, 2):
        copy_head(trace, cut, trace.stat().st_size * (part - 1) // part)
        run = bench.run([*info, cut]).expect()
        require("its last watermark" in run.out, f"a cut file is not told from a whole one: {run.out[:500]}")
        run = bench.replay(cut, "--wsi", "headless").expect(3)
        require("no call lies before its last watermark" in run.err, f"nothing was played, and it says: {run.err}")


def quick_reads_little(bench):
    """--quick of a large file reads its ends: damage in between goes unnoticed, which a whole reading tells."""
    trace = bench.path("record.vkr")
    storm = bench.build / "tests" / "bench" / "storm"
    bench.capture(trace, [storm, "record", "--calls", "3000000"], env={"VK_ICD_FILENAMES": bench.mock()}).expect()
    damaged = bytearray(trace.read_bytes())
    at = len(damaged) // 3
    damaged[at:at + 4096] = bytes(4096)
    trace.write_bytes(damaged)
    info = bench.info(trace)
    require(info["complete"] and info["calls"] >= 3000000, f"the index does not say it: {info['calls']} calls")
    says(bench.run([bench.reprise, "info", trace]), 3, "offset")


CASES = {
    "info-counts": counts,
    "info-frames": frame_statistics,
    "info-used": used_extensions,
    "info-target": target,
    "info-errors": errors,
    "info-quick": quick_reads_little,
}
SLOW = {}
