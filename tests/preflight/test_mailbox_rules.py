"""What the law and the large mail systems demand: a planted fault for each rule, and silence on the example."""

from dataclasses import replace
from pathlib import Path

import pytest

from newsletter.preflight.base import Severity, load, run
from newsletter.workspace import Workspace
from support.checking import Desk

RULES = ("header-fields", "list-fields", "one-click", "postal-address", "sender-domain", "unsubscribe-link")
FOOTER = "templates/shared/parts/footer.mjml.j2"
ADDRESS = "{{ newsletter.postal_address }}"


@pytest.fixture
def desk(workspace: Workspace) -> Desk:
    return Desk(workspace)


def change(desk: Desk, file: str, old: str, new: str) -> None:
    path: Path = desk.workspace.root / file
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")


def rewritten(desk: Desk, old: bytes, new: bytes) -> bytes:
    message = desk.context().message
    assert old in message
    return message.replace(old, new)


def test_nothing_is_wrong_with_the_example(desk: Desk) -> None:
    report = run(RULES, desk.context(), {})
    assert report.reported == ()


@pytest.mark.parametrize("rule", RULES)
def test_every_rule_blocks(rule: str) -> None:
    assert load(rule).severity is Severity.ERROR


def test_a_template_without_the_link_to_leave_is_blocked(desk: Desk) -> None:
    change(desk, FOOTER, 'href="{{ links.unsubscribe }}"', 'href="https://example.org/"')
    assert desk.messages("unsubscribe-link") == ["not every reader gets a link to unsubscribe in the HTML"]


def test_a_text_without_the_link_to_leave_is_blocked(desk: Desk) -> None:
    compiled = replace(desk.context().compiled, text=("Dag.",))
    assert desk.messages("unsubscribe-link", compiled=compiled) == [
        "not every reader gets a link to unsubscribe in the text"
    ]


def test_a_link_to_leave_that_only_some_get_is_not_enough(desk: Desk) -> None:
    change(desk, FOOTER, '<a class="link action" href="{{ links.unsubscribe }}">{{ _("Unsubscribe") }}</a>',
        '{% if subscriber.region == "Noord" %}<a href="{{ links.unsubscribe }}">Afmelden</a>{% endif %}')  # fmt: skip
    assert "not every reader gets a link to unsubscribe in the HTML" in desk.messages("unsubscribe-link")


@pytest.mark.parametrize("disguise", ['style="display:none"', 'style="font-size:0"', "hidden"])
def test_a_link_to_leave_that_nobody_sees_is_not_enough(desk: Desk, disguise: str) -> None:
    change(
        desk,
        FOOTER,
        'class="link action" href="{{ links.unsubscribe }}"',
        f'{disguise} href="{{{{ links.unsubscribe }}}}"',
    )
    assert desk.messages("unsubscribe-link") == ["the link to unsubscribe cannot be seen in the HTML"]


def test_a_message_without_postal_address_is_blocked(desk: Desk) -> None:
    change(desk, FOOTER, ADDRESS, "")
    assert desk.messages("postal-address") == ["the postal address is not in the HTML that every reader gets"]


def test_a_text_that_does_not_say_who_sends_it_is_blocked(desk: Desk) -> None:
    compiled = replace(desk.context().compiled, text=("Dag.",))
    assert desk.messages("postal-address", compiled=compiled) == [
        "the name of the sender is not in the text that every reader gets",
        "the postal address is not in the text that every reader gets",
    ]


def test_a_postal_address_that_only_some_get_is_not_enough(desk: Desk) -> None:
    change(desk, FOOTER, ADDRESS,
        f"{{% if subscriber.region == 'Noord' %}}{ADDRESS}{{% endif %}}")  # fmt: skip
    assert desk.messages("postal-address") == ["the postal address is not in the HTML that every reader gets"]


def test_an_address_on_several_lines_is_the_same_address(desk: Desk) -> None:
    change(desk, "newsletter.toml", 'postal_address = "', 'postal_address = "Postbus 12\\n')
    assert desk.messages("postal-address") == []


@pytest.mark.parametrize(
    ("check", "old", "new", "expected"),
    [
        ("one-click", b"<https://nieuwsbrief", b"<http://nieuwsbrief", "no https address"),
        ("one-click", b"List-Unsubscribe: ", b"X-Gone: ", "0 List-Unsubscribe fields"),
        ("one-click", b"List-Unsubscribe=One-Click", b"One-Click", "with one click"),
        ("one-click", b"List-Unsubscribe-Post: ", b"X-Gone: ", "with one click"),
        ("header-fields", b"Date: ", b"Date: Tue, 20 Feb 2024 09:00:00 +0100\r\nDate: ", "2 Date fields"),
        ("header-fields", b"Message-ID: <", b"Message-ID: <a b", "the Message-ID is not one"),
        ("header-fields", b"Date: Tue, 20 Feb", b"Date: morgen, 99 Feb", "the Date cannot be read"),
        ("header-fields", b"Subject: ", b"X-Gone: ", "0 Subject fields"),
        ("header-fields", b"From: ", b"From: a@example.org, ", "several addresses"),
        ("header-fields", b"Content-Language: nl", b"X-Long: " + b"a" * 999, "998 characters"),
        ("list-fields", b"<leden.example.org>", b"<leden>", "does not name a list"),
        ("list-fields", b"List-Post: NO", b"List-Post: NO\r\nList-Post: NO", "2 List-Post fields"),
        ("list-fields", b"Feedback-ID: ", b"Feedback-ID: a:b:c:", "not what Gmail reads"),
        ("list-fields", b"Feedback-ID: ", b"Feedback-ID: sanne@example.org", "not what Gmail reads"),
    ],
)
def test_a_header_that_mail_systems_refuse_is_blocked(
    desk: Desk, check: str, old: bytes, new: bytes, expected: str
) -> None:
    (found,) = desk.messages(check, message=rewritten(desk, old, new))
    assert expected in found


@pytest.mark.parametrize("domain", ["gmail.com", "Hotmail.nl", "ziggo.nl"])
def test_a_sender_at_a_mail_provider_for_everybody_is_blocked(desk: Desk, domain: str) -> None:
    change(desk, "newsletter.toml", "nieuwsbrief@example.org", f"nieuwsbrief@{domain}")
    (found,) = desk.findings("sender-domain")
    assert domain.lower() in found.message
    assert found.place.field == "sender.email"


@pytest.mark.parametrize(
    ("return_path", "count"),
    [
        ("bounces+{key}@example.org", 0),
        ("bounces+{key}@mail.example.org", 0),
        ("bounces+{key}@example.com", 1),
        ("bounces+{key}@example.org.example.net", 1),
    ],
)
def test_a_return_path_is_of_the_senders_domain(desk: Desk, return_path: str, count: int) -> None:
    context = desk.context()
    sender = context.settings.sender.model_copy(update={"return_path": return_path})
    settings = context.settings.model_copy(update={"sender": sender})
    report = run(["sender-domain"], replace(context, settings=settings), {})
    assert len(report.reported) == count
