from .addresses import Address, clean_text, parse_address, split_named
from .applying import Fate, Target
from .attributes import attribute_columns, synchronise_attributes
from .columns import ColumnMap, map_columns
from .copying import copy_people
from .definitions import (
    TOPICS,
    Definitions,
    ListDefinition,
    SegmentDefinition,
    read_definitions,
)
from .exporting import count_people, export_people
from .hashes import AddressHashes, renew_hashes, suppression
from .headers import SIGNS
from .importing import ImportResult, import_people
from .loading import read_records
from .people import Profile, Subscription, add, change, find, remove, show, unsubscribe
from .records import EXAMPLE_ID, Record, example_record
from .reporting import keep_report, write_report
from .rows import BadRow, Person, read_rows, read_value
from .tabular import Table, open_table

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
    "copy_people",
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
