"""People, lists and consent: who may be written to, and why."""

from newsletter.subscribers.addresses import Address, clean_text, parse_address, split_named
from newsletter.subscribers.attributes import attribute_columns, synchronise_attributes
from newsletter.subscribers.columns import ColumnMap, map_columns
from newsletter.subscribers.definitions import (
    TOPICS,
    Definitions,
    ListDefinition,
    SegmentDefinition,
    read_definitions,
)
from newsletter.subscribers.exporting import count_people, export_people
from newsletter.subscribers.importing import Fate, ImportResult, Target, import_people, write_report
from newsletter.subscribers.people import Profile, Subscription, add, find, remove, show, unsubscribe
from newsletter.subscribers.records import Record, example_record, read_records
from newsletter.subscribers.rows import BadRow, Person, read_rows, read_value
from newsletter.subscribers.tabular import Table, open_table

__all__ = [
    "TOPICS",
    "Address",
    "BadRow",
    "ColumnMap",
    "Definitions",
    "Fate",
    "ImportResult",
    "ListDefinition",
    "Person",
    "Profile",
    "Record",
    "SegmentDefinition",
    "Subscription",
    "Table",
    "Target",
    "add",
    "attribute_columns",
    "clean_text",
    "count_people",
    "example_record",
    "export_people",
    "find",
    "import_people",
    "map_columns",
    "open_table",
    "parse_address",
    "read_definitions",
    "read_records",
    "read_rows",
    "read_value",
    "remove",
    "show",
    "split_named",
    "synchronise_attributes",
    "unsubscribe",
    "write_report",
]
