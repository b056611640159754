"""Asks SendGrid what our key may do."""

from collections.abc import Iterable
from typing import Final

from newsletter.providers.base import Inspection
from newsletter.providers.base.api import unreachable
from newsletter.providers.base.replies import LostReplyError, Reply, UnreachableError
from newsletter.providers.sendgrid.connection import Connection
from newsletter.providers.sendgrid.replies import read_words, refusal
from newsletter.providers.sendgrid.requests import MAXIMUM_BYTES

NEEDED: Final = frozenset({"mail.send"})

_HARMLESS: Final = ("mail.", "sender_verification_", "2fa_", "user.profile.read")
"""How permissions begin that go with Mail Send, or that every key has."""


async def ask(connection: Connection, host: str, *, is_private: bool) -> Inspection:
    """Ask for the permissions of the key; nothing is sent.

    Args:
        host: Scheme and host, for people to read.
        is_private: Nobody else can read along.

    Raises:
        ProviderError: SendGrid cannot be reached, or refuses the key.

    Source: SendGrid's reference of GET /v3/scopes.
    """
    try:
        reply = await connection.scopes()
    except (UnreachableError, LostReplyError) as error:
        raise unreachable("SendGrid", "providers.sendgrid", error) from error
    if reply.status != 200:
        raise refusal(reply.status, read_words(reply))
    permissions = _permissions(reply)
    return Inspection(
        server=host,
        logged_in=True,
        is_private=is_private,
        message_bytes=MAXIMUM_BYTES,
        clock=reply.clock,
        missing=NEEDED - permissions,
        needless=frozenset(_needless(permissions)),
    )


def _permissions(reply: Reply) -> frozenset[str]:
    document = reply.document
    if not isinstance(document, dict) or "scopes" not in document:
        raise refusal(reply.status, "it does not say what the key may do")
    scopes = document["scopes"]
    return frozenset(one for one in scopes if isinstance(one, str)) if isinstance(scopes, list) else frozenset()


def _needless(permissions: Iterable[str]) -> Iterable[str]:
    return (one for one in permissions if not one.startswith(_HARMLESS))
