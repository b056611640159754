"""An event whose title says that it was cancelled, and whose status does not."""

from support.checking import Desk

FOUND = "“GEANNULEERD” is said"
PLACE = ("regiobijeenkomst-noord.md", "GEANNULEERD")


def plant(desk: Desk) -> None:
    desk.replace("regiobijeenkomst-noord.md", "title: Regio", "title: 'GEANNULEERD: regio")
    desk.replace("regiobijeenkomst-noord.md", "(voorbeeld)", "(voorbeeld)'")
