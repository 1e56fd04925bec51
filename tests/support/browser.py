"""A headless Chromium that opens a page, is driven by keys and clicks, and tells what the page did.

Speaks the DevTools protocol over the pipe of --remote-debugging-pipe. Standard library only. Everything that
goes wrong in the page (exceptions, console errors, blocked loads) and every address that it asks for is kept.
"""

import base64
import contextlib
import json
import os
import pathlib
import select
import subprocess
import tempfile
import time

from support.harness import HANG_SECONDS, Failure, require

FLAGS = ("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
         "--disable-background-networking", "--disable-component-update", "--disable-sync", "--disable-extensions",
         "--disable-dev-shm-usage", "--hide-scrollbars", "--remote-debugging-pipe",
         "--host-resolver-rules=MAP * ~NOTFOUND")
# The name of a key as the protocol wants it: code, virtual key number, text.
KEYS = {"ArrowLeft": 37, "ArrowUp": 38, "ArrowRight": 39, "ArrowDown": 40, "Enter": 13, "Escape": 27, "Tab": 9,
        "Home": 36, "End": 35, "PageUp": 33, "PageDown": 34}


class Browser:
    """One browser with one page; `with Browser(...) as browser`."""

    def __init__(self, width=1280, height=900, dark=False):
        self.errors, self.requests = [], []
        self._stack = contextlib.ExitStack()
        self._id, self._session, self._buffer = 0, None, b""
        self._answers, self._events = {}, []
        try:
            self._start()
            self._attach()
            self.resize(width, height)
            self.call("Emulation.setEmulatedMedia",
                      features=[{"name": "prefers-color-scheme", "value": "dark" if dark else "light"}])
        except BaseException:
            self._stack.close()
            raise

    def __enter__(self):
        return self

    def __exit__(self, *_):
        with contextlib.suppress(Failure, OSError):
            self._send("Browser.close", None, {})
        self._stack.close()

    def _start(self):
        profile = self._stack.enter_context(tempfile.TemporaryDirectory(prefix="reprise-browser-",
                                                                       ignore_cleanup_errors=True))
        to_browser, self._out = os.pipe()
        self._in, from_browser = os.pipe()
        self._stack.callback(lambda: [os.close(end) for end in (self._out, self._in)])
        command = ["/bin/sh", "-c", f'exec chromium "$@" 3<&{to_browser} 4>&{from_browser}', "chromium", *FLAGS,
                   f"--user-data-dir={profile}", "about:blank"]
        env = dict(os.environ, HOME=profile, XDG_RUNTIME_DIR=profile)
        self._process = subprocess.Popen(command, pass_fds=[to_browser, from_browser], stdin=subprocess.DEVNULL,
                                         stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=env)
        os.close(to_browser)
        os.close(from_browser)
        self._stack.callback(self._end)

    def _end(self):
        try:
            self._process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def _attach(self):
        targets = self._ask("Target.getTargets", None, {})["targetInfos"]
        page = next(target for target in targets if target["type"] == "page")
        attached = self._ask("Target.attachToTarget", None, {"targetId": page["targetId"], "flatten": True})
        self._session = attached["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.call(domain + ".enable")

    # -- the protocol

    def _send(self, method, session, params):
        self._id += 1
        message = {"id": self._id, "method": method, "params": params}
        if session:
            message["sessionId"] = session
        data = json.dumps(message).encode() + b"\0"
        while data:
            data = data[os.write(self._out, data):]
        return self._id

    def _receive(self, deadline):
        while b"\0" not in self._buffer:
            ready = select.select([self._in], [], [], max(0, deadline - time.monotonic()))[0]
            require(ready, "the browser does not answer")
            data = os.read(self._in, 1 << 20)
            require(data, "the browser has gone")
            self._buffer += data
        message, _, self._buffer = self._buffer.partition(b"\0")
        message = json.loads(message)
        if "id" in message:
            self._answers[message["id"]] = message
        else:
            self._note(message)

    def _note(self, message):
        method, params = message["method"], message["params"]
        if method == "Runtime.exceptionThrown":
            details = params["exceptionDetails"]
            self.errors.append(details.get("exception", {}).get("description") or details["text"])
        elif method == "Runtime.consoleAPICalled" and params["type"] in ("error", "warning", "assert"):
            self.errors.append(" ".join(str(value.get("value")) for value in params["args"]))
        elif method == "Log.entryAdded" and params["entry"]["level"] in ("error", "warning"):
            self.errors.append(params["entry"]["text"])
        elif method == "Network.requestWillBeSent":
            self.requests.append(params["request"]["url"])

    def _ask(self, method, session, params):
        number = self._send(method, session, params)
        deadline = time.monotonic() + HANG_SECONDS
        while number not in self._answers:
            self._receive(deadline)
        answer = self._answers.pop(number)
        require("error" not in answer, f"{method}: {answer.get('error')}")
        return answer["result"]

    def call(self, method, **params):
        return self._ask(method, self._session, params)

    # -- the page

    def resize(self, width, height):
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1,
                  mobile=False)

    def open(self, path):
        """Opens a report; the milliseconds from the navigation until all of it was there."""
        self.call("Page.navigate", url=pathlib.Path(path).resolve().as_uri())
        self.wait("document.documentElement?.dataset.ready || document.documentElement?.dataset.failed", "the page")
        failed = self.evaluate("document.documentElement.dataset.failed ?? ''")
        require(not failed, f"the page failed: {failed}")
        return float(self.evaluate("document.documentElement.dataset.ready"))

    def evaluate(self, expression):
        """The value of an expression, or of the promise that it makes."""
        answer = self.call("Runtime.evaluate", expression=expression, awaitPromise=True, returnByValue=True)
        if "exceptionDetails" in answer:
            details = answer["exceptionDetails"]
            raise Failure(f"`{expression}`: {details.get('exception', {}).get('description') or details['text']}")
        return answer["result"].get("value")

    def wait(self, condition, what):
        deadline = time.monotonic() + HANG_SECONDS
        while not self.evaluate(f"Boolean({condition})"):
            require(time.monotonic() < deadline, f"{what}: `{condition}` does not come true")
            time.sleep(0.02)

    def text(self, selector):
        return self.evaluate(f"document.querySelector({json.dumps(selector)}).textContent")

    def texts(self, selector):
        return self.evaluate(f"Array.from(document.querySelectorAll({json.dumps(selector)}), e => e.textContent)")

    def settle(self):
        """After two frames of the screen what was asked for is drawn."""
        self.evaluate("new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")

    def click(self, selector):
        """As a mouse does, in the middle of the element."""
        place = self.evaluate(
            f"(e => {{ e.scrollIntoView({{block: 'center'}}); const r = e.getBoundingClientRect();"
            f" return [r.x + r.width / 2, r.y + r.height / 2]; }})(document.querySelector({json.dumps(selector)}))")
        for kind in ("mousePressed", "mouseReleased"):
            self.mouse(kind, *place)
        self.settle()

    def mouse(self, kind, x, y, **more):
        self.call("Input.dispatchMouseEvent", type=kind, x=x, y=y, button="left", clickCount=1,
                  buttons=0 if kind == "mouseReleased" else 1, **more)

    def key(self, name):
        more = {"windowsVirtualKeyCode": KEYS[name]} if name in KEYS else {"text": name}
        if name == "Enter":
            more["text"] = "\r"
        self.call("Input.dispatchKeyEvent", type="keyDown", key=name, **more)
        self.call("Input.dispatchKeyEvent", type="keyUp", key=name)

    def type(self, text):
        self.call("Input.insertText", text=text)
        self.settle()

    def screenshot(self, path, whole=False):
        picture = self.call("Page.captureScreenshot", format="png", captureBeyondViewport=whole)
        pathlib.Path(path).write_bytes(base64.b64decode(picture["data"]))
