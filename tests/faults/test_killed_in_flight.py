"""A kill leaves no more in doubt than what the provider had in its hands (I5)."""

import asyncio
from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager
from datetime import datetime
from typing import Any

import pytest
import sqlalchemy as sa

from newsletter.dispatch import Stop
from newsletter.dispatch.driving import drive_with
from newsletter.dispatch.transactions import Transactions
from newsletter.message import DeliveryKey
from newsletter.providers import outbox, sendgrid, smtp
from newsletter.providers.base import Provider
from newsletter.store import Database, tables
from newsletter.subscribers import Definitions
from newsletter.tokens import Signer
from newsletter.workspace import Workspace
from support.api_server import ApiServer, running
from support.brevo_server import BrevoServer
from support.dispatching import Bench, Clock
from support.mailgun_server import MailgunServer
from support.postmark_server import PostmarkServer
from support.real_smtp_server import mail_server
from support.resend_server import ResendServer
from support.sendgrid_server import API_KEY, sendgrid_server
from support.ses_server import SesServer

READERS = 300


@pytest.fixture
def bench(workspace: Workspace, definitions: Definitions, signer: Signer, database: Database, now: datetime) -> Bench:
    bench = Bench(workspace, definitions, signer, database, Clock(now))
    bench.subscribe([f"reader{number}" for number in range(READERS)])
    return bench


@pytest.fixture
def in_doubt(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many a kill would have left in doubt, after each intent."""
    counts: list[int] = []
    intend = Transactions.intend

    def counted(self: Transactions, keys: Sequence[DeliveryKey]) -> object:
        done = intend(self, keys)
        with self.database.reading() as connection:
            chosen = sa.select(sa.func.count()).where(tables.deliveries.c.state == "submitting")
            counts.append(connection.scalar(chosen) or 0)
        return done

    monkeypatch.setattr(Transactions, "intend", counted)
    return counts


def send(bench: Bench, opened: AbstractAsyncContextManager[Provider]) -> int:
    """Drive a dispatch and give what the provider says is under way at most."""

    async def drive() -> int:
        async with opened as provider:
            await drive_with(bench.surroundings, bench.freeze(), provider, lambda _: None, Stop())
            return provider.limits.batch * provider.limits.concurrency

    return asyncio.run(drive())


def with_outbox(bench: Bench) -> int:
    return send(bench, outbox.open(outbox.Settings.model_validate({}, context={"root": bench.workspace.root})))


def with_sendgrid(bench: Bench) -> int:
    with sendgrid_server() as server:
        settings = sendgrid.Settings.model_validate(
            {"api_key": API_KEY, "base_url": server.url, "batch": 25, "concurrency": 2}
        )
        return send(bench, sendgrid.open(settings))


def with_smtp(bench: Bench) -> int:
    with mail_server() as (port, _):
        values = {"host": "127.0.0.1", "tls": "none", "port": port, "connections": 3}
        return send(bench, smtp.open(smtp.Settings.model_validate(values)))


def with_api(server: Any, bench: Bench) -> int:
    """Send by a provider with an API, whose server checks what real messages come to."""
    with running(server):
        options = {"batch": 25} if server.batch > 1 else {}
        under_way = send(bench, server.module.open(server.settings(concurrency=2, **options)))
    assert server.problems == []
    assert sum(len(request.keys) for request in server.accepted) == READERS
    return under_way


def by(server: type[ApiServer]) -> Callable[[Bench], int]:
    return lambda bench: with_api(server(), bench)


APIS = [PostmarkServer, ResendServer, MailgunServer, BrevoServer, SesServer]


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize(
    "carry",
    [with_outbox, with_sendgrid, with_smtp, *map(by, APIS)],
    ids=["outbox", "sendgrid", "smtp", *(server.__name__ for server in APIS)],
)
def test_kill_after_any_intent_leaves_at_most_what_is_under_way_in_doubt(
    bench: Bench, in_doubt: list[int], carry: Callable[[Bench], int]
) -> None:
    under_way = carry(bench)
    assert 0 < max(in_doubt) <= under_way
