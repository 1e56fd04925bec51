#!/usr/bin/env python3
"""Loads the Vulkan registry once, runs every emitter, writes only the files that changed.

usage: generate.py --registry vk.xml [--video video.xml] --headers INCLUDE_DIR --output DIR
"""

import argparse
from pathlib import Path

import emit_calls
import emit_commands
import emit_counts
import emit_enums
import emit_formats
import emit_providers
import emit_structs
import emit_vulkan
import model


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--registry", required=True)
    parser.add_argument("--video")
    parser.add_argument("--headers", required=True, type=Path)
    parser.add_argument("--output", required=True, type=Path)
    options = parser.parse_args()
    loaded = model.load(options.registry, options.video)
    files = emit_vulkan.emit(loaded, options.headers)
    for emitter in (emit_enums, emit_formats, emit_commands, emit_structs, emit_calls, emit_providers, emit_counts):
        files.update(emitter.emit(loaded))
    options.output.mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        path = options.output / name
        if not path.exists() or path.read_text() != text:
            path.write_text(text)


if __name__ == "__main__":
    main()
