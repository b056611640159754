"""Turns claimed deliveries into messages that a provider can carry."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import sqlalchemy as sa

from newsletter.dispatch.dispatches import Dispatch
from newsletter.dispatch.kept import kept_readers
from newsletter.dispatch.readers import ReaderLinks, make_reader, with_key
from newsletter.dispatch.states import Reason
from newsletter.message import Content, DeliveryKey, Mailbox, delivery_key, phrase, wire_address
from newsletter.providers.base import PersonalParts, SharedParts
from newsletter.render import CommonParts, Merger, Reader
from newsletter.subscribers import Definitions, read_records


@dataclass(frozen=True, slots=True)
class DeliveryMessage:
    """One recipient's message, merged when a provider asks for its bytes."""

    subscriber: int
    reader: Reader
    envelope_sender: str
    letter: "Letter"

    @property
    def key(self) -> DeliveryKey:
        return self.reader.key

    @property
    def recipient(self) -> Mailbox:
        return self.reader.mailbox

    def raw(self) -> bytes:
        return self.letter.merger.merge(self.reader)

    def merged(self) -> Content:
        return self.letter.merger.content(self.reader)

    def parts(self) -> tuple[SharedParts, PersonalParts]:
        return self.letter.parts(self.reader)


class Letter:
    """What all messages of a dispatch are made from.

    Args:
        merger: Merges the compiled issue.
    """

    def __init__(self, merger: Merger) -> None:
        self.merger = merger
        self._shared: dict[int, tuple[CommonParts, SharedParts]] = {}

    def parts(self, reader: Reader) -> tuple[SharedParts, PersonalParts]:
        """Give a message as common parts, the same object for all who share them, and personal ones."""
        merged = self.merger.parts(reader)
        kept = self._shared.get(id(merged.common))
        if kept is None or kept[0] is not merged.common:
            kept = self._shared[id(merged.common)] = (merged.common, self._share(merged.common))
        if self.merger.letterhead.automatic:
            return kept[1], PersonalParts(merged.values, {})
        headers = {
            "List-Unsubscribe": f"<{reader.links['unsubscribe']}>",
            "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
        }
        return kept[1], PersonalParts(merged.values, headers)

    def _share(self, common: CommonParts) -> SharedParts:
        letterhead = self.merger.letterhead
        # What the merged bytes say too, for providers that write the header themselves.
        headers = (
            {"Auto-Submitted": "auto-generated"}
            if letterhead.automatic
            else {
                "List-Id": f"{phrase(letterhead.list_name)} <{letterhead.list_id}>".strip(),
                "List-Post": "NO",
                "Feedback-ID": letterhead.feedback_id,
            }
        )
        headers["Content-Language"] = self.merger.compiled.language
        return SharedParts(letterhead.sender, letterhead.reply_to, common.subject, common.html, common.text, headers)


@dataclass(frozen=True, slots=True)
class Batch:
    """Messages of claimed deliveries, and those that no message can be made for."""

    messages: Sequence[DeliveryMessage]
    excluded: Mapping[int, Reason]


def make_batch(
    connection: sa.Connection,
    dispatch: Dispatch,
    subscribers: Sequence[int],
    definitions: Definitions,
    letter: Letter,
    links: ReaderLinks,
    return_path: str,
) -> Batch:
    """Read the subscribers of a batch and prepare a message for each.

    Who may have been handed it before gets the same again. A subscriber who was removed since the freeze is excluded as
    unsubscribed; one whose address cannot be written is excluded as unrenderable.
    """
    records = read_records(connection, subscribers, definitions)
    kept = kept_readers(connection, dispatch, subscribers)
    messages: list[DeliveryMessage] = []
    excluded: dict[int, Reason] = {}
    for subscriber in subscribers:
        record = records.get(subscriber)
        if record is None:
            excluded[subscriber] = Reason.UNSUBSCRIBED
            continue
        key = delivery_key(dispatch.secret, dispatch.id, subscriber)
        reader = kept.get(subscriber) or make_reader(record, key, links(subscriber))
        try:
            wire_address(reader.mailbox.address)
        except ValueError:
            excluded[subscriber] = Reason.UNRENDERABLE
            continue
        messages.append(DeliveryMessage(subscriber, reader, with_key(return_path, key), letter))
    return Batch(messages, excluded)
