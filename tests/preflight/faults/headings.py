"""A heading that skips two levels."""

from support.checking import Desk

FOUND = "right below one of level"
PLACE = ("templates/bulletin", "")


def plant(desk: Desk) -> None:
    desk.footer("<h2>Over ons</h2><h5>Klein</h5>")
