"""Section without items.

Its heading would stand above nothing.
"""

from collections.abc import Iterator

from newsletter.preflight.base import Context, Finding, Severity, say

severity: Severity = Severity.ERROR


def check(context: Context) -> Iterator[Finding]:
    """Look at every section, and at an issue that has none."""
    sheet = context.manuscript.sheet
    if not context.issue.sections:
        yield Finding(sheet.place("sections"), say("the issue has no sections"), say("Add a section with items."))
    for number, section in enumerate(context.issue.sections):
        if not section.entries:
            name = section.title or section.layout
            message = say("the section “%(name)s” has no items", name=name)
            remedy = say("Add an item, or take the section out.")
            yield Finding(sheet.place("sections", number), message, remedy, name)
