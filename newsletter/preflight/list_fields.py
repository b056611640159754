"""List and feedback fields that mail systems cannot use.

List-Id names the list below a domain, the same for every issue; each List field stands there once; Feedback-ID has at
most four fields, without anything personal, so that Gmail can tell what complaints are about.

Source: RFC 2919 §2–4, RFC 2369 §3.4.
"""

import re
from collections.abc import Iterator
from email import message_from_bytes
from email.message import Message
from typing import Final

from newsletter.errors import Place
from newsletter.preflight.base import Context, Finding, Said, Severity, say

severity: Severity = Severity.ERROR

_LIST_ID: Final = re.compile(r"<([A-Za-z0-9_-]+(?:\.[A-Za-z0-9-]+){2,})>")
_LONGEST: Final = 255
_MOST_FIELDS: Final = 4


def check(context: Context) -> Iterator[Finding]:
    """Look at the fields of the example message."""
    message = message_from_bytes(context.message)
    for words in _problems(message):
        yield Finding(Place("subscribers/lists.yaml"), words, say("Give the list a short name of letters and digits."))


def _problems(message: "Message[str, str]") -> Iterator[Said]:
    for name in ("List-Id", "List-Post", "Feedback-ID"):
        count = len(message.get_all(name, []))
        if count != 1:
            yield say("the message has %(count)s %(name)s fields instead of one", count=count, name=name)
    identifier = _LIST_ID.search(str(message.get("List-Id", "")))
    if message["List-Id"] and (identifier is None or len(identifier[1]) > _LONGEST):
        yield say("List-Id “%(value)s” does not name a list below a domain", value=message["List-Id"])
    feedback = str(message.get("Feedback-ID", ""))
    if feedback and (len(feedback.split(":")) > _MOST_FIELDS or "@" in feedback):
        yield say("Feedback-ID “%(value)s” is not what Gmail reads", value=feedback)
