"""Programs written by others, whose own output judges the replay."""

import hashlib

from support.harness import require

FFMPEG = (
    "ffmpeg -loglevel error -nostdin -init_hw_device vulkan=vk:0 -filter_hw_device vk -f lavfi "
    "-i testsrc2=s=320x240:r=10:d=2 -vf format=yuv420p,hwupload,gblur_vulkan=sigma=3,hflip_vulkan,"
    "scale_vulkan=w=160:h=120,hwdownload,format=yuv420p -f framemd5 -").split()


def downloads(bench, trace, folder):
    """The image planes that the replay left in memory, imported or mapped, in the order of their copies."""
    files = {int(path.name.split("-")[2]): path for path in folder.iterdir()}  # memory-INDEX-CALL-OBJECT.bin
    memory_of, waiting, planes = {}, [], []
    for event in bench.dump(trace):
        arguments = event.get("args", {})
        if event.get("command") == "vkBindBufferMemory":
            memory_of[arguments["buffer"]] = arguments["memory"], int(arguments["memoryOffset"])
        elif event.get("command") == "vkBindBufferMemory2":
            for info in arguments["pBindInfos"]:
                memory_of[info["buffer"]] = info["memory"], int(info["memoryOffset"])
        elif event.get("command") == "vkCmdCopyImageToBuffer":
            memory, offset = memory_of[arguments["dstBuffer"]]
            waiting.append((len(planes), memory, offset, arguments["pRegions"][0]))
            planes.append(None)
        elif event.get("command") in ("vkUnmapMemory", "vkFreeMemory") and event["call"] in files:
            for copy in [copy for copy in waiting if copy[1] == arguments["memory"]]:
                index, _, offset, region = copy
                extent, start = region["imageExtent"], offset + int(region["bufferOffset"])
                row, data = region["bufferRowLength"] or extent["width"], files[event["call"]].read_bytes()
                planes[index] = b"".join(
                    data[start + y * row:start + y * row + extent["width"]] for y in range(extent["height"]))
                waiting.remove(copy)
    require(None not in planes, "a download's memory was not written out at its unmap or free")
    return planes


def ffmpeg(bench):
    """Frames travel in imported host memory (VK_EXT_external_memory_host), both ways."""
    native = bench.run(FFMPEG).expect().out
    trace = bench.path("ffmpeg.vkr")
    captured = bench.capture(trace, FFMPEG).expect().out
    require(captured == native, "the program's frame hashes differ under capture")
    wanted = [line.split(",")[-1].strip() for line in native.splitlines() if not line.startswith("#")]
    require(len(wanted) == 20, f"{len(wanted)} frames, not 20")
    require(bench.info(trace)["holes"] == 0, "the trace has holes")
    bench.replay(trace, "--dump-memory", bench.path("memory")).expect()
    planes = downloads(bench, trace, bench.path("memory"))
    found = [hashlib.md5(b"".join(planes[i:i + 3])).hexdigest() for i in range(0, len(planes), 3)]
    require(found == wanted, f"the replay's downloads differ from the program's frames: {found} instead of {wanted}")


CASES = {}
SLOW = {"ffmpeg": ffmpeg}
