"""Mail that came back changes who is mailed: by the key of a delivery, once, and by nothing else."""

from datetime import timedelta
from functools import partial
from pathlib import Path

import pytest
import sqlalchemy as sa

from newsletter.dispatch.dispatches import Dispatch
from newsletter.feedback.ingest import Policy, take
from newsletter.feedback.mail import Maildir, take_mail
from newsletter.feedback.policy import Rules
from newsletter.store import tables
from support.dispatching import Bench, Scripted
from support.returned_mail import KEY, RETURN_PATH, full_report, group, mail, report

POLICY = Policy(Rules(limit=3, half_life=timedelta(days=90)), complaints=100)
NAMES = ("jan", "piet", "kees", "an")


@pytest.fixture
def sent(bench: Bench) -> Dispatch:
    bench.subscribe(NAMES)
    dispatch = bench.freeze()
    bench.drive(dispatch, Scripted())
    return dispatch


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("new", "cur", "tmp"):
        (tmp_path / "mail" / name).mkdir(parents=True)
    return tmp_path / "mail"


def keys(bench: Bench, dispatch: Dispatch) -> dict[str, str]:
    people, deliveries = tables.subscribers, tables.deliveries
    chosen = (
        sa.select(people.c.address_key, deliveries.c.key)
        .join_from(deliveries, people, people.c.id == deliveries.c.subscriber_id)
        .where(deliveries.c.dispatch_id == dispatch.id)
    )
    with bench.database.reading() as connection:
        return {row.address_key.partition("@")[0]: row.key for row in connection.execute(chosen)}


def reported(bench: Bench) -> set[tuple[str, str]]:
    people, events = tables.subscribers, tables.feedback_events
    chosen = sa.select(people.c.address_key, events.c.kind).join_from(
        events, people, people.c.id == events.c.subscriber_id
    )
    with bench.database.reading() as connection:
        return {(row.address_key.partition("@")[0], row.kind) for row in connection.execute(chosen)}


def suppressed(bench: Bench) -> int:
    with bench.database.reading() as connection:
        return connection.scalars(sa.select(sa.func.count()).select_from(tables.suppressions)).one()


def test_mail_in_a_maildir_is_stored_once_and_applied(bench: Bench, sent: Dispatch, folder: Path) -> None:
    known = keys(bench, sent)
    complaint = "Feedback-Type: abuse\nUser-Agent: x\nVersion: 1\n"
    letters = {
        "jan": report(full_report(group()), returned=""),
        "piet": report(complaint, kind="feedback-report", returned=""),
        "kees": report(full_report(group("delayed", "4.2.2", "smtp; 452 full")), returned=""),
        "an": mail("I am on annual leave and will be back on Monday.", From="an@example.org", Subject="Out of office"),
    }
    forged = report(full_report(group(to="an@example.org")), returned="", To="bounces@brug.example")
    for number, (name, raw) in enumerate(letters.items()):
        (folder / "new" / f"{number}.a").write_bytes(raw.replace(KEY.encode(), known[name].encode()))
    (folder / "new/9.a").write_bytes(forged)
    store = partial(take, bench.database, policy=POLICY, now=bench.clock() + timedelta(hours=2))
    take_mail(Maildir(folder), RETURN_PATH, store)
    told = {("jan", "bounced"), ("piet", "complained"), ("kees", "delayed")}
    assert reported(bench) == told
    assert suppressed(bench) == 2
    for path in (folder / "cur").iterdir():
        path.rename(folder / "new" / path.name.partition(":")[0])
    take_mail(Maildir(folder), RETURN_PATH, store)
    assert reported(bench) == told
    assert suppressed(bench) == 2
