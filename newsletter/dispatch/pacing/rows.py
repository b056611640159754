"""The buckets in the database: read, changed and written back in one transaction, under a lock on each of them.

In PostgreSQL its own clock decides, since the processes may be on several machines. An SQLite file belongs to one
machine, whose clock is given.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from newsletter.dispatch.pacing.braking import slow_down
from newsletter.dispatch.pacing.buckets import (
    FORGOTTEN,
    SECOND,
    WARM_UP,
    Bucket,
    Gate,
    Grant,
    Wish,
    allocate,
    nanoseconds,
    paused_until,
    slow_rate,
)
from newsletter.dispatch.pacing.hints import Hint
from newsletter.dispatch.pacing.limits import Limit, parse_limit
from newsletter.dispatch.pacing.rules import Rules
from newsletter.store import Database, tables

_SERVER_TIME: Final = sa.literal_column("(extract(epoch FROM clock_timestamp()) * 1000000000)::bigint", sa.BigInteger)
_UNHURRIED: Final = sa.func.set_config("synchronous_commit", "off", True)
"""Lets a transaction end before it is on the disk."""

_rows: Final = tables.rate_limits
_columns: Final = tuple(_rows.c[name] for name in Bucket.__dataclass_fields__)
_IDLE: Final = 3 * 86_400 * SECOND
"""After how long without use a row that says nothing is removed."""


@dataclass(frozen=True, slots=True)
class Complaint:
    """That a bucket's mail system finds us too fast.

    Args:
        speed: How many went to it in a second lately; 0 where nobody knows.
    """

    key: str
    hint: Hint
    speed: float


@dataclass(frozen=True, slots=True)
class BucketStanding:
    """What a bucket has beside the settings.

    Args:
        override: The limit that a person has set.
        slowed: How many in a second after a complaint; None where there is none.
        paused_until: In nanoseconds; 0 where it is not.
    """

    override: str | None
    slowed: float | None
    paused_until: int


@dataclass
class Buckets:
    """The buckets that the rules speak of, as all processes share them.

    What they say is written without waiting for the disk: should the machine fail, the rates of a moment are lost,
    which are of no use by then.

    Args:
        clock: Gives the time, aware.
        server_time: PostgreSQL's own clock goes before the one given.
    """

    database: Database
    rules: Rules
    clock: Callable[[], datetime]
    server_time: bool = True
    _parsed: dict[str, Limit] = field(default_factory=dict)

    def reserve(self, wishes: Sequence[Wish]) -> list[Grant]:
        """Let messages go, or say when to ask again; see `allocate`."""
        keys = sorted({key for wish in wishes for key in wish.keys})
        with self._writing() as connection:
            buckets, now = self._locked(connection, keys)
            gates = {
                key: Gate(bucket, self.limit(key, bucket.override), now, self.rules.warm_up_of(key))
                for key, bucket in buckets.items()
            }
            grants = allocate(gates, wishes, now)
            taken = {key for wish, grant in zip(wishes, grants, strict=True) if grant.delays for key in wish.keys}
            _write(connection, {key: gates[key].bucket() for key in sorted(taken)})
        return grants

    def slow_down(self, complaints: Iterable[Complaint]) -> None:
        """Slow down what has been complained about."""
        by_key = {one.key: one for one in complaints}
        with self._writing() as connection:
            buckets, now = self._locked(connection, sorted(by_key))
            changed = {
                key: slow_down(bucket, by_key[key].hint, self.limit(key, bucket.override), by_key[key].speed, now)
                for key, bucket in buckets.items()
            }
            _write(connection, changed)

    def standing(self) -> Mapping[str, BucketStanding]:
        """Tell what holds beside the settings now."""
        with self.database.reading() as connection:
            now = self.time(connection)
            found = connection.execute(
                sa.select(_rows.c.key, *_columns).where(
                    _rows.c.override.is_not(None) | (_rows.c.slowed_at > now - FORGOTTEN) | (_rows.c.paused_until > now)
                )
            ).all()
        standing = {key: _standing(Bucket(*values), now) for key, *values in found}
        return {key: one for key, one in standing.items() if one.override or one.slowed or one.paused_until}

    def in_force(self, connection: sa.Connection) -> Rules:
        """Give the rules with the limits that a person has set in the place of the settings' ones."""
        found = connection.execute(sa.select(_rows.c.key, _rows.c.override).where(_rows.c.override.is_not(None)))
        overridden = {key: self.limit(key, override) for key, override in found}
        return replace(self.rules, limits={**self.rules.limits, **overridden})

    def used_today(self, connection: sa.Connection) -> int:
        """Tell how much of today's allowance is used, where there is a warm-up."""
        bucket = read_buckets(connection, self.rules.sender).get(self.rules.sender, Bucket())
        gate = Gate(bucket, Limit({}), self.time(connection), self.rules.warm_up_of(self.rules.sender))
        return sum(gate.bucket().used.get(WARM_UP, {}).values())

    def sweep(self) -> None:
        """Remove rows that nobody has used for days, of domains that nobody writes to."""
        with self.database.writing() as connection:
            old = self.time(connection) - _IDLE
            connection.execute(
                sa.delete(_rows).where(
                    _rows.c.tat < old,
                    _rows.c.paused_until < old,
                    sa.func.coalesce(_rows.c.slowed_at, 0) < old,
                    _rows.c.override.is_(None),
                )
            )

    def limit(self, key: str, override: str | None) -> Limit:
        """Tell what holds for a bucket: what a person has set, or else what the settings say."""
        if override is None:
            return self.rules.limit(key)
        if override not in self._parsed:
            self._parsed[override] = parse_limit(override)
        return self._parsed[override]

    def time(self, connection: sa.Connection) -> int:
        """Tell the time, in nanoseconds since 1970."""
        if self._asks_server:
            return int(connection.scalar(sa.select(_SERVER_TIME)) or 0)
        return nanoseconds(self.clock())

    @property
    def _asks_server(self) -> bool:
        return self.server_time and not self.database.is_sqlite

    @contextmanager
    def _writing(self) -> Iterator[sa.Connection]:
        with self.database.connected() as connection:
            if not self.database.is_sqlite:
                with self.database.transaction(connection):
                    yield connection
                return
            connection.exec_driver_sql("PRAGMA synchronous = NORMAL")
            try:
                with self.database.transaction(connection):
                    yield connection
            finally:
                connection.exec_driver_sql("PRAGMA synchronous = FULL")

    def _locked(self, connection: sa.Connection, keys: Sequence[str]) -> tuple[dict[str, Bucket], int]:
        """Read buckets and the time, and keep everybody else from them; those that are not there yet are made."""
        wanted = sa.select(_rows.c.key, *_columns).where(_rows.c.key.in_(keys)).order_by(_rows.c.key)
        if self.database.is_sqlite:
            insert: Any = sqlite.insert(_rows)
        else:
            insert = postgresql.insert(_rows)
            wanted = wanted.add_columns(_SERVER_TIME, _UNHURRIED).with_for_update()
        found = connection.execute(wanted).all()
        if len(found) < len(keys):
            missing = [{"key": key} for key in keys if key not in {row[0] for row in found}]
            connection.execute(insert.on_conflict_do_nothing(), missing)
            found = connection.execute(wanted).all()
        width = len(_columns)
        buckets = {key: Bucket(*values[:width]) for key, *values in found}
        if self._asks_server:
            return buckets, max((row[width + 1] for row in found), default=0)
        return buckets, nanoseconds(self.clock())


