"""What every end-to-end case needs: the built program, a private folder, drivers, a display, and the verbs.

A case is a function `case(bench)`; it fails by raising Failure with a sentence. Standard library only.
"""

import contextlib
import json
import os
import pathlib
import shutil
import signal
import subprocess
import tempfile
import time

LAVAPIPE = "/usr/share/vulkan/icd.d/lvp_icd.x86_64.json"
CAPTURE_LAYER = "VK_LAYER_REPRISE_capture"
VALIDATION_LAYER = "VK_LAYER_KHRONOS_validation"
# Against hangs only; no case asserts a time.
HANG_SECONDS = 300


class Failure(Exception):
    pass


def require(condition, sentence):
    if not condition:
        raise Failure(sentence)


def test_layer(name):
    return "VK_LAYER_REPRISE_TEST_" + name


class Run:
    """A finished process: status (negative: the signal), out and err as text."""

    def __init__(self, command, status, out, err):
        self.command, self.status, self.out, self.err = command, status, out, err

    def expect(self, status=0):
        require(
            self.status == status,
            f"`{' '.join(self.command)}` ended with status {self.status}, not {status}\n"
            f"--- stdout (end)\n{self.out[-2000:]}\n--- stderr (end)\n{self.err[-3000:]}",
        )
        return self


