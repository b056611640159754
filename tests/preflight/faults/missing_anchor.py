"""An intro with a link to a part that the page does not have."""

from newsletter.fetching import Fetched
from support.checking import Desk

URL = "https://www.example.org/agenda/"
FOUND = "has no part #maart"
PLACE = ("issue.yaml", f"{URL}#maart")
CONTEXT = {"fetched": {URL: Fetched(URL, 200, {"content-type": "text/html"}, b'<h2 id="april">April</h2>')}}


def plant(desk: Desk) -> None:
    desk.replace("issue.yaml", 'intro: ""', f"intro: Kijk bij [de agenda]({URL}#maart) voor meer.")
