"""A message as it goes over the wire: its commands, and its content made fit for them.

Source: RFC 5321 §2.3.8 and §4.5.2; RFC 1870 (SIZE), 6152 (8BITMIME), 3030 (CHUNKING), 6531 (SMTPUTF8).
"""

import re
from dataclasses import dataclass
from typing import Final

from newsletter.message import Content, DeliveryKey, needs_utf8, wire_address
from newsletter.message.content import has_whole_line_ends, holds_first_dot
from newsletter.providers.base import Message, Rejected
from newsletter.providers.smtp.protocol import Extensions, Phase, command

DATA: Final = command("DATA")

_PLAIN: Final = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[0-9A-Za-z_.-]{1,255}")
"""Most addresses; they go as they are."""
_PATH: Final = re.compile(
    r'(?:"[^"\\\x00-\x1f\x7f]*"|[^\s<>()\[\]:;@\\,"\x00-\x20\x7f]+)@(?:\[[0-9A-Za-z.:]+\]|[0-9A-Za-z_.-]+)'
)


@dataclass(frozen=True, slots=True)
class Letter:
    """A message as it goes over the wire.

    Args:
        content: In pieces, without an end: dot-stuffed for DATA, as it is for BDAT.
        size: Of the message itself, in octets.
        chunked: It travels by BDAT.
    """

    key: DeliveryKey
    sender: bytes
    recipient: bytes
    content: tuple[bytes, ...]
    size: int
    chunked: bool = False

    @property
    def steps(self) -> tuple[tuple[Phase, bytes], ...]:
        """The commands before the content; DATA may end a pipelined group. Source: RFC 2920 §3.1."""
        if self.chunked:
            return (Phase.SENDER, self.sender), (Phase.RECIPIENT, self.recipient)
        return (Phase.SENDER, self.sender), (Phase.RECIPIENT, self.recipient), (Phase.DATA, DATA)


def content_of(message: Message) -> Content | Rejected:
    """Merge a message's content, or tell why no server could take it."""
    try:
        content = message.merged()
    except ValueError:
        return Rejected(message.key, "the address cannot be written in an SMTP command")
    if not (has_whole_line_ends(content.head) and (content.is_plain or has_whole_line_ends(content.body))):
        return Rejected(message.key, "the message holds a bare line end, which SMTP forbids")
    ends_well = (content.body or content.head).endswith(b"\r\n")
    return content if ends_well else Content(content.head, content.body + b"\r\n")


def prepare(message: Message, content: Content, extensions: Extensions, *, chunked: bool) -> Letter | Rejected:
    """Write a message's commands for a server, or tell why it can never go there.

    Args:
        content: As it leaves, signatures included.
        chunked: Make it for BDAT.

    Raises:
        ValueError: The return path cannot stand in a command.
    """
    sender = _path(message.envelope_sender) if message.envelope_sender else ""
    address = message.recipient.address
    utf8 = not address.isascii() and needs_utf8(address)
    if utf8 and "SMTPUTF8" not in extensions:
        return Rejected(message.key, "the server does not take addresses like this one: it lacks SMTPUTF8")
    try:
        recipient = f"RCPT TO:<{_path(address)}>\r\n".encode()
    except ValueError:
        return Rejected(message.key, "the address cannot be written in an SMTP command")
    eight_bit = not (content.head.isascii() and (content.is_plain or content.body.isascii()))
    if eight_bit and "8BITMIME" not in extensions:
        return Rejected(message.key, "the server takes no content beyond ASCII: it lacks 8BITMIME")
    size = content.size
    body = content.body if chunked or content.is_plain else dot_stuff(content.body)
    parameters = _sender_parameters(extensions, size, utf8=utf8, eight_bit=eight_bit)
    return Letter(
        message.key,
        f"MAIL FROM:<{sender}>{parameters}\r\n".encode(),
        recipient,
        (content.head if chunked else dot_stuff(content.head), body),
        size,
        chunked,
    )


def dot_stuff(content: bytes) -> bytes:
    """Double every dot that begins a line, so that none ends the message early. Source: RFC 5321 §4.5.2."""
    if not holds_first_dot(content):
        return content
    stuffed = content.replace(b"\r\n.", b"\r\n..")
    return b"." + stuffed if stuffed.startswith(b".") else stuffed


def _path(address: str) -> str:
    if _PLAIN.fullmatch(address):
        return address
    path = wire_address(address)
    if not _PATH.fullmatch(path):
        raise ValueError("this address cannot stand in a command")
    return path


def _sender_parameters(extensions: Extensions, size: int, *, utf8: bool, eight_bit: bool) -> str:
    """Give the parameters of MAIL, each with a space before it; BODY only for what is not 7-bit."""
    size_of_it = f" SIZE={size}" if "SIZE" in extensions.offered else ""
    if not (utf8 or eight_bit):
        return size_of_it
    body = " BODY=8BITMIME" if "8BITMIME" in extensions.offered else ""
    return size_of_it + body + (" SMTPUTF8" if utf8 else "")
