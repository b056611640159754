"""The texts of an issue as editors wrote them, with the place of every word, and the changes that are safe to make."""

from newsletter.manuscript.mending import Fix, mend
from newsletter.manuscript.passages import Found, Manuscript, Passage, Role, Sheet
from newsletter.manuscript.reading import read_manuscript
from newsletter.manuscript.terms import Term, read_terms

__all__ = [
    "Fix",
    "Found",
    "Manuscript",
    "Passage",
    "Role",
    "Sheet",
    "Term",
    "mend",
    "read_manuscript",
    "read_terms",
]
