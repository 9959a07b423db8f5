"""browser - headless Chromium over its DevTools pipe: no driver, no module, no socket.

    with Browser() as b:
        b.open("file:///tmp/x.html")
        b.value("document.title")
        b.media(dark=True)
        b.key("Tab")
        b.picture("/tmp/x.png")

Browser.path() is where Chromium is, or None.
"""
import base64
import json
import os
import select
import shutil
import subprocess
import tempfile
import time

KEYS = {"Tab": 9, "Enter": 13, " ": 32, "ArrowDown": 40, "ArrowUp": 38, "ArrowLeft": 37,
        "ArrowRight": 39, "Escape": 27}
WAIT = 30  # seconds that an answer may take


class Browser:
    @staticmethod
    def path():
        for name in ("chromium", "chromium-browser", "google-chrome"):
            found = shutil.which(name)
            if found:
                return found
        return None

    def __init__(self, width=1200, height=900):
        self.home = tempfile.mkdtemp(prefix="synwave-page-")
        self.number, self.session, self.rest = 0, None, b""
        self.requests, self.complaints = [], []
        down_read, self.down = os.pipe()  # Chromium reads 3, writes 4
        self.up, up_write = os.pipe()
        command = [self.path(), "--headless=new", "--no-sandbox", "--disable-gpu",
                   "--disable-dev-shm-usage", "--no-first-run", "--hide-scrollbars",
                   f"--user-data-dir={self.home}", f"--window-size={width},{height}",
                   "--remote-debugging-pipe", "about:blank"]

        def wire():
            low, high = os.dup(down_read), os.dup(up_write)
            os.dup2(low, 3)
            os.dup2(high, 4)

        self.process = subprocess.Popen(
            command, preexec_fn=wire, close_fds=True, pass_fds=(3, 4), start_new_session=True,
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            env={**os.environ, "HOME": self.home})
        os.close(down_read)
        os.close(up_write)
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        self.session = self.call("Target.attachToTarget", targetId=target,
                                 flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Network", "Log"):
            self.call(f"{domain}.enable")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        try:
            self.session = None
            self.call("Browser.close")
        except (OSError, RuntimeError):
            pass
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        os.close(self.down)
        os.close(self.up)
        shutil.rmtree(self.home, ignore_errors=True)

    def message(self, until):
        """The next thing that the browser says."""
        while b"\0" not in self.rest:
            left = until - time.monotonic()
            if left <= 0 or not select.select([self.up], [], [], left)[0]:
                raise RuntimeError("the browser does not answer")
            more = os.read(self.up, 1 << 16)
            if not more:
                raise RuntimeError("the browser has gone")
            self.rest += more
        one, self.rest = self.rest.split(b"\0", 1)
        said = json.loads(one)
        if said.get("method") == "Network.requestWillBeSent":
            self.requests.append(said["params"]["request"]["url"])
        if said.get("method") == "Runtime.exceptionThrown":
            self.complaints.append(said["params"]["exceptionDetails"]["text"])
        if said.get("method") == "Log.entryAdded":
            self.complaints.append(said["params"]["entry"]["text"])
        return said

    def call(self, method, **params):
        self.number += 1
        want = {"id": self.number, "method": method, "params": params}
        if self.session:
            want["sessionId"] = self.session
        os.write(self.down, json.dumps(want).encode() + b"\0")
        until = time.monotonic() + WAIT
        while True:
            said = self.message(until)
            if said.get("id") != self.number:
                continue
            if "error" in said:
                raise RuntimeError(f"{method}: {said['error']['message']}")
            return said["result"]

    def open(self, url):
        """Opens a page and waits until it is there; what it asked for is in `requests`."""
        self.requests, self.complaints = [], []
        self.call("Page.navigate", url=url)
        until = time.monotonic() + WAIT
        while self.message(until).get("method") != "Page.loadEventFired":
            pass

    def value(self, expression):
        """What JavaScript makes of it."""
        result = self.call("Runtime.evaluate", expression=expression, returnByValue=True,
                           awaitPromise=True)
        if "exceptionDetails" in result:
            raise RuntimeError(f"{expression}: {result['exceptionDetails']['text']}")
        return result["result"].get("value")

    def media(self, dark):
        self.call("Emulation.setEmulatedMedia", features=[
            {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}])

    def key(self, name, text=""):
        code = {"key": name, "code": name if len(name) > 1 else "", "windowsVirtualKeyCode":
                KEYS.get(name, ord(name.upper()[0]))}
        if len(name) == 1 or name == "Enter":
            text = text or ("\r" if name == "Enter" else name)
        self.call("Input.dispatchKeyEvent", type="keyDown" if text else "rawKeyDown",
                  text=text, **code)
        self.call("Input.dispatchKeyEvent", type="keyUp", **code)

    def picture(self, file, full=False):
        done = self.call("Page.captureScreenshot", format="png", captureBeyondViewport=full)
        with open(file, "wb") as out:
            out.write(base64.b64decode(done["data"]))
