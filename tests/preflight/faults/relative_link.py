"""An intro with a link that begins in the middle."""

from support.checking import Desk

FOUND = "/agenda/ is not whole"
PLACE = ("issue.yaml", "/agenda/")


def plant(desk: Desk) -> None:
    desk.replace("issue.yaml", 'intro: ""', "intro: Kijk bij [de agenda](/agenda/) voor meer.")
