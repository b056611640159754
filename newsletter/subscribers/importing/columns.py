"""Which column of a table holds what: said by a person, saved in a file, or known by its name."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Final

from newsletter.errors import Place, SubscriberError
from newsletter.subscribers.definitions import BUILT_IN, TOPICS, Definitions
from newsletter.subscribers.importing.headers import (
    ATTRIBUTES,
    EVIDENCE,
    INFIX,
    NAME,
    SIGNS,
    SYNONYMS,
    TAGS,
    may_say_who_left,
    plain,
    says_who_left,
)
from newsletter.subscribers.importing.products import PASSED_OVER, find_product
from newsletter.subscribers.importing.standing import Standing

IGNORED: Final = PASSED_OVER
_MANY: Final = frozenset({*SIGNS, *EVIDENCE, TAGS})
"""The fields that several columns may hold."""


@dataclass(frozen=True, slots=True)
class ColumnMap:
    """What each column of a table holds.

    Args:
        fields: Field by the column's position; columns that are not here are passed over.
        dismissed: The headers of those that a person has passed over, or that a known program writes.
        product: The program whose export it looks like.
        standing: How everybody in the table stands, where its name says so.
    """

    headers: tuple[str, ...]
    fields: Mapping[int, str]
    dismissed: frozenset[str] = frozenset()
    product: str = ""
    standing: Standing | None = None

    @property
    def kept(self) -> frozenset[str]:
        """The fields that rows of this table may say something of, and that are kept of a person."""
        held = set(self.fields.values())
        parts = {NAME: ("first_name", "last_name"), INFIX: ("last_name",), "email": ("first_name", "last_name")}
        return frozenset(held.union(*(parts.get(field, ()) for field in held)))

    @property
    def ignored(self) -> tuple[str, ...]:
        """The headers of columns that are passed over."""
        return tuple(header for number, header in enumerate(self.headers) if number not in self.fields)

    @property
    def doubtful(self) -> tuple[str, ...]:
        """The headers of columns that are passed over, but look as if they said who has left."""
        return tuple(header for header in self.ignored if header not in self.dismissed and may_say_who_left(header))


def map_columns(headers: Sequence[str], given: Mapping[str, str], definitions: Definitions, file: str) -> ColumnMap:
    """Find out what each column holds.

    Args:
        given: Field by header, as a person has said; "-" passes a column over. Other columns go by what the program
            calls them whose export it looks like, or by their names.
        file: What errors call the table; its name may tell how everybody in it stands.

    Raises:
        SubscriberError: A header or a field is unknown, a field has two columns, or none holds the addresses.
    """
    known = known_fields(definitions)
    said = _said(headers, given, known, file)
    by_name = _names(definitions)
    product = find_product(headers)
    by_product = product.columns if product else {}
    fields: dict[int, str] = {}
    for number, header in enumerate(headers):
        field = said.get(number) or by_product.get(header) or by_name.get(plain(header))
        if field is None or field == IGNORED:
            continue
        if field in fields.values() and field not in _MANY:
            if number not in said:
                continue
            raise SubscriberError(
                f"two columns hold {field!r}",
                where=Place(file, 1, field=header),
                remedy="Map one of them to '-'.",
            )
        fields[number] = field
    if "email" not in fields.values():
        raise SubscriberError(
            "no column holds the addresses",
            where=Place(file, 1),
            remedy=f"Say which: --map 'COLUMN=email'. There are: {', '.join(headers)}.",
        )
    dismissed = frozenset(headers[number] for number, field in said.items() if field == IGNORED)
    return ColumnMap(
        tuple(headers),
        _with_first_names(fields),
        dismissed | _meaningless(by_product),
        product.name if product else "",
        product.common_standing(file) if product else None,
    )


def _meaningless(columns: Mapping[str, str]) -> frozenset[str]:
    return frozenset(header for header, field in columns.items() if field == IGNORED)


def known_fields(definitions: Definitions) -> tuple[str, ...]:
    """Name what a column may hold."""
    return (*BUILT_IN, INFIX, NAME, *SIGNS, *EVIDENCE, TAGS, ATTRIBUTES, TOPICS, *definitions.attributes)


def _with_first_names(fields: dict[int, str]) -> dict[int, str]:
    """Take a "name" for the first name where the last name has a column of its own."""
    if "last_name" not in fields.values() or "first_name" in fields.values():
        return fields
    return {number: "first_name" if field == NAME else field for number, field in fields.items()}


def _said(headers: Sequence[str], given: Mapping[str, str], known: Sequence[str], file: str) -> dict[int, str]:
    said: dict[int, str] = {}
    present = [plain(header) for header in headers]
    for header, field in given.items():
        if field not in known and field != IGNORED:
            near = get_close_matches(field, known, n=1)
            raise SubscriberError(
                f"there is no field {field!r}",
                where=Place(field=header),
                remedy=f"Did you mean {near[0]!r}?" if near else f"There are: {', '.join(known)}.",
            )
        if plain(header) not in present:
            raise SubscriberError(
                f"there is no column {header!r}",
                where=Place(file, 1),
                remedy=f"There are: {', '.join(headers)}.",
            )
        said[present.index(plain(header))] = field
    return said


def _names(definitions: Definitions) -> dict[str, str]:
    declared = {
        plain(name): id_
        for id_, one in definitions.attributes.items()
        for name in one.name.by_language.values()
        if not says_who_left(name)
    }
    return {**SYNONYMS, **declared, **{plain(id_): id_ for id_ in definitions.attributes}}
