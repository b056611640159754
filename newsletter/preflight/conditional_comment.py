"""Markup for Outlook that does not end, or ends twice.

Outlook on Windows reads what stands in conditional comments. One that is not closed hides all that follows, and one
end too many is shown to everybody.
"""

import re
from collections.abc import Iterator
from typing import Final

from newsletter.errors import Place
from newsletter.markup import parse
from newsletter.preflight.base import Context, Finding, Said, Severity, say

severity: Severity = Severity.ERROR

_BORDER: Final = re.compile(r"<!(?:--)?\[if\b([^\]]*)\](?:>|-->)?|<!\[endif\](?:--)?>", re.IGNORECASE)
_REVEALED: Final = re.compile(r"<!--\[if[^\]]*\]><!--+>|<!--<!\[endif\]-->", re.IGNORECASE)
"""What shows something to everybody but Outlook."""


def check(context: Context) -> Iterator[Finding]:
    """Match beginnings and ends, and look for tags that close nothing."""
    place = Place(f"templates/{context.issue.template}")
    for words in _problems(context.html):
        yield Finding(place, words, say("Look for it in the template, in its raw HTML most of all."))


def _problems(html: str) -> Iterator[Said]:
    depth = 0
    for found in _BORDER.finditer(html):
        depth += 1 if found[1] is not None else -1
        if depth not in (0, 1):
            yield (
                say("a conditional comment begins in another one")
                if depth > 0
                else say("a conditional comment ends that has not begun")
            )
            return
    if depth:
        yield say("a conditional comment does not end")
    plain = _REVEALED.sub("", html)
    if plain.count("<!--") != plain.count("-->"):
        yield say("a comment does not end")
    loose = parse(html).loose
    if loose:
        yield say("an element is not closed, or closed twice: %(tags)s", tags=", ".join(dict.fromkeys(loose)))
