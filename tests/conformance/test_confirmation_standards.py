"""What mail must obey, asserted on the raw bytes of confirmation mails; the numbers are those of the checklist."""

import re
import shutil
from collections.abc import Iterator
from dataclasses import replace
from html import unescape
from typing import Any

import pytest
import sqlalchemy as sa
from email_validator import EmailNotValidError

from conftest import NOW
from newsletter.errors import NewsletterError
from newsletter.starter import begin
from newsletter.store import open_database, tables
from newsletter.subscribers import (
    Kind,
    ListDefinition,
    Texts,
    parse_address,
    read_definitions,
    synchronise_attributes,
)
from newsletter.workspace import Workspace
from support.confirming import Desk, text_of
from support.dispatching import Clock
from support.example import parse
from support.scripted import scripted_server
from support.smtp_server import Script

FIELDS = [
    *("Date", "From", "Auto-Submitted", "Content-Language", "Subject", "To", "Message-ID"),
    *("MIME-Version", "Content-Type"),
]
HOSTILE = (
    *("\r\nBcc: x@y.example", "\nBcc: x@y.example", "\rBcc: x@y.example", "a\0b", "=?utf-8?q?=0A?=Bcc: x@y.example"),
    *("a\u2028Bcc: x@y.example", "a\u0085b", "\ud800", "{{7*7}}", "{% raw %}", "<mj-raw>", "<script>alert(1)</script>"),
    *("*|FNAME|*", "%(lists)s", "%s", "-- \n", "zq", '" onclick="x', "https://evil.example/"),
)


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    folder = tmp_path_factory.mktemp("confirmations") / "workspace"
    begin(folder, {"name": "Nieuws & meer — Noord"})
    workspace = Workspace(folder)
    database = open_database("sqlite:///var/newsletter.db", folder)
    definitions = read_definitions(workspace)
    synchronise_attributes(database, definitions)
    yield Desk(workspace, definitions, database, Clock(NOW))
    database.close()


@pytest.fixture
def desk(kept: Desk) -> Desk:
    clear(kept)
    return replace(kept, clock=Clock(NOW), environ={})


def clear(desk: Desk) -> None:
    """Forget what was asked and mailed before."""
    with desk.database.writing() as connection:
        connection.execute(sa.delete(tables.confirmations))
    shutil.rmtree(desk.workspace.root / "var/outbox", ignore_errors=True)


def one(desk: Desk) -> bytes:
    assert desk.mail().counts == {"accepted": 1}
    (raw,) = desk.raw()
    return raw


