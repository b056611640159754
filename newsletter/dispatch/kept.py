"""Keeps what a message was merged from that may have to be handed over again, so that all its attempts are alike.

Between two attempts people change their names, and keys that links are signed by are renewed: the second message
would be another under the same Message-ID. Only for those who are deferred or uncertain after an attempt is anything
kept, for as long as they are; it goes when a person is erased.

Source: docs/ledger.md, "All attempts are alike".
"""

import json
from collections.abc import Collection, Mapping
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from newsletter.dispatch.dispatches import Dispatch
from newsletter.dispatch.states import FINAL, State
from newsletter.expressions import Value
from newsletter.message import DeliveryKey, Mailbox
from newsletter.render import Reader
from newsletter.store import tables

_kept, _deliveries = tables.kept_readers, tables.deliveries


def keep_readers(connection: sa.Connection, dispatch: Dispatch, now: datetime, readers: Mapping[int, Reader]) -> None:
    """Keep readers by number, each as they were at the first attempt."""
    people, moment = tables.subscribers, _kept.c.kept_at.type
    for subscriber, reader in readers.items():
        # Held until the transaction ends, so that who is erased in this very moment is not kept.
        held = sa.select(
            sa.literal(dispatch.id), people.c.id, sa.literal(_pack(reader)), sa.literal(now, moment)
        ).where(people.c.id == subscriber)
        rows = held.with_for_update(read=True, key_share=True)
        # Both databases know this statement, and SQLAlchemy writes it for either alike.
        insert = postgresql.insert(_kept).from_select(["dispatch_id", "subscriber_id", "reader", "kept_at"], rows)
        connection.execute(insert.on_conflict_do_nothing())


def kept_readers(connection: sa.Connection, dispatch: Dispatch, subscribers: Collection[int]) -> dict[int, Reader]:
    """Give those readers that were kept, by number."""
    if connection.scalar(sa.select(~sa.exists().where(_kept.c.dispatch_id == dispatch.id))):
        return {}
    rows = connection.execute(
        sa.select(_kept.c.subscriber_id, _kept.c.reader).where(
            _kept.c.dispatch_id == dispatch.id, _kept.c.subscriber_id.in_(list(subscribers))
        )
    )
    return {subscriber: _unpack(text) for subscriber, text in rows}


def unkept(connection: sa.Connection, dispatch: Dispatch) -> list[int]:
    """Name those who may get a further attempt and of whom nothing is kept: whoever handed it over was killed."""
    is_kept = sa.exists().where(
        _kept.c.dispatch_id == _deliveries.c.dispatch_id, _kept.c.subscriber_id == _deliveries.c.subscriber_id
    )
    return list(
        connection.scalars(
            sa.select(_deliveries.c.subscriber_id).where(
                _deliveries.c.dispatch_id == dispatch.id,
                _deliveries.c.state.in_([State.UNCERTAIN, State.DEFERRED]),
                _deliveries.c.attempts > 0,
                ~is_kept,
            )
        )
    )


def forget_readers(connection: sa.Connection, dispatch: Dispatch) -> None:
    """Forget those whose delivery has come to its end."""
    ended = sa.exists().where(
        _deliveries.c.dispatch_id == _kept.c.dispatch_id,
        _deliveries.c.subscriber_id == _kept.c.subscriber_id,
        _deliveries.c.state.in_(FINAL),
    )
    connection.execute(sa.delete(_kept).where(_kept.c.dispatch_id == dispatch.id, ended))


def _pack(reader: Reader) -> str:
    document = {
        "address": reader.mailbox.address,
        "name": reader.mailbox.name,
        "key": reader.key,
        "values": {name: _pack_value(value) for name, value in reader.values.items()},
        "links": dict(reader.links),
    }
    return json.dumps(document, ensure_ascii=False, separators=(",", ":"))


def _unpack(text: str) -> Reader:
    document: dict[str, Any] = json.loads(text)
    values = {name: _unpack_value(value) for name, value in document["values"].items()}
    mailbox = Mailbox(document["address"], document["name"])
    return Reader(mailbox, DeliveryKey(document["key"]), values, document["links"])


def _pack_value(value: Value) -> object:
    if isinstance(value, date):
        return {"date": value.isoformat()}
    return sorted(value) if isinstance(value, frozenset) else value


def _unpack_value(value: Any) -> Value:
    if isinstance(value, dict):
        return date.fromisoformat(value["date"])
    found: Value = frozenset(value) if isinstance(value, list) else value
    return found
