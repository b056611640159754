"""More pictures than anybody waits for."""

from support.checking import Desk

FOUND = "pictures"
PLACE = ("issue.yaml", "")


def plant(desk: Desk) -> None:
    desk.footer("".join(f'<img alt="a" src="https://example.org/{number}.png" width="20">' for number in range(26)))
