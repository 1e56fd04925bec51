"""The layers of others: where their manifests are, and how one is put above or below ours."""

import json
import pathlib
import re
from dataclasses import dataclass, field

from support.harness import CAPTURE_LAYER
from workplace import JUDGE

SYSTEM = pathlib.Path("/usr/share/vulkan")
LOADER_SAID = re.compile(r"^(?:(?:DEBUG|INFO|WARNING|ERROR) \| )?(?:LAYER|LOADER): ")
OURS = "REPRISE_TEST_IMPLICIT"  # the variable that switches our implicit copies on


@dataclass(frozen=True)
class Layer:
    title: str
    name: str
    file: str  # its manifest's
    draws: bool = False  # into the program's pictures
    switch: dict[str, str] = field(default_factory=dict)  # of an implicit one; explicit: empty
    environment: dict[str, str] = field(default_factory=dict)

    @property
    def folder(self):
        return SYSTEM / ("implicit_layer.d" if self.switch else "explicit_layer.d")

    @property
    def installed(self):
        return (self.folder / self.file).exists()

    def alone(self):
        """The environment in which a program runs with that layer and without ours."""
        return dict(self.environment, **(self.switch or {"VK_INSTANCE_LAYERS": self.name}))


LAYERS = [
    Layer("MangoHud", "VK_LAYER_MANGOHUD_overlay", "MangoHud.json", True, {"MANGOHUD": "1"}),
    Layer("gfxreconstruct", "VK_LAYER_LUNARG_gfxreconstruct", "VkLayer_gfxreconstruct.json",
          environment={"GFXRECON_CAPTURE_FILE": "beside.gfxr", "GFXRECON_LOG_LEVEL": "error"}),
    Layer("RenderDoc", "VK_LAYER_RENDERDOC_Capture", "renderdoc_capture.json", True,
          {"ENABLE_VULKAN_RENDERDOC_CAPTURE": "1"}),
    Layer("validation", "VK_LAYER_KHRONOS_validation", "VkLayer_khronos_validation.json"),
    Layer("Mesa's overlay", "VK_LAYER_MESA_overlay", "VkLayer_MESA_overlay.json", True),
    Layer("vkBasalt", "VK_LAYER_VKBASALT_post_processing", "vkBasalt.json", True, {"ENABLE_VKBASALT": "1"}),
]


def implicit_copy(manifest, folder):
    """Our layer where the loader looks for implicit ones: they are stacked in the order of these folders."""
    whole = json.loads(manifest.read_text())
    layer = whole["layer"]
    layer["library_path"] = str(manifest.parent / layer["library_path"])
    layer.update(enable_environment={OURS: "1"}, disable_environment={"NO_" + OURS: "1"})
    folder.mkdir(parents=True, exist_ok=True)
    (folder / manifest.name).write_text(json.dumps(whole))


def stacked(place, layer, position):
    """(words before the program's, environment of the wrapper, layers from the program down). The judge sees
    what our layer hands on.

    Loaders up to 1.3.239 order explicit layers by the folders that they are found in, later ones by the order
    of their names; the wrapper keeps an order that names our layer. Implicit ones stand above, unless `env`
    behind the wrapper makes ours one, too."""
    ours = [CAPTURE_LAYER, JUDGE]
    names = [layer.name, *ours] if position == "above" else [*ours, layer.name]
    settings = dict(layer.environment, **layer.switch)
    if layer.switch and position == "below":
        implicit_copy(place.build / "capture" / "VkLayer_reprise.json",
                      place.dir / ".config/vulkan/implicit_layer.d")
        implicit_copy(place.build / "tests/layers/VkLayer_reprise_test_judge.json",
                      place.dir / ".local/share/vulkan/implicit_layer.d")
        settings[OURS] = "1"
        return ["env", "-u", "VK_INSTANCE_LAYERS", "-u", "VK_ADD_LAYER_PATH"], settings, names
    folders = [place.build / "tests" / "layers"]
    if layer.switch or position == "below":
        own = [layer.name] if layer.switch else []  # which nobody has to name
        settings["VK_INSTANCE_LAYERS"] = ":".join(name for name in names if name not in (CAPTURE_LAYER, *own))
    else:
        settings["VK_INSTANCE_LAYERS"] = ":".join(names)
        folders = [layer.folder, place.build / "capture", *folders]
    settings["VK_ADD_LAYER_PATH"] = ":".join(map(str, folders))
    return [], settings, names


def order_found(text, wanted):
    """How the loader says it stacked a device's layers, those of `wanted`; empty where no device was made."""
    parts = text.split("vkCreateDevice layer callstack setup to:")
    if len(parts) == 1:
        return []
    names = re.findall(r"LAYER: +(VK_LAYER_\w+)", parts[-1].split("<Device>")[0])
    return [name for name in names if name in wanted]


def without_loader(text):
    return [line for line in text.splitlines() if line.strip() and not LOADER_SAID.match(line)]
