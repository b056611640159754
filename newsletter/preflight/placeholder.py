"""Text that was to be replaced.

Finds what editors leave in a text to come back to it: "lorem ipsum", TODO, xxx, "(titel)", "[…]", "naam invullen".
In a quotation "[…]" means that words were left out; there it is not reported.
"""

import re
from collections.abc import Iterator
from typing import Final

from newsletter.manuscript import Role
from newsletter.preflight.base import Context, Finding, Severity, say

severity: Severity = Severity.ERROR

_WORDS: Final = re.compile(
    r"""
    (?i:\blorem\s+ipsum\b|\bdolor\s+sit\s+amet\b)
  | \b(?:TODO|FIXME|TBD|NTB)\b
  | (?<!\w)(?:[xX]{3,}|\?{3,})(?!\w)
  | (?i:[(\[<]\s*(?:titel|title|naam|name|datum|date|plaats|place|tekst|text|link|url|foto|photo|lead|intro
        |kop|bijschrift|caption|invullen|nog\s+invullen|volgt|p\.?\s?m\.?|vul\s+in|insert[^)\]>]{0,30}
        |hier[^)\]>]{0,20}tekst)\s*[)\]>])
  | (?i:\b(?:hier|here)\s+(?:komt|komen|comes|goes)\s+(?:nog\s+)?(?:de\s+|een\s+|the\s+|a\s+)?
        (?:tekst|titel|lead|foto|text|title|photo)\b)
    """,
    re.VERBOSE,
)
_GAP: Final = re.compile(r"\[\s*(?:…|\.\.\.)\s*\](?![(\ufffc])")
_QUOTED_LINE: Final = re.compile(r"^[ \t]*>[^\r\n]*", re.MULTILINE)


def check(context: Context) -> Iterator[Finding]:
    """Look through every text."""
    remedy = say("Write what belongs there, or take it out.")
    for passage in context.manuscript.passages:
        quoted = [found.span() for found in _QUOTED_LINE.finditer(passage.prose)] if passage.markdown else []
        gaps = () if passage.role is Role.QUOTE else passage.find(_GAP)
        for found in passage.find(_WORDS):
            message = say("“%(words)s” was to be replaced", words=found.text)
            yield Finding(found.place, message, remedy, passage.block)
        for found in gaps:
            if not any(start <= found.match.start() < end for start, end in quoted):
                message = say("“%(words)s” was to be replaced", words=found.text)
                yield Finding(found.place, message, remedy, passage.block)
