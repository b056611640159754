"""Item that readers have had in an earlier issue.

Compares the link, the file and the title of each article and publication with those of the issues before this one, as
far back as `look_back` says. Events are left out: an agenda names them until they take place.
"""

from collections.abc import Iterator

from newsletter.issues import Entry
from newsletter.preflight.base import Context, EarlierIssue, EarlierItem, Finding, Severity, say

severity: Severity = Severity.WARNING


def check(context: Context) -> Iterator[Finding]:
    """Compare every item with those of earlier issues."""
    known = [(issue, item) for issue in context.earlier for item in issue.items]
    for entry in context.entries():
        if entry.item.kind == "event":
            continue
        used = next(((issue, item) for issue, item in known if _is_same(context, entry, item)), None)
        if used is not None:
            yield _finding(context, entry, used[0])


def _is_same(context: Context, entry: Entry, earlier: EarlierItem) -> bool:
    item = entry.item
    if earlier.url and item.link and earlier.url.rstrip("/") == item.link.rstrip("/") and "://" in earlier.url:
        return True
    if (context.digests or {}).get(entry.file) == earlier.digest:
        return True
    return earlier.kind == item.kind and _plain(earlier.title) == _plain(item.title)


def _plain(title: str) -> str:
    return " ".join(title.casefold().split())


def _finding(context: Context, entry: Entry, issue: EarlierIssue) -> Finding:
    message = say("readers had this in %(slug)s of %(day)s", slug=issue.slug, day=issue.date.isoformat())
    remedy = say("Take it out, or say what is new about it.")
    return Finding(context.place(entry, "title"), message, remedy, entry.item.title)
