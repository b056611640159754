"""Article that does not say who wrote it.

Readers weigh news by who tells it. An article without an author of its own can name the editors: 'name: Redactie'.
"""

from collections.abc import Iterator

from newsletter.items import Article
from newsletter.preflight.base import Context, Finding, Severity, say

severity: Severity = Severity.WARNING


def check(context: Context) -> Iterator[Finding]:
    """Look at every article."""
    for entry in context.entries():
        if isinstance(entry.item, Article) and not entry.item.byline:
            message = say("the article does not say who wrote it")
            remedy = say("Add 'byline:' with a name, or with that of the editors.")
            yield Finding(context.place(entry, "byline"), message, remedy, entry.item.title)
