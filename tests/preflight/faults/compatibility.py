"""A footer that is arranged by a grid."""

from support.checking import Desk

FOUND = "display:grid does nothing in"
PLACE = ("templates/shared/parts/footer.mjml.j2", "display:grid")


def plant(desk: Desk) -> None:
    desk.footer('<div style="display:grid"><b>a</b></div>')
