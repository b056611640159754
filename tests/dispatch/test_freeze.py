"""Freezing: one row for each recipient in one transaction, and nothing that comes later changes it."""

import pytest
import sqlalchemy as sa

from newsletter.audience import Selection
from newsletter.dispatch import State, accept, propose
from newsletter.errors import DispatchError
from newsletter.store import tables
from newsletter.subscribers import parse_address, remove, unsubscribe
from support.dispatching import SLUG, Bench, Scripted


def rows(bench: Bench) -> list[tuple[str, str | None]]:
    with bench.database.reading() as connection:
        chosen = sa.select(tables.deliveries.c.state, tables.deliveries.c.reason)
        return [(state, reason) for state, reason in connection.execute(chosen)]


def test_everybody_who_ever_joined_has_one_row(bench: Bench) -> None:
    bench.subscribe(["zoe", "mo", "kim", "bo"])
    with bench.database.writing() as connection:
        unsubscribe(connection, parse_address("mo@example.org"), None, bench.clock())
        remove(connection, parse_address("kim@example.org"), bench.clock(), bench.signer.address_hashes, suppress=True)
    dispatch = bench.freeze()
    assert sorted(rows(bench)) == [("excluded", "unsubscribed"), ("planned", None), ("planned", None)]
    assert dispatch.selected == 3


def test_suppressed_person_is_counted_as_left_out(bench: Bench) -> None:
    bench.subscribe(["zoe", "mo"])
    hashed = bench.signer.hash_address("mo@example.org")
    with bench.database.writing() as connection:
        connection.execute(
            sa.insert(tables.suppressions).values(address_hash=hashed, reason="complaint", created_at=bench.clock())
        )
    assert bench.drive(bench.freeze(), Scripted()).balance.reasons == {"suppressed": 1}


def test_nobody_selected_writes_nothing(bench: Bench) -> None:
    with pytest.raises(DispatchError, match="nobody on the list"):
        bench.freeze()
    with bench.database.reading() as connection:
        assert connection.scalar(sa.select(sa.func.count()).select_from(tables.dispatches)) == 0
        assert connection.scalar(sa.select(sa.func.count()).select_from(tables.compiled_issues)) == 0


def test_same_issue_cannot_be_frozen_twice_for_one_audience(bench: Bench) -> None:
    bench.subscribe(["zoe"])
    bench.freeze()
    with pytest.raises(DispatchError, match="already"):
        bench.freeze()


def test_another_audience_leaves_out_who_has_the_issue_already(bench: Bench) -> None:
    bench.subscribe(["zoe"], region="Noord")
    bench.subscribe(["mo"], region="Zuid")
    north = bench.freeze("noord")
    assert north.selected == 1
    bench.drive(north, Scripted())
    provider = Scripted()
    receipt = bench.drive(bench.freeze(), provider)
    assert receipt.balance.reasons == {"duplicate": 1}
    assert provider.handed_over == ["mo@example.org"]


def test_edits_after_the_freeze_change_nothing(bench: Bench) -> None:
    bench.subscribe(["zoe"])
    proposal = propose(bench.surroundings, SLUG, Selection("leden"), None)
    dispatch = accept(bench.surroundings, proposal)
    issue = bench.workspace.issues / SLUG / "issue.yaml"
    issue.write_text("broken: [", encoding="utf-8")
    bench.workspace.settings_file.write_text(
        bench.workspace.settings_file.read_text(encoding="utf-8").replace("nieuwsbrief@", "iemand-anders@"),
        encoding="utf-8",
    )
    sent: list[bytes] = []
    bench.drive(dispatch, Scripted(after_intent=lambda message: sent.append(message.raw())))
    assert len(sent) == 1
    assert b"From: Het Veiligheidshuis <nieuwsbrief@example.org>" in sent[0]
    assert "Douane onderschept" in sent[0].decode()


def test_survey_counts_what_freezing_writes(bench: Bench) -> None:
    bench.subscribe([f"reader{number}" for number in range(7)])
    with bench.database.writing() as connection:
        unsubscribe(connection, parse_address("reader3@example.org"), "leden", bench.clock())
    proposal = propose(bench.surroundings, SLUG, Selection("leden"), None)
    accept(bench.surroundings, proposal)
    found = [state for state, _ in rows(bench)]
    assert proposal.audience.selected == len(found) == 7
    assert proposal.audience.planned == found.count(State.PLANNED) == 6
