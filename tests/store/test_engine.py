"""The database: opened, brought up to date, or refused with a clear reason."""

import stat
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.runtime.environment import EnvironmentContext
from sqlalchemy.exc import IntegrityError

from newsletter.errors import Place, StoreError
from newsletter.expressions import Type
from newsletter.store import Database, migrate, open_database, tables
from newsletter.store.revisions import known_revisions
from newsletter.store.tables import metadata
from newsletter.subscribers import Definitions, synchronise_attributes
from newsletter.subscribers.definitions import AttributeDefinition

MOMENT = datetime(2024, 2, 20, 8, 30, tzinfo=UTC)


def test_migrations_make_the_tables_that_the_program_uses(database_url: str, tmp_path: Path) -> None:
    database = open_database(database_url, tmp_path)
    with database.reading() as connection:
        differences = compare_metadata(MigrationContext.configure(connection), metadata)
    database.close()
    by_triggers = [found[1].name for found in differences if found[0] == "add_fk"]
    hanging = ("changed_people", "consents", "subscriber_tags", "subscriber_topics", "subscriptions")
    wanted = [f"fk_{table}_subscriber_id" for table in hanging] if database_url.startswith("postgresql") else []
    assert sorted(by_triggers) == wanted
    assert len(differences) == len(by_triggers)


def test_revisions_are_those_of_the_migrations() -> None:
    walked = [script.revision for script in migrate.script_directory().walk_revisions()]
    assert known_revisions() == walked[::-1]


def test_dispatch_of_before_there_were_deadlines_and_counts_gets_both(database_url: str, tmp_path: Path) -> None:
    engine = sa.create_engine(database_url.replace("postgresql:", "postgresql+psycopg:"))
    frozen = datetime(2024, 2, 20, 8, 30, tzinfo=UTC)
    with engine.begin() as connection:
        migrate_to("0001", connection)
        connection.execute(sa.insert(tables.compiled_issues).values(content_hash="h", payload=b"", created_at=frozen))
        number = sa.column("lease_number", sa.Integer)
        old = sa.table("dispatches", number, *(sa.column(one.name, one.type) for one in tables.dispatches.columns))
        connection.execute(
            sa.insert(old).values(
                id="d", issue="i", list="l", segment="", provider="outbox", content_hash="h", letterhead="{}",
                secret=b"s", state="open", selected=3, created_at=frozen,
            )
        )  # fmt: skip
        row = {"dispatch_id": "d", "subscriber_id": 1, "state": "planned", "changed_at": frozen}
        connection.execute(sa.insert(tables.deliveries).values(row))
    engine.dispose()
    database = open_database(database_url, tmp_path)
    with database.reading() as connection:
        assert connection.scalar(sa.select(tables.dispatches.c.deadline)) == frozen + timedelta(days=4)
        assert connection.scalar(sa.select(tables.deliveries.c.deferrals)) == 0
        assert connection.execute(sa.select(tables.delivery_counts)).all() == [("d", "planned", "", 1)]
    database.close()


def migrate_to(revision: str, connection: sa.Connection) -> None:
    """Run the migrations up to one of them."""
    scripts = migrate.script_directory()
    with EnvironmentContext(
        Config(), scripts, fn=lambda current, _context: scripts._upgrade_revs(revision, current)
    ) as environment:
        environment.configure(connection=connection, target_metadata=metadata, transactional_ddl=False)
        environment.run_migrations()


def test_open_database_can_be_opened_again(database_url: str, tmp_path: Path) -> None:
    for _ in range(3):
        open_database(database_url, tmp_path).close()


