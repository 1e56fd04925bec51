#!/usr/bin/env python3
"""The programs of tests/apps on a driver of your choice, and their traces on another machine.

    tests/workloads/features.sh --driver nvidia=FILE.json --keep DIR          capture and replay there; DIR keeps all
    tests/workloads/features.sh --driver lavapipe=FILE.json --replay-only DIR  the kept traces, on this driver

Each program runs natively, captured and replayed on the driver: all three must compute the same bytes, and the
trace has no hole and none of the GPU's bytes as the program's. With --replay-only, a trace of another driver
ends with status 0 and the bytes that the program read at capture, or with 4 and what is lacking; where this
driver computes other bytes than that one by itself, it is these that are compared.

Exit status: 0 if every rule holds, 1 if one does not; the broken ones are listed below the table.
"""

import argparse
import json
import pathlib
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))

from support.cases_features import PROGRAMS, same_results  # noqa: E402 - the harness's folder has to be known first
from support.cases_memory import MAPPED, MAPPED_DEVICE, memory_dumps, read_back  # noqa: E402
from support.harness import Bench, Failure, require, results_of  # noqa: E402
from table import table_of  # noqa: E402

LACKS = "lacks the feature"
HELD = "equal"
# Beside the features: what is read back, whole, and memory that both sides write.
MORE = {"compute": ("",), "render": ("",), "threads": ("",), "mapped": MAPPED, "mapped_device": MAPPED_DEVICE,
        "memory": ("sparse-buffer", "sparse-image")}


def arguments():
    form = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=form)
    parser.add_argument("--build", default="build/release", help="the build folder")
    parser.add_argument("--driver", required=True, metavar="NAME=MANIFEST", help="the driver")
    parser.add_argument("--only", default="", help="programs, separated by commas")
    parser.add_argument("--keep", metavar="DIR", help="leave the traces there")
    parser.add_argument("--replay-only", metavar="DIR", help="replay what --keep DIR left")
    parser.add_argument("--json", help="write every result there")
    return parser.parse_args()


def cases(only):
    wanted = [name for name in only.split(",") if name]
    for program, names in (*MORE.items(), *PROGRAMS.items()):
        for name in names if not wanted or program in wanted else ():
            yield program, name


def captured(bench, driver, program, case):
    """What became of one case on the driver; the trace and the program's bytes stay in the bench's folder."""
    command = [bench.app(program), *([case] if case else [])]
    if program in MORE and case in MORE[program]:  # the program's own bytes lie there, too
        native = bench.run([*command, bench.path("x.bin")])
        if native.out.startswith("lacks "):
            return LACKS
        trace, _, result = read_back(bench, program, *command[1:])
        file = "captured.bin"
    else:
        found = same_results(bench, command, driver, f"{program} {case}")
        if not found:
            return LACKS
        trace, file, result = found.trace, found.file.name, results_of(found.run.out)["output"]
    bench.path("captured.json").write_text(json.dumps({"trace": trace.name, "bytes": file, "result": result}))
    return HELD


def replayed(bench, program, case):
    """What becomes of a kept trace on this driver."""
    kept = json.loads(bench.path("captured.json").read_text())
    trace, result = bench.path(kept["trace"]), kept["result"]
    there = bench.path(kept["bytes"]).read_bytes()
    native = bench.run([bench.app(program), *([case] if case else []), bench.path("here.bin")])
    has = native.status == 0 and not native.out.startswith("lacks ")
    run = bench.replay(trace, "--wsi", "headless")
    if run.status == 4:
        require("lacks" in run.err or "not " in run.err, f"status 4 and no reason: {run.err[-500:]}")
        reasons = [line.strip() for line in run.err.splitlines() if line.startswith("  ")]
        return "4: " + ("; ".join(reasons)[:100] or run.err.splitlines()[-1][:100])
    require(run.status in (0, 1), f"the replay ends with status {run.status}: {run.err[-500:]}")
    if run.status == 1:
        require(not has, f"this driver has the feature, and the replay differs: {run.err[-500:]}")
        return "1: " + run.err.splitlines()[-1][:100]
    dumps = memory_dumps(bench, trace)
    require(result["memory"] in dumps, f"the replay dumped nothing of memory {result['memory']:#x}")
    found = dumps[result["memory"]].read_bytes()[:result["size"]]
    if found == there:
        return HELD
    here = bench.path("here.bin").read_bytes() if has else None
    require(found == here, f"{sum(a != b for a, b in zip(found, there))} of {len(there)} bytes differ from those at capture")
    return "as this driver computes it"


def run_case(options, driver, manifest, folder, program, case):
    place = folder / f"{program}-{case}".rstrip("-")
    if options.replay_only and not (place / "captured.json").exists():
        return None
    with Bench(options.build, place) as bench:
        bench.env["VK_ICD_FILENAMES"] = manifest
        try:
            return replayed(bench, program, case) if options.replay_only else captured(bench, driver, program, case)
        except Failure as failure:
            return failure


def main():
    options = arguments()
    driver, manifest = options.driver.split("=", 1)
    results, problems = {}, []
    with tempfile.TemporaryDirectory(prefix="reprise-features-") as temporary:
        folder = pathlib.Path(options.replay_only or options.keep or temporary).resolve()
        for program, case in cases(options.only):
            found = run_case(options, driver, manifest, folder, program, case)
            if found is None:
                continue
            name = f"{program} {case}".strip()
            results[name] = str(found).splitlines()[0]
            if isinstance(found, Failure):
                problems.append(f"{name}: {found}")
            print(f"{name}: {results[name]}", file=sys.stderr, flush=True)
    if options.json:
        pathlib.Path(options.json).write_text(json.dumps({"driver": driver, "results": results}, indent=1))
    print(table_of(["program", driver], results.items()))
    print("\n".join(["Broken rules:", *problems]) if problems else "Every rule holds.")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
