"""The programs: how each is run, when it ends, and what its run can be judged by.

Nothing here is an expectation about a driver: what a driver can run is found out by running it.
"""

from dataclasses import dataclass, field

# What a run is judged by.
FRAMES = "frames"          # every presented image, hashed by the judge layer
TEXT = "text"              # the program's own output
FRAME_SUMS = "frame sums"  # its own output is a list of frame hashes; the replay's downloads must have them
READ_BACKS = "read-backs"  # presents nothing: results of the calls, mapped memory at its unmap and free

STOPPED = 124  # the status of `timeout` that had to stop its program


@dataclass(frozen=True)
class Rate:
    """How fast the program is: `command`, with its speed taken from `printed` (a pattern with one group) in
    its output, by counting its presents, or from its wall time. `at_least`: the share to be kept."""

    command: tuple[str, ...]
    counted: str  # "presents", "printed" or "time"
    printed: str = ""
    at_least: float = 0.0


@dataclass(frozen=True)
class Program:
    name: str
    command: tuple[str, ...]
    evidence: str
    rate: Rate | None = None
    environment: dict[str, str] = field(default_factory=dict)
    driver: str = "lavapipe"
    files: dict[str, str] = field(default_factory=dict)  # written into the folder before the first run
    limit: int = 90  # seconds; what takes longer hangs

    @property
    def stopped(self) -> bool:
        return self.command[0] == "timeout"

    @property
    def draws(self) -> bool:
        """The mock driver does not: its pictures are what was in memory before, and no one's to judge."""
        return self.driver != "mock"

    @property
    def executable(self) -> str:
        """What must be installed: the first word that is neither a wrapper's name nor its argument."""
        wrapping = ("timeout", "stdbuf", "-oL")
        return next(word for word in self.command if word not in wrapping and not word.isdigit())

    @property
    def folder(self) -> str:
        return "".join(letter if letter.isalnum() else "-" for letter in self.name.lower())


def words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


def presents(text: str, at_least: float = 0.0) -> Rate:
    return Rate(words(text), "presents", at_least=at_least)


ZINK = {"LIBGL_ALWAYS_SOFTWARE": "1", "GALLIUM_DRIVER": "zink"}
# SDL looks for the development package's name of this library where the driver has no Xlib surfaces.
SDL = {"SDL_X11_XCB_LIBRARY": "libX11-xcb.so.1"}
GAME = {**SDL, "SDL_AUDIODRIVER": "dummy", "ALSOFT_DRIVERS": "null"}
QT = {"QSG_RHI_BACKEND": "vulkan", "QT_QPA_PLATFORM": "xcb"}

SDL_TEST = "/usr/libexec/installed-tests/SDL2/testvulkan"
QML = "/usr/lib/qt6/bin/qml"
WARZONE = "/usr/games/warzone2100 --gfxbackend=vulkan --window --resolution=640x480 --nosound"
GLMARK2 = ("glmark2-es2 --off-screen -s 320x240 -b build:duration={seconds} "
           "-b shadow:duration={seconds}")
FPS = r"= ([0-9.]+) FPS"

FFMPEG = ("ffmpeg -loglevel error -nostdin -init_hw_device vulkan=vk:0 -filter_hw_device vk -f lavfi "
          "-i testsrc2=s=320x240:r=10:d={seconds} "
          "-vf format=yuv420p,hwupload,gblur_vulkan=sigma=3,hflip_vulkan,"
          "scale_vulkan=w=160:h=120,hwdownload,format=yuv420p -f framemd5 -")

# Moves by the frame, not by the clock; without end where `last` is 0.
PAGE = """import QtQuick
import QtQuick.Window

Window {{
    property int frame: 0
    width: 320; height: 240; visible: true; color: "black"
    Rectangle {{
        width: 80; height: 80; color: "steelblue"
        x: frame % 200; y: 80; rotation: 3 * frame
        Text {{ anchors.centerIn: parent; text: "frame " + frame; color: "white" }}
    }}
    onFrameSwapped: {{ frame += 1; if (frame === {last}) Qt.quit() }}
}}
"""
PAGES = {"page.qml": PAGE.format(last=60), "endless.qml": PAGE.format(last=0)}

PROGRAMS = [
    Program("vkcube", words("vkcube --c 60"), FRAMES, presents("timeout 4 vkcube")),
    Program("vkcubepp", words("vkcubepp --c 60"), FRAMES, presents("timeout 4 vkcubepp")),
    Program("vulkaninfo", words("vulkaninfo"), TEXT),
    Program("glxgears on zink", words("timeout 4 glxgears"), READ_BACKS,
            Rate(words("timeout 6 glxgears"), "printed", FPS, at_least=0.8), ZINK),
    # Its output is a pipe here: without stdbuf the figures are lost when it is stopped.
    Program("es2gears on zink", words("timeout 4 es2gears_x11"), READ_BACKS,
            Rate(words("timeout 6 stdbuf -oL es2gears_x11"), "printed", FPS), ZINK),
    Program("glmark2 on zink", words(GLMARK2.format(seconds=0.5)), READ_BACKS,
            Rate(words(GLMARK2.format(seconds=2)), "printed", r"glmark2 Score: (\d+)"), ZINK),
    Program("vkd3d-gears", words("timeout 4 vkd3d-gears"), FRAMES,
            presents("timeout 4 vkd3d-gears", at_least=0.8)),
    Program("vkd3d-triangle", words("timeout 4 vkd3d-triangle"), FRAMES),
    Program("testvulkan (SDL2)", words(f"timeout 3 {SDL_TEST}"), FRAMES, presents(f"timeout 4 {SDL_TEST}"),
            SDL),
    Program("ffmpeg filters", words(FFMPEG.format(seconds=2)), FRAME_SUMS,
            Rate(words(FFMPEG.format(seconds=6)), "time")),
    Program("Qt Quick page", words(f"{QML} page.qml"), FRAMES, presents(f"timeout 4 {QML} endless.qml"), QT,
            files=PAGES),
    Program("Warzone 2100's menu", words(f"timeout 10 {WARZONE}"), FRAMES, presents(f"timeout 10 {WARZONE}"),
            GAME, limit=200),
    Program("vkcube on SwiftShader", words("vkcube --c 60"), FRAMES, presents("timeout 4 vkcube"),
            driver="swiftshader"),
    Program("vkcube on the mock driver", words("vkcube --c 60"), FRAMES, driver="mock"),
]
