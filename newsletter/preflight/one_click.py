"""Message that mail systems cannot unsubscribe from by themselves.

Gmail, Yahoo and Microsoft want one List-Unsubscribe field with an https address, and beside it List-Unsubscribe-Post
with exactly “List-Unsubscribe=One-Click”.

Source: RFC 8058 §3.1, RFC 2369 §2.
"""

import re
from collections.abc import Iterator
from email import message_from_bytes
from typing import Final

from newsletter.errors import Place
from newsletter.preflight.base import Context, Finding, Severity, say

severity: Severity = Severity.ERROR

_ONE_CLICK: Final = "List-Unsubscribe=One-Click"
_ADDRESS: Final = re.compile(r"<([^<>]+)>")


def check(context: Context) -> Iterator[Finding]:
    """Look at both fields."""
    message = message_from_bytes(context.message)
    fields = message.get_all("List-Unsubscribe", [])
    place = Place("newsletter.toml", field="public_url")
    if len(fields) != 1:
        words = say("the message has %(count)s List-Unsubscribe fields instead of one", count=len(fields))
        yield Finding(place, words, say("Send it by a provider that keeps the message as it is."))
    elif not any(address.startswith("https://") for address in _ADDRESS.findall(str(fields[0]))):
        words = say("mail systems cannot unsubscribe readers: List-Unsubscribe has no https address")
        yield Finding(place, words, say("Write a public_url that begins with https://."))
    posts = [str(one).strip() for one in message.get_all("List-Unsubscribe-Post", [])]
    if posts != [_ONE_CLICK]:
        words = say("the message does not offer to unsubscribe with one click")
        yield Finding(place, words, say("It needs one field List-Unsubscribe-Post: List-Unsubscribe=One-Click."))
