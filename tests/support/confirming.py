"""People who ask for something by mail, for tests of the mails that they confirm it by.

`python -m support.confirming ROOT URL NOW [PLACE MOMENT NUMBER]` mails what is due at that moment, in a process that
is killed at that point.
"""

import os
import sys
from dataclasses import dataclass, field, replace
from datetime import datetime
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from newsletter.dispatch import Surroundings
from newsletter.dispatch.confirmation import Mailed, mail_due
from newsletter.settings import load
from newsletter.store import Database, open_database, tables
from newsletter.subscribers import (
    Asking,
    Definitions,
    Kind,
    ListDefinition,
    Texts,
    Wish,
    add,
    ask_to_join,
    parse_address,
    read_definitions,
    request,
)
from newsletter.tokens import Signer
from newsletter.workspace import Workspace
from support.dispatching import Clock
from support.example import parse
from support.killing import KillPoint, Moment, Place, arm

SECRET = b"a secret of thirty-two characters"
CONSENT = "Ja, stuur mij elke maand de nieuwsbrief."


@dataclass
class Desk:
    """A workspace that people ask things of.

    Args:
        environ: Settings in the environment's way.
    """

    workspace: Workspace
    definitions: Definitions
    database: Database
    clock: Clock
    environ: dict[str, str] = field(default_factory=dict)
    signer: Signer = field(default_factory=lambda: Signer.of((SECRET,)))

    @property
    def surroundings(self) -> Surroundings:
        settings = load(self.workspace, self.environ)
        return Surroundings(self.workspace, settings, self.definitions, self.signer, self.database, self.clock)

    def with_lists(self, *lists: ListDefinition) -> "Desk":
        """Have other lists."""
        return replace(self, definitions=replace(self.definitions, lists={one.id: one for one in lists}))

    def ask(self, name: str, language: str = "nl", consent: str = CONSENT, **values: Any) -> None:
        """Ask to join all lists."""
        wish = Wish(tuple(self.definitions.lists), values=values)
        asking = Asking(self.clock(), language, "het formulier", consent, "192.0.2.7")
        address = parse_address(name if "@" in name else f"{name}@example.org")
        with self.database.writing() as connection:
            ask_to_join(connection, address, wish, asking, self.definitions, self.signer.address_hashes)

    def person(self, name: str, *lists: str) -> int:
        """Have somebody on lists, or on the first."""
        hashes, now = self.signer.address_hashes, self.clock()
        address = parse_address(f"{name}@example.org")
        with self.database.writing() as connection:
            for one in lists or (next(iter(self.definitions.lists)),):
                number = add(connection, address, one, {}, self.definitions, source="t", now=now, hashes=hashes)
        return number

    def want(self, kind: Kind, name: str, subscriber: int | None = None, language: str = "nl", wish: str = "{}") -> int:
        """Put a row of any kind there, whatever the rules say, and give its number."""
        address = parse_address(f"{name}@example.org")
        asking, hashed = Asking(self.clock(), language, "de pagina"), self.signer.address_hashes(address.key)[0]
        with self.database.writing() as connection:
            request(connection, kind, address, wish, asking, None, hashed, subscriber)
            number: int = connection.scalars(sa.select(sa.func.max(tables.confirmations.c.id))).one()
        return number

    def mail(self) -> Mailed:
        """Mail what is due."""
        return mail_due(self.surroundings)

    def rows(self) -> list[Any]:
        """Give all rows."""
        with self.database.reading() as connection:
            return list(connection.execute(sa.select(tables.confirmations).order_by(tables.confirmations.c.id)))

    def row(self) -> Any:
        """Give the only row."""
        (only,) = self.rows()
        return only

    def outbox(self) -> list[EmailMessage]:
        """Give the messages in the outbox."""
        return [parse(raw) for raw in self.raw()]

    def raw(self) -> list[bytes]:
        """Give them as bytes."""
        return [file.read_bytes() for file in sorted((self.workspace.root / "var/outbox/messages").glob("*.eml"))]

    def through(self, port: int) -> "Desk":
        """Send by the SMTP server of a test."""
        smtp = {"HOST": "127.0.0.1", "TLS": "none", "PORT": str(port)}
        environ = {f"NEWSLETTER_PROVIDERS__SMTP__{name}": value for name, value in smtp.items()}
        return replace(self, environ={**self.environ, **environ, "NEWSLETTER_PROVIDER": "smtp"})


def another_list(name: str, title: str) -> ListDefinition:
    return ListDefinition(name, Texts.of(title))


def text_of(message: EmailMessage, kind: str = "plain") -> str:
    """Give a part of a message."""
    part = message.get_body((kind,))
    assert part is not None
    content: str = part.get_content()
    return content.replace("\r\n", "\n")


def main(root: str, url: str, moment: str, *point: str) -> None:
    workspace = Workspace(Path(root))
    database = open_database(url, workspace.root)
    now = Clock(datetime.fromisoformat(moment))
    if point:
        arm(KillPoint(Place(point[0]), Moment(point[1]), int(point[2])))
    signer = Signer.of((SECRET,))
    settings = load(workspace, os.environ)
    surroundings = Surroundings(workspace, settings, read_definitions(workspace), signer, database, now)
    print(dict(mail_due(surroundings).counts))
    database.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
