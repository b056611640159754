"""Message that does not say what language it is in.

Screen readers choose their voice by `lang`, and scripts that run from right to left need `dir`. Both stand at the
`<html>` element and, as some mail clients drop that one, at the element around the content.
"""

import re
from collections.abc import Iterator
from typing import Final

from newsletter.errors import Place
from newsletter.markup import Element, parse
from newsletter.preflight.base import Context, Finding, Severity, say

severity: Severity = Severity.ERROR

_LANGUAGE: Final = re.compile(r"[A-Za-z]{2,3}(?:-[A-Za-z0-9]{2,8})*")
_DIRECTIONS: Final = frozenset(("ltr", "rtl", "auto"))


def check(context: Context) -> Iterator[Finding]:
    """Look at the elements around the content."""
    page = parse(context.html)
    outer = page.first("html")
    body = page.first("body")
    around = [one for one in body.find("div", "table") if one.get("lang")] if body else []
    place = Place(f"templates/{context.issue.template}")
    for name, element in (("<html>", outer), ("the element around the content", around[0] if around else None)):
        if element is None or not _LANGUAGE.fullmatch(element.get("lang")):
            message = say("%(name)s has no language", name=name)
            yield Finding(place, message, say('Write lang="{{ issue.language }}" there.'))
        elif not _same(element, context.issue.language):
            message = say(
                "%(name)s says “%(said)s”, but the issue is in “%(language)s”",
                name=name,
                said=element.get("lang"),
                language=context.issue.language,
            )
            yield Finding(place, message, say('Write lang="{{ issue.language }}" there.'))
        if element is not None and element.get("dir").lower() not in _DIRECTIONS:
            message = say("%(name)s does not say in which direction it is read", name=name)
            yield Finding(place, message, say('Write dir="auto" there.'))


def _same(element: Element, language: str) -> bool:
    return element.get("lang").partition("-")[0].lower() == language.partition("-")[0].lower()
