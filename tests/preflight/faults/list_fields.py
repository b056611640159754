"""A list that is not named below a domain."""

from support.checking import Desk

FOUND = "does not name a list below a domain"
PLACE = ("lists.yaml", "")


def changes(desk: Desk) -> dict[str, object]:
    message = desk.context().message
    assert b"<leden.example.org>" in message
    return {"message": message.replace(b"<leden.example.org>", b"<leden>", 1)}


def plant(desk: Desk) -> None:
    """The fault is in what the check is given besides."""
