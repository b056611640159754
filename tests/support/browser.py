"""A real browser, asked one question about a page."""

import json
import re
import shutil
import subprocess
from html import unescape
from pathlib import Path
from typing import Any

NAMES = ("chromium", "chromium-browser", "google-chrome")


def find_browser() -> str | None:
    """Name the browser of this machine, if it has one."""
    return next((found for name in NAMES if (found := shutil.which(name))), None)


def ask(browser: str, page: Path, width: int, question: str) -> Any:
    """Show a page in a frame of some width and evaluate JavaScript in it.

    Args:
        page: A file; the frame and what the browser keeps lie beside it.
        question: An expression; `view` is the frame's window. Its value must be JSON.
    """
    frame = page.with_name(f"frame-{width}.html")
    frame.write_text(
        f'<!doctype html><iframe src="{page.name}" style="border:0;width:{width}px;height:6000px"></iframe>'
        "<script>onload = () => { const view = document.querySelector('iframe').contentWindow;"
        f"document.body.dataset.answer = JSON.stringify({question}); }};</script>",
        encoding="utf-8",
    )
    options = [
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        "--allow-file-access-from-files",
        "--window-size=1200,6200",
    ]
    profile = f"--user-data-dir={page.with_name('profile')}"
    done = subprocess.run(
        [browser, *options, profile, "--virtual-time-budget=2000", "--dump-dom", frame.as_uri()],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    answer = re.search(r'data-answer="([^"]*)"', done.stdout)
    assert answer is not None, done.stderr[-2000:]
    return json.loads(unescape(answer[1]))
