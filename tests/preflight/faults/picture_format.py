"""A picture inside of the message itself."""

from support.checking import Desk

FOUND = "a picture is data:"
PLACE = ("templates/bulletin", "")


def plant(desk: Desk) -> None:
    desk.footer('<img alt="Logo" src="data:image/gif;base64,R0lGODlhAQABAAAAACw=" width="20">')
