#!/bin/sh
# A game under capture for minutes: memory of program, writer and arena, the file's growth, then the replay.
# usage: tests/workloads/soak.sh [--install] [--build DIR] [--minutes N] [--program NAME] [--json FILE] [--keep DIR]
# Needs a release build. Installs nothing unless --install is the first argument.
set -eu
cd "$(dirname "$0")/../.."
if [ "${1:-}" = --install ]; then
  shift
  tests/workloads/install.sh
fi
exec python3 -B tests/workloads/soak.py "$@"
