"""A section that is called as another one."""

from support.checking import Desk

FOUND = "there is a section “nieuws” already"
PLACE = ("issue.yaml", "nieuws")


def plant(desk: Desk) -> None:
    desk.replace("issue.yaml", "title: Agenda", "title: nieuws")
