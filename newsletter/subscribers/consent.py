"""The consent ledger: what people agreed to, when, in which words and how; and how they withdrew it.

Rows are only ever added; the database refuses anything else. They go with the person: who is erased leaves no more
than a keyed hash among the suppressions. Source: AVG (GDPR) article 7(1) and 7(3); Telecommunicatiewet 11.7.
"""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

import sqlalchemy as sa

from newsletter.store import tables
from newsletter.store.inserting import insert_new
from newsletter.store.prepared import Places, PreparedForEach

_consents, _texts = tables.consents, tables.consent_texts
_ID_LENGTH: Final = 16


class Act(StrEnum):
    """What somebody did, or what was done in their name, that consent depends on."""

    JOINED = "joined"
    """They asked for a list themselves; the only act that ends a leave, a complaint or a suppression."""
    ADDED = "added"
    IMPORTED = "imported"
    LEFT = "left"
    RETURNED = "returned"
    """They took back a leave shortly afterwards."""
    COMPLAINED = "complained"
    SUPPRESSED = "suppressed"
    LIFTED = "lifted"
    """Staff let an address be mailed again that had bounced."""
    CHOSE = "chose"
    """Topics, a frequency, a pause or a language."""
    CORRECTED = "corrected"
    ADDRESS = "changed the address"
    TRACKING_ALLOWED = "allowed tracking"
    TRACKING_ENDED = "ended tracking"
    MERGED = "merged"
    UNDONE = "undone"


class Method(StrEnum):
    """How it was done, and so how it is known."""

    FORM = "a form"
    CONFIRMED = "a form, confirmed by mail"
    PAGE = "the person's own page"
    ONE_CLICK = "one click in the mail program"
    MAIL = "a mail from the person"
    STAFF = "staff"
    IMPORT = "an import"
    REPORT = "a report of the mail system"


@dataclass(frozen=True, slots=True)
class Consent:
    """One row of the ledger.

    Args:
        topics: The topics chosen with it, or None where it is not about topics.
        text: The words that were shown, or their identifier while the row is being written.
        basis: Why the person may be mailed where they did not ask here, as staff stated it.
        source: Where it happened, such as a form's page or a file's name.
        requested_at: When it was asked for, where it was confirmed later.
        network: Where it came from on the network, as far as the workspace's policy keeps that.
        by: Who of the staff did it.
    """

    at: datetime
    act: Act
    method: Method
    list: str | None = None
    topics: tuple[str, ...] | None = None
    text: str | None = None
    language: str | None = None
    basis: str | None = None
    source: str | None = None
    requested_at: datetime | None = None
    network: str | None = None
    by: str | None = None
    detail: str | None = None


def text_identifier(text: str, language: str) -> str:
    """Name a wording: 16 hexadecimal digits that follow from it."""
    return hashlib.sha256(f"{language}\0{text}".encode()).hexdigest()[:_ID_LENGTH]


def keep_text(connection: sa.Connection, text: str, language: str, now: datetime) -> str:
    """Keep a wording that is about to be agreed to, once, and give its identifier."""
    identifier = text_identifier(text, language)
    row = {"id": identifier, "language": language, "text": text, "first_shown_at": now}
    connection.execute(insert_new(connection, _texts).values(row))
    return identifier


def record(connection: sa.Connection, subscribers: Sequence[int], consent: Consent) -> None:
    """Add one row for each of some people."""
    if subscribers:
        _RECORD.run(connection, [(one,) for one in subscribers], **as_row(consent))


def _record(common: Places, row: Places) -> sa.Executable:
    columns = {**row, **common}
    return sa.insert(_consents).from_select(list(columns), sa.select(*columns.values()))


_RECORD: Final = PreparedForEach(
    {column.name: column.type for column in _consents.c if column.name not in {"id", "subscriber_id"}},
    {"subscriber_id": sa.BigInteger()},
    _record,
)


def as_row(consent: Consent) -> dict[str, Any]:
    """Give the columns of a consent, but for whose it is; `text` is an identifier here."""
    return {
        "at": consent.at,
        "act": consent.act.value,
        "list": consent.list,
        "topics": None if consent.topics is None else json.dumps(sorted(consent.topics), ensure_ascii=False),
        "text_id": consent.text,
        "language": consent.language,
        "method": consent.method.value,
        "basis": consent.basis,
        "source": consent.source,
        "requested_at": consent.requested_at,
        "network": consent.network,
        "by": consent.by,
        "detail": consent.detail,
    }


def history(connection: sa.Connection, subscriber: int) -> tuple[Consent, ...]:
    """Read everything that the ledger holds about somebody, the oldest first, with the words that were shown."""
    rows = connection.execute(
        sa.select(_consents, _texts.c.text)
        .join_from(_consents, _texts, _consents.c.text_id == _texts.c.id, isouter=True)
        .where(_consents.c.subscriber_id == subscriber)
        .order_by(_consents.c.at, _consents.c.id)
    )
    return tuple(
        Consent(
            at=row.at,
            act=Act(row.act),
            method=Method(row.method),
            list=row.list,
            topics=None if row.topics is None else tuple(json.loads(row.topics)),
            text=row.text,
            language=row.language,
            basis=row.basis,
            source=row.source,
            requested_at=row.requested_at,
            network=row.network,
            by=row.by,
            detail=row.detail,
        )
        for row in rows
    )
