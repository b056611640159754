"""Item that stands in the issue twice.

Two items are the same when they have the same title and are of the same kind, or lead to the same address. Items of
which each is for some readers only may say the same.
"""

from collections.abc import Iterator

from newsletter.issues import Entry
from newsletter.preflight.base import Context, Finding, Severity, say

severity: Severity = Severity.ERROR


def check(context: Context) -> Iterator[Finding]:
    """Compare the titles and links of all items."""
    titles: dict[tuple[str, str], Entry] = {}
    links: dict[str, Entry] = {}
    remedy = say("Take one of the two out, or tell them apart.")
    for section in context.issue.sections:
        for entry in section.entries:
            item = entry.item
            before = titles.setdefault((item.kind, " ".join(item.title.casefold().split())), entry)
            if before is not entry and not _apart(before, entry):
                message = say("the issue has an item with this title already: %(file)s", file=before.file)
                yield Finding(context.place(entry, "title"), message, remedy, item.title)
                continue
            link = item.link
            before = links.setdefault(link.rstrip("/"), entry) if link else entry
            if before is not entry and not _apart(before, entry):
                message = say("the item leads to the same address as %(file)s", file=before.file)
                yield Finding(context.place(entry, "url"), message, remedy, item.title)


def _apart(one: Entry, other: Entry) -> bool:
    return one.visible_to is not None and other.visible_to is not None
