"""Text that was to be replaced.

Finds what editors leave in a text to come back to it: "lorem ipsum", TODO, xxx, @@@, "(titel)", "<naam>", "[…]",
"[link invoegen]", "nader in te vullen", PM where it stands alone, and what another program would have filled in, such
as "{{ naam }}". In a quotation "[…]" means that words were left out; there it is not reported. "De agenda is nog nader
in te vullen" is a sentence, and "10:30 PM" an hour.
"""

import re
from collections.abc import Iterator
from typing import Final

from newsletter.manuscript import Found, Passage, Role
from newsletter.preflight.base import Context, Finding, Severity, say

severity: Severity = Severity.ERROR

_WORDS: Final = re.compile(
    r"""
    (?i:\blorem\s+ipsum\b|\bdolor\s+sit\s+amet\b)
  | \b(?:TODO|FIXME|TBD|NTB)\b
  | (?<!\w)(?:[xX]{3,}|\?{3,})(?!\w)
  | (?i:[(\[<]\s*(?:titel|title|naam|name|datum|date|plaats|place|tekst|text|link|url|foto|photo|lead|intro
        |kop|bijschrift|caption|invullen|nog\s+invullen|volgt|vul\s+in|insert[^)\]>]{0,30}
        |hier[^)\]>]{0,20}tekst)\s*[)\]>])
  | (?i:\b(?:hier|here)\s+(?:komt|komen|comes|goes)\s+(?:nog\s+)?(?:de\s+|een\s+|the\s+|a\s+)?
        (?:tekst|titel|lead|foto|text|title|photo)\b)
    """,
    re.VERBOSE,
)
_ADDED: Final = re.compile(
    r"""
    (?<![\w@])@{3,}(?!\w)
  | \[\s*(?i:(?:[^\[\]\r\n\ufffc]{0,40}\s)?
        (?:(?:in|aan)vullen|(?:in|toe)voegen|plakken|in\s+te\s+vullen|toe\s+te\s+voegen|insert|fill\s+in|to\s+follow)
        |(?:vul|voeg|insert|fill|add|paste|hier|here)\s[^\[\]\r\n\ufffc]{0,40}
        |(?:uw|jouw|your)\s+(?:naam|titel|tekst|foto|name|title|text|photo)[^\[\]\r\n\ufffc]{0,20}
        )\s*\](?![(\[:\ufffc])
    """,
    re.VERBOSE,
)
_PENDING: Final = re.compile(
    r"\b(?:(?:nog|nader|later)\s+){1,2}(?:(?:in|aan)\s+te\s+vullen|(?:in|toe)\s+te\s+voegen)\b(?=\s*(?:[^\w\s]|\Z|[\r\n]))"
    r"|\bto\s+be\s+filled\s+in\b(?=\s*(?:[^\w\s]|\Z|[\r\n]))",
    re.IGNORECASE,
)
_VERB: Final = re.compile(
    r"\b(?:is|zijn|was|waren|wordt|worden|werd|blijft|blijven|valt|vallen|lijkt|heeft|hebben|staat|staan|moet|moeten"
    r"|are|were|has|have|remains?|needs?|had)\b[^.!?:;\r\n]*\Z",
    re.IGNORECASE,
)
_MEMORY: Final = re.compile(
    r"""
    \A\s*P\.?M\.?\s*\Z                                        # a whole value
  | (?<=[(\[<])\s*(?i:p\.?\s?m\.?)\s*(?=[)\]>])
  | (?:(?<=[–—|])|(?<=\s-)|(?<=^-))[ \t]*PM[ \t]*(?=[–—|]|-\s|[.]?[ \t]*$)  # between dashes or bars
  | (?<=[a-z]:)[ \t]+PM[ \t]*[.]?(?=[ \t]*$)
  | ^[ \t]*PM[ \t]*(?=$)                                       # a line of its own
  | (?<!\d\s)\bPM\b(?=\s+(?:nader|nog|invullen|aanvullen)\b)
    """,
    re.VERBOSE | re.MULTILINE,
)
"""PM, for "pro memoria": what is known later."""
_ITS_WORDS: Final = re.compile(r"\b[pP]\w*(?:m\w*|\s+[mM]\w*)\s*[(\[<]?\s*\Z")
"""What PM may be short for, before it in brackets: "projectmanager", "particulate matter"."""
_SLOT: Final = re.compile(r"\{\{[^{}\r\n]*\}\}|\{%[^%\r\n]*%\}|\*\|[A-Za-z_:]+\|\*|%%[A-Za-z_]+%%")
_MERGED: Final = frozenset({Role.SUBJECT, Role.PREHEADER, Role.INTRO})
"""Texts whose slots are filled in for each reader; one that cannot be is told of when the issue is read."""
_IN_ANGLES: Final = re.compile(r"<\s?(?P<first>[^\W\d_]+)(?:[ _-]{1,2}[^\W_]+){0,5}\s?>")
_NAMES_TOO: Final = frozenset({"link", "title", "caption", "text"})
"""What markup calls an element, and editors what is to stand there."""
_MARKUP: Final = frozenset(
    re.findall(
        r"\w+",
        """
        a abbr address article aside audio b blockquote body br button center cite code col dd del details div dl dt em
        embed figure font footer form h head header hr html i iframe img input ins label li main mark meta nav object
        ol option p picture pre q s script section select small source span strike strong style sub summary sup svg
        table tbody td template textarea tfoot th thead time tr tt u ul var video wbr
        """,
    )
)
_GAP: Final = re.compile(r"\[\s*(?:…|\.\.\.)\s*\](?![(\ufffc])")
_QUOTED_LINE: Final = re.compile(r"^[ \t]*>[^\r\n]*", re.MULTILINE)


def check(context: Context) -> Iterator[Finding]:
    """Look through every text."""
    remedy = say("Write what belongs there, or take it out.")
    for passage in context.manuscript.passages:
        end = -1
        for found in sorted(_found(passage), key=lambda one: (one.match.start(), -one.match.end())):
            if found.match.start() < end:
                continue
            end = found.match.end()
            message = say("“%(words)s” was to be replaced", words=found.text)
            yield Finding(found.place, message, remedy, passage.block)


def _found(passage: Passage) -> Iterator[Found]:
    yield from passage.find(_WORDS)
    yield from passage.find(_ADDED)
    yield from (found for found in passage.find(_PENDING) if not _VERB.search(_before(found)))
    yield from (found for found in passage.find(_MEMORY) if not _ITS_WORDS.search(_before(found)))
    yield from (found for found in passage.find(_IN_ANGLES, in_source=True) if _is_no_markup(found))
    if passage.role not in _MERGED:
        yield from passage.find(_SLOT, in_source=True)
    yield from _gaps(passage)


def _before(found: Found) -> str:
    return found.match.string[: found.match.start()]


def _is_no_markup(found: Found) -> bool:
    name = found.match["first"].lower()
    return name not in _MARKUP or name in _NAMES_TOO


def _gaps(passage: Passage) -> Iterator[Found]:
    """Find where words are missing, but for those left out of a quotation."""
    if passage.role is Role.QUOTE:
        return
    quoted = [found.span() for found in _QUOTED_LINE.finditer(passage.prose)] if passage.markdown else []
    for found in passage.find(_GAP):
        if not any(start <= found.match.start() < end for start, end in quoted):
            yield found
