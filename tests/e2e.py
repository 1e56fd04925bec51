#!/usr/bin/env python3
"""Captures, replays and compares real programs: one case a run, or all of them.

    tests/e2e.py --build build/release --case cube
    tests/e2e.py --build build/release --list
    tests/e2e.py --build build/release --case cube --keep /tmp/cube     keeps the case's files

Exit status 0: the case holds. Needs Xvfb and lavapipe; SwiftShader where a case says so. Standard library only.
"""

import argparse
import sys

from support import (cases_addresses, cases_check, cases_check_lists, cases_death, cases_diff, cases_dump, cases_errors,
                     cases_external, cases_external_capture, cases_features, cases_info, cases_memory, cases_pictures,
                     cases_processes, cases_programs, cases_report, cases_text, cases_young)
from support.harness import Bench, Failure

MODULES = (cases_pictures, cases_memory, cases_addresses, cases_check, cases_check_lists, cases_death, cases_diff,
           cases_dump, cases_errors, cases_external, cases_external_capture, cases_features, cases_info,
           cases_processes, cases_programs, cases_report, cases_text, cases_young)
DEFAULT = {name: case for module in MODULES for name, case in module.CASES.items()}
SLOW = {name: case for module in MODULES for name, case in module.SLOW.items()}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--build", default="build/release", help="the build folder")
    parser.add_argument("--case", action="append", help="a case of --list; may be repeated; default: all but slow")
    parser.add_argument("--keep", help="work in this folder and leave it")
    parser.add_argument("--list", action="store_true", help="print the names of all cases, slow ones marked")
    arguments = parser.parse_args()
    if arguments.list:
        print("\n".join([*DEFAULT, *(name + " slow" for name in SLOW)]))
        return 0
    failed = []
    for name in arguments.case or DEFAULT:
        if name not in DEFAULT | SLOW:
            parser.error(f"no case {name}; --list names them")
        try:
            with Bench(arguments.build, arguments.keep) as bench:
                (DEFAULT | SLOW)[name](bench)
            print(f"ok {name}", flush=True)
        except Failure as failure:
            print(f"FAILED {name}: {failure}", flush=True)
            failed.append(name)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
