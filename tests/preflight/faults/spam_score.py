"""The words that every spam filter takes for spam, for the sake of tests."""

from support.checking import Desk

FOUND = "SpamAssassin gives"
PLACE = ("issue.yaml", "")
PROGRAM = "spamassassin"
GTUBE = b"XJS*C4JDBQADN1.NSBN3*2IDNEN*GTUBE-STANDARD-ANTI-UBE-TEST-EMAIL*C.34X"
"""Source: the generic test for unsolicited bulk email."""


def changes(desk: Desk) -> dict[str, object]:
    head, blank, body = desk.context().message.partition(b"quoted-printable\r\n\r\n")
    return {"message": head + blank + GTUBE + b"\r\n" + body}


def plant(desk: Desk) -> None:
    """The fault is in what the check is given besides."""
