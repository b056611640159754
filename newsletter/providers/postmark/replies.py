"""Reads Postmark's replies, and says what each one means for the messages of its request.

Source: Postmark's page "Overview": HTTP response codes and API error codes.
"""

import re
from datetime import timedelta
from typing import Any, Final

from newsletter.errors import Place, ProviderError
from newsletter.providers.base.replies import (
    Fate,
    Later,
    Refused,
    Reply,
    Suspect,
    Taken,
    Told,
    Unknown,
    Verdict,
    Wrong,
    judge_by_status,
    read_delay,
    say,
    text_of,
)

TABLE: Final = "providers.postmark"

INVALID_MESSAGE: Final = 300
INACTIVE: Final = 406
"""The address bounced before, or its owner complained."""
FOR_NOW: Final = {100: timedelta(minutes=30), 429: timedelta(minutes=1)}
"""Codes of maintenance and of too many requests, and how long to wait where no field says so."""

_TOKEN: Final = "Set NEWSLETTER_PROVIDERS__POSTMARK__SERVER_TOKEN to the token of the server that sends."  # noqa: S105
_SENDER: Final = "Add the sender's domain or address to Postmark, and confirm it; then send again."
_ACCOUNT: Final = "See in Postmark whether the account may send: its approval, its credits, its state."
_STREAM: Final = "Name a stream of this server, of the type Broadcasts, as stream in [providers.postmark]."
_REQUEST: Final = "Correct what it names and send again; nothing of this was sent."
_REMEDIES: Final = {
    10: _TOKEN,
    400: _SENDER,
    401: _SENDER,
    405: _ACCOUNT,
    412: _ACCOUNT,
    413: _ACCOUNT,
    1221: _STREAM,
    1226: _STREAM,
    1235: _STREAM,
    1236: _STREAM,
}
"""What to do about codes that are not a reader's matter."""

# "Invalid 'To' address: …", "Error parsing 'To': …"
_ADDRESSEE: Final = re.compile(r"(?:Invalid|Error\s+parsing)\s+'To'", re.IGNORECASE)
_OURS: Final = re.compile(r"(?:Invalid|Error\s+parsing)\s+'(?:From|Reply-?To)'|'From'", re.IGNORECASE)


def judge(reply: Reply, *, sandbox: bool) -> Verdict:
    """Say what a reply means.

    Args:
        sandbox: The request was only to be checked.
    """
    status, words, code = reply.status, read_words(reply), _code(reply.document)
    if status == 200:
        entries = reply.document
        if not isinstance(entries, list):
            return Unknown(words)
        return Told([_fate(entry, sandbox=sandbox) for entry in entries])
    if status == 503 and code is not None:
        return Later(words, read_delay(reply))
    if status == 422 and code in FOR_NOW:
        return Later(words, read_delay(reply) or FOR_NOW[code])
    return judge_by_status(reply, words, refusal(status, code, words))


def read_words(reply: Reply) -> str:
    """Give what Postmark says in one line, without anybody's address."""
    return say(_code(reply.document) or reply.status, reply.text("Message"))


def refusal(status: int, code: int | None, words: str) -> ProviderError:
    """Say why Postmark takes nothing from us, and what to do about it."""
    if status == 401 or code == 10:
        return ProviderError(f"the server token is refused by Postmark: {words}", remedy=_TOKEN)
    if code is None:
        return ProviderError(
            f"Postmark does not answer as it should: {words}",
            where=Place(field=TABLE),
            remedy=f"See whether base_url is right in [{TABLE}], and whether something stands in between.",
        )
    return ProviderError(f"Postmark refuses to send: {words}", remedy=_REMEDIES.get(code, _REQUEST))


def _fate(entry: Any, *, sandbox: bool) -> Fate:
    """Say what an entry of a reply means for its message."""
    code = _code(entry)
    if code is None:
        return Unknown("the reply does not tell what became of this message")
    message = text_of(entry.get("Message"))
    words = say(code, message)
    if code == 0:
        reference = text_of(entry.get("MessageID"))
        return Taken(reference, "checked by Postmark, not sent" if sandbox else "")
    if code == INACTIVE:
        # The sentence goes on with the address.
        return Wrong(say(code, message.partition("Found")[0]))
    if code in FOR_NOW:
        return Later(words, FOR_NOW[code])
    if code == INVALID_MESSAGE and _ADDRESSEE.match(message):
        return Wrong(words)
    if code == INVALID_MESSAGE and not _OURS.match(message):
        return Suspect(words, refusal(200, code, words))
    return Refused(refusal(200, code, words))


def _code(entry: Any) -> int | None:
    code = entry.get("ErrorCode") if isinstance(entry, dict) else None
    return code if isinstance(code, int) and not isinstance(code, bool) else None
