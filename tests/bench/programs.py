"""Real programs, natively and under both recorders: wall time or frame rate, file size, replay time."""

import shutil
import statistics
import subprocess

from measure import LAYERS

SOFTWARE = {"LIBGL_ALWAYS_SOFTWARE": "1", "GALLIUM_DRIVER": "zink"}
WARZONE = ["/usr/games/warzone2100", "--gfxbackend=vulkan", "--window", "--resolution=640x480", "--nosound"]

# Those that run until they are stopped are judged by the frames that they present, the others by their time.
PROGRAMS = [
    ("vkcube, 300 frames", ["vkcube", "--c", "300"], {}),
    ("glmark2 on zink", ["glmark2-es2", "--off-screen", "-s", "320x240", "-b", "build:nframes=3000", "-b", "shadow:nframes=1500"],
     SOFTWARE),
    ("vkd3d-gears, 8 s", ["timeout", "8", "vkd3d-gears"], {}),
    ("Warzone 2100's menu, 30 s", ["timeout", "30", *WARZONE], {"SDL_AUDIODRIVER": "dummy", "ALSOFT_DRIVERS": "null"}),
]


class Display:
    def __enter__(self):
        self.server = subprocess.Popen(["Xvfb", "-displayfd", "1", "-screen", "0", "1280x800x24", "-nolisten", "tcp", "-noreset"],
                                       stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        return ":" + self.server.stdout.readline().decode().strip()

    def __exit__(self, *_):
        self.server.terminate()
        self.server.wait()


def run_once(place, recorder, command, environment):
    """The run and its speed: frames a second where it was stopped, else runs a second."""
    if command[0] != "timeout":
        run = place.run(recorder, command, "lavapipe", "program", environment)
        return run, 1 / run.wall
    presents = place.folder / "presents"
    presents.unlink(missing_ok=True)
    layers = ":".join(filter(None, [LAYERS.get(recorder), LAYERS["floor"]]))
    more = dict(environment, REPRISE_FLOOR_PRESENTS=str(presents), VK_INSTANCE_LAYERS=layers)
    run = place.run(recorder, command, "lavapipe", "program", more, ends_by_itself=False)
    return run, int.from_bytes(presents.read_bytes(), "little") / float(command[1])


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
        for name, command, more in PROGRAMS:
            program = command[2] if command[0] == "timeout" else command[0]
            if shutil.which(program) is None:
                print(f"| {name} | not installed |" + " |" * 8)
                continue
            print_program(place, name, command, dict(more, DISPLAY=display, HOME=str(place.folder)), rounds)


def print_program(place, name, command, environment, rounds):
    speeds = {"native": [], "reprise": [], "gfxreconstruct": []}
    last = {}
    for _ in range(1 if command[0] == "timeout" else rounds):
        for recorder in speeds:
            last[recorder], speed = run_once(place, recorder, command, environment)
            speeds[recorder].append(speed)
    native = statistics.median(speeds["native"])
    cells = [f"{100 * statistics.median(speeds[r]) / native:.0f} %" for r in ("reprise", "gfxreconstruct")]
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
