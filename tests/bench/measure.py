"""One run of a program under one recorder: its own figures, wall time, file size, memory."""

import json
import os
import pathlib
import re
import subprocess
import time

MOCK = "/usr/lib/chromium/libVkICD_mock_icd.so"
LAVAPIPE = "/usr/share/vulkan/icd.d/lvp_icd.x86_64.json"
RECORDERS = ["native", "floor", "reprise", "gfxreconstruct"]
LAYERS = {"floor": "VK_LAYER_REPRISE_TEST_floor", "gfxreconstruct": "VK_LAYER_LUNARG_gfxreconstruct"}
POLL_SECONDS = 0.02


class Run:
    def __init__(self, values, wall, trace, out):
        self.values, self.wall, self.trace, self.out = values, wall, trace, out

    @property
    def bytes(self):
        return self.trace.stat().st_size if self.trace and self.trace.exists() else 0


class Place:
    """Where the built things are, and a folder for traces."""

    def __init__(self, build, folder):
        self.build, self.folder = pathlib.Path(build).resolve(), pathlib.Path(folder)
        self.reprise = str(self.build / "tools" / "reprise")
        self.storm = str(self.build / "tests" / "bench" / "storm")
        self.mock = self.folder / "mock_icd.json"
        self.mock.write_text(json.dumps(
            {"file_format_version": "1.0.0", "ICD": {"library_path": MOCK, "api_version": "1.3.0"}}))

    def environment(self, driver):
        layers = [self.build / "tests" / "bench", self.build / "capture"]
        return dict(os.environ, VK_ICD_FILENAMES=str(self.mock) if driver == "mock" else LAVAPIPE,
                    VK_ADD_LAYER_PATH=":".join(map(str, layers)), VK_LOADER_DEBUG="error",
                    GFXRECON_LOG_LEVEL="error", GFXRECON_CAPTURE_FILE_TIMESTAMP="false")

    def run(self, recorder, command, driver="mock", name="t", more=None, ends_by_itself=True):
        """Runs `command` (a list) under `recorder`; raises with its output if that fails."""
        environment = self.environment(driver)
        trace = None
        if recorder in LAYERS:
            environment["VK_INSTANCE_LAYERS"] = LAYERS[recorder]
        environment.update(more or {})
        if recorder == "gfxreconstruct":
            trace = self.folder / f"{name}.gfxr"
            environment["GFXRECON_CAPTURE_FILE"] = str(trace)
        if recorder == "reprise":
            trace = self.folder / f"{name}.vkr"
            command = [self.reprise, "capture", "-o", str(trace), "--", *command]
        if trace:
            trace.unlink(missing_ok=True)
        return self.measure(command, environment, trace, ends_by_itself)

    def measure(self, command, environment, trace=None, ends_by_itself=True):
        start = time.monotonic()
        done = subprocess.run(command, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, cwd=self.folder)
        wall = time.monotonic() - start
        out = done.stdout.decode(errors="replace")
        if (ends_by_itself and done.returncode) or "failed to load" in out or (trace and not trace.exists()):
            raise SystemExit(f"`{' '.join(command)}` ended with {done.returncode}:\n{out[-3000:]}")
        values = {key: float(value) for key, value in re.findall(r"(\w+)=([0-9.]+)", out)}
        return Run(values, wall, trace, out)

    def peak_memory(self, recorder, command, driver="mock", more=None):
        """MB: the largest sum of PSS of program and writer, looked at every 20 ms."""
        environment = self.environment(driver)
        environment.update(more or {})
        if recorder == "reprise":
            command = [self.reprise, "capture", "-o", str(self.folder / "peak.vkr"), "--", *command]
        elif recorder in LAYERS:
            environment.update(VK_INSTANCE_LAYERS=LAYERS[recorder],
                               GFXRECON_CAPTURE_FILE=str(self.folder / "peak.gfxr"))
        process = subprocess.Popen(command, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                   stderr=subprocess.DEVNULL, cwd=self.folder)
        peak = 0
        while process.poll() is None:
            peak = max(peak, sum(map(pss, family(process.pid))))
            time.sleep(POLL_SECONDS)
        return peak / 1000


def family(pid):
    """A process and its descendants."""
    found = [pid]
    for task in pathlib.Path(f"/proc/{pid}/task").glob("*/children"):
        try:
            for child in task.read_text().split():
                found += family(int(child))
        except OSError:
            pass
    return found


def pss(pid):
    """kB; 0 of a process that is gone."""
    try:
        text = pathlib.Path(f"/proc/{pid}/smaps_rollup").read_text()
    except OSError:
        return 0
    return int(re.search(r"^Pss:\s+(\d+)", text, re.M).group(1))
