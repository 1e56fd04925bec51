#!/bin/sh
# Installs what is missing, builds the release preset, runs the tests. `--slow` runs the long suites too.
set -eu
cd "$(dirname "$0")/.."

slow=no
for argument in "$@"; do
  case $argument in
    --slow) slow=yes ;;
    *) echo "usage: tests/run.sh [--slow]" >&2; exit 2 ;;
  esac
done

if [ $slow = yes ]; then
  tools/install_packages.sh slow
else
  tools/install_packages.sh test
fi
cmake --preset release -DREPRISE_BUILD_TESTS=ON
cmake --build --preset release
if [ $slow = yes ]; then
  ctest --preset release -j "$(nproc)"
else
  ctest --preset release -j "$(nproc)" --label-exclude slow
fi
