"""The one header that declares all of Vulkan, every platform's part included, on every host."""

import overrides
from cpp import NOTICE

HEADER_OF = {"provisional": "beta"}


def emit(model, headers):
    lines = [NOTICE, "#pragma once", "#include <stddef.h>", "#include <stdint.h>",
             "#define VK_ENABLE_BETA_EXTENSIONS  // their sTypes stand in vulkan_core.h", "#include <vulkan/vulkan_core.h>"]
    for row in overrides.FOREIGN_DECLARATIONS:
        if row.name in model.foreign:
            lines.append(f"{row.value}  // {row.reason}")
    for platform in model.platforms:
        name = f"vulkan_{HEADER_OF.get(platform, platform)}.h"
        if (headers / "vulkan" / name).exists():
            lines.append(f"#include <vulkan/{name}>")
    return {"vulkan_all.h": "\n".join(lines) + "\n"}
