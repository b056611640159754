"""What is looked at, and how: all of it stands in the query of the page's address."""

from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Final, TypeVar
from urllib.parse import parse_qsl, urlencode

from newsletter.cli.preview.appearance import Scheme
from newsletter.compatibility import clients

WIDTHS: Final = (640, 600, 375, 320)
NARROWEST: Final = 240
WIDEST: Final = 1600
EVERYBODY: Final = "*"
"""Stands for everybody on the list, where otherwise a segment is named."""


One = TypeVar("One", bound=StrEnum)


class View(StrEnum):
    """What is shown of the issue."""

    MESSAGE = "message"
    BOTH = "both"
    TEXT = "text"


@dataclass(frozen=True, slots=True)
class Choice:
    """What a person chose to look at.

    Args:
        width: Of the window that the message is shown in, in pixels.
        images: Whether pictures are shown.
        clipped: Whether is drawn where a long message is cut off.
        client: The mail client that is simulated, or none.
        email: The subscriber it is shown for, or none.
        group: The segment whose readers are shown one by one, `EVERYBODY`, or none.
        number: Which reader of the group, from 1.
        list: The list whose name and reason stand in the message, or none for the first.
    """

    view: View = View.MESSAGE
    width: int = WIDTHS[0]
    scheme: Scheme = Scheme.LIGHT
    images: bool = True
    clipped: bool = False
    client: str = ""
    email: str = ""
    group: str = ""
    number: int = 1
    list: str = ""

    def query(self, usual: "Choice") -> str:
        """Write the choice as a query; what is as usual is left out."""
        chosen, left_out = asdict(self), asdict(usual)
        return urlencode({name: _written(value) for name, value in chosen.items() if value != left_out[name]})


def read_choice(query: str, usual: Choice) -> Choice:
    """Read a choice from a query; what cannot be read is as usual: an address may be old, or typed."""
    given = dict(parse_qsl(query, keep_blank_values=True))
    client = given.get("client", usual.client)
    free = given.get("free", "") if given.get("width") == "free" else given.get("width", "")
    return Choice(
        view=_one_of(View, given.get("view"), usual.view),
        width=min(max(_number(free, usual.width), NARROWEST), WIDEST),
        scheme=_one_of(Scheme, given.get("scheme"), usual.scheme),
        images=given.get("images", _written(usual.images)) != "0",
        clipped=given.get("clipped", _written(usual.clipped)) == "1",
        client=client if client in clients() else "",
        email=given.get("email", usual.email).strip(),
        group=given.get("group", usual.group),
        number=max(_number(given.get("number", ""), usual.number), 1),
        list=given.get("list", usual.list),
    )


def _one_of(kind: type[One], value: str | None, usual: One) -> One:
    return kind(value) if value in list(kind) else usual


def _number(text: str, usual: int) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else usual


def _written(value: object) -> str:
    return str(int(value)) if isinstance(value, bool) else str(value)
