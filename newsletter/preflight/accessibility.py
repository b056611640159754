"""Message that a browser finds hard to reach for some readers.

axe-core looks at the message in a Chromium of this machine, wide and light as on a desk, and narrow and dark as on a
phone. It finds what only shows in a page that is laid out. Rules about landmarks are for pages, not for mail, and are
left out.
"""

import asyncio
import json
import tempfile
from collections.abc import AsyncIterator
from importlib.resources import files
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

from newsletter.chromium import find_chromium, open_chromium
from newsletter.errors import Place, WorkspaceError
from newsletter.markup import origin_among
from newsletter.preflight.base import Context, Finding, Severity, say

severity: Severity = Severity.WARNING

PACKAGE: Final = "axe_playwright_python"
"""Holds axe-core; nothing else of it is used."""
NOT_FOR_MAIL: Final = ("bypass", "landmark-one-main", "region")
_LOOKS: Final = ((640, False), (375, True))
_LONGEST: Final = 120
_QUESTION: Final = """
axe.run(document, {elementRef: true, resultTypes: ["violations"], rules: RULES}).then(found => found.violations.flatMap(
  one => one.nodes.map(node => {
    const around = [];
    for (let above = node.element; above; above = above.parentElement)
      around.push([...above.querySelectorAll("h1, h2, h3, h4, h5, h6")].map(heading => heading.textContent));
    if (/^H[1-6]$/.test(node.element.tagName)) around[0].unshift(node.element.textContent);
    return {rule: one.id, help: one.help, page: one.helpUrl, html: node.html, around};
  })))
"""


async def check(context: Context) -> AsyncIterator[Finding]:
    """Ask axe-core, where there are a browser and axe-core itself."""
    if lacking() is not None:
        return
    try:
        violations = await asyncio.to_thread(_violations, context.html)
    except WorkspaceError as error:
        message = say("the message could not be looked at by axe-core: %(problem)s", problem=error.message)
        yield Finding(Place(f"issues/{context.issue.slug}/issue.yaml"), message, error.remedy or "")
        return
    for one in violations:
        origin = origin_among(one["around"], context.issue)
        message = say(
            "according to axe-core (%(rule)s): %(help)s, at %(element)s",
            rule=one["rule"],
            help=one["help"],
            element=_shortened(one["html"]),
        )
        yield Finding(origin.place, message, say("What it means is told at %(page)s.", page=one["page"]), origin.block)


def lacking() -> str | None:
    """Name what is missing on this machine for it, if anything is."""
    try:
        find_chromium()
    except WorkspaceError:
        return "Chromium"
    return None if find_spec(PACKAGE) else "axe-core"


def _violations(html: str) -> list[dict[str, Any]]:
    """Look at the page in each way, and give every violation once."""
    program = files(PACKAGE).joinpath("axe.min.js").read_text(encoding="utf-8")
    rules = json.dumps({rule: {"enabled": False} for rule in NOT_FOR_MAIL})
    script = f"{program};{_QUESTION.replace('RULES', rules)}"
    found: dict[tuple[str, str], dict[str, Any]] = {}
    with tempfile.TemporaryDirectory(prefix="newsletter-") as folder, open_chromium() as browser:
        page = Path(folder) / "issue.html"
        page.write_text(html, encoding="utf-8")
        for width, dark in _LOOKS:
            for one in browser.answer(page.as_uri(), script, width=width, dark=dark):
                found.setdefault((one["rule"], one["html"]), one)
    return list(found.values())


def _shortened(html: str) -> str:
    squeezed = " ".join(html.split())
    return squeezed if len(squeezed) <= _LONGEST else f"{squeezed[:_LONGEST]}…"
