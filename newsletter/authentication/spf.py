"""SPF: whether a domain lets an address of the network send in its name, and what its record costs to read.

Source: RFC 7208.
"""

import ipaddress
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final, TypeAlias

from newsletter.authentication.resolving import Resolver

MAXIMUM_LOOKUPS: Final = 10
MAXIMUM_EMPTY: Final = 2
MAXIMUM_SERVERS: Final = 10

IPAddress: TypeAlias = ipaddress.IPv4Address | ipaddress.IPv6Address

_TERM: Final = re.compile(r"([+?~-]?)(all|include|a|mx|ptr|ip4|ip6|exists)(?:([:/])(.*))?", re.IGNORECASE)
_MODIFIER: Final = re.compile(r"([A-Za-z][A-Za-z0-9_.-]*)=(.*)")
_PREFIX: Final = re.compile(r"(?:/(\d{1,2}))?(?://(\d{1,3}))?")


class Verdict(StrEnum):
    """What a record says of an address; `neutral` is as good as nothing."""

    PASS = "pass"  # noqa: S105 - the standard's word
    FAIL = "fail"
    SOFT_FAIL = "softfail"
    NEUTRAL = "neutral"


_VERDICTS: Final = {"+": Verdict.PASS, "-": Verdict.FAIL, "~": Verdict.SOFT_FAIL, "?": Verdict.NEUTRAL}


class SpfFault(ValueError):
    """A record cannot be used: mail systems treat it as an error; says why, as the end of a sentence."""


@dataclass(frozen=True, slots=True)
class SpfResult:
    """What came of reading a record to its end.

    Attributes:
        verdict: For the address, or for any stranger where none was given.
        lookups: How many questions to the DNS it takes.
        unclear: Something in it depends on the message at hand (a macro) and was passed over.
        slow: It uses `ptr`, which the standard warns against.
    """

    verdict: Verdict
    lookups: int
    unclear: bool = False
    slow: bool = False


@dataclass(slots=True)
class _Reading:
    resolver: Resolver
    address: IPAddress | None
    lookups: int = 0
    empty: int = 0
    unclear: bool = False
    slow: bool = False
    path: list[str] = field(default_factory=list)

    def count(self) -> None:
        self.lookups += 1
        if self.lookups > MAXIMUM_LOOKUPS:
            raise SpfFault(f"reading it takes more than {MAXIMUM_LOOKUPS} questions to the DNS")

    def found(self, answer: Sequence[object]) -> None:
        if not answer:
            self.empty += 1
            if self.empty > MAXIMUM_EMPTY:
                raise SpfFault(f"more than {MAXIMUM_EMPTY} names in it do not exist")


async def find_record(resolver: Resolver, domain: str) -> str | None:
    """Find the one SPF record of a domain.

    Raises:
        SpfFault: There are several.
        LookupFailed: The DNS does not answer.
    """
    found = [text for text in await resolver.txt(domain) if text.lower() == "v=spf1" or text[:7].lower() == "v=spf1 "]
    if len(found) > 1:
        raise SpfFault(f"{domain} has {len(found)} SPF records where one may be")
    return found[0] if found else None


async def evaluate(resolver: Resolver, domain: str, record: str, address: str | None = None) -> SpfResult:
    """Read a record to its end, with everything that it includes.

    Args:
        address: Of the network, whose mail is judged; None reads every term and judges a stranger's.

    Raises:
        SpfFault: The record, or one that it includes, is wrong or too costly.
        LookupFailed: The DNS does not answer.
    """
    reading = _Reading(resolver, ipaddress.ip_address(address) if address else None)
    verdict = await _judge(reading, domain, record)
    return SpfResult(verdict or Verdict.NEUTRAL, reading.lookups, reading.unclear, reading.slow)


async def _judge(reading: _Reading, domain: str, record: str) -> Verdict | None:
    """Give the verdict of the first term that matches; None when none does."""
    if domain in reading.path:
        raise SpfFault(f"{domain} includes itself")
    reading.path.append(domain)
    try:
        terms, redirect = _parse(domain, record)
        ended: Verdict | None = None
        for term in terms:
            if await _matches(reading, domain, term):
                ended = _VERDICTS[term[1] or "+"]
                break
        if ended is None and redirect:
            return await _redirected(reading, domain, redirect)
        return ended
    finally:
        reading.path.pop()


