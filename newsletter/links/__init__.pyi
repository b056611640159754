from .addresses import address_of, fragment_of, host_of, is_anchor, is_web, page_of, secured
from .cache import LinkCache
from .collecting import Links, collect_links
from .events import PageEvent, event_among, events_of
from .model import Link, Spot
from .shown import anchors_of
from .verdicts import Verdict, verdict_of
from .visiting import Pace, Page, fetch_pages, pages_of, visit_pages

__all__ = [
    "Link",
    "LinkCache",
    "Links",
    "Pace",
    "Page",
    "PageEvent",
    "Spot",
    "Verdict",
    "address_of",
    "anchors_of",
    "collect_links",
    "event_among",
    "events_of",
    "fetch_pages",
    "fragment_of",
    "host_of",
    "is_anchor",
    "is_web",
    "page_of",
    "pages_of",
    "secured",
    "verdict_of",
    "visit_pages",
]
