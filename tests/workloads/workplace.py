"""Where programs run: the harness's folder and drivers, and runs that end in time whatever they do."""

import pathlib
import signal
import subprocess
import sys
import tempfile
import time

from support.harness import LAVAPIPE, Bench, Failure, Run, descendants, kill9, require, test_layer

HANG = "hang"  # the status of a run that had to be killed after its time
JUDGE = test_layer("judge")
FLOOR = test_layer("floor")


class Workplace(Bench):
    """One program's folder. `limit`: seconds that a run may take; then all that it started is killed."""

    def __init__(self, build, folder):
        super().__init__(build, folder)
        self.limit = 90
        layers = [self.build / "capture", self.build / "tests" / "layers", self.build / "tests" / "bench"]
        self.env["VK_ADD_LAYER_PATH"] = ":".join(map(str, layers))
        runtime = self.dir / "runtime"
        runtime.mkdir(mode=0o700, exist_ok=True)
        self.env["XDG_RUNTIME_DIR"] = str(runtime)

    def run(self, command, env=None, limit=None, every=None, watch=None):
        """The finished run; a value None in `env` takes the variable away; `watch(pid)` is called every so
        many seconds. Output goes to files: a process that outlives the program could hold a pipe open."""
        merged = dict(self.env, **(env or {}))
        merged = {key: str(value) for key, value in merged.items() if value is not None}
        with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
            process = subprocess.Popen([str(word) for word in command], env=merged, cwd=self.dir,
                                       stdin=subprocess.DEVNULL, stdout=out, stderr=err)
            try:
                status = waited(process, limit or self.limit, every, watch)
            finally:
                if process.poll() is None:
                    for pid in [process.pid, *descendants(process.pid)]:
                        kill9(pid)
                    process.wait()
            return Run(process.args, status, text_of(out), text_of(err))

    def display(self):
        """A virtual X server on a display of its choice; the kernel ends it should this process be killed."""
        command = "setpriv --pdeathsig TERM Xvfb -displayfd 1 -screen 0 1280x800x24 -nolisten tcp -noreset".split()
        server = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                  stderr=subprocess.DEVNULL)
        self._stack.callback(lambda: (server.terminate(), server.wait()))
        number = server.stdout.readline().decode().strip()
        require(number, "Xvfb did not start")
        self.env["DISPLAY"] = ":" + number

    def calls_of(self, trace):
        """`reprise info`, or what it said against the trace."""
        try:
            return self.info(trace)
        except (Failure, ValueError) as failure:
            return {"error": str(failure)}


def waited(process, limit, every, watch):
    """The status, HANG once the limit is over."""
    deadline = time.monotonic() + limit
    while True:
        left = deadline - time.monotonic()
        try:
            return process.wait(timeout=min(every or left, left))
        except subprocess.TimeoutExpired:
            if time.monotonic() >= deadline:
                return HANG
            watch(process.pid)


def say(text):
    print(text, file=sys.stderr, flush=True)


def text_of(file):
    file.seek(0)
    return file.read().decode(errors="replace")


def drivers_of(place, more):
    """{name: manifest}; those of Debian's packages, and those of the command line."""
    found = {}
    if pathlib.Path(LAVAPIPE).exists():
        found["lavapipe"] = LAVAPIPE
    for name, library in (("swiftshader", "libvk_swiftshader.so"), ("mock", "libVkICD_mock_icd.so")):
        library = "/usr/lib/chromium/" + library
        if pathlib.Path(library).exists():
            found[name] = place.icd(name, library)
    return found | more


def status_word(status):
    """0, 124, SIGSEGV, hang: what a reader of the table wants to know."""
    if status == HANG:
        return HANG
    number = -status if status < 0 else status - 128
    if status < 0 or status > 128:
        try:
            return signal.Signals(number).name
        except ValueError:
            pass
    return str(status)
