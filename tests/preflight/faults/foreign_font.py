"""A font from another host."""

from support.checking import Desk

FOUND = "fetches https://fonts.example.org/a.css"
PLACE = ("templates/bulletin", "")


def changes(desk: Desk) -> dict[str, object]:
    style = "<style>@import url(https://fonts.example.org/a.css);</style></head>"
    return {"html": desk.context().html.replace("</head>", style, 1)}


def plant(desk: Desk) -> None:
    """The fault is in what the check is given besides."""
