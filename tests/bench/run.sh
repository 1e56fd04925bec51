#!/bin/sh
# What Reprise costs beside nothing, beside the least that a layer can cost, and beside Debian's gfxreconstruct.
# usage: tests/bench/run.sh [--build DIR] [--rounds N] [--programs] [--json FILE]; prints the tables of the README.
# Needs a release build with tests; installs gfxreconstruct and chromium (for the Khronos mock driver) where they lack.
set -eu
cd "$(dirname "$0")/../.."
for package in gfxreconstruct chromium; do
  dpkg -s "$package" >/dev/null 2>&1 && continue
  [ "$(id -u)" = 0 ] && sudo= || sudo=sudo
  $sudo apt-get install -y --no-install-recommends "$package" >&2
done
exec python3 -B tests/bench/run.py "$@"
