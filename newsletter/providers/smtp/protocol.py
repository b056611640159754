"""SMTP without a network: replies read, and commands written.

Source: RFC 5321; RFC 1870 (SIZE), 2034 and 3463 (enhanced codes), 4954 (AUTH).
"""

import base64
import ipaddress
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import lru_cache
from typing import Final

from newsletter.message import one_line, without_addresses
from newsletter.providers.base import phrases

MAXIMUM_REPLY_LINE: Final = 4096
"""Eight times what RFC 5321 §4.5.3.1.5 allows; more is not a mail server."""
MAXIMUM_REPLY_LINES: Final = 200
MAXIMUM_WORDS: Final = 400
CLOSING: Final = 421
END_OF_MESSAGE: Final = b".\r\n"

_LINE = re.compile(rb"([2-5][0-9][0-9])(?:([ -])(.*))?")
_ENHANCED = re.compile(r"([245]\.\d{1,3}\.\d{1,3})(?:\s|$)")
_FULL_NAME = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?")


class GarbageError(Exception):
    """What came is no SMTP reply."""


class Phase(StrEnum):
    """What a reply answers, in words that fit after "at"."""

    GREETING = "the greeting"
    HELLO = "EHLO"
    STARTTLS = "STARTTLS"
    LOGIN = "AUTH"
    SENDER = "MAIL FROM"
    RECIPIENT = "RCPT TO"
    DATA = "DATA"
    CONTENT = "the message"
    END = "the end of the message"
    RESET = "RSET"
    QUIT = "QUIT"


PATIENCE: Final = {
    Phase.GREETING: 300.0,
    Phase.HELLO: 300.0,
    Phase.STARTTLS: 120.0,
    Phase.LOGIN: 120.0,
    Phase.SENDER: 300.0,
    Phase.RECIPIENT: 300.0,
    Phase.DATA: 120.0,
    Phase.CONTENT: 180.0,
    Phase.END: 600.0,
    Phase.RESET: 60.0,
    Phase.QUIT: 5.0,
}
"""How many seconds each phase may take. Source: RFC 5321 §4.5.3.2; RFC 1047 on why the end needs most."""


@dataclass(frozen=True, slots=True)
class Reply:
    """A whole reply; its lines without code and line end, on one line each."""

    code: int
    lines: tuple[str, ...]

    @property
    def enhanced(self) -> str:
        """The enhanced status code, such as 5.1.1, or nothing."""
        found = _ENHANCED.match(self.lines[0])
        return found[1] if found else ""

    @property
    def words(self) -> str:
        """Code and text for people and the ledger: without addresses, which servers like to repeat."""
        text = without_addresses(" ".join(filter(None, self.lines)))
        return f"{self.code} {text}".strip()[:MAXIMUM_WORDS]

    def words_without(self, secrets: Iterable[str]) -> str:
        """Give the words, or the codes alone where the server repeats a secret."""
        text = " ".join(self.lines)
        if any(secret and secret in text for secret in secrets):
            return f"{self.code} {self.enhanced}".strip()
        return self.words


class ReplyReader:
    """Takes octets as they come and gives whole replies."""

    def __init__(self) -> None:
        self._rest = b""
        self._place = 0
        self._code = 0
        self._lines: list[str] = []

    @property
    def is_empty(self) -> bool:
        """Whether nothing is left that no reply has used up."""
        return self._place == len(self._rest) and not self._lines

    def feed(self, octets: bytes) -> None:
        """Take what came."""
        self._rest = self._rest[self._place :] + octets
        self._place = 0

    def next_reply(self) -> Reply | None:
        """Give the next reply, or None when more octets are needed.

        Raises:
            GarbageError: This is no SMTP; the connection is of no more use.

        Source: RFC 5321 §4.2.1.
        """
        while (end := self._rest.find(b"\n", self._place)) >= 0:
            line = self._rest[self._place : end]
            self._place = end + 1
            if not self._lines and (whole := _whole_reply(line)):
                return whole
            if self._take(line):
                reply = Reply(self._code, tuple(self._lines))
                self._lines = []
                return reply
        if len(self._rest) - self._place > MAXIMUM_REPLY_LINE:
            raise GarbageError("a reply without an end")
        return None

    def _take(self, line: bytes) -> bool:
        """Take one line; tell whether it is a reply's last."""
        if len(line) > MAXIMUM_REPLY_LINE or len(self._lines) >= MAXIMUM_REPLY_LINES:
            raise GarbageError("something that is no SMTP reply")
        found = _LINE.fullmatch(line.removesuffix(b"\r"))
        if found is None:
            raise GarbageError("something that is no SMTP reply")
        code = int(found[1])
        if self._lines and code != self._code:
            raise GarbageError("a reply whose lines contradict each other")
        self._code = code
        self._lines.append(_read_text(found[3]))
        return found[2] != b"-"


