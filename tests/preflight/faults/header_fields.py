"""A message that a relay has dated once more."""

from support.checking import Desk

FOUND = "2 Date fields"
PLACE = ("", "")


def changes(desk: Desk) -> dict[str, object]:
    message = desk.context().message
    assert b"Date: " in message
    return {"message": message.replace(b"Date: ", b"Date: Tue, 20 Feb 2024 09:00:00 +0100\r\nDate: ", 1)}


def plant(desk: Desk) -> None:
    """The fault is in what the check is given besides."""
