"""Asks the DNS; what is not there is an empty answer, and only a question without an answer is an error."""

import asyncio
from collections.abc import Sequence
from typing import Any, Final, Protocol

import dns.asyncresolver
import dns.exception
import dns.name
import dns.resolver
import dns.reversename

from newsletter.errors import NewsletterError

SECONDS: Final = 10.0
"""How long one question may take, with all its repetitions."""


class LookupFailed(NewsletterError):
    """The DNS gave no answer, so that nobody knows what it would have been."""

    def __init__(self, name: str, reason: str) -> None:
        super().__init__(
            f"the DNS does not answer for {name}: {reason}",
            remedy="Try again later; if it stays so, check the network, or the name servers of the domain.",
        )


class Resolver(Protocol):
    """What is asked of the DNS. Names are ASCII; an empty answer means that there is no such record."""

    async def txt(self, name: str) -> Sequence[str]:
        """Give the texts of a name, each with its pieces joined.

        Raises:
            LookupFailed: There is no answer; so do all of these.
        """

    async def mx(self, name: str) -> Sequence[tuple[int, str]]:
        """Give the mail servers of a domain with their preference, the first choice first; "." is a null MX."""

    async def addresses(self, name: str) -> Sequence[str]:
        """Give the addresses of a host, of both kinds."""

    async def ptr(self, address: str) -> Sequence[str]:
        """Give the names of an address."""


class DnsResolver:
    """Asks name servers.

    Args:
        servers: Their addresses; None means those of the system.
        port: Where they listen.
        seconds: How long one question may take.
    """

    def __init__(self, servers: Sequence[str] | None = None, port: int = 53, seconds: float = SECONDS) -> None:
        self._servers = servers
        self._port = port
        self._seconds = seconds

    async def txt(self, name: str) -> Sequence[str]:
        """Give the texts of a name, each with its pieces joined."""
        return [b"".join(one.strings).decode("utf-8", "replace") for one in await self._ask(name, "TXT")]

    async def mx(self, name: str) -> Sequence[tuple[int, str]]:
        """Give the mail servers of a domain with their preference, the first choice first."""
        return sorted((int(one.preference), _plain(one.exchange)) for one in await self._ask(name, "MX"))

    async def addresses(self, name: str) -> Sequence[str]:
        """Give the addresses of a host, of both kinds."""
        both = await asyncio.gather(self._ask(name, "A"), self._ask(name, "AAAA"))
        return [str(one.address) for answer in both for one in answer]

    async def ptr(self, address: str) -> Sequence[str]:
        """Give the names of an address."""
        return [_plain(one.target) for one in await self._ask(dns.reversename.from_address(address).to_text(), "PTR")]

    def _resolver(self) -> dns.asyncresolver.Resolver:
        resolver = dns.asyncresolver.Resolver(configure=self._servers is None)
        if self._servers is not None:
            resolver.nameservers = list(self._servers)
            resolver.port = self._port
        resolver.lifetime = self._seconds
        resolver.timeout = min(resolver.timeout, self._seconds)
        return resolver

    async def _ask(self, name: str, kind: str) -> Sequence[Any]:
        try:
            resolver = self._resolver()
            # A name in the DNS is whole: the search list of this machine is none of its business.
            return list(await resolver.resolve(f"{name.rstrip('.')}.", kind, search=False))
        except (dns.resolver.NXDOMAIN, dns.resolver.NoAnswer):
            return []
        except dns.resolver.LifetimeTimeout as error:
            raise LookupFailed(name, "no answer in time") from error
        except dns.resolver.NoNameservers as error:
            raise LookupFailed(name, "its name servers answer with an error") from error
        except dns.resolver.NoResolverConfiguration as error:
            raise LookupFailed(name, "this machine knows no name server") from error
        except dns.exception.DNSException as error:
            raise LookupFailed(name, "it is no name, or the answer is damaged") from error
        except OSError as error:
            raise LookupFailed(name, error.strerror or "the network is down") from error


def _plain(name: dns.name.Name) -> str:
    """Write a name without its final dot; the root stays "."."""
    return name.to_text(omit_final_dot=True).lower() or "."
