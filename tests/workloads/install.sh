#!/bin/sh
# Installs the programs, drivers and layers of others that the workloads use and this Debian 12 machine lacks.
set -eu
packages="vulkan-tools mesa-utils glmark2-es2-x11 vkd3d-demos libsdl2-tests ffmpeg qml-qt6 qml6-module-qtquick
  qml6-module-qtquick-window qml6-module-qtqml-workerscript warzone2100 chromium gfxreconstruct xvfb
  mesa-vulkan-drivers python3 mangohud renderdoc vkbasalt vulkan-validationlayers"

missing=""
for package in $packages; do
  if ! dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q 'ok installed'; then
    missing="$missing $package"
  fi
done
[ -n "$missing" ] || exit 0
[ "$(id -u)" = 0 ] && sudo= || sudo=sudo
echo "Installing:$missing" >&2
$sudo apt-get update -q >&2
$sudo env DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends $missing >&2
