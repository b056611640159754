"""The public site of a workspace for tests: people on a list, an issue that has gone out, and a client that asks."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from threading import Thread
from typing import Any

import sqlalchemy as sa
import uvicorn
from starlette.testclient import TestClient
from starlette.types import ASGIApp

from newsletter.dispatch import Surroundings, reader_links
from newsletter.dispatch.prepare import prepare_issue
from newsletter.dispatch.publishing import publish
from newsletter.store import tables
from newsletter.web import Site, build_app, listen
from newsletter.web.wire import PatientProtocol
from support.dispatching import SLUG, Bench, Scripted

ADDRESS = "https://nieuwsbrief.example.org"
QUICK = 0.01
LISTS = """
lists:
  leden:
    name: Leden van het netwerk
    description: Professionals die in en om een veiligheidshuis werken.
    reason: U ontvangt deze nieuwsbrief omdat u zich als lid van het netwerk hebt aangemeld.
    consent:
      nl: Ik ontvang de nieuwsbrief graag, ongeveer eens per twee weken.
      en: I would like to receive the newsletter, about every two weeks.
    frequencies:
      maandelijks: {name: Eens per maand, days: 30}
  agenda:
    name: {nl: Agenda, en: Events}
    description: Studiedagen en cursussen, eens per kwartaal.
    opt_in: single
  intern:
    name: Intern
    public: false
tracking: U mag meten welke berichten ik open.
"""


@dataclass
class Stage:
    """A site, who asks it, and what lies behind it."""

    bench: Bench
    there: Surroundings
    site: Site
    client: TestClient
    numbers: dict[str, int] = field(default_factory=dict)

    def link(self, name: str, kind: str, to: str = "leden") -> str:
        """Give the path of a link that a message to somebody carries: `unsubscribe` or `preferences`."""
        return self.links(self.numbers[name], to)[kind].removeprefix(ADDRESS)

    def links(self, number: int, to: str = "leden") -> Mapping[str, str]:
        """Give all links of somebody's message."""
        return reader_links(self.there.signer, f"{ADDRESS}/", to, SLUG)(number)

    def confirm_link(self, kind: str | None = None) -> str:
        """Give the path of the link in the mail that was asked for last."""
        found = tables.confirmations
        chosen = sa.select(sa.func.max(found.c.id))
        if kind:
            chosen = chosen.where(found.c.kind == kind)
        with self.bench.database.reading() as connection:
            number = connection.scalar(chosen)
        return f"/confirm/{self.there.signer.sign('confirm', str(number).encode())}"

    def status(self, name: str, to: str = "leden") -> str | None:
        """Tell how somebody stands to a list."""
        people, subscriptions = tables.subscribers, tables.subscriptions
        chosen = (
            sa.select(subscriptions.c.status)
            .join_from(subscriptions, people, people.c.id == subscriptions.c.subscriber_id)
            .where(people.c.address_key == f"{name}@example.org", subscriptions.c.list == to)
        )
        with self.bench.database.reading() as connection:
            return connection.scalar(chosen)

    def count(self, table: str) -> int:
        """Count the rows of a table."""
        with self.bench.database.reading() as connection:
            return connection.scalar(sa.text(f"SELECT count(*) FROM {table}")) or 0

    def dump(self) -> dict[str, list[Any]]:
        """Give the whole database, row for row."""
        with self.bench.database.reading() as connection:
            return {
                table.name: sorted(map(repr, connection.execute(sa.select(table)).all()))
                for table in tables.metadata.sorted_tables
            }

    def send(self, to: str = "leden") -> None:
        """Let the example issue go out to whoever is on a list."""
        dispatch = self.bench.freeze(to=to)
        self.bench.drive(dispatch, Scripted())
        prepared = prepare_issue(self.there.workspace, self.there.settings, self.there.definitions, SLUG, to)
        publish(prepared, self.there.media_target(), self.there.clock())


@contextmanager
def staged(bench: Bench, people: tuple[str, ...] = (), *, beat: float = QUICK, **settings: Any) -> Iterator[Stage]:
    """Set up a site.

    Args:
        people: Who is on the list.
        beat: At which answers go.
        settings: What is set in the table `[web]`, and in others by their names.
    """
    bench.subscribe(people)
    there = bench.surroundings
    changed = there.settings.model_copy(update={"web": there.settings.web.model_copy(update=settings)})
    there = replace(there, settings=changed)
    site = Site(there, beat)
    with bench.database.reading() as connection:
        rows = connection.execute(sa.select(tables.subscribers.c.address, tables.subscribers.c.id))
        numbers = {row.address.partition("@")[0]: row.id for row in rows}
    app = build_app(site)
    with TestClient(app, base_url=ADDRESS, follow_redirects=False) as client:
        yield Stage(bench, there, site, client, numbers)


@contextmanager
def serving(app: ASGIApp) -> Iterator[str]:
    """Serve a site over real sockets from a thread of its own; gives its address, without a slash at the end."""
    listening = listen("127.0.0.1", 0)
    server = uvicorn.Server(uvicorn.Config(app, http=PatientProtocol, log_config=None, access_log=False, ws="none"))
    thread = Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join()
        listening.close()
