#!/bin/sh
# Real programs from Debian, captured and replayed on several drivers: prints the table of the README.
# usage: tests/workloads/run.sh [--install] [--build DIR] [--only NAME[,NAME]] [--rounds N] [--no-gfxr]
#                               [--markdown FILE] [--json FILE] [--keep DIR] ...; --help lists all.
# Needs a release build with tests and benchmarks. Installs nothing unless --install is the first argument.
set -eu
cd "$(dirname "$0")/../.."

packages="vulkan-tools mesa-utils glmark2-es2-x11 vkd3d-demos libsdl2-tests ffmpeg qml-qt6 qml6-module-qtquick
  qml6-module-qtquick-window qml6-module-qtqml-workerscript warzone2100 chromium gfxreconstruct xvfb
  mesa-vulkan-drivers python3"

if [ "${1:-}" = --install ]; then
  shift
  missing=""
  for package in $packages; do
    if ! dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q 'ok installed'; then
      missing="$missing $package"
    fi
  done
  if [ -n "$missing" ]; then
    [ "$(id -u)" = 0 ] && sudo= || sudo=sudo
    echo "Installing:$missing" >&2
    $sudo apt-get update -q >&2
    $sudo env DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends $missing >&2
  fi
fi
exec python3 -B tests/workloads/run.py "$@"
