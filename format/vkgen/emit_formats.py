"""Sizes of the texel blocks of formats, whole, by depth and stencil aspect, and by plane."""

from cpp import NOTICE

# How vkCmdCopyImageToBuffer writes a depth aspect of so many bits (specification, "Copying Data Between Buffers and
# Images"); a stencil aspect is always one byte.
DEPTH_BYTES = {"16": 2, "24": 4, "32": 4}


def emit(model):
    known = set(model.enums["VkFormat"].values)
    sizes = {f.get("name"): f.get("blockSize") for f in model.formats}
    lines = [NOTICE]
    for f in model.formats:
        if f.get("name") not in known:
            continue
        bits = {c.get("name"): c.get("bits") for c in f.iterfind("component")}
        extent = f.get("blockExtent", "1,1,1")
        depth = DEPTH_BYTES[bits["D"]] if "D" in bits else 0
        stencil = 1 if "S" in bits else 0
        planes = [
            f"{{{sizes[p.get('compatible')]}, {p.get('widthDivisor')}, {p.get('heightDivisor')}}}"
            for p in f.iterfind("plane")
        ]
        lines.append(
            f"{{{f.get('name')}, {sizes[f.get('name')]}, {{{extent}}}, {depth}, {stencil}, {len(planes)}, "
            f"{{{', '.join(planes)}}}}},")
    return {"formats.inc": "\n".join(lines) + "\n"}
