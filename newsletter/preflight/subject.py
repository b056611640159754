"""Subject that readers may pass over, or filters stop.

A subject is short (`longest_subject`), differs from those of earlier issues, does not shout in capitals or with
exclamation marks, and has no needless spaces; these last ones `--fix` takes out.
"""

import re
from collections.abc import Iterator
from typing import Final

from newsletter.manuscript import Passage, Role
from newsletter.preflight.base import Context, Finding, Severity, say

severity: Severity = Severity.WARNING

_FEWEST_CAPITALS: Final = 8
_MARKS: Final = re.compile(r"!")
_INNER_SPACES: Final = re.compile(r"(?<=\S)[ \t\u00a0]{2,}(?=\S)")
_OUTER_SPACES: Final = re.compile(r"\A[ \t]+|[ \t]+\Z")


def check(context: Context) -> Iterator[Finding]:
    """Look at the subject."""
    for passage in context.manuscript.of(Role.SUBJECT):
        yield from _length(context, passage)
        yield from _shouting(passage)
        yield from _spaces(passage)
        yield from _repetition(context, passage)


def _length(context: Context, passage: Passage) -> Iterator[Finding]:
    longest, count = context.settings.preflight.longest_subject, len(context.subject)
    if count > longest:
        message = say("the subject has %(count)s characters; %(longest)s are enough", count=count, longest=longest)
        yield Finding(passage.place, message, say("Put what matters first, and shorten it."))


def _shouting(passage: Passage) -> Iterator[Finding]:
    letters = [letter for letter in passage.prose if letter.isalpha()]
    if len(letters) >= _FEWEST_CAPITALS and all(letter.isupper() for letter in letters):
        message = say("the subject stands in capitals")
        yield Finding(passage.place, message, say("Write it in small letters; many take capitals for shouting."))
    marks = len(_MARKS.findall(passage.prose))
    if marks > 1:
        message = say("the subject has %(count)s exclamation marks", count=marks)
        yield Finding(passage.place, message, say("One is more than enough."))


def _spaces(passage: Passage) -> Iterator[Finding]:
    for pattern, right in ((_OUTER_SPACES, ""), (_INNER_SPACES, " ")):
        for found in passage.find(pattern):
            message = say("the subject has needless spaces")
            yield Finding(found.place, message, say("Take them out."), fix=found.fix(right))


def _repetition(context: Context, passage: Passage) -> Iterator[Finding]:
    plain = context.issue.subject.casefold()
    for issue in context.earlier:
        if " ".join(issue.subject.split()).casefold() == plain:
            message = say("%(slug)s of %(day)s had the same subject", slug=issue.slug, day=issue.date.isoformat())
            yield Finding(passage.place, message, say("Say what is in this issue."))
            return
