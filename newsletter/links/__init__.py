"""The links of an issue: where each is written, how it is shown, and what answers behind it."""

from newsletter.links.addresses import address_of, fragment_of, host_of, is_web, page_of, secured
from newsletter.links.cache import LinkCache
from newsletter.links.collecting import Links, collect_links
from newsletter.links.model import Link, Spot
from newsletter.links.shown import anchors_of
from newsletter.links.verdicts import Verdict, verdict_of
from newsletter.links.visiting import Pace, Page, fetch_pages, is_anchor, pages_of, visit_pages

__all__ = [
    "Link",
    "LinkCache",
    "Links",
    "Pace",
    "Page",
    "Spot",
    "Verdict",
    "address_of",
    "anchors_of",
    "collect_links",
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
