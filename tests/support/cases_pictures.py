"""vkcube: every picture of the original, the captured run and the replays, as the judge layer saw them."""

import re

from support.harness import (VALIDATION_LAYER, Failure, ok, require, same_lines, test_layer)
from support.png import pixels_of

JUDGE = test_layer("judge")
SIZE_LIMIT = 28_000  # bytes; 300 frames of vkcube
BIND_EXCEPTION = "VUID-vkBindImageMemory-memory-02729"  # images on imported memory: DESIGN, mapped memory


def replay_and_judge(bench, trace, wanted, name, *options):
    run = bench.replay(trace, *options, layers=[JUDGE], env=bench.judged(name)).expect()
    same_lines(f"pictures of the replay {name} {' '.join(options)}", bench.verdicts(name), wanted)
    return run


def pictures_equal(bench, env, frames, *wsi_kinds):
    """Native, captured and replayed pictures are one list of hashes; each way of replaying twice."""
    cube = ["vkcube", "--c", str(frames)]
    bench.run(cube, dict(env, VK_INSTANCE_LAYERS=JUDGE, **bench.judged("native"))).expect()
    wanted = bench.verdicts("native")
    require(len(wanted) == frames, f"the judge saw {len(wanted)} native frames, not {frames}")
    require(len(set(line.split()[4] for line in wanted)) > frames / 2, "the native pictures hardly change")
    trace = bench.path("cube.vkr")
    bench.capture(trace, cube, [JUDGE], dict(env, **bench.judged("captured"))).expect()
    same_lines("pictures of the captured run", bench.verdicts("captured"), wanted)
    info = bench.info(trace)
    require(info["frames"] == frames, f"info counts {info['frames']} frames")
    require("vkCmdCopyImageToBuffer" not in str(info["commands"]), "the judge stood above the capture layer")
    for wsi in wsi_kinds:
        for attempt in ("first", "second"):
            replay_and_judge(bench, trace, wanted, f"{wsi}-{attempt}", "--wsi", wsi)


def cube(bench):
    bench.display()
    pictures_equal(bench, {}, 300, "xcb", "headless")


def cube_headless_without_x(bench):
    """A replay on a machine without an X server finds out by itself."""
    bench.display()
    trace = bench.path("cube.vkr")
    bench.capture(trace, ["vkcube", "--c", "30"], [JUDGE], bench.judged("captured")).expect()
    del bench.env["DISPLAY"]
    replay_and_judge(bench, trace, bench.verdicts("captured"), "replayed")


def cube_size(bench):
    bench.display()
    trace = bench.path("cube.vkr")
    bench.capture(trace, ["vkcube", "--c", "300"]).expect()
    size = trace.stat().st_size
    print(f"vkcube, 300 frames: {size} bytes")
    require(size <= SIZE_LIMIT, f"300 frames of vkcube take {size} bytes, more than {SIZE_LIMIT}: "
            f"{bench.info(trace)['sizes']}")


def screenshot_difference(bench, trace):
    """Replays on both drivers with screenshots; prints by how much the pictures differ."""
    folders = []
    for name, env in (("lavapipe", {}), ("swiftshader", {"VK_ICD_FILENAMES": bench.swiftshader()})):
        folder = bench.path(name)
        folder.mkdir()
        bench.replay(trace, "--wsi", "headless", "--screenshots", folder, env=env).expect()
        folders.append(sorted(folder.iterdir()))
    require(len(folders[0]) == len(folders[1]) > 0, "the two replays wrote different numbers of screenshots")
    worst, changed, total, count = 0, 0, 0, 0
    for one, other in zip(folders[0][::10], folders[1][::10]):
        differences = [abs(x - y) for x, y in zip(pixels_of(one), pixels_of(other), strict=True)]
        worst = max(worst, max(differences))
        changed += sum(1 for d in differences if d)
        total += sum(differences)
        count += len(differences)
    print(f"SwiftShader against lavapipe: {100 * changed / count:.2f} % of the bytes differ, "
          f"by {total / max(changed, 1):.1f} on average, {worst} at most")


def swiftshader(bench):
    bench.display()
    trace = bench.path("cube.vkr")
    bench.capture(trace, ["vkcube", "--c", "60"]).expect()
    env = {"VK_ICD_FILENAMES": bench.swiftshader()}
    for wsi in ("headless", "xcb"):
        bench.replay(trace, "--wsi", wsi, env=env).expect()
    screenshot_difference(bench, trace)


