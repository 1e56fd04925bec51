#!/bin/sh
# Real programs from Debian, captured and replayed on several drivers: prints the table of the README.
# usage: tests/workloads/run.sh [--install] [--build DIR] [--only NAME[,NAME]] [--rounds N] [--no-gfxr]
#                               [--markdown FILE] [--json FILE] [--keep DIR] ...; --help lists all.
# Needs a release build with tests and benchmarks. Installs nothing unless --install is the first argument.
set -eu
cd "$(dirname "$0")/../.."
if [ "${1:-}" = --install ]; then
  shift
  tests/workloads/install.sh
fi
exec python3 -B tests/workloads/run.py "$@"
