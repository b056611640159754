"""Font or style sheet that is fetched from somewhere else.

Every opening would tell another host who reads; many clients drop such fonts, and some wait for them. The fonts that
readers have already will do.
"""

import re
from collections.abc import Iterator
from typing import Final

from newsletter.errors import Place
from newsletter.markup import parse
from newsletter.preflight.base import Context, Finding, Severity, say

severity: Severity = Severity.ERROR

_DATA: Final = "application/ld+json"
"""What a script holds that tells of events; it fetches nothing and is not run."""
_FETCHED: Final = re.compile(
    r"@import\s+(?:url\()?\s*[\"']?([^\"')\s;]+)|@font-face\s*\{[^}]*?url\(\s*[\"']?([^\"')]+)", re.IGNORECASE
)


def check(context: Context) -> Iterator[Finding]:
    """Look at style sheets, links to them, and frames."""
    page = parse(context.html)
    fetched = [found[1] or found[2] for found in _FETCHED.finditer(page.stylesheets)]
    fetched += [one.get("href") for one in page.find("link") if one.get("href")]
    frames = page.find("script", "iframe", "object", "embed")
    fetched += [one.get("src") or one.tag for one in frames if one.get("src") or one.get("type") != _DATA]
    for source in dict.fromkeys(fetched):
        message = say("the message fetches %(source)s, beside its pictures", source=source)
        remedy = say("Take it out of the template or theme, and name fonts that readers have.")
        yield Finding(Place(f"templates/{context.issue.template}"), message, remedy)
