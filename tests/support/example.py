"""The example issue with words of a test's own in it, compiled and ready to be merged."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email import policy
from email.message import EmailMessage
from email.parser import BytesParser
from typing import Any

from newsletter.dispatch import make_letterhead, make_reader, prepare_issue
from newsletter.message import DeliveryKey
from newsletter.render import Merger, Reader
from newsletter.settings import load
from newsletter.subscribers import Definitions, Record, example_record
from newsletter.workspace import Workspace

DATE = datetime(2024, 2, 20, 8, 30, tzinfo=UTC)
KEY = DeliveryKey("k" * 26)
LINKS = {
    "unsubscribe": "https://nieuwsbrief.example.org/leave/" + "t" * 60,
    "preferences": "https://nieuwsbrief.example.org/preferences/" + "t" * 60,
    "web": "https://nieuwsbrief.example.org/issues/1/",
}


@dataclass(frozen=True)
class Example:
    """An issue that can be merged."""

    merger: Merger
    definitions: Definitions

    def reader(self, address: str = "sanne@example.org", key: DeliveryKey = KEY, **values: Any) -> Reader:
        """Make a reader with some values of their own."""
        record = example_record(self.definitions)
        return make_reader(Record(1, address, {**record.values, **values}), key, LINKS)

    def message(self, address: str = "sanne@example.org", key: DeliveryKey = KEY, **values: Any) -> bytes:
        """Merge one message."""
        return self.merger.merge(self.reader(address, key, **values))


def compile_example(
    workspace: Workspace,
    definitions: Definitions,
    slug: str,
    environ: Mapping[str, str] | None = None,
) -> Example:
    """Compile an issue of a workspace."""
    settings = load(workspace, environ or {})
    prepared = prepare_issue(workspace, settings, definitions, slug, "leden")
    return Example(Merger(prepared.compiled, make_letterhead(prepared, settings, DATE)), definitions)


def parse(message: bytes) -> EmailMessage:
    """Parse a message as the standard library does."""
    parsed = BytesParser(policy=policy.default).parsebytes(message)
    assert isinstance(parsed, EmailMessage)
    return parsed
