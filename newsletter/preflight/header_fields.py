"""Header fields that mail systems refuse.

A message has exactly one of From, To, Subject, Date, Message-ID and MIME-Version, From holds one address, Date and
Message-ID can be read, and no line is longer than 998 characters.

Source: RFC 5322 §2.1.1 and §3.6.
"""

import re
from collections.abc import Iterator
from email import message_from_bytes
from email.message import Message
from email.utils import getaddresses, parsedate_to_datetime
from typing import Final

from newsletter.errors import Place
from newsletter.preflight.base import Context, Finding, Said, Severity, say

severity: Severity = Severity.ERROR

_ONCE: Final = ("From", "To", "Subject", "Date", "Message-ID", "MIME-Version")
_IDENTIFIER: Final = re.compile(r"<[^<>@\s]+@[^<>@\s]+>")
_LONGEST_LINE: Final = 998


def check(context: Context) -> Iterator[Finding]:
    """Look at the header of the example message."""
    message = message_from_bytes(context.message)
    remedy = say("Take out what writes the header anew: a provider, or a relay of your own.")
    for words in _problems(message, context.message):
        yield Finding(Place(field="header"), words, remedy)


def _problems(message: "Message[str, str]", raw: bytes) -> Iterator[Said]:
    for name in _ONCE:
        count = len(message.get_all(name, []))
        if count != 1:
            yield say("the message has %(count)s %(name)s fields instead of one", count=count, name=name)
    if len(getaddresses([str(one) for one in message.get_all("From", [])])) > 1:
        yield say("From names several addresses")
    if message["Message-ID"] and not _IDENTIFIER.fullmatch(str(message["Message-ID"]).strip()):
        yield say("the Message-ID is not one")
    if message["Date"] and not _is_date(str(message["Date"])):
        yield say("the Date cannot be read")
    if max(map(len, raw.split(b"\r\n"))) > _LONGEST_LINE:
        yield say("a line is longer than %(longest)s characters", longest=_LONGEST_LINE)


def _is_date(text: str) -> bool:
    try:
        parsedate_to_datetime(text)
    except ValueError:
        return False
    return True
