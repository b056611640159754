"""Link whose words say nothing about where it leads.

Who listens to a message, or skims it, meets links without the words around them: "klik hier", "lees meer" and
"read more" are all the same then, and a bare address is read out letter by letter. Words that begin or end so, as in
"klik hier voor het programma" or "het programma: lees meer", hide what readers look for behind what says nothing.
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
        lees meer over dit onderwerp, lees meer over dit bericht, lees meer hierover, read more about this,
        learn more, find out more, see more, continue, continue reading, this link, this page, the website, details
        """,
    )
)
"""Words of links, in small letters and without marks, that could stand on any link."""

_BEGINNING: Final = re.compile(
    r"(?:klik|druk|tik)\s+(?:(?:dan|even|nu|snel|gerust)\s+)?(?:hier(?!\s+(?:niet|nooit)\b)|op\s+(?:deze|onderstaande)\s+link)\b"
    r"|(?:click|press|tap)\s+(?:here|(?:on\s+)?(?:this|the)\s+link)\b"
    r"|via\s+(?:deze|onderstaande|this)\s+link\b",
    re.IGNORECASE,
)
_END: Final = re.compile(
    r"(?<!\bik\s)(?<!\bjij\s)(?<!\bwij\s)\blees\s+(?:hier\s+)?(?:meer|verder)$"
    r"|(?<!\bniet\s)(?<!\bnooit\s)\b(?:klik|druk|tik)\s+(?:dan\s+)?(?:hier|op\s+deze\s+link)$"
    r"|\bvia\s+(?:deze|onderstaande|this)\s+link$"
    r"|(?<!t\s)(?<!never\s)\b(?:click|press)\s+(?:here|(?:on\s+)?this\s+link)$"
    r"|(?<=[^\w\s]\s)read\s+more$|\b(?-i:Read)\s+more$",
    re.IGNORECASE,
)

_LINK: Final = re.compile(r"(?<![!\\])\[(?P<words>(?:[^\[\]\\]|\\.)*)\](?=\(|\[)")
_ADDRESS: Final = re.compile(r"(?:https?://|www\.)[^\s<>)\]\"'`]+", re.IGNORECASE)
_TARGET: Final = re.compile(r"\]\(\s*<?[^()\s]*(?:\([^()\s]*\)[^()\s]*)*|^[ ]{0,3}\[[^\]]+\]:\s*\S+", re.MULTILINE)


def check(context: Context) -> Iterator[Finding]:
    """Look at the links in all texts, and at what the items call theirs."""
    for passage in context.manuscript.passages:
        if passage.role is Role.LINK_TEXT:
            yield from _about(passage, 0, passage.text)
        elif passage.markdown:
            yield from _in_markdown(passage)


def _in_markdown(passage: Passage) -> Iterator[Finding]:
    text = passage.source
    for found in _LINK.finditer(text):
        yield from _about(passage, found.start("words"), " ".join(found["words"].split()))
    for found in _ADDRESS.finditer(_TARGET.sub(lambda target: " " * len(target[0]), text)):
        message = say("the address %(address)s stands in the text as it is", address=found[0].rstrip(".,;:!?"))
        remedy = say("Make it a link with words: [words](address).")
        yield Finding(passage.place_in(found.start()), message, remedy, passage.block)


def _about(passage: Passage, position: int, words: str) -> Iterator[Finding]:
    """Tell what is wrong with the words of a link."""
    if _says_nothing(words):
        message = say("the link “%(words)s” does not say where it leads", words=words)
        remedy = say("Name what one finds there, such as “Read what the report says about youth”.")
        yield Finding(passage.place_in(position), message, remedy, passage.block)
        return
    empty = _empty_part(words)
    if empty:
        message = say("in the link “%(words)s” the words “%(empty)s” say nothing", words=words, empty=empty)
        remedy = say("Leave these out, and name what one finds there.")
        yield Finding(passage.place_in(position), message, remedy, passage.block)


def _says_nothing(words: str) -> bool:
    plain = " ".join(re.sub(r"[^\w\s]", " ", words.casefold()).split())
    return plain in _EMPTY


def _empty_part(words: str) -> str:
    """Give what words begin or end with that could stand on any link; empty where there is nothing of that."""
    core = re.sub(r"^[^\w]+|[^\w]+$", "", words)
    found = _BEGINNING.match(core) or _END.search(core)
    return found[0] if found else ""