def test_database_of_a_newer_version_is_refused(database_url: str, tmp_path: Path) -> None:
    database = open_database(database_url, tmp_path)
    with database.writing() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999_the_future'")
    database.close()
    with pytest.raises(StoreError, match="newer") as raised:
        open_database(database_url, tmp_path)
    assert raised.value.remedy


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("mysql://localhost/x", "mysql"),
        ("sqlite://", "needs a file"),
        ("nonsense", "no database URL"),
        ("postgresql://nobody:secret@127.0.0.1:1/x", "the database says"),
        ("postgresql://nobody@127.0.0.1:1/x?password=secret", "the database says"),
        ("postgresql://secret:x/x", "no database URL"),
    ],
)
def test_database_that_cannot_be_used_is_a_clear_error_without_password(tmp_path: Path, url: str, message: str) -> None:
    with pytest.raises(StoreError, match=message) as raised:
        open_database(url, tmp_path)
    assert raised.value.remedy
    assert "secret" not in str(raised.value)


def test_file_that_is_no_database_is_left_as_it_is(tmp_path: Path) -> None:
    file = tmp_path / "people.db"
    file.write_text("this is a letter to my aunt " * 50)
    with pytest.raises(StoreError, match="not a database"):
        open_database("sqlite:///people.db", tmp_path)
    assert file.read_text().startswith("this is a letter")


def test_file_is_readable_by_its_owner_only(tmp_path: Path) -> None:
    open_database("sqlite:///var/people.db", tmp_path).close()
    assert stat.S_IMODE((tmp_path / "var/people.db").stat().st_mode) == 0o600


def test_folder_that_is_a_file_is_a_clear_error(tmp_path: Path) -> None:
    (tmp_path / "var").write_text("")
    with pytest.raises(StoreError, match="cannot be opened") as raised:
        open_database("sqlite:///var/people.db", tmp_path)
    assert isinstance(raised.value.where, Place)


def test_transaction_that_fails_leaves_nothing(database: Database) -> None:
    row = {"address_hash": b"x" * 32, "reason": "y", "created_at": datetime.now(UTC)}
    with pytest.raises(StoreError), database.writing() as connection:
        connection.execute(sa.insert(tables.suppressions), [row, row])
    with database.reading() as connection:
        assert connection.scalar(sa.select(sa.func.count()).select_from(tables.suppressions)) == 0


def test_reading_changes_nothing(database: Database) -> None:
    with database.reading() as connection:
        connection.execute(sa.delete(tables.suppressions))
    with database.writing() as connection:
        connection.execute(sa.delete(tables.suppressions))


def test_new_attribute_becomes_a_column_and_a_changed_type_is_refused(
    database: Database, definitions: Definitions
) -> None:
    def declare(kind: Type) -> Definitions:
        attribute = AttributeDefinition("shoe_size", "Shoe size", kind, ())
        return Definitions(definitions.lists, {}, {**definitions.attributes, "shoe_size": attribute}, {}, {})

    for _ in range(2):
        synchronise_attributes(database, declare(Type.NUMBER))
    with pytest.raises(StoreError, match="kept as another type"):
        synchronise_attributes(database, declare(Type.DATE))
    synchronise_attributes(database, definitions)


def test_value_without_time_zone_cannot_be_kept(database: Database) -> None:
    naive = datetime(2024, 1, 1)  # noqa: DTZ001 - that is the point
    with pytest.raises(sa.exc.StatementError, match="without a time zone"), database.writing() as connection:
        connection.execute(sa.insert(tables.suppressions).values(address_hash=b"x" * 32, reason="y", created_at=naive))


@pytest.mark.parametrize(
    "statement",
    [
        sa.insert(tables.deliveries).values(dispatch_id="x", subscriber_id=2, state="planned", changed_at=MOMENT),
        sa.update(tables.deliveries).values(dispatch_id="e"),
        sa.update(tables.deliveries).values(subscriber_id=5),
        sa.update(tables.dispatches).where(tables.dispatches.c.id == "d").values(id="f"),
    ],
)
def test_delivery_stays_with_a_dispatch_that_there_is(database: Database, statement: sa.Executable) -> None:
    with database.writing() as connection:
        connection.execute(sa.insert(tables.compiled_issues).values(content_hash="h", payload=b"", created_at=MOMENT))
        for name in ("d", "e"):
            connection.execute(
                sa.insert(tables.dispatches).values(
                    id=name, issue=name, list="l", provider="outbox", content_hash="h", letterhead="{}",
                    secret=b"s" * 32, state="open", selected=1, created_at=MOMENT, deadline=MOMENT,
                )
            )  # fmt: skip
        connection.execute(
            sa.insert(tables.deliveries).values(dispatch_id="d", subscriber_id=1, state="planned", changed_at=MOMENT)
        )
        with pytest.raises(IntegrityError), connection.begin_nested():
            connection.execute(statement)


