"""An intro with a link that never ends."""

from support.checking import Desk

URL = f"https://www.example.org/?lang={'a' * 500}"
FOUND = "has 530 characters"
PLACE = ("issue.yaml", URL)


def plant(desk: Desk) -> None:
    desk.replace("issue.yaml", 'intro: ""', f"intro: Kijk bij [de agenda]({URL}) voor meer.")
