"""The law of imports: whatever their order and repetition, nobody who has left or is suppressed comes back."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from newsletter.store import Database, open_database, tables
from newsletter.subscribers import (
    Method,
    Target,
    leave,
    parse_address,
    read_definitions,
    remove,
    suppress_people,
    synchronise_attributes,
)
from newsletter.subscribers.importing import running
from newsletter.subscribers.people import find
from newsletter.tokens import Signer
from newsletter.workspace import Workspace
from support.importing import import_file

PEOPLE = ("ann", "bob", "cor")
ON = ("", "active", "subscribed")
OFF = ("unsubscribed", "bounced", "spam", "blocklisted", "afgemeld")
PENDING = ("pending", "unconfirmed")


@dataclass(frozen=True)
class Step:
    """One thing that happens: a file comes in, or somebody leaves, complains or is erased."""

    kind: str
    person: str
    rows: tuple[tuple[str, str], ...] = ()


rows = st.lists(st.tuples(st.sampled_from(PEOPLE), st.sampled_from([*ON, *OFF, *PENDING])), min_size=1, max_size=5).map(
    tuple
)
steps = st.one_of(
    st.builds(Step, st.just("import"), st.just(""), rows),
    st.builds(Step, st.sampled_from(["leave", "complain", "erase"]), st.sampled_from(PEOPLE)),
)


@given(st.lists(steps, min_size=1, max_size=8), st.integers(1, 3))
@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
def test_nobody_who_has_left_or_is_suppressed_comes_back(
    workspace: Workspace,
    signer: Signer,
    now: datetime,
    tmp_path_factory: pytest.TempPathFactory,
    monkeypatch: pytest.MonkeyPatch,
    taken: list[Step],
    chunk: int,
) -> None:
    monkeypatch.setattr(running, "CHUNK", chunk)
    monkeypatch.setattr(running, "BREATH", 0.0)
    definitions = read_definitions(workspace)
    folder = tmp_path_factory.mktemp("law")
    database = open_database(f"sqlite:///{folder}/law.db", workspace.root)
    synchronise_attributes(database, definitions)
    target = Target("leden", "test", now, definitions, signer.address_hashes, "opt-in")
    gone: set[str] = set()
    try:
        for number, step in enumerate(taken, 1):
            moment = now + timedelta(hours=number)
            if step.kind == "import":
                content = [f"{person}@example.org,{status}" for person, status in step.rows]
                path = folder / f"{number}.csv"
                path.write_text("\n".join(["email,status", *content]), encoding="utf-8")
                import_file(database, path, replace(target, now=moment))
                gone |= {person for person, status in step.rows if status in OFF}
            else:
                gone |= _act(database, step, target, moment)
            assert not gone & _receiving(database), step
    finally:
        database.close()


def _act(database: Database, step: Step, target: Target, moment: datetime) -> set[str]:
    address = parse_address(f"{step.person}@example.org")
    with database.writing() as connection:
        person = find(connection, address)
        if person is None:
            return set()
        if step.kind == "leave":
            left = leave(connection, person, None, Method.ONE_CLICK, moment)
            return {step.person} if left else set()
        if step.kind == "complain":
            suppress_people(connection, [person], "complained", moment)
        else:
            remove(connection, address, moment, target.hashes, suppress=True)
    return {step.person}


def _receiving(database: Database) -> set[str]:
    people, subscriptions = tables.subscribers, tables.subscriptions
    suppressed = sa.exists().where(tables.suppressions.c.address_hash == people.c.address_hash)
    chosen = (
        sa.select(people.c.address)
        .join_from(people, subscriptions, subscriptions.c.subscriber_id == people.c.id)
        .where(subscriptions.c.status == "subscribed", ~suppressed)
    )
    with database.reading() as connection:
        return {address.partition("@")[0] for address in connection.scalars(chosen)}
