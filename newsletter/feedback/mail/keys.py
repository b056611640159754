"""Finds the key of our delivery in what comes back: in the address it came to, or in what it says of our message."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from newsletter.feedback.mail.entities import Entity, readable
from newsletter.message import DeliveryKey

_KEY: Final = "[a-z2-7]{26}"
_PLACE: Final = "{key}"
_IN_IDENTIFIER: Final = re.compile(rf"(?<![a-z0-9])({_KEY})@", re.IGNORECASE)
_IN_ARGUMENT: Final = re.compile(rf"\bdelivery[\"']?\s{{0,3}}[:=,]\s{{0,3}}[\"']?({_KEY})(?![a-z0-9])", re.IGNORECASE)

_ADDRESSED: Final = (
    *("delivered-to", "x-original-to", "envelope-to", "x-envelope-to", "x-rcpt-to", "x-delivered-to"),
    *("x-forwarded-to", "x-failed-to", "apparently-to", "to", "cc", "resent-to", "received"),
)
_IDENTIFIED: Final = ("message-id", "x-original-message-id", "original-message-id", "original-envelope-id")
_RETURNED: Final = ("return-path", "x-envelope-from", "errors-to", "x-mailin-custom", "x-mailer-recptid")
_ANSWERED: Final = ("in-reply-to", "references", "x-original-id")


@dataclass(frozen=True)
class KeyFinder:
    """Finds keys by the workspace's return path.

    Args:
        pattern: What matches a recipient's address that holds a key; None where the return path has no place for one.
    """

    pattern: re.Pattern[str] | None

    @classmethod
    def of(cls, return_path: str) -> "KeyFinder":
        """Make it of a return path such as `bounces+{key}@example.org`; one without a place for a key finds less."""
        before, place, after = return_path.partition(_PLACE)
        if not place:
            return cls(None)
        # A local part may come back in capitals, and a mail system may add its own host behind the key.
        pattern = rf"(?<![\w.+-]){re.escape(before)}({_KEY}){re.escape(after)}(?![\w-])"
        return cls(re.compile(pattern, re.IGNORECASE))

    def of_recipient(self, message: Entity) -> DeliveryKey | None:
        """Find the key in the address that a message came to."""
        return _first(self._in_paths(_values(message, _ADDRESSED)))

    def of_answer(self, message: Entity) -> DeliveryKey | None:
        """Find the key in the identifiers of the messages that a message answers, the latest first."""
        answered = (word for value in _values(message, _ANSWERED) for word in reversed(value.split()))
        return _first(self._identifiers(answered)) or self.of_recipient(message)

    def of_fields(self, fields: Iterable[tuple[str, str]]) -> DeliveryKey | None:
        """Find the key in the header of our own message, or in the fields of a report about it."""
        known = tuple(fields)
        identified = [value for name, value in known if name in _IDENTIFIED]
        returned = [value for name, value in known if name in _RETURNED]
        told = (match for value in returned for match in _IN_ARGUMENT.findall(value[:1000]))
        return _first(self._identifiers(identified)) or _first(self._in_paths([*returned, *identified])) or _first(told)

    def of_text(self, text: str) -> DeliveryKey | None:
        """Find the key anywhere in a text that may repeat our message's header."""
        return _first(self._in_paths([text])) or _first(self._identifiers([text]))

    def _in_paths(self, values: Iterable[str]) -> Iterator[str]:
        if self.pattern is not None:
            for value in values:
                # As SRS and other forwarders write an address into a local part of theirs.
                plain = value.replace("=40", "@").replace("%40", "@")
                yield from (match[1] for match in self.pattern.finditer(plain))

    def _identifiers(self, values: Iterable[str]) -> Iterator[str]:
        return (match[1] for value in values for match in _IN_IDENTIFIER.finditer(value))


def _values(message: Entity, names: Iterable[str]) -> list[str]:
    return [readable(value) for name in names for value in message.values(name)]


def _first(found: Iterable[str]) -> DeliveryKey | None:
    key = next(iter(found), None)
    return DeliveryKey(key.lower()) if key else None
