"""An article by nobody."""

from support.checking import Desk

FOUND = "does not say who wrote it"
PLACE = ("jongeren-praten-mee.md", "kind: article")


def plant(desk: Desk) -> None:
    desk.replace("jongeren-praten-mee.md", "byline:\n  - name: Redactie\n", "")
