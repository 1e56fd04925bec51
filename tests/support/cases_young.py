"""What no driver here executes: younger extensions and those of GPUs. On the mock driver their calls are carried: the replay
makes the ones that the program made. Programs that a build's registry is too old for say so; no case passes by that in a
build for a newer one."""

import struct

from support.cases_features import calls_of, carried, same_results
from support.cases_memory import program_bytes
from support.harness import fresh_folder, ok, require, test_layer


def built_for(bench, program, case):
    """Whether the registry of this build has what the program is about."""
    bench.env["VK_ICD_FILENAMES"] = bench.mock()
    run = bench.run([bench.app(program), case + "@unseen", bench.path("native.bin")]).expect()
    if run.out.startswith("lacks the headers of "):
        print(f"{program} {case}: {run.out.strip()}")
        return False
    ok(run)
    return True


def young(bench, program, case, *names):
    if built_for(bench, program, case):
        carried(bench, program, case, *names)


def words_of(part):
    """What newer.cpp writes into a page."""
    words = [((part + 1) * 2654435761 + i) & 0xffffffff for i in range(1024)]
    if part == 1:
        words[7] = 0x7777
    return struct.pack("<1024I", *words)


def map2(bench):
    """What is written through vkMapMemory2 is in the trace, once, and where the replay's vkUnmapMemory2 finds it."""
    if not built_for(bench, "newer", "map2"):
        return
    trace = bench.path("map2.vkr")
    run = ok(bench.capture(trace, [bench.app("newer"), "map2@unseen", bench.path("x.bin")]))
    line = next(line for line in run.out.splitlines() if line.startswith("written "))
    memory, size = (int(word.split("=")[1], 0) for word in line.split()[1:])
    require(size <= program_bytes(bench, trace, memory) <= size + 4096,
            f"the program wrote {size} bytes, the trace holds {program_bytes(bench, trace, memory)}")
    require(len(calls_of(bench, trace, ("vkMapMemory2KHR",))) == 3, "the trace has not three vkMapMemory2KHR")
    unmaps = {call["call"] for call in bench.dump(trace) if call.get("command") == "vkUnmapMemory2KHR"}
    folder = fresh_folder(bench.path("memory"))
    bench.replay(trace, "--wsi", "headless", "--dump-memory", folder).expect()
    found = {int(file.stem.split("-")[1]): file.read_bytes() for file in folder.iterdir()
             if int(file.stem.split("-")[2]) in unmaps}
    pages = [found[key][:4096] for key in sorted(found)]
    require(pages == [words_of(part) for part in range(3)], "the replay's memory is not what the program wrote")


def frame_boundary(bench):
    if not built_for(bench, "newer", "frame-boundary"):
        return
    trace = bench.path("frames.vkr")
    ok(bench.capture(trace, [bench.app("newer"), "frame-boundary@unseen", bench.path("x.bin")]))
    info = bench.info(trace)
    require((info["frame_end"], info["frames"]) == ("mark", 3), f"{info['frames']} frames end with a {info['frame_end']}")
    replay = bench.replay(trace, "--wsi", "headless").expect()
    require(", 3 frames" in replay.out, replay.out)


def on_another_device(bench):
    """Texels that only the capture's driver can read are played as texels elsewhere; what it read out is not compared."""
    if not built_for(bench, "host_copy", "between"):
        return
    bench.env["VK_ICD_FILENAMES"] = bench.swiftshader()
    captured = same_results(bench, [bench.app("host_copy"), "memcpy"], "swiftshader", "host_copy memcpy")
    require(captured, "SwiftShader has no host image copies")
    stranger = {"VK_INSTANCE_LAYERS": test_layer("stranger")}
    folder = fresh_folder(bench.path("memory"))
    run = bench.replay(captured.trace, "--wsi", "headless", "--dump-memory", folder, env=stranger).expect()
    require("played as copies of texels" in run.err, f"no word of the memcpy: {run.err[-2000:]}")
    wanted = captured.file.read_bytes()
    found = [file.read_bytes()[:len(wanted)] for file in folder.iterdir()]
    require(wanted in found, "the GPU finds other texels than at capture")


def wrong_bytes(bench):
    """What a copy to memory gives is compared with the capture."""
    if not built_for(bench, "host_copy", "between"):
        return
    bench.env["VK_ICD_FILENAMES"] = bench.swiftshader()
    trace = bench.path("trace.vkr")
    ok(bench.capture(trace, [bench.app("host_copy"), "rows", bench.path("x.bin")]))
    bench.replay(trace, "--wsi", "headless").expect()
    run = bench.replay(trace, "--wsi", "headless", layers=[test_layer("spoiler")])
    run.expect(1)
    require("vkCopyImageToMemoryEXT" in run.err and "answers differently" in run.err, run.err[-2000:])


CARRIED = {
    ("host_copy", "rows"): ("vkCopyMemoryToImageEXT", "vkCopyImageToMemoryEXT", "vkTransitionImageLayoutEXT"),
    ("host_copy", "between"): ("vkCopyImageToImageEXT",),
    ("newer", "shader-object"): ("vkCreateShadersEXT", "vkCmdBindShadersEXT", "vkCmdSetVertexInputEXT", "vkDestroyShaderEXT"),
    ("newer", "maintenance5"): ("vkCreateBuffer", "vkCreateComputePipelines", "vkCmdBindIndexBuffer2KHR",
                                "vkGetDeviceImageSubresourceLayoutKHR"),
    # vkCmdPushDescriptorSetWithTemplate2KHR is played as vkCmdPushDescriptorSet2KHR: neither is compared.
    ("newer", "maintenance6"): ("vkCmdBindDescriptorSets2KHR", "vkCmdPushConstants2KHR"),
    ("hardware", "mesh"): ("vkCreateGraphicsPipelines", "vkCmdDrawMeshTasksEXT"),
    ("hardware", "shading-rate"): ("vkCmdSetFragmentShadingRateKHR",),
    ("hardware", "descriptor-buffer"): ("vkGetDescriptorEXT", "vkCmdBindDescriptorBuffersEXT",
                                        "vkCmdSetDescriptorBufferOffsetsEXT"),
}
CASES = {
    f"{program}-{case}-mock": lambda bench, program=program, case=case, names=names: young(bench, program, case, *names)
    for (program, case), names in CARRIED.items()
} | {"newer-map2-mock": map2, "newer-frame-boundary-mock": frame_boundary,
     "host_copy-on-another-device": on_another_device, "host_copy-wrong-bytes": wrong_bytes}
SLOW = {}
