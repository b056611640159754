"""A Chromium of this machine, asked over its own protocol to show a page and picture it."""

import base64
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from select import select
from time import monotonic
from typing import Any, Final

from newsletter.errors import WorkspaceError

NAMES: Final = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome", "microsoft-edge")
_PATIENCE: Final = 30.0
_OPTIONS: Final = (
    "--headless",
    "--remote-debugging-pipe",
    "--disable-gpu",
    "--disable-extensions",
    "--disable-background-networking",
    "--no-first-run",
    "--hide-scrollbars",
    "--force-color-profile=srgb",
    "--font-render-hinting=none",
    # What is shown lies on this machine; nothing is fetched for it from elsewhere.
    "--host-resolver-rules=MAP * ~NOTFOUND",
)


def find_chromium() -> str:
    """Name the Chromium, or a browser made from it, of this machine.

    Raises:
        WorkspaceError: There is none.
    """
    found = next((path for name in NAMES if (path := shutil.which(name))), None)
    if found is None:
        raise WorkspaceError(
            "no Chromium was found on this machine",
            remedy="Install it, such as with 'apt install chromium'; Google Chrome and Microsoft Edge do as well.",
        )
    return found


@dataclass
class Chromium:
    """A running browser with one page."""

    _read: int
    _write: int
    _session: str = ""
    _number: int = 0
    _rest: bytes = b""
    _events: list[str] = field(default_factory=list)

    def picture(self, address: str, *, width: int, dark: bool, scale: int = 2) -> bytes:
        """Show a page and give a picture of its full height.

        Args:
            width: Of the window, in CSS pixels.
            dark: Whether the reader prefers dark colours.
            scale: Pixels of the picture for each CSS pixel.

        Returns:
            A PNG.

        Raises:
            WorkspaceError: The page cannot be shown, or the browser does not answer.
        """
        self._show(address, width, scale, dark=dark)
        height = self._ask("Page.getLayoutMetrics")["cssContentSize"]["height"]
        self._resize(width, int(height), scale)
        taken = self._ask("Page.captureScreenshot", format="png", captureBeyondViewport=True)
        return base64.b64decode(taken["data"])

    def answer(self, address: str, script: str, *, width: int, dark: bool) -> Any:
        """Show a page and evaluate a script in it.

        Args:
            width: As for `picture`; `dark` too.
            script: An expression of JavaScript; a promise is waited for.

        Returns:
            What it gives, as JSON can say it.

        Raises:
            WorkspaceError: The page cannot be shown, the script fails, or the browser does not answer.
        """
        self._show(address, width, 1, dark=dark)
        given = self._ask("Runtime.evaluate", expression=script, awaitPromise=True, returnByValue=True)
        if "exceptionDetails" in given:
            said = given["result"].get("description", "").partition("\n")[0]
            raise _silent(f"a script fails in the browser: {said}")
        return given["result"].get("value")

    def _show(self, address: str, width: int, scale: int, *, dark: bool) -> None:
        scheme = "dark" if dark else "light"
        self._ask("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}])
        self._resize(width, 800, scale)
        self._events.clear()
        shown = self._ask("Page.navigate", url=address)
        if shown.get("errorText"):
            raise WorkspaceError(
                f"the browser cannot show the page: {shown['errorText']}",
                remedy="Check that the browser may read the temporary folder.",
            )
        self._wait_for("Page.loadEventFired")

    def _resize(self, width: int, height: int, scale: int) -> None:
        self._ask(
            "Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=scale, mobile=False
        )

    def _open(self) -> None:
        target = self._ask("Target.createTarget", url="about:blank")["targetId"]
        self._session = self._ask("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        self._ask("Page.enable")

    def _ask(self, method: str, **parameters: object) -> Any:
        self._number += 1
        message: dict[str, object] = {"id": self._number, "method": method, "params": parameters}
        if self._session:
            message["sessionId"] = self._session
        _write_all(self._write, json.dumps(message).encode() + b"\0")
        limit = monotonic() + _PATIENCE
        while True:
            reply = self._next(limit)
            if reply.get("id") == self._number:
                if "error" in reply:
                    raise _silent(f"the browser refuses {method}: {reply['error'].get('message', '')}")
                return reply["result"]

    def _wait_for(self, event: str) -> None:
        limit = monotonic() + _PATIENCE
        while event not in self._events:
            self._next(limit)

    def _next(self, limit: float) -> Any:
        while b"\0" not in self._rest:
            ready, _, _ = select([self._read], [], [], max(limit - monotonic(), 0))
            more = os.read(self._read, 1 << 16) if ready else b""
            if not more:
                raise _silent("the browser does not answer")
            self._rest += more
        message, _, self._rest = self._rest.partition(b"\0")
        read = json.loads(message)
        if "method" in read:
            self._events.append(read["method"])
        return read


@contextmanager
def open_chromium() -> Iterator[Chromium]:
    """Start the browser of this machine, with a profile of its own, until the block ends.

    Raises:
        WorkspaceError: There is none, or it does not start.
    """
    path = find_chromium()
    commands_out, commands_in = os.pipe()
    replies_out, replies_in = os.pipe()
    with tempfile.TemporaryDirectory(prefix="newsletter-", ignore_cleanup_errors=True) as profile:
        process = _start(path, Path(profile), commands_out, replies_in)
        os.close(commands_out)
        os.close(replies_in)
        try:
            browser = Chromium(replies_out, commands_in)
            browser._open()  # noqa: SLF001 - opened here, so that nobody gets one that does not answer
            yield browser
        finally:
            os.close(commands_in)
            os.close(replies_out)
            process.kill()
            process.wait()


_LAUNCH: Final = """
import fcntl, os, sys
commands, replies = (fcntl.fcntl(int(number), fcntl.F_DUPFD, 10) for number in sys.argv[1:3])
os.dup2(commands, 3)
os.dup2(replies, 4)
os.execv(sys.argv[3], sys.argv[3:])
"""
"""Chromium reads commands from descriptor 3 and replies on 4; this puts them there, and then becomes Chromium."""


def _start(path: str, profile: Path, commands: int, replies: int) -> subprocess.Popen[bytes]:
    # Its sandbox does not work for the superuser.
    rootless = () if os.geteuid() else ("--no-sandbox",)
    launch = [sys.executable, "-I", "-S", "-c", _LAUNCH, str(commands), str(replies)]
    return subprocess.Popen(  # noqa: S603 - nothing in it is anybody's input
        [*launch, path, *_OPTIONS, *rootless, f"--user-data-dir={profile}"],
        pass_fds=(commands, replies),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


def _write_all(descriptor: int, content: bytes) -> None:
    try:
        while content:
            content = content[os.write(descriptor, content) :]
    except BrokenPipeError as error:
        raise _silent("the browser ended") from error


def _silent(message: str) -> WorkspaceError:
    return WorkspaceError(message, remedy="Try again; see that the browser starts on its own, and that memory is free.")
