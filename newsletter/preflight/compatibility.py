"""Markup or style that a mail client does not know, so that the message looks otherwise there.

Looked at is what your template has and the shipped ones do not: its style sheets, its HTML, the styles in it and the
fonts of its theme; not what is written for Outlook alone, nor what stands where a client does not come, such as in a
media query that it does not know. What clients know is from the Can I Email data; `preflight.clients` in the settings
says which ones matter.
"""

from collections.abc import Iterator

from newsletter.compatibility import Level, Verdict
from newsletter.preflight.base import Context, Finding, Said, Severity, say

severity: Severity = Severity.WARNING


def check(context: Context) -> Iterator[Finding]:
    """Tell each feature once, where it stands first."""
    for verdict in context.verdicts:
        if verdict.level is Level.NO and not verdict.loses_content:
            message = say(
                "%(feature)s does nothing in %(clients)s, as tested on %(tested)s (data of %(day)s)",
                **verdict.facts,
            )
            yield Finding(verdict.uses[0].place, message, _remedy(verdict))


def _remedy(verdict: Verdict) -> Said:
    url = verdict.feature.url
    if verdict.feature.slug.startswith("html-aria-"):
        return say("Keep it, and see to it that the visible words say enough without it; see %(url)s.", url=url)
    return say(
        "See in the preview, which simulates these clients, that nobody misses it; else do without it. See %(url)s.",
        url=url,
    )
