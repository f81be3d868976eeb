"""A headless Chromium, driven through the DevTools protocol over a pipe: no port, no packages."""

import base64
import itertools
import json
import os
import select
import signal
import subprocess
import tempfile
import time


class Chromium:
    """One browser with one page. What the page logs and asks for is in `console` and `requests`."""

    def __init__(self, timeout=60):
        self.timeout = timeout
        # Its crash handler, which ends some time after it, may still write there.
        self._profile = tempfile.TemporaryDirectory(ignore_cleanup_errors=True)
        self.console = []  # errors and warnings, a line each
        self.requests = []  # URLs
        self._ids = itertools.count(1)
        self._read = b""
        to_browser, self._out = os.pipe()
        self._in, from_browser = os.pipe()

        def connect():  # Chromium reads from 3 and writes to 4
            high = [os.dup(fd) for fd in (to_browser, from_browser)]
            os.dup2(high[0], 3)
            os.dup2(high[1], 4)

        self._process = subprocess.Popen(
            ["chromium", "--headless=new", "--no-sandbox", "--remote-debugging-pipe",
             "--disable-gpu", "--disable-dev-shm-usage", "--disable-background-networking",
             "--disable-component-update", "--no-first-run", "--hide-scrollbars",
             "--user-data-dir=" + self._profile.name, "about:blank"],
            preexec_fn=connect, close_fds=False, process_group=0,
            env=dict(os.environ, HOME=self._profile.name),
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        os.close(to_browser)
        os.close(from_browser)
        self._session = None
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        self._session = self.call("Target.attachToTarget", targetId=target,
                                  flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.call(domain + ".enable")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.end()

    def end(self):
        """All its processes: one that is left writes into the profile while that is removed."""
        os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        end = time.monotonic() + 10
        while time.monotonic() < end:
            try:
                os.killpg(self._process.pid, 0)
            except ProcessLookupError:
                break
            time.sleep(0.01)
        os.close(self._out)
        os.close(self._in)
        self._profile.cleanup()

    def call(self, method, **params):
        """What the browser answers; RuntimeError if it refuses."""
        message = {"id": next(self._ids), "method": method, "params": params}
        if self._session:
            message["sessionId"] = self._session
        os.write(self._out, json.dumps(message).encode() + b"\0")
        while True:
            answer = self._next(time.monotonic() + self.timeout)
            if answer is None:
                raise TimeoutError(f"no answer to {method} within {self.timeout} s")
            if answer.get("id") == message["id"]:
                if "error" in answer:
                    raise RuntimeError(f"{method}: {answer['error']}")
                return answer["result"]

    def look(self, expression):
        """The value of a JavaScript expression, or of what it promises."""
        result = self.call("Runtime.evaluate", expression=expression, returnByValue=True,
                           awaitPromise=True)
        if "exceptionDetails" in result:
            details = result["exceptionDetails"]
            raise RuntimeError(details.get("exception", {}).get("description", details["text"]))
        return result["result"].get("value")

    def wait(self, expression, seconds=20):
        """Until the expression is true: its value. TimeoutError if it does not become so."""
        end = time.monotonic() + seconds
        while True:
            value = self.look(expression)
            if value:
                return value
            if time.monotonic() > end:
                raise TimeoutError(f"within {seconds} s this did not become true: {expression}")
            self._next(time.monotonic() + 0.05)

    def open(self, url):
        self.console.clear()
        self.requests.clear()
        self.call("Page.navigate", url=url)

    def show_as(self, width, height, scheme="light", motion="no-preference", mobile=False):
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=height,
                  deviceScaleFactor=1, mobile=mobile)
        self.call("Emulation.setEmulatedMedia", features=[
            {"name": "prefers-color-scheme", "value": scheme},
            {"name": "prefers-reduced-motion", "value": motion}])

    def screenshot(self, path, top=0, height=None):
        """The page, as high as it is, or part of it."""
        size = self.call("Page.getLayoutMetrics")["cssContentSize"]
        image = self.call("Page.captureScreenshot", captureBeyondViewport=True,
                          clip={"x": 0, "y": top, "width": size["width"],
                                "height": height or size["height"] - top, "scale": 1})
        with open(path, "wb") as file:
            file.write(base64.b64decode(image["data"]))

    def _next(self, end):
        """The next message, after taking note of it; None when there is none before `end`."""
        while b"\0" not in self._read:
            left = end - time.monotonic()
            if left <= 0 or not select.select([self._in], [], [], left)[0]:
                return None
            some = os.read(self._in, 1 << 20)
            if not some:
                raise RuntimeError("Chromium has ended; is the package chromium installed?")
            self._read += some
        message, self._read = self._read.split(b"\0", 1)
        message = json.loads(message)
        self._note(message.get("method"), message.get("params", {}))
        return message

    def _note(self, method, params):
        if method == "Runtime.exceptionThrown":
            details = params["exceptionDetails"]
            self.console.append(details.get("exception", {}).get("description", details["text"]))
        elif method == "Runtime.consoleAPICalled" and params["type"] in ("error", "warning"):
            self.console.append(" ".join(str(a.get("value")) for a in params["args"]))
        elif method == "Log.entryAdded" and params["entry"]["level"] in ("error", "warning"):
            self.console.append(params["entry"]["text"] + " " + params["entry"].get("url", ""))
        elif method == "Network.requestWillBeSent":
            self.requests.append(params["request"]["url"])
