#!/bin/sh
# The programs of tests/apps on a driver of your choice, and their traces on another machine.
# usage: tests/workloads/features.sh --driver NAME=MANIFEST [--build DIR] [--keep DIR | --replay-only DIR] [--only NAME[,NAME]]
# Needs a build with tests; installs nothing.
set -eu
cd "$(dirname "$0")/../.."
exec python3 -B tests/workloads/features.py "$@"
