"""Element that a mail client leaves out, so that readers miss what is in it.

Films, sound, forms and other elements that are what they show: a client that does not know them shows nothing, or
something that readers cannot use. Looked at is what your template has and the shipped ones do not. An element with
something else inside, for those who do not know it, weighs less: see `compatibility`. What clients know is from the
Can I Email data; `preflight.clients` in the settings says which ones matter.
"""

from collections.abc import Iterator

from newsletter.preflight.base import Context, Finding, Severity, say

severity: Severity = Severity.ERROR


def check(context: Context) -> Iterator[Finding]:
    """Tell each element once, where it stands first."""
    for verdict in context.verdicts:
        if verdict.loses_content:
            message = say(
                "readers with %(clients)s do not get the %(feature)s, as tested on %(tested)s (data of %(day)s)",
                **verdict.facts,
            )
            remedy = say("Say it in words, a picture or a link instead; see %(url)s.", url=verdict.feature.url)
            yield Finding(verdict.uses[0].place, message, remedy)
