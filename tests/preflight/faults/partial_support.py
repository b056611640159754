"""A footer whose words may be cut off with three dots."""

from support.checking import Desk

FOUND = "text-overflow is known only in part by"
PLACE = ("templates/shared/parts/footer.mjml.j2", "text-overflow")


def plant(desk: Desk) -> None:
    desk.footer('<div style="text-overflow:ellipsis">a</div>')
