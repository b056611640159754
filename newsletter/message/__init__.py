"""Internet messages as bytes."""

from newsletter.message.addresses import Mailbox, ascii_domain, needs_utf8, wire_address, without_addresses
from newsletter.message.content import Content, is_plain
from newsletter.message.headers import exact_header, mailbox_header, one_line, phrase, text_header
from newsletter.message.keys import DeliveryKey, delivery_key
from newsletter.message.mime import boundary, encode_piece, encode_simple, frame
from newsletter.message.received import Received, read_received
from newsletter.message.selectors import is_selector

__all__ = [
    "Content",
    "DeliveryKey",
    "Mailbox",
    "Received",
    "ascii_domain",
    "boundary",
    "delivery_key",
    "encode_piece",
    "encode_simple",
    "exact_header",
    "frame",
    "is_plain",
    "is_selector",
    "mailbox_header",
    "needs_utf8",
    "one_line",
    "phrase",
    "read_received",
    "text_header",
    "wire_address",
    "without_addresses",
]
