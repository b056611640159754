"""Test sends: marked, for a few addresses, and outside of the ledger."""

from datetime import datetime

import sqlalchemy as sa

from conftest import SLUG
from newsletter.audience import Selection
from newsletter.dispatch import Surroundings, accept, propose, send_trial
from newsletter.providers.base import Accepted
from newsletter.settings import load
from newsletter.store import Database, tables
from newsletter.subscribers import Definitions, add, parse_address
from newsletter.tokens import Signer
from newsletter.workspace import Workspace
from support.dispatching import Bench
from support.example import parse


def test_trial_is_marked_personal_and_leaves_no_trace_in_the_ledger(
    database: Database, workspace: Workspace, definitions: Definitions, signer: Signer, now: datetime
) -> None:
    known, stranger = parse_address("zoe@example.org"), parse_address("baas@example.org")
    with database.writing() as connection:
        values = {"first_name": "Zoë", "last_name": "Muis", "region": "Zuid"}
        add(connection, known, "leden", values, definitions, source="t", now=now, hashes=signer.address_hashes)
    surroundings = Surroundings(workspace, load(workspace, {}), definitions, signer, database, lambda: now)
    trials = send_trial(surroundings, SLUG, [known, stranger], None, None)
    assert [type(trial.outcome) for trial in trials] == [Accepted, Accepted]
    messages = [parse(file.read_bytes()) for file in (workspace.root / "var/outbox/messages").glob("*.eml")]
    assert all(str(message["Subject"]).startswith("[Test] ") for message in messages)
    to_zoe = next(message for message in messages if "zoe@" in str(message["To"]))
    assert str(to_zoe["To"]) == "Zoë Muis <zoe@example.org>"
    assert "Regiobijeenkomst Noord" not in to_zoe.as_string()
    published = {path.suffix for path in (workspace.root / "var/media").iterdir()}
    assert published == {".jpg", ".ics"}
    with database.reading() as connection:
        assert connection.scalar(sa.select(sa.func.count()).select_from(tables.deliveries)) == 0


def test_trial_changes_no_calendar_file_that_readers_have(bench: Bench) -> None:
    bench.subscribe(["zoe"])
    address = parse_address("baas@example.org")
    media = bench.workspace.root / "var/media"
    bench.freeze()
    before = {path.name: path.read_bytes() for path in media.iterdir()}
    (bench.workspace.issues / SLUG).rename(bench.workspace.issues / "concept")
    event = bench.workspace.issues / "concept/studiedag-ondermijning.md"
    event.write_text(event.read_text("utf-8").replace("\nkind: event", "\nkind: event\nstatus: cancelled", 1), "utf-8")
    send_trial(bench.surroundings, "concept", [address], None, None)
    after = {path.name: path.read_bytes() for path in media.iterdir()}
    assert before.items() <= after.items()
    accept(bench.surroundings, propose(bench.surroundings, "concept", Selection("leden"), None))
    changed = [name for name, content in before.items() if (media / name).read_bytes() != content]
    assert [b"METHOD:CANCEL" in (media / name).read_bytes() for name in changed] == [True]
