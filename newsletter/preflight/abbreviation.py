"""Abbreviation that is nowhere explained.

Three to six capitals are an abbreviation. Somewhere in the issue its words stand with it, in brackets: "het Regionaal
Informatie- en Expertisecentrum (RIEC)" or "RIEC (Regionaal …)". What everybody knows needs none; what these readers
know stands in `abbreviations`.
"""

import re
from collections.abc import Iterator
from typing import Final

from newsletter.manuscript import Passage
from newsletter.preflight.base import Context, Finding, Severity, say

severity: Severity = Severity.HINT

_KNOWN: Final = frozenset(
    re.findall(
        r"\w+",
        """
    ANWB AOW APK AVG BBC BHV BOA BSN BTW CAO CDA CEO CNN COVID DNA EHBO FAQ FBI GGD GGZ GPS HAVO HBO HIV HTML HTTP HTTPS
    ICT ISBN KLM KNMI KVK KPN MBO NATO NAVO NAW NOS NPO NTR NVT OCW PDF PIN PVV RTL SGP SMS SUV TBS UNESCO UNICEF
    USA USB USD EUR VBO VMBO VPRO VVD VWO WHO WIFI WMO WOZ WWW ZZP
    """,
    )
)
_CAPITALS: Final = re.compile(r"(?<![\w&])(?P<letters>[A-Z]{3,6})(?:['’]?s)?(?![\w&])")
_ROMAN: Final = re.compile(r"M{0,3}(?:CM|CD|D?C{0,3})(?:XC|XL|L?X{0,3})(?:IX|IV|V?I{0,3})")


def check(context: Context) -> Iterator[Finding]:
    """Find the first use of each abbreviation that no text explains."""
    told = _KNOWN.union(context.settings.preflight.abbreviations)
    explained = {letters for passage in context.manuscript.passages for letters in _explained(passage)}
    met: set[str] = set()
    for passage in context.manuscript.passages:
        if passage.prose.isupper():
            continue
        for found in passage.find(_CAPITALS):
            letters = found.match["letters"]
            if letters in told | explained | met or _ROMAN.fullmatch(letters):
                continue
            met.add(letters)
            message = say("the abbreviation %(letters)s is nowhere explained", letters=letters)
            remedy = say("Write its words once, with the abbreviation in brackets, or add it to 'abbreviations'.")
            yield Finding(found.place, message, remedy, passage.block)


def _explained(passage: Passage) -> Iterator[str]:
    """Give the abbreviations that stand in brackets behind words, or have words in brackets behind them."""
    for found in passage.find(_CAPITALS):
        text, start, end = passage.prose, *found.match.span()
        before, after = text[:start].rstrip(" \t"), text[end:].lstrip("*_ \t\r\n")
        in_brackets = before.endswith("(") and after[:1] in (")", ",", ";")
        if in_brackets or re.match(r"\(\s*[^\W\d_]{2,}[^()]*\s[^()]*\)|\(\s*[^\W\d_]{6,}\s*\)", after):
            yield found.match["letters"]
