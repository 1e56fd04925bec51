#!/bin/sh
# From a clean clone to a captured, replayed and dumped program, with one command.
#
# Installs what Debian 12 lacks, builds, captures 120 frames of vkcube under a virtual X server on the software
# driver lavapipe, replays them, and shows what is in the file. A second run downloads and builds nothing.
set -eu
cd "$(dirname "$0")/.."

tools/install_packages.sh run
cmake --preset release -DREPRISE_BUILD_TESTS=OFF >/dev/null
cmake --build --preset release
cmake --install build/release --prefix install >/dev/null

out=quickstart-out
mkdir -p $out
display_file=$(mktemp)
log=$out/xvfb.log
Xvfb -displayfd 3 -screen 0 1280x800x24 -nolisten tcp 3>"$display_file" 2>"$log" &
xvfb=$!
trap 'kill $xvfb; rm -f "$display_file"' EXIT
until [ -s "$display_file" ]; do
  kill -0 $xvfb || { echo "Xvfb did not start: see $log" >&2; exit 1; }
  sleep 0.1
done
DISPLAY=:$(cat "$display_file")
VK_ICD_FILENAMES=/usr/share/vulkan/icd.d/lvp_icd.x86_64.json
export DISPLAY VK_ICD_FILENAMES

step() { printf '\n$ %s\n' "$*"; "$@"; }
reprise=install/bin/reprise
step $reprise capture -o $out/cube.vkr vkcube --c 120
step $reprise replay $out/cube.vkr
step $reprise info $out/cube.vkr
step $reprise dump -o $out/cube.txt $out/cube.vkr
printf '\nThe first calls of %s:\n' $out/cube.txt
head -n 40 $out/cube.txt

cat <<END

The program:   $PWD/$reprise   (try: $reprise --help)
The layer:     $PWD/install/lib/libVkLayer_reprise.so
The trace:     $PWD/$out/cube.vkr
Its calls:     $PWD/$out/cube.txt
END
