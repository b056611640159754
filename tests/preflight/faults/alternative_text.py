"""A picture without alternative text in the footer."""

from support.checking import Desk

FOUND = "has no alternative text"
PLACE = ("templates/bulletin", "")


def plant(desk: Desk) -> None:
    desk.footer('<img src="https://example.org/logo.png" width="20">')
