"""Word of the network's own that is written otherwise than agreed.

`terms.yaml` in the workspace says how names and words are written, and which forms to avoid. Addresses, code and
values for one reader are left alone. `--fix` writes the form that is preferred.
"""

import re
from collections.abc import Iterator

from newsletter.manuscript import Passage, Term
from newsletter.preflight.base import Context, Finding, Severity, say

severity: Severity = Severity.WARNING


def check(context: Context) -> Iterator[Finding]:
    """Look for every form to avoid in every text."""
    for passage in context.manuscript.passages:
        for term in context.terms:
            yield from _findings(passage, term)


def _findings(passage: Passage, term: Term) -> Iterator[Finding]:
    right = [found.span() for found in _pattern(term.preferred).finditer(passage.prose)]
    for found in passage.find(term.pattern):
        start, end = found.match.span()
        if any(first <= start and end <= last for first, last in right):
            continue
        written = _as_begun(found.match[0], term)
        message = say("“%(words)s” is written “%(written)s”", words=found.text, written=written)
        remedy = term.why or say("Write it as the word list says.")
        yield Finding(found.place, message, remedy, passage.block, found.fix(written))


def _pattern(words: str) -> re.Pattern[str]:
    return re.compile(r"\s+".join(re.escape(word) for word in words.split()))


def _as_begun(words: str, term: Term) -> str:
    """Keep a capital that a word has where a sentence begins, unless capitals are what is to be mended."""
    differs_in_capitals = words.casefold() == term.preferred.casefold()
    if words[0].isupper() and term.preferred[0].islower() and not differs_in_capitals:
        return term.preferred[0].upper() + term.preferred[1:]
    return term.preferred
