"""Pages of examples in a real browser that stays open: looked at in several widths, light and dark."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from playwright.sync_api import Browser, sync_playwright

NAMES = ("chromium", "chromium-browser", "google-chrome")


def installed() -> str | None:
    """Name the browser of this machine, if it has one."""
    return next((found for name in NAMES if (found := shutil.which(name))), None)


@contextmanager
def browsing(executable: str) -> Iterator[Browser]:
    """Keep a browser open."""
    with sync_playwright() as started:
        browser = started.chromium.launch(executable_path=executable, args=["--no-sandbox"])
        yield browser
        browser.close()


@contextmanager
def shown(browser: Browser, html: str, width: int, *, dark: bool = False) -> Iterator[Any]:
    """Show HTML in a window of some width; nothing is fetched."""
    context = browser.new_context(
        viewport={"width": width, "height": 900}, color_scheme="dark" if dark else "light", offline=True
    )
    page = context.new_page()
    page.set_content(html, wait_until="domcontentloaded")
    yield page
    context.close()
