"""Small print."""

from support.checking import Desk

FOUND = "has 11 pixels; 14 are needed"
PLACE = ("templates/bulletin", "")


def plant(desk: Desk) -> None:
    desk.footer('<p style="font-size:11px">Kleine letters.</p>')
