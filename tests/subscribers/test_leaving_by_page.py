"""What readers may do who hold no more than the link to leave by: leave, pause, have the link to their page mailed."""

from collections.abc import Sequence
from datetime import datetime, timedelta

import sqlalchemy as sa

from newsletter.store import Database, tables
from newsletter.subscribers import (
    Act,
    Asking,
    Definitions,
    Method,
    add,
    ask_for_link,
    ask_for_own_link,
    history,
    leave,
    leave_together,
    parse_address,
    pause,
    remove,
)
from newsletter.tokens import Signer


def subscribe(
    database: Database, names: Sequence[str], definitions: Definitions, signer: Signer, now: datetime
) -> list[int]:
    with database.writing() as connection:
        return [
            add(
                connection,
                parse_address(f"{name}@example.org"),
                "leden",
                {},
                definitions,
                source="test",
                now=now,
                hashes=signer.address_hashes,
            )
            for name in names
        ]


def statuses(database: Database) -> dict[int, str]:
    subscriptions = tables.subscriptions
    with database.reading() as connection:
        rows = connection.execute(sa.select(subscriptions.c.subscriber_id, subscriptions.c.status))
        return {row.subscriber_id: row.status for row in rows}


def mails_due(database: Database) -> int:
    with database.reading() as connection:
        return connection.scalar(sa.select(sa.func.count()).select_from(tables.confirmations)) or 0


def test_those_who_leave_together_leave_once_each_and_nobody_else_does(
    database: Database, definitions: Definitions, signer: Signer, now: datetime
) -> None:
    jan, mia, kim = subscribe(database, ["jan", "mia", "kim"], definitions, signer, now)
    for expected in ([(999, "leden")], [(jan, "leden"), (mia, "leden"), (999, "leden")]):
        with database.writing() as connection:
            leavers = [(mia, "leden"), (jan, "leden"), (jan, "leden"), (999, "leden")]
            assert leave_together(connection, leavers, Method.ONE_CLICK, now, "leave") == expected
    assert statuses(database) == {jan: "unsubscribed", mia: "unsubscribed", kim: "subscribed"}
    with database.reading() as connection:
        assert [one.act for one in history(connection, jan)] == [Act.ADDED, Act.LEFT]


def test_a_pause_is_kept_and_is_never_made_shorter(
    database: Database, definitions: Definitions, signer: Signer, now: datetime
) -> None:
    (jan,) = subscribe(database, ["jan"], definitions, signer, now)
    long, short = now + timedelta(days=90), now + timedelta(days=30)
    with database.writing() as connection:
        assert pause(connection, jan, "leden", long, now)
        assert pause(connection, jan, "leden", short, now)
        assert connection.scalar(sa.select(tables.subscriptions.c.paused_until)) == long
        assert [one.detail for one in history(connection, jan)][1:] == ["pause until: 2024-05-20"]


def test_nobody_is_brought_back_by_a_pause(
    database: Database, definitions: Definitions, signer: Signer, now: datetime
) -> None:
    (jan,) = subscribe(database, ["jan"], definitions, signer, now)
    with database.writing() as connection:
        leave(connection, jan, "leden", Method.PAGE, now)
        assert not pause(connection, jan, "leden", now + timedelta(days=30), now)
    assert statuses(database) == {jan: "unsubscribed"}


def test_the_link_is_mailed_to_whoever_is_known_and_once_a_day(
    database: Database, definitions: Definitions, signer: Signer, now: datetime
) -> None:
    (jan,) = subscribe(database, ["jan"], definitions, signer, now)
    with database.writing() as connection:
        for name in ("jan", "nobody", "JAN"):
            ask_for_link(
                connection, parse_address(f"{name}@example.org"), Asking(now, "nl", "link"), signer.address_hashes
            )
        ask_for_own_link(connection, jan, Asking(now, "nl", "leave"), signer.address_hashes)
        ask_for_own_link(connection, 999, Asking(now, "nl", "leave"), signer.address_hashes)
    assert mails_due(database) == 1
    with database.writing() as connection:
        ask_for_own_link(connection, jan, Asking(now + timedelta(days=2), "nl", "leave"), signer.address_hashes)
    assert mails_due(database) == 2


def test_nobody_who_may_not_be_mailed_gets_the_link(
    database: Database, definitions: Definitions, signer: Signer, now: datetime
) -> None:
    (jan,) = subscribe(database, ["jan"], definitions, signer, now)
    with database.writing() as connection:
        row = {
            "address_hash": signer.hash_address("jan@example.org"),
            "reason": "complained",
            "created_at": now,
        }
        connection.execute(sa.insert(tables.suppressions).values(row))
        ask_for_own_link(connection, jan, Asking(now, "nl", "leave"), signer.address_hashes)
        remove(connection, parse_address("jan@example.org"), now, signer.address_hashes, suppress=True)
    assert mails_due(database) == 0
