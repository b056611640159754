"""People, lists and consent: who may be written to, and why."""

from newsletter.subscribers.addresses import Address, clean_text, parse_address, split_named
from newsletter.subscribers.applying import Fate, Target
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
from newsletter.subscribers.hashes import AddressHashes, renew_hashes, suppression
from newsletter.subscribers.headers import SIGNS
from newsletter.subscribers.importing import ImportResult, import_people
from newsletter.subscribers.people import Profile, Subscription, add, change, find, remove, show, unsubscribe
from newsletter.subscribers.records import EXAMPLE_ID, Record, example_record, read_records
from newsletter.subscribers.reporting import keep_report, write_report
from newsletter.subscribers.rows import BadRow, Person, read_rows, read_value
from newsletter.subscribers.tabular import Table, open_table

__all__ = [
    "EXAMPLE_ID",
    "SIGNS",
    "TOPICS",
    "Address",
    "AddressHashes",
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
    "change",
    "clean_text",
    "count_people",
    "example_record",
    "export_people",
    "find",
    "import_people",
    "keep_report",
    "map_columns",
    "open_table",
    "parse_address",
    "read_definitions",
    "read_records",
    "read_rows",
    "read_value",
    "remove",
    "renew_hashes",
    "show",
    "split_named",
    "suppression",
    "synchronise_attributes",
    "unsubscribe",
    "write_report",
]
