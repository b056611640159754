"""An article that links to an address that has moved."""

from newsletter.fetching import Fetched, Redirect
from support.checking import Desk

URL = "https://www.example.org/jongeren/"
NEW = "https://www.example.org/jeugd/"
FOUND = f"has moved to {NEW}"
PLACE = ("jongeren-praten-mee.md", URL)
CONTEXT = {"fetched": {URL: Fetched(NEW, 200, {}, b"", (Redirect(301, NEW),))}}


def plant(desk: Desk) -> None:
    desk.replace("jongeren-praten-mee.md", "https://nieuwsbrief.example.org/berichten/jongeren-praten-mee/", URL)
