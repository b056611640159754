"""A button that is hardly higher than its words."""

from support.checking import Desk

FOUND = "the button “Meld u aan” is"
PLACE = ("templates/bulletin", "")


def plant(desk: Desk) -> None:
    desk.footer('<p><a href="https://example.org/a" style="display:inline-block;padding:2px 8px">Meld u aan</a></p>')
