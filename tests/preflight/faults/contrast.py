"""Light grey words in the footer."""

from support.checking import Desk

FOUND = "#bbbbbb"
PLACE = ("templates/bulletin", "")


def plant(desk: Desk) -> None:
    desk.footer('<p style="color:#bbbbbb">Bijna weg.</p>')
