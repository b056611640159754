"""A conditional comment that has no end."""

from support.checking import Desk

FOUND = "a conditional comment"
PLACE = ("templates/bulletin", "")


def changes(desk: Desk) -> dict[str, object]:
    html = desk.context().html
    return {"html": html.replace("<![endif]-->", "", 1)}


def plant(desk: Desk) -> None:
    """The fault is in what the check is given besides."""
