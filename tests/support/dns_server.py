"""A name server on loopback that knows what a test tells it."""

import socket
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import dns.flags
import dns.message
import dns.rcode
import dns.rdatatype
import dns.rrset

from newsletter.authentication import DnsResolver

Records = Mapping[tuple[str, str], Sequence[str]]
"""Name without its final dot, and kind; to texts as they stand in a zone file."""


@dataclass
class NameServer:
    """What tests see of the server.

    Attributes:
        broken: Names that it answers with an error.
        silent: Names that it does not answer.
        questions: Everything that it was asked.
    """

    records: dict[tuple[str, str], Sequence[str]]
    port: int = 0
    broken: set[str] = field(default_factory=set)
    silent: set[str] = field(default_factory=set)
    questions: list[tuple[str, str]] = field(default_factory=list)

    def resolver(self, seconds: float = 5.0) -> DnsResolver:
        """Make a resolver that asks this server."""
        return DnsResolver(["127.0.0.1"], self.port, seconds)

    def answer(self, octets: bytes) -> bytes | None:
        query = dns.message.from_wire(octets)
        question = query.question[0]
        name = question.name.to_text(omit_final_dot=True).lower()
        kind = dns.rdatatype.to_text(question.rdtype)
        self.questions.append((name, kind))
        if name in self.silent:
            return None
        response: Any = dns.message.make_response(query)
        response.flags |= dns.flags.RA
        if name in self.broken:
            response.set_rcode(dns.rcode.SERVFAIL)
        elif found := self.records.get((name, kind)):
            response.answer.append(dns.rrset.from_text_list(question.name, 300, "IN", kind, list(found)))
        elif not any(known == name for known, _ in self.records):
            response.set_rcode(dns.rcode.NXDOMAIN)
        octets_back: bytes = response.to_wire(max_size=65535)
        return octets_back


def text(*pieces: str) -> str:
    """Write a TXT record as it stands in a zone file."""
    return " ".join('"' + piece.replace("\\", "\\\\").replace('"', '\\"') + '"' for piece in pieces)


@contextmanager
def name_server(records: Records) -> Iterator[NameServer]:
    """Serve until the block ends."""
    server = NameServer(dict(records))
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as listening:
        listening.bind(("127.0.0.1", 0))
        server.port = listening.getsockname()[1]

        def serve() -> None:
            while True:
                octets, whence = listening.recvfrom(65535)
                if not octets:
                    return
                if (answer := server.answer(octets)) is not None:
                    listening.sendto(answer, whence)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        try:
            yield server
        finally:
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as stopping:
                stopping.sendto(b"", ("127.0.0.1", server.port))
            thread.join()
