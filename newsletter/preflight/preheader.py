"""Preheader that adds nothing to the subject.

Mail programs show the preheader behind the subject. Where there is none, they show the first words of the message. It
is no longer than `longest_preheader`, says something else than the subject, and something else than last time.
"""

import re
from collections.abc import Iterator
from typing import Final

from newsletter.manuscript import Role
from newsletter.preflight.base import Context, Finding, Severity, say

severity: Severity = Severity.WARNING

_MUCH: Final = 0.8
_FEW_WORDS: Final = 3


def check(context: Context) -> Iterator[Finding]:
    """Look at the preheader, beside the subject and the earlier issues."""
    issue, place = context.issue, context.manuscript.sheet.place("preheader")
    passage = next(context.manuscript.of(Role.PREHEADER), None)
    if passage is None:
        message = say("there is no preheader, so that mail programs show the first words of the message")
        yield Finding(place, message, say("Add 'preheader: …': one sentence that adds to the subject."))
        return
    longest, count = context.settings.preflight.longest_preheader, len(issue.preheader)
    if count > longest:
        message = say("the preheader has %(count)s characters; %(longest)s are enough", count=count, longest=longest)
        yield Finding(place, message, say("Shorten it; mail programs cut it off."))
    if _repeats(issue.subject, issue.preheader):
        message = say("the preheader says the same as the subject")
        yield Finding(place, message, say("Say what else is in this issue."))
    for earlier in context.earlier:
        if " ".join(earlier.preheader.split()).casefold() == issue.preheader.casefold():
            message = say("%(slug)s of %(day)s had the same preheader", slug=earlier.slug, day=earlier.date.isoformat())
            yield Finding(place, message, say("Say what is in this issue."))
            return


def _repeats(subject: str, preheader: str) -> bool:
    """Whether nearly all words of the one stand in the other."""
    one, other = _words(subject), _words(preheader)
    fewer = min(one, other, key=len)
    if len(fewer) < _FEW_WORDS:
        return one == other
    return len(one & other) >= _MUCH * len(fewer)


def _words(text: str) -> set[str]:
    return set(re.findall(r"\w+", text.casefold()))
