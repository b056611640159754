"""Asks a web address of our own one thing, and tells what came back, whatever it is.

No redirect is followed and no address is refused: the site may well run on this machine. For addresses that others
wrote down see `fetching`.
"""

import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Final, Literal, Protocol, TypeAlias

import httpx2

from newsletter import __version__
from newsletter.errors import NewsletterError, Place

SECONDS: Final = 15.0

Fault: TypeAlias = Literal["connection", "tls", "timeout"]


class Unreachable(NewsletterError):
    """There was no answer.

    Args:
        kind: What kept it from us.
        reason: The same in words; no final full stop.
    """

    def __init__(self, url: str, kind: Fault, reason: str) -> None:
        remedy = {
            "tls": "Renew the certificate, or have it name this host.",
            "timeout": "See whether the server runs, and is not overburdened.",
            "connection": "See whether the server runs, and whether public_url names it.",
        }[kind]
        super().__init__(f"{url} cannot be reached: {reason}", where=Place(field="public_url"), remedy=remedy)
        self.kind = kind


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back; header names in small letters."""

    status: int
    headers: Mapping[str, str]

    @property
    def is_good(self) -> bool:
        """Whether the status is one of success."""
        return 200 <= self.status < 300

    @property
    def onward(self) -> str | None:
        """Where it leads, if it is a redirect."""
        return self.headers.get("location") if 300 <= self.status < 400 else None

    @property
    def clock(self) -> datetime | None:
        """What the server believes the time to be, if it says so."""
        try:
            moment = parsedate_to_datetime(self.headers.get("date", ""))
        except (ValueError, TypeError):
            return None
        return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


class Web(Protocol):
    """What is asked of web servers."""

    async def ask(
        self, method: str, url: str, *, headers: Mapping[str, str] | None = None, content: bytes = b""
    ) -> Answer:
        """Ask one thing.

        Raises:
            Unreachable: There was no answer.
        """


class Prober:
    """Asks over the network.

    Args:
        seconds: How long one answer may take.
        trust: The certificates to trust; None means the system's.
    """

    def __init__(self, seconds: float = SECONDS, trust: ssl.SSLContext | None = None) -> None:
        self._seconds = seconds
        self._trust = trust

    async def ask(
        self, method: str, url: str, *, headers: Mapping[str, str] | None = None, content: bytes = b""
    ) -> Answer:
        """Ask one thing; the body of the answer is left where it is."""
        given = {"user-agent": f"newsletter/{__version__}", **(headers or {})}
        try:
            async with (
                httpx2.AsyncClient(
                    timeout=self._seconds, verify=self._trust or ssl.create_default_context(), trust_env=False
                ) as client,
                client.stream(method, url, headers=given, content=content) as response,
            ):
                return Answer(response.status_code, {name.lower(): value for name, value in response.headers.items()})
        except httpx2.TimeoutException as error:
            raise Unreachable(url, "timeout", f"no answer within {self._seconds:g} seconds") from error
        except httpx2.HTTPError as error:
            cause = _cause_of_encryption(error)
            if cause is not None:
                raise Unreachable(url, "tls", f"the connection cannot be trusted ({cause})") from error
            raise Unreachable(url, "connection", _words_of_system(error)) from error


def _cause_of_encryption(error: BaseException | None) -> str | None:
    while error is not None:
        if isinstance(error, ssl.SSLCertVerificationError):
            return error.verify_message
        if isinstance(error, ssl.SSLError):
            return error.reason or "broken off"
        error = error.__cause__ or error.__context__
    return None


def _words_of_system(error: BaseException | None) -> str:
    while error is not None:
        if isinstance(error, OSError) and error.strerror:
            return error.strerror
        error = error.__cause__ or error.__context__
    return "the connection failed"
