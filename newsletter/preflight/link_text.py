"""Link whose words say nothing about where it leads.

Who listens to a message, or skims it, meets links without the words around them: "klik hier", "lees meer" and
"read more" are all the same then, and a bare address is read out letter by letter.
"""

import re
from collections.abc import Iterator
from typing import Final

from newsletter.manuscript import Passage, Role
from newsletter.preflight.base import Context, Finding, Severity, say

severity: Severity = Severity.WARNING

_EMPTY: Final = frozenset(
    re.findall(
        r"[a-z]+(?: [a-z]+)*",
        """
        klik, klik hier, klik dan hier, hier, via hier, lees, lees meer, lees hier, lees hier meer, lees verder,
        lees hier verder, verder lezen, meer, meer lezen, meer weten, meer informatie, meer info, informatie, info,
        link, de link, deze link, via deze link, volg deze link, deze pagina, website, de website, deze website,
        bekijk, bekijk hier, download, download hier, aanmelden kan hier, artikel, bericht, ga naar, naar de website,
        click, click here, here, read, read more, read on, read here, more, more info, more information,
        learn more, find out more, see more, continue, continue reading, this link, this page, the website, details
        """,
    )
)
"""Words of links, in small letters and without marks, that could stand on any link."""

_LINK: Final = re.compile(r"(?<![!\\])\[(?P<words>(?:[^\[\]\\]|\\.)*)\](?=\(|\[)")
_ADDRESS: Final = re.compile(r"(?:https?://|www\.)[^\s<>)\]\"'`]+", re.IGNORECASE)
_CODE: Final = re.compile(
    r"(`+)(?!`).+?(?<!`)\1(?!`)|^[ ]{0,3}(```+|~~~+).*?(?:^[ ]{0,3}\2|\Z)", re.DOTALL | re.MULTILINE
)
_TARGET: Final = re.compile(r"\]\(\s*<?[^()\s]*(?:\([^()\s]*\)[^()\s]*)*|^[ ]{0,3}\[[^\]]+\]:\s*\S+", re.MULTILINE)


def check(context: Context) -> Iterator[Finding]:
    """Look at the links in all texts, and at what the items call theirs."""
    for passage in context.manuscript.passages:
        if passage.role is Role.LINK_TEXT and _says_nothing(passage.text):
            yield _finding(passage, 0, passage.text)
        elif passage.markdown:
            yield from _in_markdown(passage)


def _in_markdown(passage: Passage) -> Iterator[Finding]:
    text = passage.sheet.text[passage.start : passage.end]
    text = _CODE.sub(lambda found: " " * len(found[0]), text)
    for found in _LINK.finditer(text):
        words = " ".join(found["words"].split())
        if _says_nothing(words):
            yield _finding(passage, found.start("words"), words)
    for found in _ADDRESS.finditer(_TARGET.sub(lambda target: " " * len(target[0]), text)):
        message = say("the address %(address)s stands in the text as it is", address=found[0].rstrip(".,;:!?"))
        remedy = say("Make it a link with words: [words](address).")
        yield Finding(passage.place_in(found.start()), message, remedy, passage.block)


def _finding(passage: Passage, position: int, words: str) -> Finding:
    message = say("the link “%(words)s” does not say where it leads", words=words)
    remedy = say("Name what one finds there, such as “Read what the report says about youth”.")
    return Finding(passage.place_in(position), message, remedy, passage.block)


def _says_nothing(words: str) -> bool:
    plain = " ".join(re.sub(r"[^\w\s]", " ", words.casefold()).split())
    return plain in _EMPTY
