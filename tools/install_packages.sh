#!/bin/sh
# Installs what the Debian 12 machine lacks of the packages that Reprise needs; downloads nothing where all are
# there. `install_packages.sh run` is enough to build and to trace; `install_packages.sh test` adds the tests',
# `install_packages.sh slow` the programs of the long suites.
set -eu

packages="build-essential cmake ninja-build pkg-config ccache python3 libvulkan-dev libzstd-dev libxxhash-dev
  libflatbuffers-dev flatbuffers-compiler-dev flatbuffers-compiler libspdlog-dev libcli11-dev nlohmann-json3-dev
  libsimdjson-dev libpng-dev zlib1g-dev libtomlplusplus-dev libyaml-cpp-dev libpugixml-dev libssl-dev libxcb1-dev
  vulkan-tools mesa-vulkan-drivers xvfb xauth"
wanted=${1:-run}
if [ "$wanted" != run ]; then
  packages="$packages libgtest-dev glslang-tools vulkan-validationlayers chromium python3-yaml python3-junitparser
    python3-jsonschema spirv-tools less groff-base"
fi
[ "$wanted" != slow ] || packages="$packages ffmpeg"

missing=""
for package in $packages; do
  if ! dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q 'ok installed'; then
    missing="$missing $package"
  fi
done
[ -n "$missing" ] || exit 0

sudo=""
if [ "$(id -u)" != 0 ]; then
  command -v sudo >/dev/null || { echo "Needs root or sudo to install:$missing" >&2; exit 1; }
  sudo=sudo
fi
echo "Installing:$missing"
$sudo apt-get update -q
$sudo env DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends $missing