def _parse(domain: str, record: str) -> tuple[Sequence[re.Match[str]], str]:
    """Give the terms of a record and the domain it leads on to. One wrong term spoils the whole. RFC 7208 §4.6."""
    terms, redirect = [], ""
    for term in record.split()[1:]:
        if modifier := _MODIFIER.fullmatch(term):
            redirect = modifier[2] if modifier[1].lower() == "redirect" else redirect
        elif parsed := _TERM.fullmatch(term):
            terms.append(parsed)
        else:
            raise SpfFault(f"{term!r} in the record of {domain} is no part of SPF")
    return terms, redirect


async def _redirected(reading: _Reading, domain: str, target: str) -> Verdict | None:
    if "%" in target:
        reading.unclear = True
        return None
    return await _judge_other(reading, domain, target)


async def _judge_other(reading: _Reading, domain: str, target: str) -> Verdict | None:
    reading.count()
    record = await find_record(reading.resolver, target.rstrip(".").lower())
    if record is None:
        raise SpfFault(f"{target}, which {domain} includes, has no SPF record")
    return await _judge(reading, target.rstrip(".").lower(), record)


async def _matches(reading: _Reading, domain: str, parsed: re.Match[str]) -> bool:
    """Tell whether the address is one that a term means; a stranger's is meant by `all` only."""
    term, name = parsed[0], parsed[2].lower()
    rest = parsed[4] or ""
    if name == "all":
        return True
    if name in ("ip4", "ip6"):
        return _in_network(reading, term, rest, name)
    target, prefix = _target(domain, parsed)
    if "%" in target:
        reading.unclear = True
        if name in ("include", "exists", "a", "mx"):
            reading.count()
        return False
    if name == "include":
        return await _judge_other(reading, domain, _needed(target, term)) is Verdict.PASS
    return await _named(reading, name, target, prefix, term)


async def _named(reading: _Reading, name: str, target: str, prefix: str, term: str) -> bool:
    reading.count()
    if name == "ptr":
        reading.slow = True
        return await _is_named_below(reading, target)
    if name == "exists":
        # Written without a macro it says the same of every address.
        found = await reading.resolver.addresses(_needed(target, term))
        reading.found(found)
        return bool(found)
    hosts = [target]
    if name == "mx":
        servers = await reading.resolver.mx(target)
        reading.found(servers)
        if len(servers) > MAXIMUM_SERVERS:
            raise SpfFault(f"{target} has more than {MAXIMUM_SERVERS} mail servers")
        hosts = [host for _, host in servers if host != "."]
    for host in hosts:
        addresses = await reading.resolver.addresses(host)
        if name == "a":
            reading.found(addresses)
        if any(_is_within(reading.address, one, prefix, term) for one in addresses):
            return True
    return False


async def _is_named_below(reading: _Reading, target: str) -> bool:
    if reading.address is None:
        return False
    for name in (await reading.resolver.ptr(str(reading.address)))[:MAXIMUM_SERVERS]:
        is_below = name == target or name.endswith(f".{target}")
        if is_below and str(reading.address) in await reading.resolver.addresses(name):
            return True
    return False


def _target(domain: str, parsed: re.Match[str]) -> tuple[str, str]:
    """Split what follows a term into the domain it means and its prefix lengths."""
    if parsed[3] != ":":
        return domain, f"/{parsed[4]}" if parsed[3] else ""
    target, slash, prefix = parsed[4].partition("/")
    return target.rstrip(".").lower() or domain, slash + prefix


def _needed(target: str, term: str) -> str:
    if not term.partition(":")[2]:
        raise SpfFault(f"{term!r} names no domain")
    return target


def _in_network(reading: _Reading, term: str, rest: str, name: str) -> bool:
    try:
        network = ipaddress.ip_network(rest, strict=False)
    except ValueError as error:
        raise SpfFault(f"{term!r} names no address of the network") from error
    if network.version != int(name[2]):
        raise SpfFault(f"{term!r} names an address of the other kind")
    return reading.address is not None and reading.address.version == network.version and reading.address in network


def _is_within(address: IPAddress | None, listed: str, prefix: str, term: str) -> bool:
    lengths = _PREFIX.fullmatch(prefix)
    if lengths is None:
        raise SpfFault(f"{term!r} has a prefix that is none")
    other = ipaddress.ip_address(listed)
    if address is None or address.version != other.version:
        return False
    length = lengths[1] if other.version == 4 else lengths[2]
    try:
        return address in ipaddress.ip_network(f"{other}/{length or other.max_prefixlen}", strict=False)
    except ValueError as error:
        raise SpfFault(f"{term!r} has a prefix that is none") from error
