"""Two items that lead to the same address."""

from support.checking import Desk

FOUND = "the item leads to the same address as overdracht-met-een-formulier.md"
PLACE = ("jongeren-praten-mee.md", "https://nieuwsbrief")


def plant(desk: Desk) -> None:
    desk.replace("jongeren-praten-mee.md", "berichten/jongeren-praten-mee/", "berichten/overdracht-met-een-formulier")
