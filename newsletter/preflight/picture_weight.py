"""Pictures that are too heavy.

Many people read on the way: no picture has more than 200 kB, all of an issue not more than 1 MB, and there are 25 at
most. Counted are those that the issue publishes itself.
"""

from collections.abc import Iterator
from typing import Final

from newsletter.errors import Place
from newsletter.markup import parse
from newsletter.preflight.base import Context, Finding, Severity, say

severity: Severity = Severity.WARNING

HEAVIEST: Final = 200_000
ALL: Final = 1_000_000
MOST: Final = 25


def check(context: Context) -> Iterator[Finding]:
    """Weigh the pictures that are shown."""
    place = Place(f"issues/{context.issue.slug}/issue.yaml")
    shown = {picture.get("src") for picture in parse(context.html).find("img") if picture.get("src")}
    names = {source.rpartition("/")[2] for source in shown}
    sizes = {
        file.source: len(file.content())
        for file in context.media.files
        if file.width is not None and file.name.rpartition("/")[2] in names
    }
    for source, size in sizes.items():
        if size > HEAVIEST:
            message = say("the picture %(source)s has %(size)s kB", source=source, size=round(size / 1000))
            yield Finding(place, message, say("Take one with less detail, or show it smaller."))
    if sum(sizes.values()) > ALL:
        message = say("the pictures have %(size)s kB together", size=round(sum(sizes.values()) / 1000))
        yield Finding(place, message, say("Leave some out; 1,000 kB are enough."))
    if len(shown) > MOST:
        message = say("the issue shows %(count)s pictures", count=len(shown))
        yield Finding(place, message, say("Leave some out; %(most)s are enough.", most=MOST))
