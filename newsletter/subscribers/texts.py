"""Words of a workspace that may be there in several languages."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

ANY: str = ""
"""Stands for every language: a text that was written once."""


@dataclass(frozen=True, slots=True)
class Texts:
    """One text in one or more languages.

    Args:
        by_language: Text by BCP 47 tag, or by "" where it serves for all; the first one serves for languages that
            are not there.
    """

    by_language: Mapping[str, str]

    @classmethod
    def of(cls, given: str | Mapping[str, str]) -> Self:
        """Make texts of one for all languages, or of one for each."""
        return cls({ANY: given} if isinstance(given, str) else dict(given))

    def said(self, language: str | None) -> str:
        """Give the text in a language: in its very manner, in the language itself, or the first there is."""
        wanted = language or ANY
        while wanted:
            if wanted in self.by_language:
                return self.by_language[wanted]
            wanted = wanted.rpartition("-")[0]
        return str(self)

    def __str__(self) -> str:
        return next(iter(self.by_language.values()), "")

    def __bool__(self) -> bool:
        return any(self.by_language.values())
