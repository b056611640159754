from .addresses import Address, clean_text, parse_address, split_named
from .applying import Fate, Target
from .attributes import attribute_columns, synchronise_attributes
from .columns import ColumnMap, map_columns
from .consent import Act, Consent, Method, history, keep_text, record
from .copying import copy_people
from .definitions import (
    TOPICS,
    AttributeDefinition,
    Definitions,
    FrequencyDefinition,
    ListDefinition,
    SegmentDefinition,
    TopicDefinition,
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
from .texts import Texts

__all__ = [
    "EXAMPLE_ID",
    "SIGNS",
    "TOPICS",
    "Act",
    "Address",
    "AddressHashes",
    "AttributeDefinition",
    "BadRow",
    "ColumnMap",
    "Consent",
    "Definitions",
    "Fate",
    "FrequencyDefinition",
    "ImportResult",
    "ListDefinition",
    "Method",
    "Person",
    "Profile",
    "Record",
    "SegmentDefinition",
    "Subscription",
    "Table",
    "Target",
    "Texts",
    "TopicDefinition",
    "add",
    "attribute_columns",
    "change",
    "clean_text",
    "copy_people",
    "count_people",
    "example_record",
    "export_people",
    "find",
    "history",
    "import_people",
    "keep_report",
    "keep_text",
    "map_columns",
    "open_table",
    "parse_address",
    "read_definitions",
    "read_records",
    "read_rows",
    "read_value",
    "record",
    "remove",
    "renew_hashes",
    "show",
    "split_named",
    "suppression",
    "synchronise_attributes",
    "unsubscribe",
    "write_report",
]
