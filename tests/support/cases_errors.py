"""What can go wrong around a trace: one clear sentence, and the documented exit status."""

import shutil

from support.harness import copy_head, ok, require

NOT_A_SENTENCE = ("terminate called", "AddressSanitizer", "Assertion", "std::", "core dumped")


def says(run, status, *words):
    """Ended with `status` and one sentence on stderr that has these words in it (any case)."""
    run.expect(status)
    lines = [line for line in run.err.splitlines() if line.strip()]
    require(1 <= len(lines) <= 2,
            f"`{' '.join(run.command)}`: {len(lines)} lines on stderr, not one sentence:\n{run.err}")
    require(not any(bad in run.err for bad in NOT_A_SENTENCE), f"`{' '.join(run.command)}`: {run.err}")
    for word in words:
        require(word.lower() in run.err.lower(), f"`{' '.join(run.command)}` does not mention {word}: {run.err}")


def small_trace(bench):
    trace = bench.path("good.vkr")
    ok(bench.capture(trace, [bench.app("compute")]))
    return trace


def capture_errors(bench):
    program = [bench.app("compute")]
    out = bench.path("out.vkr")
    says(bench.capture(out, program, options=["--layer-dir", "/nonexistent"]), 4, "/nonexistent")
    says(bench.capture("/nonexistent/out.vkr", program), 3, "/nonexistent")
    says(bench.capture("/proc/out.vkr", program), 3, "/proc/out.vkr")
    says(bench.capture(bench.dir, program), 3, str(bench.dir))
    says(bench.capture(out, ["/nonexistent/program"]), 4, "/nonexistent/program")
    says(bench.run([bench.reprise, "capture"]), 2)
    says(bench.run([bench.reprise, "capture", "--no-such-option", "true"]), 2, "--no-such-option")


def programs_without_vulkan(bench):
    out = bench.path("none.vkr")
    says(bench.capture(out, ["/bin/true"]), 0, "Vulkan")
    require(not out.exists(), "a program without Vulkan left a file")
    says(bench.capture(out, ["/bin/sh", "-c", "exit 5"]), 5, "Vulkan")
    says(bench.capture(out, ["/bin/sh", "-c", "kill -TERM $$"]), 128 + 15, "Vulkan")


def program_status(bench):
    """The exit status is the program's own."""
    run = bench.capture(bench.path("failing.vkr"), [bench.app("forker"), "nothing"])
    require(run.status == 1, f"the program's status is 1, the wrapper's {run.status}")
    run = ok(bench.capture(bench.path("good.vkr"), [bench.app("compute")]))
    last = [line for line in run.err.splitlines() if "good.vkr" in line]
    require(len(last) == 1 and "submit" in last[0] and "call" in last[0] and "hole" in last[0],
            f"the closing line should name file, size, submits, calls and holes: {run.err}")


def bad_files(bench):
    trace = small_trace(bench)
    png = bench.path("picture.vkr")
    png.write_bytes(b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00\x00\x01\x00\x00\x00\x01\x08\x02\x00\x00\x00")
    empty = bench.path("empty.vkr")
    empty.write_bytes(b"")
    header = bench.path("header.vkr")
    copy_head(trace, header, 20)
    noise = bench.path("noise.vkr")
    noise.write_bytes(bytes((i * 73 + 41) % 256 for i in range(100_000)))
    files = {png: ["picture.vkr"], empty: ["empty"], header: ["header.vkr"], noise: ["noise.vkr"],
             bench.path("missing.vkr"): ["missing.vkr"], bench.dir: [str(bench.dir)]}
    for file, words in files.items():
        for verb in (["replay"], ["info"], ["info", "--format", "json"], ["dump"]):
            says(bench.run([bench.reprise, *verb, file]), 3, *words)


def damaged_file(bench):
    """A byte flipped anywhere: refused with a sentence or read around, never a crash or a wrong replay."""
    trace = small_trace(bench)
    data = trace.read_bytes()
    broken = bench.path("broken.vkr")
    for step in range(60):
        at = len(data) * step // 60
        broken.write_bytes(data[:at] + bytes([data[at] ^ 0x41]) + data[at + 1:])
        for verb in ("info", "dump"):
            run = bench.run([bench.reprise, verb, broken])
            require(run.status in (0, 3), f"byte {at} flipped: {verb} ended with {run.status}: {run.err[-500:]}")
        run = bench.replay(broken, "--wsi", "headless")
        require(run.status in (0, 1, 3), f"byte {at} flipped: replay ended with {run.status}: {run.err[-500:]}")


def machines(bench):
    trace = small_trace(bench)
    says(bench.replay(trace, "--gpu", "7"), 4, "7")
    says(bench.replay(trace, "--gpu", "No Such Card"), 4, "No Such Card")
    missing = bench.replay(trace, env={"VK_ICD_FILENAMES": "/nonexistent.json"})
    says(missing, 4)
    bench.replay(trace, "--gpu", "0").expect()
    bench.replay(trace, "--gpu", "llvmpipe").expect()
    says(bench.run([bench.reprise, "replay", trace, "--wsi", "x12"]), 2, "x12")
    bench.display()
    cube = bench.path("cube.vkr")
    bench.capture(cube, ["vkcube", "--c", "5"]).expect()
    says(bench.replay(cube, "--wsi", "xcb", env={"DISPLAY": ":6543"}), 4, "X server")


def installed(bench):
    """The installed tree works from wherever it lies: relocatable manifest, one program, one layer."""
    prefix = bench.path("prefix")
    bench.run(["cmake", "--install", bench.build, "--prefix", prefix]).expect()
    moved = bench.path("elsewhere")
    shutil.move(prefix, moved)
    for path in ("bin/reprise", "lib/libVkLayer_reprise.so", "share/vulkan/explicit_layer.d/VkLayer_reprise.json",
                 "share/reprise/ci/gitlab-ci.yml"):
        require((moved / path).exists(), f"the installed tree has no {path}")
    env = {"VK_ADD_LAYER_PATH": ""}
    trace = bench.path("installed.vkr")
    reprise = moved / "bin" / "reprise"
    ok(bench.run([reprise, "capture", "-o", trace, bench.app("compute")], env))
    bench.run([reprise, "replay", trace], env).expect()
    symbols = bench.run(["nm", "-D", "--defined-only", moved / "lib" / "libVkLayer_reprise.so"]).expect().out
    names = sorted(line.split()[-1] for line in symbols.splitlines())
    require(names == ["vkNegotiateLoaderLayerInterfaceVersion"], f"the layer exports {names}")
    needed = bench.run(["readelf", "-d", moved / "lib" / "libVkLayer_reprise.so"]).expect().out
    for library in ("zstd", "flatbuffers", "spdlog"):
        require(library not in needed, f"the layer needs {library}")


def help_texts(bench):
    for verb in ("capture", "replay", "dump", "info"):
        out = bench.run([bench.reprise, verb, "--help"]).expect().out
        require("Example" in out and "Exit status" in out, f"`reprise {verb} --help` has no example or exit status")
    require("reprise" in bench.run([bench.reprise, "--version"]).expect().out, "--version does not say reprise")
    says(bench.run([bench.reprise]), 2)
    says(bench.run([bench.reprise, "paint"]), 2, "paint")


CASES = {
    "errors-capture": capture_errors,
    "errors-no-vulkan": programs_without_vulkan,
    "errors-files": bad_files,
    "errors-damage": damaged_file,
    "errors-machines": machines,
    "program-status": program_status,
    "installed": installed,
    "help": help_texts,
}
SLOW = {}
