"""An intro with a link to a trial site."""

from support.checking import Desk

FOUND = "not for the public"
PLACE = ("issue.yaml", "https://acc.example.org")


def plant(desk: Desk) -> None:
    desk.replace("issue.yaml", 'intro: ""', "intro: Kijk bij [de agenda](https://acc.example.org/agenda/) voor meer.")