LEDGER_THEN = ("dispatch_id", "subscriber_id", "state", "changed_at")


def test_ledger_of_before_there_was_control_stays_whole(database_url: str, tmp_path: Path) -> None:
    """On SQLite the table of dispatches is made anew: rows, and what points at them, must come through."""
    engine = sa.create_engine(database_url.replace("postgresql:", "postgresql+psycopg:"))
    frozen = datetime(2024, 2, 20, 8, 30, tzinfo=UTC)
    with engine.begin() as connection:
        migrate_to("0003", connection)
        connection.execute(sa.insert(tables.compiled_issues).values(content_hash="h", payload=b"", created_at=frozen))
        number = sa.column("lease_number", sa.Integer)
        old = sa.table("dispatches", number, *(sa.column(one.name, one.type) for one in tables.dispatches.columns))
        connection.execute(
            sa.insert(old).values(
                id="d", issue="i", list="l", segment="", provider="outbox", content_hash="h", letterhead="{}",
                secret=b"s", state="finished", selected=3, created_at=frozen, deadline=frozen, finished_at=frozen,
                lease_number=3,
            )
        )  # fmt: skip
        ledger = sa.table("deliveries", *(sa.column(name, tables.deliveries.c[name].type) for name in LEDGER_THEN))
        for number, state in enumerate(("accepted", "claimed", "submitting"), 1):
            row = {"dispatch_id": "d", "subscriber_id": number, "state": state, "changed_at": frozen}
            connection.execute(sa.insert(ledger).values(row))
    engine.dispose()
    database = open_database(database_url, tmp_path)
    columns = ("state", "kind", "follows", "on_uncertain", "finished_at")
    with database.writing() as connection:
        chosen = sa.select(*(tables.dispatches.c[name] for name in columns))
        assert tuple(connection.execute(chosen).one()) == ("finished", "first", None, "hold", frozen)
        assert set(connection.scalars(sa.select(tables.deliveries.c.resends))) == {0}
        states = connection.scalars(sa.select(tables.deliveries.c.state).order_by(tables.deliveries.c.subscriber_id))
        assert list(states) == ["accepted", "planned", "uncertain"]
        counts = connection.execute(sa.select(tables.delivery_counts.c.state, tables.delivery_counts.c.count))
        assert sorted(map(tuple, counts)) == [("accepted", 1), ("planned", 1), ("uncertain", 1)]
        with pytest.raises(IntegrityError), connection.begin_nested():
            connection.execute(sa.update(tables.deliveries).values(state="claimed"))
        with pytest.raises(IntegrityError), connection.begin_nested():
            connection.execute(sa.delete(tables.dispatches))
        with pytest.raises(IntegrityError), connection.begin_nested():
            connection.execute(sa.update(tables.dispatches).values(kind="top-up"))
    database.close()


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_user_without_rights_is_told_which_are_missing(database_url: str, tmp_path: Path) -> None:
    open_database(database_url, tmp_path).close()
    engine = sa.create_engine(database_url.replace("postgresql:", "postgresql+psycopg:"))
    with engine.begin() as connection:
        connection.exec_driver_sql("CREATE ROLE nobody_special LOGIN")
    try:
        with pytest.raises(StoreError, match="permission denied") as raised:
            open_database(database_url.replace("postgres@", "nobody_special@"), tmp_path)
        assert "GRANT CREATE ON DATABASE" in raised.value.remedy
    finally:
        with engine.begin() as connection:
            connection.exec_driver_sql("DROP ROLE nobody_special")
        engine.dispose()
