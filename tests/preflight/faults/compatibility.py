"""A footer that is arranged by a flexible box."""

from support.checking import Desk

FOUND = "display:grid"
PLACE = ("templates/bulletin", "")


def plant(desk: Desk) -> None:
    desk.footer('<div style="display:grid"><b>a</b></div>')
