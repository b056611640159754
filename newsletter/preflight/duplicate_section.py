"""Sections with the same title.

Readers, and programs that read aloud, tell sections apart by their titles. Sections for different readers may have the
same title: then each reader sees one of them.
"""

from collections.abc import Iterator

from newsletter.preflight.base import Context, Finding, Severity, say

severity: Severity = Severity.WARNING


def check(context: Context) -> Iterator[Finding]:
    """Compare the titles of all sections that are not for some readers only."""
    met: set[str] = set()
    for number, section in enumerate(context.issue.sections):
        if not section.title or section.visible_to is not None:
            continue
        title = " ".join(section.title.casefold().split())
        if title in met:
            message = say("there is a section “%(name)s” already", name=section.title)
            remedy = say("Give one of the two another title, or put their items together.")
            yield Finding(context.manuscript.sheet.place("sections", number, "title"), message, remedy, section.title)
        met.add(title)