@lru_cache(maxsize=64)
def _whole_reply(line: bytes) -> Reply | None:
    """Read a line that is a reply by itself, as most are; and most of a server's are like one before."""
    found = _LINE.fullmatch(line.removesuffix(b"\r")) if len(line) <= MAXIMUM_REPLY_LINE else None
    return Reply(int(found[1]), (_read_text(found[3]),)) if found and found[2] != b"-" else None


def _read_text(octets: bytes | None) -> str:
    return one_line((octets or b"").decode("utf-8", "replace"))


@dataclass(frozen=True, slots=True)
class Extensions:
    """What a server offers: keywords in capitals, with their parameters."""

    offered: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def __contains__(self, keyword: str) -> bool:
        return keyword in self.offered

    @property
    def message_bytes(self) -> int | None:
        """The largest message that the server takes, or None where it does not say. Source: RFC 1870 §4."""
        first = next(iter(self.offered.get("SIZE", ())), "")
        return (int(first) or None) if first.isascii() and first.isdigit() and len(first) < 20 else None

    @property
    def mechanisms(self) -> frozenset[str]:
        """The ways to log in. Source: RFC 4954 §3."""
        return frozenset(name.upper() for name in self.offered.get("AUTH", ()))


def read_extensions(reply: Reply) -> Extensions:
    """Read the reply to EHLO; the first line is a greeting. Source: RFC 5321 §4.1.1.1."""
    offered: dict[str, tuple[str, ...]] = {}
    for line in reply.lines[1:]:
        # Some old servers write AUTH=LOGIN.
        keyword, *parameters = re.sub(r"^AUTH=", "AUTH ", line, flags=re.IGNORECASE).split(" ") or [""]
        known = offered.get(keyword.upper(), ())
        offered[keyword.upper()] = (*known, *(one for one in parameters if one))
    return Extensions(offered)


def own_words(reply: Reply) -> str:
    """Give a server's own words: an address or a host's name that it repeats may hold any word."""
    return phrases.own_words(" ".join(reply.lines))


def command(*words: str) -> bytes:
    """Write a command.

    Raises:
        ValueError: A word would break out of its line.
    """
    line = " ".join(words)
    if "\r" in line or "\n" in line or "\0" in line:
        raise ValueError("a command is one line")
    return line.encode() + b"\r\n"


def name_for_hello(host_name: str, address: str) -> str:
    """Name this machine: fully, or else by its address. Source: RFC 5321 §4.1.3 and §4.1.4."""
    if "." in host_name and _FULL_NAME.fullmatch(host_name):
        return host_name
    literal = ipaddress.ip_address(address.partition("%")[0])
    return f"[IPv6:{literal}]" if literal.version == 6 else f"[{literal}]"


def plain_response(username: str, password: str) -> str:
    """Write the initial response of the mechanism PLAIN. Source: RFC 4616 §2."""
    return encode64(f"\0{username}\0{password}")


def secrets(username: str, password: str) -> tuple[str, ...]:
    """Give every form in which a login goes over the wire."""
    return password, encode64(password), plain_response(username, password)


def encode64(text: str) -> str:
    """Write a text as AUTH wants it."""
    return base64.b64encode(text.encode()).decode("ascii")
