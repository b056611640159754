"""The words that every spam filter takes for spam, for the sake of tests."""

from support.checking import Desk

FOUND = "SpamAssassin gives"
PLACE = ("issue.yaml", "")
CONTEXT: dict[str, object] = {"fetched": {}}
PROGRAM = "spamassassin"
GTUBE = "XJS*C4JDBQADN1.NSBN3*2IDNEN*GTUBE-STANDARD-ANTI-UBE-TEST-EMAIL*C.34X"
"""Source: the generic test for unsolicited bulk email."""


def plant(desk: Desk) -> None:
    desk.replace("issue.yaml", 'intro: ""', f"intro: {GTUBE}")
