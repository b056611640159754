"""An article that links to a page that was taken away."""

from newsletter.errors import FetchError
from support.checking import Desk

URL = "https://www.example.org/jongeren/"
FOUND = "is broken: the page was taken away for good"
PLACE = ("jongeren-praten-mee.md", URL)
CONTEXT = {"fetched": {URL: FetchError(URL, "status", "why", status=410)}}


def plant(desk: Desk) -> None:
    desk.replace("jongeren-praten-mee.md", "https://nieuwsbrief.example.org/berichten/jongeren-praten-mee/", URL)
