"""Asks SendGrid what our key may do."""

import json
from collections.abc import Iterable
from typing import Final

from newsletter.errors import Place, ProviderError
from newsletter.providers.base import Inspection
from newsletter.providers.sendgrid.connection import Connection, LostReplyError, UnreachableError
from newsletter.providers.sendgrid.replies import Reply, read_moment, read_words, refusal
from newsletter.providers.sendgrid.requests import MAXIMUM_BYTES

NEEDED: Final = frozenset({"mail.send"})

_HARMLESS: Final = ("mail.", "sender_verification_", "2fa_", "user.profile.read")
"""How permissions begin that go with Mail Send, or that every key has."""


async def ask(connection: Connection, host: str, *, local: bool) -> Inspection:
    """Ask for the permissions of the key; nothing is sent.

    Args:
        host: Scheme and host, for people to read.
        local: The host is this machine.

    Raises:
        ProviderError: SendGrid cannot be reached, or refuses the key.

    Source: SendGrid's reference of GET /v3/scopes.
    """
    try:
        reply = await connection.scopes()
    except (UnreachableError, LostReplyError) as error:
        raise ProviderError(
            f"SendGrid cannot be reached ({error})",
            where=Place(field="providers.sendgrid"),
            remedy="Look at the network, and at region and base_url in [providers.sendgrid].",
        ) from error
    if reply.status != 200:
        raise refusal(reply.status, read_words(reply))
    permissions = _permissions(reply)
    return Inspection(
        server=host,
        logged_in=True,
        is_private=local or host.startswith("https:"),
        message_bytes=MAXIMUM_BYTES,
        clock=read_moment(reply.headers.get("date", "")),
        missing=NEEDED - permissions,
        needless=frozenset(_needless(permissions)),
    )


def _permissions(reply: Reply) -> frozenset[str]:
    try:
        scopes = json.loads(reply.body)["scopes"]
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise refusal(reply.status, "it does not say what the key may do") from error
    return frozenset(one for one in scopes if isinstance(one, str)) if isinstance(scopes, list) else frozenset()


def _needless(permissions: Iterable[str]) -> Iterable[str]:
    return (one for one in permissions if not one.startswith(_HARMLESS))