class Bench:
    """One case's workplace: folder `dir`, environment `env`, removed at the end unless kept."""

    def __init__(self, build, keep=None):
        self.build = pathlib.Path(build).resolve()
        self.reprise = str(self.build / "tools" / "reprise")
        self.apps = self.build / "tests" / "apps"
        self._temporary = None if keep else tempfile.TemporaryDirectory(prefix="reprise-e2e-")
        self.dir = pathlib.Path(keep or self._temporary.name).resolve()
        self.dir.mkdir(parents=True, exist_ok=True)
        self._stack = contextlib.ExitStack()
        kept = ("PATH", "LANG", "ASAN_OPTIONS", "UBSAN_OPTIONS", "TSAN_OPTIONS", "LSAN_OPTIONS")
        self.env = {key: os.environ[key] for key in kept if key in os.environ}
        self.env.update(
            HOME=str(self.dir),
            XDG_RUNTIME_DIR=str(self.dir),
            MESA_SHADER_CACHE_DISABLE="true",
            VK_ICD_FILENAMES=LAVAPIPE,
            VK_ADD_LAYER_PATH=str(self.build / "tests" / "layers") + ":" + str(self.build / "capture"),
        )

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._stack.close()
        if self._temporary:
            self._temporary.cleanup()

    def path(self, name):
        return self.dir / name

    def app(self, name):
        return str(self.apps / name)

    def icd(self, name, library):
        """The manifest of a driver that Debian ships without one."""
        manifest = self.path(name + "_icd.json")
        require(os.path.exists(library), f"{library} is missing: install chromium")
        icd = {"library_path": library, "api_version": "1.3.0"}
        manifest.write_text(json.dumps({"file_format_version": "1.0.0", "ICD": icd}))
        return str(manifest)

    def swiftshader(self):
        return self.icd("swiftshader", "/usr/lib/chromium/libvk_swiftshader.so")

    def mock(self):
        return self.icd("mock", "/usr/lib/chromium/libVkICD_mock_icd.so")

    # -- processes

    def start(self, command, env=None, **more):
        merged = dict(self.env, **{k: str(v) for k, v in (env or {}).items()})
        return subprocess.Popen(
            [str(word) for word in command], env=merged, cwd=self.dir, stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, **more)

    def finish(self, process):
        try:
            out, err = process.communicate(timeout=HANG_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            out, err = process.communicate()
            raise Failure(
                f"`{' '.join(process.args)}` hangs\n--- stdout (end)\n{out.decode(errors='replace')[-2000:]}\n"
                f"--- stderr (end)\n{err.decode(errors='replace')[-2000:]}")
        return Run(process.args, process.returncode, out.decode(errors="replace"), err.decode(errors="replace"))

    def run(self, command, env=None, **more):
        return self.finish(self.start(command, env, **more))

    def display(self):
        """Starts a virtual X server on a free display and puts it into the environment."""
        read_end, write_end = os.pipe()
        server = subprocess.Popen(
            ["Xvfb", "-displayfd", str(write_end), "-screen", "0", "1280x800x24", "-nolisten", "tcp", "-noreset"],
            pass_fds=[write_end], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        os.close(write_end)
        self._stack.callback(lambda: (server.terminate(), server.wait()))
        with os.fdopen(read_end) as pipe:
            number = pipe.readline().strip()
        require(number, "Xvfb did not start")
        self.env["DISPLAY"] = ":" + number

    # -- the verbs

    def capture_command(self, trace, command, *options):
        return [self.reprise, "capture", "-o", str(trace), *options, "--", *command]

    def capture(self, trace, command, layers=(), env=None, options=()):
        """Captures; `layers` stand below the capture layer, whose folder the wrapper puts first."""
        env = dict(env or {})
        if layers:
            env["VK_INSTANCE_LAYERS"] = ":".join([CAPTURE_LAYER, *layers])
        return self.run(self.capture_command(trace, command, *options), env)

    def capture_below(self, layer, trace, command, env=None):
        """Captures with an installed `layer` between program and capture layer; without the wrapper, which puts
        its own first. Loaders up to 1.3.239 order layers by where they find them, later ones as they are named."""
        env = dict(env or {}, VK_INSTANCE_LAYERS=f"{layer}:{CAPTURE_LAYER}", REPRISE_OUTPUT=trace,
                   VK_ADD_LAYER_PATH=f"/usr/share/vulkan/explicit_layer.d:{self.build / 'capture'}",
                   PATH=f"{self.build / 'tools'}:{self.env['PATH']}")
        run = self.run(command, env)
        wait_for_writers(trace)
        require(self.info(trace)["calls"] > 0, f"`{' '.join(run.command)}` below {layer} recorded nothing")
        return run

    def replay(self, trace, *options, layers=(), env=None):
        env = dict(env or {})
        if layers:
            env["VK_INSTANCE_LAYERS"] = ":".join(layers)
        return self.run([self.reprise, "replay", str(trace), *options], env)

    def info(self, trace):
        """What the index says."""
        return json.loads(self.run([self.reprise, "info", "--quick", "--format", "json", str(trace)]).expect().out)

    def survey(self, trace):
        """What reading the trace adds to it."""
        return json.loads(self.run([self.reprise, "info", "--format", "json", str(trace)]).expect().out)["survey"]

    def dump(self, trace, *options):
        """The dump's lines as objects, without the header."""
        run = self.run([self.reprise, "dump", "--format", "json", *options, str(trace)]).expect()
        return [json.loads(line) for line in run.out.splitlines()[1:]]

    # -- the judge

    def judged(self, name):
        """Environment that makes the judge layer write to a new file `name`."""
        self.path(name).unlink(missing_ok=True)
        return {"REPRISE_JUDGE_OUT": self.path(name)}

    def verdicts(self, name):
        path = self.path(name)
        require(path.exists(), f"the judge layer saw no present: {name} is missing")
        return path.read_text().splitlines()


def same_lines(what, found, wanted):
    require(len(found) == len(wanted), f"{what}: {len(found)} lines, {len(wanted)} wanted")
    wrong = [i for i in range(len(wanted)) if found[i] != wanted[i]]
    require(
        not wrong,
        f"{what}: {len(wrong)} of {len(wanted)} differ, first line {wrong[0] if wrong else 0}: "
        f"`{found[wrong[0]] if wrong else ''}` instead of `{wanted[wrong[0]] if wrong else ''}`")


def results_of(out):
    """`result NAME memory=0x.. size=.. xxh64=..` lines of a test program: {NAME: {memory, size, xxh64}}."""
    found = {}
    for line in out.splitlines():
        words = line.split()
        if words and words[0] == "result":
            fields = dict(word.split("=") for word in words[2:])
            found[words[1]] = {"memory": int(fields["memory"], 16), "size": int(fields["size"]),
                               "xxh64": fields["xxh64"]}
    return found


def ok(run):
    require(run.out.splitlines()[-1:] and any(l.startswith("ok ") for l in run.out.splitlines()),
            f"`{' '.join(run.command)}` did not say ok:\n{run.out[-1000:]}{run.err[-1000:]}")
    return run.expect()


def descendants(pid):
    """Process ids below `pid`, nearest first."""
    found = []
    with contextlib.suppress(FileNotFoundError, ProcessLookupError):
        for task in os.listdir(f"/proc/{pid}/task"):
            children = pathlib.Path(f"/proc/{pid}/task/{task}/children").read_text().split()
            for child in children:
                found += [int(child), *descendants(int(child))]
    return found


def program_name(pid):
    with contextlib.suppress(OSError):
        return pathlib.Path(f"/proc/{pid}/comm").read_text().strip()
    return ""


def kill9(pid):
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)


def wait_for_writers(trace):
    """Writers that the layer started outlive the program by a moment: until no process holds the file open."""
    for _ in range(1000):
        holders = 0
        for pid in filter(str.isdigit, os.listdir("/proc")):
            try:
                links = [os.readlink(link) for link in pathlib.Path(f"/proc/{pid}/fd").iterdir()]
            except OSError:
                continue
            holders += any(link.startswith(str(trace)) for link in links)
        if holders == 0:
            return
        time.sleep(0.05)


def copy_head(source, target, size):
    with open(source, "rb") as whole, open(target, "wb") as part:
        part.write(whole.read(size))


def fresh_folder(path):
    shutil.rmtree(path, ignore_errors=True)
    path.mkdir(parents=True)
    return path
