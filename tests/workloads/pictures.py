"""How far two runs agree: lists of the judge layer's hashes, its pictures, downloads, memory read back."""

import hashlib
import re
import statistics

from support.cases_programs import downloads
from support.harness import Failure

SAMPLES = 6  # pictures compared byte by byte, spread over the run


def hashes(place, name):
    """`width height format hash` of each presented image, in order; none where nothing was presented."""
    path = place.path(name)
    return [line.split(" ", 1)[1] for line in path.read_text().splitlines()] if path.exists() else []


def agreement(found, wanted):
    """How many of the pictures that both have are equal. A run that is stopped may lack some at its end."""
    pairs = list(zip(found, wanted))
    different = [index for index, (one, other) in enumerate(pairs) if one != other]
    return {"frames": len(found), "wanted": len(wanted), "compared": len(pairs),
            "equal": len(pairs) - len(different), "first_different": different[0] if different else None}


def spread(items, count):
    """At most `count` of the items, first and last among them, at equal distances."""
    if len(items) <= count:
        return items
    return [items[index * (len(items) - 1) // (count - 1)] for index in range(count)]


def byte_difference(one, other):
    """(mean absolute difference, share of bytes that differ) of two pictures; None if their sizes differ."""
    if len(one) != len(other) or not one:
        return None
    differences = [abs(x - y) for x, y in zip(one, other)]
    return sum(differences) / len(differences), sum(1 for d in differences if d) / len(differences)


def summary(differences):
    """Over several pictures: mean and worst mean difference a channel, 0 to 255; the bytes that differ."""
    if not differences or None in differences:
        return {"samples": len(differences), "error": "no pictures, or of other sizes"}
    means = [mean for mean, _ in differences]
    return {"samples": len(means), "mean": round(statistics.mean(means), 3), "worst": round(max(means), 3),
            "bytes_different": round(statistics.mean(share for _, share in differences), 4)}


def picture_difference(folder, reference):
    """Compares pictures of the same frame, size and format."""
    names = sorted({p.name for p in folder.glob("*.raw")} & {p.name for p in reference.glob("*.raw")})
    return summary([byte_difference((folder / name).read_bytes(), (reference / name).read_bytes())
                    for name in spread(names, SAMPLES)])


def read_backs(folder):
    """{file: hash} of what `--dump-memory` wrote."""
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in sorted(folder.glob("*.bin"))}


def downloaded_frames(place, trace, folder):
    """ffmpeg's frames as the replay computed them: three planes each; none where the dump is not complete."""
    try:
        planes = downloads(place, trace, folder)
    except (Failure, KeyError, IndexError):
        return []
    return [b"".join(planes[index:index + 3]) for index in range(0, len(planes), 3)]


def frame_sums(text):
    """The hashes in the output of ffmpeg's framemd5."""
    return [line.split(",")[-1].strip() for line in text.splitlines() if re.match(r"\d", line)]


def sum_of(frame):
    return hashlib.md5(frame).hexdigest()
