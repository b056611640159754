"""A message that has lost its title."""

from support.checking import Desk

FOUND = "has no title"
PLACE = ("templates/bulletin", "")


def changes(desk: Desk) -> dict[str, object]:
    html = desk.context().html
    return {"html": html.replace(html[html.index("<title>") : html.index("</title>")], "<title>", 1)}


def plant(desk: Desk) -> None:
    """The fault is in what the check is given besides."""
