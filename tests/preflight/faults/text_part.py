"""A link that is only in the template."""

from support.checking import Desk

FOUND = "the link to https://example.org/alleen-html is not"
PLACE = ("templates/bulletin", "")


def plant(desk: Desk) -> None:
    desk.footer('<p><a href="https://example.org/alleen-html">Alleen hier</a></p>')
