"""Makes of a subscriber what merging needs to know."""

from collections.abc import Callable, Mapping

from newsletter.message import DeliveryKey, Mailbox
from newsletter.render import Reader
from newsletter.subscribers import Record

ReaderLinks = Callable[[int], Mapping[str, str]]
"""Makes the links of one subscriber, by number."""


def make_reader(record: Record, key: DeliveryKey, links: Mapping[str, str]) -> Reader:
    """Make of a subscriber what merging needs to know."""
    names = (record.values.get("first_name"), record.values.get("last_name"))
    name = " ".join(str(part) for part in names if part)
    return Reader(Mailbox(record.address, name), key, record.values, links)


def with_key(return_path: str, key: DeliveryKey) -> str:
    """Put the delivery's key into a return path that has a place for it: "bounces+{key}@example.org"."""
    return return_path.replace("{key}", key)
