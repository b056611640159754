"""A message that offers no unsubscribing with one click."""

from support.checking import Desk

FOUND = "with one click"
PLACE = ("newsletter.toml", "")


def changes(desk: Desk) -> dict[str, object]:
    message = desk.context().message
    assert b"List-Unsubscribe-Post: " in message
    return {"message": message.replace(b"List-Unsubscribe-Post: ", b"X-Gone: ", 1)}


def plant(desk: Desk) -> None:
    """The fault is in what the check is given besides."""
