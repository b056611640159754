"""What a file tells about how and when somebody came to be on the list, kept with their consent."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Final, NamedTuple, TypeAlias

from newsletter.subscribers.addresses import clean_text
from newsletter.subscribers.importing.headers import ASKED_AT, CONFIRMED_AT, LIST_NAME, NETWORK, WAY
from newsletter.subscribers.importing.moments import read_moment

LONGEST: Final = 200
"""How many characters are kept of words that tell how somebody joined."""


class Evidence(NamedTuple):
    """What a row tells.

    Attributes:
        requested_at: When they signed up, or confirmed that they did.
        network: Where on the network that was, as it stands in the file.
        detail: All the rest in words.
    """

    requested_at: datetime | None = None
    network: str = ""
    detail: str = ""


Reader: TypeAlias = Callable[[Sequence[str]], Evidence]


def evidence_reader(columns: Sequence[tuple[int, str]], now: datetime) -> Reader:
    """Give what reads the evidence in a row.

    A moment that cannot be read is kept as it stands there; evidence never makes a row a bad one.

    Args:
        columns: The position and the field of each column that tells something.
    """
    at = {field: [number for number, one in columns if one == field] for _, field in columns}

    def read(cells: Sequence[str]) -> Evidence:
        asked, asked_text = _moment(cells, at.get(ASKED_AT, ()), now)
        confirmed, confirmed_text = _moment(cells, at.get(CONFIRMED_AT, ()), now)
        words = [
            f"signed up: {asked_text}" if asked_text else "",
            f"confirmed: {confirmed_text}" if confirmed_text else "",
            f"confirmed at {confirmed:%Y-%m-%d %H:%M:%S} UTC" if confirmed and confirmed != asked else "",
            *(f"on the list {text!r}" for text in _texts(cells, at.get(LIST_NAME, ()))),
            *_texts(cells, at.get(WAY, ())),
        ]
        network = next(iter(_texts(cells, at.get(NETWORK, ()))), "")
        return Evidence(asked or confirmed, network, "; ".join(word for word in words if word)[:LONGEST])

    return read


def _moment(cells: Sequence[str], numbers: Sequence[int], now: datetime) -> tuple[datetime | None, str]:
    """Give the first moment that some columns tell, or the first text in them that is none."""
    unread = ""
    for number in numbers:
        text = cells[number]
        if not text or text.isspace():
            continue
        moment = read_moment(text, now)
        if moment is not None:
            return moment, ""
        unread = unread or clean_text(text)[:LONGEST]
    return None, unread


def _texts(cells: Sequence[str], numbers: Sequence[int]) -> list[str]:
    return [cleaned for number in numbers if (cleaned := clean_text(cells[number])[:LONGEST])]