def shown(text: str) -> str:
    """Give what is left of a text once control characters are spaces and no markup means anything."""
    text = re.sub(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+", " ", text).encode("utf-8", "replace").decode()
    return " ".join(text.split())


@pytest.mark.parametrize("kind", Kind)
@pytest.mark.parametrize("language", ["nl", "en"])
def test_m1_m2_m4_m5_m10_form_of_every_mail(desk: Desk, kind: Kind, language: str) -> None:
    desk.want(kind, "jan", desk.person("jan"), language, '{"lists": ["leden"], "topics": [], "values": {}}')
    raw = one(desk)
    assert raw.isascii()
    assert not re.search(rb"\r(?!\n)|(?<!\r)\n", raw)
    assert max(map(len, raw.split(b"\r\n"))) <= 78
    assert max(len(line) for line in text_of(parse(raw)).split("\n") if not line.startswith("<")) <= 72
    message = parse(raw)
    assert message.keys() == FIELDS
    assert not message.defects
    assert message["Auto-Submitted"] == "auto-generated"
    assert message["To"] == "jan@example.org"
    assert [part.get_content_type() for part in message.iter_parts()] == ["text/plain", "text/html"]
    assert all(part["Content-Transfer-Encoding"] == "quoted-printable" for part in message.iter_parts())
    html = text_of(message, "html")
    assert f'<html lang="{language}" dir="ltr"' in html
    assert re.findall(r"<h(\d)", html) == ["1"]
    assert "zq" not in html + text_of(message)


@pytest.mark.parametrize("kind", Kind)
def test_m8_text_holds_every_link(desk: Desk, kind: Kind) -> None:
    desk.want(kind, "jan", desk.person("jan"), "nl", '{"lists": ["leden"], "topics": [], "values": {}}')
    message = parse(one(desk))
    links = {unescape(link).removeprefix("mailto:") for link in re.findall(r'href="([^"]+)"', text_of(message, "html"))}
    assert links
    assert [link for link in links if link not in text_of(message)] == []
    shown_in_full = re.findall(r">(https://[^<]*)<", text_of(message, "html"))
    assert shown_in_full == ([] if kind is Kind.MOVED else [link for link in links if link.startswith("https")])


def test_m3_m9_key_is_of_its_own_form_and_stable(desk: Desk) -> None:
    desk.environ["NEWSLETTER_SENDER__RETURN_PATH"] = "bounces+{key}@example.org"
    desk.ask("sanne")
    desk.ask("zoe")
    with scripted_server(Script({"END": ["451 later"] * 2})) as server:
        sending = desk.through(server.port)
        sending.mail()
        desk.clock.moment = max(row.mail_due for row in desk.rows())
        sending.mail()
    keys = {str(parse(message.content)["Message-ID"]) for message in server.messages}
    assert len(keys) == 2
    for message in server.messages:
        found = re.fullmatch(r"<(1[a-z2-7]{25})@example\.org>", str(parse(message.content)["Message-ID"]))
        assert found
        assert message.sender.startswith(f"FROM:<bounces+{found[1]}@example.org>")


@pytest.mark.parametrize("text", HOSTILE)
def test_s4_s5_names_that_people_give_are_nowhere(desk: Desk, text: str) -> None:
    text = as_kept(text)
    desk.ask("sanne", first_name=text, last_name=text, region=text)
    hostile = one(desk)
    assert parse(hostile).keys() == FIELDS
    clear(desk)
    desk.ask("sanne")
    again = one(desk)
    marks = re.compile(rb"confirm/[\w-]+|=_[0-9a-f]+|Message-ID: [^\r]*|=\r\n")
    assert marks.sub(b"", hostile) == marks.sub(b"", again)


@pytest.mark.parametrize("text", HOSTILE)
def test_s4_s5_words_of_the_workspace_are_data(desk: Desk, text: str) -> None:
    made = desk.with_lists(ListDefinition("leden", Texts.of(f"Lijst {text} einde")))
    made.ask("sanne", consent=f"Ja {as_kept(text)} hoor")
    message = parse(one(made))
    assert message.keys() == FIELDS
    html = text_of(message, "html")
    assert "<script" not in html
    assert not re.search(r"<[^>]*\sonclick", html)
    assert "evil.example" not in "".join(re.findall(r'href="([^"]*)"', html))
    for part in (shown(text_of(message)), shown(unescape(re.sub(r"<[a-z/!][^>]*>", " ", html)))):
        assert shown(f"Lijst {text} einde") in part
        assert shown(f"Ja {as_kept(text)} hoor") in part


def as_kept(text: str) -> str:
    """Give a text as a form can hand it over: without what is no character."""
    return text.encode("utf-8", "replace").decode()


@pytest.mark.parametrize("text", HOSTILE[::2])
@pytest.mark.parametrize("setting", ["NAME", "SENDER__NAME", "SENDER__ORGANISATION", "SENDER__POSTAL_ADDRESS"])
def test_s4_s5_settings_are_data_or_refused(desk: Desk, setting: str, text: str) -> None:
    desk.ask("sanne")
    desk.environ[f"NEWSLETTER_{setting}"] = f"Naam {text} einde"
    try:
        message = parse(one(desk))
    except NewsletterError:
        return
    assert message.keys() == FIELDS
    assert "<script" not in text_of(message, "html")
    if setting == "NAME":
        assert shown(f"Naam {text} einde") in shown(str(message["Subject"]))
    if setting != "SENDER__NAME":
        assert shown(f"Naam {text} einde") in shown(text_of(message))


@pytest.mark.parametrize(
    "local", ['"{{7*7}}"', '"a b"', "a+<mj-raw>", '"a\\"b"', "zoë", "=?utf-8?q?=0A?=", "a\r\nBcc:"]
)
def test_s4_hostile_addresses_are_refused_or_written_as_they_are(desk: Desk, local: str) -> None:
    try:
        parse_address(f"{local}@example.org")
    except (NewsletterError, EmailNotValidError):
        return
    desk.ask(f"{local}@example.org")
    message = parse(one(desk))
    assert message.keys() == FIELDS
    assert "49" not in text_of(message).replace("2024", "")


def test_message_has_the_same_parts_for_providers_that_write_it_themselves(desk: Desk) -> None:
    from newsletter.dispatch.confirmation import Letters, waiting
    from newsletter.providers.base.letters import fill_in

    desk.ask("sanne")
    with desk.database.writing() as connection:
        (held,) = waiting.take_in_hand(connection, desk.clock())
        mail: Any = Letters(desk.surroundings).make(connection, held)
    filled: Any = fill_in(mail, "Somebody")
    parsed = parse(mail.raw())
    assert filled.headers == {"Auto-Submitted": "auto-generated", "Content-Language": "nl"}
    assert filled.subject == parsed["Subject"]
    assert filled.text == text_of(parsed)
    assert filled.html.strip() == text_of(parsed, "html").strip()
    assert filled.recipient.name == ""
