from .addresses import Address, clean_text, parse_address, split_named
from .attributes import attribute_columns, synchronise_attributes
from .bulk import Edit, edit_people
from .changes import Change, begin_change, finish_change, keep_before, last_change, read_changes
from .confirming import Confirmation, ask_new_address, confirm, read_confirmation
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
from .departures import successor
from .exporting import count_people, count_suppressed, export_people
from .hashes import AddressHashes, renew_hashes, suppress_people, suppression
from .importing.bases import EXPLAINED, Basis, read_basis
from .importing.columns import ColumnMap, map_columns
from .importing.headers import EVIDENCE, SIGNS
from .importing.reading import MappedPart, fingerprint, map_parts, read_parts
from .importing.reporting import BadRows, EveryRow
from .importing.rows import BadRow, Person, read_rows
from .importing.running import ImportResult, Watcher, import_people
from .importing.sources import Source, find_parts
from .importing.standing import Standing
from .importing.tabular import Table, open_table
from .importing.target import Fate, Target
from .joining import Answer, Asking, Kind, Wish, ask_to_join, is_throttled, request
from .leaving import TAKEN_BACK_WITHIN, give_reason, leave, leave_together, left_at, pause, take_back
from .linking import ask_for_link, ask_for_own_link
from .loading import read_records
from .merging import merge
from .networks import kept_network
from .people import Profile, Subscription, add, change, find, remove, show, unsubscribe
from .preferences import Choices, ListChoice, Preferences, read_preferences, save_preferences
from .records import EXAMPLE_ID, Record, example_record
from .retention import RULES, count_due, forget_due
from .rights import ERASED, Dossier, dossier, erase
from .texts import Texts
from .undoing import Undone, undo
from .values import read_value

__all__ = [
    "ERASED",
    "EVIDENCE",
    "EXAMPLE_ID",
    "EXPLAINED",
    "RULES",
    "SIGNS",
    "TAKEN_BACK_WITHIN",
    "TOPICS",
    "Act",
    "Address",
    "AddressHashes",
    "Answer",
    "Asking",
    "AttributeDefinition",
    "BadRow",
    "BadRows",
    "Basis",
    "Change",
    "Choices",
    "ColumnMap",
    "Confirmation",
    "Consent",
    "Definitions",
    "Dossier",
    "Edit",
    "EveryRow",
    "Fate",
    "FrequencyDefinition",
    "ImportResult",
    "Kind",
    "ListChoice",
    "ListDefinition",
    "MappedPart",
    "Method",
    "Person",
    "Preferences",
    "Profile",
    "Record",
    "SegmentDefinition",
    "Source",
    "Standing",
    "Subscription",
    "Table",
    "Target",
    "Texts",
    "TopicDefinition",
    "Undone",
    "Watcher",
    "Wish",
    "add",
    "ask_for_link",
    "ask_for_own_link",
    "ask_new_address",
    "ask_to_join",
    "attribute_columns",
    "begin_change",
    "change",
    "clean_text",
    "confirm",
    "copy_people",
    "count_due",
    "count_people",
    "count_suppressed",
    "dossier",
    "edit_people",
    "erase",
    "example_record",
    "export_people",
    "find",
    "find_parts",
    "fingerprint",
    "finish_change",
    "forget_due",
    "give_reason",
    "history",
    "import_people",
    "is_throttled",
    "keep_before",
    "keep_text",
    "kept_network",
    "last_change",
    "leave",
    "leave_together",
    "left_at",
    "map_columns",
    "map_parts",
    "merge",
    "open_table",
    "parse_address",
    "pause",
    "read_basis",
    "read_changes",
    "read_confirmation",
    "read_definitions",
    "read_parts",
    "read_preferences",
    "read_records",
    "read_rows",
    "read_value",
    "record",
    "remove",
    "renew_hashes",
    "request",
    "save_preferences",
    "show",
    "split_named",
    "successor",
    "suppress_people",
    "suppression",
    "synchronise_attributes",
    "take_back",
    "undo",
    "unsubscribe",
]
