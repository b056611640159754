"""A message whose outer element has lost its language."""

from support.checking import Desk

FOUND = "<html> has no language"
PLACE = ("templates/bulletin", "")


def changes(desk: Desk) -> dict[str, object]:
    return {"html": desk.context().html.replace('<html lang="nl"', "<html", 1)}


def plant(desk: Desk) -> None:
    """The fault is in what the check is given besides."""
