"""Real programs, natively and under both recorders: wall time or frame rate, file size, replay time."""

import re
import shutil
import subprocess

from measure import median

SOFTWARE = {"LIBGL_ALWAYS_SOFTWARE": "1", "GALLIUM_DRIVER": "zink"}
WARZONE = ["/usr/games/warzone2100", "--gfxbackend=vulkan", "--window", "--resolution=640x480", "--nosound"]

# name, command, environment, how its speed is read from its output (None: wall time; "frames": a killed program's
# frames, which only a recorder counts)
PROGRAMS = [
    ("vkcube, 300 frames", ["vkcube", "--c", "300"], {}, None),
    ("glmark2 on zink", ["glmark2-es2", "--off-screen", "-s", "320x240", "-b", "build:duration=2", "-b", "shadow:duration=2"],
     SOFTWARE, r"glmark2 Score: (\d+)"),
    ("vkd3d-gears, 8 s", ["timeout", "8", "vkd3d-gears"], {}, r"([0-9.]+) FPS|FPS ([0-9.]+)"),
    ("Warzone 2100's menu, 30 s", ["timeout", "30", *WARZONE], {"SDL_AUDIODRIVER": "dummy", "ALSOFT_DRIVERS": "null"}, None),
]


class Display:
    def __enter__(self):
        self.server = subprocess.Popen(["Xvfb", "-displayfd", "1", "-screen", "0", "1280x800x24", "-nolisten", "tcp"],
                                       stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        return ":" + self.server.stdout.readline().decode().strip()

    def __exit__(self, *_):
        self.server.terminate()
        self.server.wait()


def speed(run, pattern):
    """Higher is faster."""
    if pattern is None:
        return 1 / run.wall
    found = [float(a or b) if isinstance(match, tuple) else float(match)
             for match in re.findall(pattern, run.out) for a, b in [match if isinstance(match, tuple) else (match, "")]]
    return median(found) if found else float("nan")


def zstd_of_uncompressed(place, command, environment):
    """Bytes that `zstd -3` makes of gfxreconstruct's file written without compression."""
    run = place.run("gfxreconstruct", command, "lavapipe", "plain", dict(environment, GFXRECON_CAPTURE_COMPRESSION_TYPE="NONE"),
                    ends_by_itself=False)
    packed = subprocess.run(["zstd", "-3", "-c", str(run.trace)], stdout=subprocess.PIPE, check=True).stdout
    return len(packed)


def compare(place, rounds):
    print("| program (lavapipe) | speed under reprise | under gfxreconstruct | reprise's file | gfxreconstruct's | its zstd -3 | "
          "replay: reprise | gfxreconstruct | memory: reprise | gfxreconstruct |")
    print("|---" * 10 + "|")
    with Display() as display:
        for name, command, more, pattern in PROGRAMS:
            program = command[2] if command[0] == "timeout" else command[0]
            if shutil.which(program) is None:
                print(f"| {name} | not installed |" + " |" * 8)
                continue
            print_program(place, name, command, dict(more, DISPLAY=display, HOME=str(place.folder)), pattern, rounds)


def print_program(place, name, command, environment, pattern, rounds):
    speeds = {"native": [], "reprise": [], "gfxreconstruct": []}
    last = {}
    long = command[0] == "timeout"
    for _ in range(1 if long else rounds):
        for recorder in speeds:
            run = place.run(recorder, command, "lavapipe", "program", environment, ends_by_itself=not long)
            speeds[recorder].append(speed(run, pattern))
            last[recorder] = run
    native = median(speeds["native"])
    cells = [f"{100 * median(speeds[r]) / native:.0f} %" if not long or pattern else "-" for r in ("reprise", "gfxreconstruct")]
    cells += [f"{last[r].bytes / 1e3:.0f} kB" for r in ("reprise", "gfxreconstruct")]
    cells.append(f"{zstd_of_uncompressed(place, command, environment) / 1e3:.0f} kB")
    replays = {"reprise": [place.reprise, "replay", "--wsi", "headless", str(last["reprise"].trace)],
               "gfxreconstruct": ["gfxrecon-replay", str(last["gfxreconstruct"].trace)]}
    for recorder, replay in replays.items():
        run = place.measure(replay, dict(place.environment("lavapipe"), **environment), ends_by_itself=False)
        cells.append(f"{run.wall:.1f} s")
    base = place.peak_memory("native", command, "lavapipe", environment)
    cells += [f"{place.peak_memory(r, command, 'lavapipe', environment) - base:.0f} MB" for r in ("reprise", "gfxreconstruct")]
    print(f"| {name} | " + " | ".join(cells) + " |", flush=True)
