"""Who gets a dispatch, and who does not and why."""

from newsletter.audience.examples import Example, example
from newsletter.audience.finding import Query, Standing, count, matching, page
from newsletter.audience.segments import segment_clause
from newsletter.audience.selection import Selection, departed, selected

__all__ = [
    "Example",
    "Query",
    "Selection",
    "Standing",
    "count",
    "departed",
    "example",
    "matching",
    "page",
    "segment_clause",
    "selected",
]
