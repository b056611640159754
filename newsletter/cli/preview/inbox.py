"""The line of a message in a list of messages: sender, subject and beginning, cut as mail programs cut them."""

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from newsletter.cli.preview.markup import visible_text

_FILLER: Final = re.compile("[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180e\u200b-\u200f\u2060-\u2064\ufeff]")
_SNIPPET: Final = 240
_BEFORE_NO_ELLIPSIS: Final = " \u00a0.…"
_JOINERS: Final = frozenset("\u200d\ufe0e\ufe0f")


@dataclass(frozen=True, slots=True)
class Inbox:
    """A mail program's list; about how many characters of each part fit, at its usual size of type.

    Args:
        subject: Of the subject, or where `snippet` is 0 of subject and beginning together.
    """

    name: str
    phone: bool
    sender: int
    subject: int
    snippet: int


INBOXES: Final = (
    Inbox("Gmail", False, 20, 105, 0),
    Inbox("Outlook", False, 28, 50, 55),
    Inbox("Apple Mail", True, 26, 37, 84),
    Inbox("Gmail", True, 24, 36, 40),
    Inbox("Outlook", True, 24, 34, 76),
)


@dataclass(frozen=True, slots=True)
class InboxLine:
    """What one mail program shows."""

    inbox: Inbox
    sender: str
    subject: str
    snippet: str


def inbox_lines(sender: str, subject: str, html: str) -> tuple[InboxLine, ...]:
    """Say what mail programs show of a message before it is opened."""
    snippet = beginning(visible_text(html))
    return tuple(_line(inbox, sender, subject, snippet) for inbox in INBOXES)


def beginning(texts: Iterable[str]) -> str:
    """Give the text with which a message begins, as mail programs take it: the preheader, and then what follows."""
    found = ""
    for text in texts:
        found = " ".join(f"{found} {_FILLER.sub('', text)}".split())
        if len(found) >= _SNIPPET:
            break
    return cut(found, _SNIPPET)


def cut(text: str, limit: int) -> str:
    """Shorten a text to so many characters, the ellipsis included; a character is never parted from its marks."""
    if len(text) <= limit:
        return text
    end = len(text[: max(limit - 1, 0)].rstrip(_BEFORE_NO_ELLIPSIS))
    while end and (_joins(text[end]) or text[end - 1] == "\u200d"):
        end -= 1
    return f"{text[:end].rstrip()}…" if limit else ""


def _line(inbox: Inbox, sender: str, subject: str, snippet: str) -> InboxLine:
    shown = cut(subject, inbox.subject)
    room = inbox.snippet or inbox.subject - len(shown)
    return InboxLine(inbox, cut(sender, inbox.sender), shown, cut(snippet, room) if room > 1 else "")


def _joins(character: str) -> bool:
    modifies = "\U0001f3fb" <= character <= "\U0001f3ff"
    return modifies or character in _JOINERS or unicodedata.category(character).startswith("M")
