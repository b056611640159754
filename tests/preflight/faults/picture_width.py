"""A picture that is wider than the message."""

from support.checking import Desk

FOUND = "a picture is 900 pixels wide"
PLACE = ("templates/bulletin", "")


def plant(desk: Desk) -> None:
    desk.footer('<img alt="Kaart" src="https://example.org/kaart.png" width="900">')
