"""The same program under Debian's gfxreconstruct: its status under capture, and how its replay ends."""

import re

from workplace import HANG, status_word

LAYER = "VK_LAYER_LUNARG_gfxreconstruct"
TROUBLE = re.compile(r"\[gfxrecon\] (?:ERROR|FATAL)")


def beside(place, program, manifest, native_status):
    trace = place.path("beside.gfxr")
    trace.unlink(missing_ok=True)
    env = dict(program.environment, VK_ICD_FILENAMES=manifest, VK_INSTANCE_LAYERS=LAYER,
               GFXRECON_CAPTURE_FILE=trace,
               GFXRECON_CAPTURE_FILE_TIMESTAMP="false", GFXRECON_LOG_LEVEL="error")
    capture = place.run(program.command, env)
    result = {"capture_status": capture.status, "file": trace.exists(),
              "capture": "ok" if status_word(capture.status) == status_word(native_status) else
              status_word(capture.status)}
    if not trace.exists():
        return dict(result, replay="no file")
    run = place.run(["gfxrecon-replay", trace], {"VK_ICD_FILENAMES": manifest})
    said = run.err + run.out
    word = "ok" if run.status == 0 else HANG if run.status == HANG else status_word(run.status)
    return dict(result, replay=word, replay_status=run.status, errors=len(TROUBLE.findall(said)),
                bytes=trace.stat().st_size,
                said=[line for line in said.splitlines() if TROUBLE.search(line)][:3])