def read_buckets(connection: sa.Connection, *keys: str) -> Mapping[str, Bucket]:
    """Give all buckets there are, or those named."""
    wanted = sa.select(_rows.c.key, *_columns).order_by(_rows.c.key)
    found = connection.execute(wanted.where(_rows.c.key.in_(keys)) if keys else wanted)
    return {key: Bucket(*values) for key, *values in found}


def set_override(connection: sa.Connection, key: str, limit: Limit | None, now: datetime) -> None:
    """Let a limit hold in the place of the settings' one; None takes it away, and what a complaint has left too."""
    insert = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
    values: dict[str, Any] = {
        "override": str(limit) if limit is not None else None,
        "overridden_at": now if limit is not None else None,
        "slow_rate": None,
        "slowed_at": None,
        "paused_until": 0,
    }
    row = insert(_rows).values(key=key, **values)
    connection.execute(row.on_conflict_do_update(index_elements=[_rows.c.key], set_=values))


def _write(connection: sa.Connection, buckets: Mapping[str, Bucket]) -> None:
    if not buckets:
        return
    statement = (
        sa.update(_rows)
        .where(_rows.c.key == sa.bindparam("bucket"))
        .values(
            tat=sa.bindparam("new_tat"),
            used=sa.bindparam("new_used"),
            paused_until=sa.bindparam("new_paused_until"),
            slow_rate=sa.bindparam("new_slow_rate"),
            slowed_at=sa.bindparam("new_slowed_at"),
        )
    )
    connection.execute(
        statement,
        [
            {
                "bucket": key,
                "new_tat": one.tat,
                "new_used": one.used,
                "new_paused_until": one.paused_until,
                "new_slow_rate": one.slow_rate,
                "new_slowed_at": one.slowed_at,
            }
            for key, one in buckets.items()
        ],
    )


def _standing(bucket: Bucket, now: int) -> BucketStanding:
    until = paused_until(bucket, now)
    return BucketStanding(bucket.override, slow_rate(bucket, now), until if until > now else 0)
