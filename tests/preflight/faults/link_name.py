"""A link without words."""

from support.checking import Desk

FOUND = "a link to https://example.org/leeg has no name"
PLACE = ("templates/bulletin", "")


def plant(desk: Desk) -> None:
    desk.footer('<p><a href="https://example.org/leeg"></a></p>')
