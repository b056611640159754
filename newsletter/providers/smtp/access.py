"""Where a mail server is, how to be let in, and what keeps us out."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Final

from newsletter.errors import Place, ProviderError
from newsletter.providers.smtp.protocol import Phase, Reply, secrets
from newsletter.providers.smtp.replies import remedy_for
from newsletter.providers.smtp.settings import Tls

CONNECT: Final = 60.0
"""How many seconds to wait for a connection, and for TLS on it."""


class LostError(Exception):
    """The connection failed, or the server hung up; said of a message, it was certainly not taken."""


class UnavailableError(ProviderError):
    """The server lets us in no further for now; other connections may stand."""


@dataclass(frozen=True, slots=True)
class Access:
    """Where a server is, and how to be let in."""

    host: str
    port: int
    tls: Tls
    context: ssl.SSLContext
    username: str
    password: str
    helo: str
    timeout: float


@asynccontextmanager
async def connecting(access: Access) -> AsyncIterator[None]:
    """Say what kept us from a connection, or from TLS on it."""
    limit = min(CONNECT, access.timeout)
    try:
        async with asyncio.timeout(limit):
            yield
    except ssl.SSLCertVerificationError as error:
        remedy = "Give host as the certificate names it, or name the certificate of its issuer in ca_file."
        raise error_about(
            access, f"shows a certificate that does not hold: {error.verify_message}", "host", remedy
        ) from error
    except ssl.SSLError as error:
        remedy = 'Port 465 wants tls = "implicit" as a rule, and port 587 tls = "starttls".'
        raise error_about(access, f"does no TLS here ({error.reason or 'broken off'})", "tls", remedy) from error
    except OSError as error:
        late = f"no answer within {limit:g} seconds" if isinstance(error, TimeoutError) else ""
        why = late or error.strerror or str(error) or "the connection was lost"
        raise UnavailableError(
            f"{server_name(access)} cannot be reached: {why}",
            where=Place(field="providers.smtp.host"),
            remedy="Check host, port and the network, then run the same command again.",
        ) from error


def error_about(access: Access, what: str, setting: str, remedy: str) -> ProviderError:
    """Say what is wrong with a server, and which setting it is about."""
    return ProviderError(f"{server_name(access)} {what}", where=Place(field=f"providers.smtp.{setting}"), remedy=remedy)


def server_name(access: Access) -> str:
    """Name a server at the start of a sentence."""
    return f"{access.host}, port {access.port},"


def refusal(access: Access, phase: Phase, reply: Reply, *, temporary: bool = False) -> ProviderError:
    """Say that a server refuses us, in its own words but for our secrets.

    Args:
        temporary: For now; then it is an `UnavailableError`.
    """
    words = reply.words_without(secrets(access.username, access.password))
    message = f"{server_name(access)} refuses us at {phase}: {words}"
    if temporary:
        remedy = "Wait a while, then run the same command again."
        return UnavailableError(message, where=Place(field="providers.smtp"), remedy=remedy)
    remedy = remedy_for(phase, reply, logged_in=bool(access.username))
    return ProviderError(message, where=Place(field="providers.smtp"), remedy=remedy)