def swiftshader_captured(bench):
    """The capture itself on SwiftShader: a second real driver, with its own memory types."""
    bench.display()
    pictures_equal(bench, {"VK_ICD_FILENAMES": bench.swiftshader()}, 60)
    trace = bench.path("cube.vkr")
    env = dict({"VK_ICD_FILENAMES": bench.swiftshader()}, **bench.judged("replayed"))
    bench.replay(trace, "--wsi", "headless", layers=[JUDGE], env=env).expect()
    same_lines("pictures of the replay", bench.verdicts("replayed"), bench.verdicts("native"))


# -- validation

def messages(bench, name):
    """The ids of what the validation layer wrote to file `name`, sorted, repetitions included."""
    path = bench.path(name)
    text = path.read_text() if path.exists() else ""
    return sorted(re.findall(r"\[ ?((?:VUID|UNASSIGNED|SYNC)[\w.-]*)", text))


def validated(bench, name):
    bench.path(name).unlink(missing_ok=True)
    settings = bench.path(name + ".settings")
    settings.write_text("khronos_validation.debug_action = VK_DBG_LAYER_ACTION_LOG_MSG\n"
                        "khronos_validation.report_flags = error,warn,perf\n"
                        f"khronos_validation.log_filename = {bench.path(name)}\n"
                        "khronos_validation.enable_message_limit = false\n")
    return {"VK_LAYER_SETTINGS_PATH": settings}


def extra_messages(found, native):
    remaining = list(native)
    return [message for message in found if message not in remaining or remaining.remove(message)]


def validation_is_awake(bench):
    """A program that misuses Vulkan on purpose is told so; otherwise silence would prove nothing."""
    env = dict(validated(bench, "awake"), VK_INSTANCE_LAYERS=VALIDATION_LAYER)
    bench.run(["vkcube", "--c", "2", "--force_errors", "--suppress_popups"], env)
    require(messages(bench, "awake"), "the validation layer says nothing of vkcube --force_errors")


def validate_program(bench, name, command):
    native_env = dict(validated(bench, name + "-native"), VK_INSTANCE_LAYERS=VALIDATION_LAYER)
    bench.run(command, native_env).expect()
    native = messages(bench, name + "-native")
    trace = bench.path(name + ".vkr")
    for place in ("below", "above"):
        env = validated(bench, f"{name}-{place}")
        if place == "below":
            bench.capture(trace, command, [VALIDATION_LAYER], env).expect()
        else:
            bench.capture_below(VALIDATION_LAYER, trace, command, env).expect()
        extra = extra_messages(messages(bench, f"{name}-{place}"), native)
        if place == "below":
            extra = [message for message in extra if message != BIND_EXCEPTION]
        require(not extra, f"{name}: validation {place} the capture layer also says {sorted(set(extra))}, "
                f"{len(extra)} in all; see {bench.path(f'{name}-{place}')}")
    return trace, native


def validate_replay(bench, name, trace, native, wsi):
    env = validated(bench, f"{name}-replay-{wsi}")
    bench.replay(trace, "--wsi", wsi, layers=[VALIDATION_LAYER], env=env).expect()
    extra = extra_messages(messages(bench, f"{name}-replay-{wsi}"), native)
    require(not extra, f"{name}: validation over the {wsi} replay also says {sorted(set(extra))}, {len(extra)} in all")
    if not native:
        bench.replay(trace, "--wsi", wsi, "--validate").expect()


def validation(bench):
    bench.display()
    validation_is_awake(bench)
    programs = {"cube": ["vkcube", "--c", "20"], "compute": [bench.app("compute")], "render": [bench.app("render")],
                "threads": [bench.app("threads"), "/dev/null", "200"]}
    faults = []
    for name, command in programs.items():
        try:
            trace, native = validate_program(bench, name, command)
            for wsi in ("xcb", "headless"):
                validate_replay(bench, name, trace, native, wsi)
        except Failure as failure:
            faults.append(str(failure))
    require(not faults, "\n".join(faults))


def chains(bench):
    """The driver is given the program's own create infos, node for node."""
    layers = [test_layer("chaincheck")]
    env = {"REPRISE_CHAINCHECK_OUT": bench.path("chains")}
    run = ok(bench.capture(bench.path("render.vkr"), [bench.app("render")], layers, env))
    wanted = [line.removeprefix("chain ") for line in run.out.splitlines() if line.startswith("chain ")]
    found = [line for line in bench.path("chains").read_text().splitlines() if line.startswith("vkCreateImage ")]
    require(len(wanted) == 1 and wanted[0].count("@") == 3, f"the program printed no chain of three: {wanted}")
    same_lines("pNext chains of vkCreateImage", found, wanted)


CASES = {
    "cube": cube,
    "cube-auto-headless": cube_headless_without_x,
    "cube-size": cube_size,
    "cube-swiftshader": swiftshader,
    "cube-swiftshader-captured": swiftshader_captured,
    "validation": validation,
    "chains": chains,
}
SLOW = {}
