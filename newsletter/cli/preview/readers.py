"""Whom an issue is shown for: the made-up reader, one by address, or one of a list or segment after another."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from newsletter.audience import Selection, example
from newsletter.cli.base import Face
from newsletter.cli.preview.choice import EVERYBODY, Choice
from newsletter.clock import now
from newsletter.dispatch import record_for
from newsletter.errors import Place, SubscriberError
from newsletter.subscribers import EXAMPLE_ID, Record, example_record, parse_address, read_records, split_named

if TYPE_CHECKING:
    from newsletter.subscribers import Definitions


@dataclass(frozen=True, slots=True)
class ShownReader:
    """The reader that an issue is shown for.

    Args:
        made_up: Nobody has the address, or none was asked for.
        number: Which one of the group, from 1; 0 without a group.
        count: How many the group has.
    """

    record: Record
    made_up: bool
    number: int = 0
    count: int = 0


def find_reader(face: Face, choice: Choice) -> ShownReader:
    """Find the reader that was chosen; the database is opened for real ones only.

    Raises:
        SubscriberError: The address is none, or nobody is in the group.
        ContentError: There is no such list or segment.
    """
    definitions = face.definitions
    if choice.email:
        return _by_address(face, choice.email, definitions)
    if choice.group:
        return _of_group(face, choice, definitions)
    return ShownReader(example_record(definitions), made_up=True)


def _by_address(face: Face, email: str, definitions: "Definitions") -> ShownReader:
    address = parse_address(split_named(email)[1])
    with face.database() as database, database.reading() as connection:
        record = record_for(connection, address, definitions)
    return ShownReader(record, made_up=record.id == EXAMPLE_ID)


def _of_group(face: Face, choice: Choice, definitions: "Definitions") -> ShownReader:
    list_name = choice.list or next(iter(definitions.lists), "")
    segment = None if choice.group == EVERYBODY else choice.group
    selection = Selection(list_name, segment)
    with face.database() as database, database.reading() as connection:
        found = example(connection, selection, definitions, choice.number, now())
        if found is None:
            raise SubscriberError(
                f"nobody of the list {list_name} is in this segment" if segment else "nobody is on this list",
                where=Place(field=segment or list_name),
                remedy="Choose another, or the made-up reader.",
            )
        record = read_records(connection, [found.subscriber], definitions)[found.subscriber]
    return ShownReader(record, made_up=False, number=found.number, count=found.count)
