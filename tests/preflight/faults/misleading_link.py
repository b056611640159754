"""An intro whose words name another site than the link."""

from support.checking import Desk

FOUND = "lead to https://www.example.com/"
PLACE = ("issue.yaml", "https://www.example.com/")


def plant(desk: Desk) -> None:
    desk.replace("issue.yaml", 'intro: ""', "intro: Kijk bij [www.example.org](https://www.example.com/) voor meer.")
