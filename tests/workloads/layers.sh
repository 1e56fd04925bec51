#!/bin/sh
# Captures with MangoHud's, another tracer's or another of Debian's layers above and below ours, and replays.
# usage: tests/workloads/layers.sh [--install] [--build DIR] [--only NAME[,NAME]] [--markdown FILE] [--json FILE]
#                                  [--keep DIR]
# Needs a release build with tests. Installs nothing unless --install is the first argument.
set -eu
cd "$(dirname "$0")/../.."
if [ "${1:-}" = --install ]; then
  shift
  tests/workloads/install.sh
fi
exec python3 -B tests/workloads/layers.py "$@"
