"""The languages that pages speak, and which of them a reader gets."""

from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Final

from markupsafe import Markup

from newsletter.render import Translations, read_translations
from newsletter.subscribers import Texts

LANGUAGES: Final[Mapping[str, str]] = {"nl": "Nederlands", "en": "English"}
"""The languages of pages, each by its own name."""
FOLDER: Final = Path(__file__).with_name("words")


@lru_cache
def words(language: str) -> Translations:
    """Give the words of pages in a language."""
    return read_translations((FOLDER,), language)


def known(tag: str | None) -> str | None:
    """Give the language of pages that a tag names, if there is one."""
    language = (tag or "").strip().lower().partition("-")[0]
    return language if language in LANGUAGES else None


def accepted(header: str) -> str | None:
    """Give the language that a browser likes best of those there are. Source: RFC 9110 §12.5.4."""
    liked: list[tuple[float, int, str]] = []
    for place, part in enumerate(header.split(",")[:20]):
        tag, _, weight = part.partition(";q=")
        language = known(tag)
        if language is not None:
            liked.append((-_weight(weight), place, language))
    return min(liked)[2] if liked else None


def said(texts: Texts, language: str, usual: str) -> str:
    """Give words of the workspace in the language of a page, marked where they are in another one.

    Args:
        usual: The language of what the workspace has written once for all.
    """
    text = texts.said(language)
    spoken = next((tag for tag, one in texts.by_language.items() if one == text), "") or usual
    if spoken.partition("-")[0] == language.partition("-")[0]:
        return text
    return Markup('<span lang="{}">{}</span>').format(spoken, text)


def _weight(text: str) -> float:
    try:
        return float(text) if text else 1.0
    except ValueError:
        return 0.0
