"""Finds words in the texts of issues, whatever their accents and capitals, and shows where they stand."""

import re
import unicodedata
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from markupsafe import Markup, escape

MOST_WORDS: Final = 8
LONGEST_QUERY: Final = 200
SPAN: Final = 90
"""How many characters are shown on each side of what was found."""

_WORD: Final = re.compile(r"[^\W_]+")
_LINK: Final = re.compile(r"<https?://[^>]*>|https?://\S+")
_RULE: Final = re.compile(r"^[=\-~]{3,}$", re.MULTILINE)
_SPECIAL: Final = str.maketrans({"ß": "ss", "æ": "ae", "œ": "oe", "ø": "o", "đ": "d", "ł": "l", "ĳ": "ij", "’": "'"})


@dataclass(frozen=True, slots=True)
class Hit:
    """An issue in which all words were found.

    Args:
        number: Its place among those that the index was made of.
        excerpt: What stands around the first of them, with each marked.
    """

    number: int
    excerpt: Markup


class Index:
    """The words of some issues.

    Args:
        texts: Subject and text of each.
    """

    def __init__(self, texts: Sequence[tuple[str, str]]) -> None:
        self._texts = [_readable(text) for _, text in texts]
        found: defaultdict[str, set[int]] = defaultdict(set)
        for number, (subject, _) in enumerate(texts):
            for word in words_of(f"{subject} {self._texts[number]}"):
                found[word].add(number)
        self._numbers = dict(found)
        self._words = sorted(found)

    def search(self, query: str) -> list[Hit]:
        """Give the issues that hold all words of a query, each as the beginning of a word, in their order."""
        words = list(dict.fromkeys(_WORD.findall(fold(query[:LONGEST_QUERY]))))[:MOST_WORDS]
        if not words:
            return []
        numbers = set.intersection(*(self._beginning_with(word) for word in words))
        return [Hit(number, excerpt(self._texts[number], words)) for number in sorted(numbers)]

    def _beginning_with(self, start: str) -> set[int]:
        found: set[int] = set()
        for place in range(bisect_left(self._words, start), len(self._words)):
            if not self._words[place].startswith(start):
                break
            found |= self._numbers[self._words[place]]
        return found


def words_of(text: str) -> set[str]:
    """Give the words of a text, folded, each once."""
    return set(_WORD.findall(fold(_readable(text))))


def fold(text: str) -> str:
    """Bring a text into the form in which words are compared: small letters without accents."""
    taken_apart = unicodedata.normalize("NFKD", text.casefold().translate(_SPECIAL))
    return "".join(letter for letter in taken_apart if not unicodedata.combining(letter))


def excerpt(text: str, words: Sequence[str]) -> Markup:
    """Show what stands around the first place where one of some words begins, each of them marked.

    Args:
        words: Folded.
    """
    spans = [found.span() for found in _WORD.finditer(text) if any(fold(found[0]).startswith(word) for word in words)]
    if not spans:
        return escape(_cut(text, 0, 2 * SPAN))
    start = max(spans[0][0] - SPAN, 0)
    end = min(spans[0][1] + SPAN, len(text))
    start = text.find(" ", start, spans[0][0]) + 1 if start else 0
    written, position = escape("… " if start else ""), start
    for first, last in spans:
        if last > end:
            break
        written += escape(text[position:first]) + Markup("<mark>") + escape(text[first:last]) + Markup("</mark>")
        position = last
    return written + escape(_cut(text, position, end))


def _cut(text: str, start: int, end: int) -> str:
    if end >= len(text):
        return text[start:]
    stop = text.rfind(" ", start, end)
    return f"{text[start : stop if stop > start else end]} …"


def _readable(text: str) -> str:
    """Give a text part without its addresses and rules, on one line."""
    return " ".join(_RULE.sub(" ", _LINK.sub(" ", text)).split())
