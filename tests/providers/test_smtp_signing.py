"""What leaves by SMTP is signed with the keys that the settings name, whatever becomes of the connection."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import dkim
import pytest
import time_machine
from pydantic import ValidationError

from newsletter.authentication import read_signature
from newsletter.errors import ProviderError
from newsletter.message.dkim import SigningKey
from newsletter.message.headers import exact_header
from newsletter.providers import smtp
from newsletter.providers.base import Accepted
from newsletter.providers.smtp.keys import make_key_file
from support.real_smtp_server import run_real
from support.smtp_server import DROP, Sample, Script, run

MESSAGE = (
    b"From: nieuws@example.org\r\nTo: lid@example.com\r\nSubject: Een onderwerp\r\n"
    + exact_header("List-Unsubscribe", "<https://example.org/leave/abc>")
    + exact_header("List-Unsubscribe-Post", "List-Unsubscribe=One-Click")
    + b"\r\nRegel\r\n.met een punt vooraan\r\n\r\n"
)


@pytest.fixture
def keys(tmp_path: Path) -> list[SigningKey]:
    return [
        make_key_file(tmp_path / "ed.pem", "example.org", "ed", "ed25519"),
        make_key_file(tmp_path / "rsa.pem", "example.org", "rsa", "rsa"),
    ]


@pytest.fixture
def options(keys: list[SigningKey], tmp_path: Path) -> dict[str, Any]:
    files = {key.selector: tmp_path / f"{key.selector}.pem" for key in keys}
    return {"dkim": files, "dkim_domain": "example.org"}


def holds(content: bytes, number: int, keys: list[SigningKey]) -> bool:
    records = {key.name.encode(): key.record().encode() for key in keys}
    try:
        return bool(dkim.DKIM(content).verify(number, dnsfunc=lambda name, **_: records[name.rstrip(b".")]))
    except dkim.ValidationError:
        return False


def test_server_gets_a_message_that_others_find_signed(keys: list[SigningKey], options: dict[str, Any]) -> None:
    result, keeper = run_real([Sample(0, content=MESSAGE)], {}, **options)
    assert isinstance(result.only(), Accepted)
    ((_, _, content),) = keeper.taken
    assert content.endswith(MESSAGE)
    assert holds(content, 0, keys)
    assert holds(content, 1, keys)
    signatures = [str(value) for name, value in dkim.DKIM(content).headers if name == b"DKIM-Signature"]
    assert len(signatures) == 2


@pytest.mark.parametrize("field", [b"List-Unsubscribe:", b"List-Unsubscribe-Post:", b"Subject:", b"Regel"])
def test_one_letter_that_changes_on_the_way_is_noticed(
    keys: list[SigningKey], options: dict[str, Any], field: bytes
) -> None:
    _, keeper = run_real([Sample(0, content=MESSAGE)], {}, **options)
    ((_, _, content),) = keeper.taken
    place = content.index(b"\n" + field) + len(field) + 8
    spoilt = content[:place] + bytes([content[place] ^ 1]) + content[place + 1 :]
    assert not any(holds(spoilt, number, keys) for number in (0, 1))


def test_message_that_is_sent_again_after_a_lost_connection_is_signed_too(
    keys: list[SigningKey], options: dict[str, Any]
) -> None:
    result, server = run(Script({"MAIL": [DROP]}), [Sample(0, content=MESSAGE)], **options)
    assert isinstance(result.only(), Accepted)
    assert len(server.messages) == 1
    assert holds(server.messages[0].content.replace(b"\r\n..", b"\r\n."), 0, keys)


def test_message_that_is_signed_a_second_time_has_the_bytes_of_the_first(options: dict[str, Any]) -> None:
    """I10: the time in a signature is the date of the message."""
    dated = b"Date: Tue, 20 Feb 2024 09:30:00 +0100\r\n" + MESSAGE
    dated = b"From: nieuws@example.org\r\n" + dated.replace(b"From: nieuws@example.org\r\n", b"")
    signed = set()
    for day in (21, 25):
        with time_machine.travel(datetime(2024, 2, day, tzinfo=UTC), tick=True):
            _, keeper = run_real([Sample(0, content=dated)], {}, **options)
        signed.add(keeper.taken[0][2])
    (content,) = signed
    assert content.count(b"t=1708417800;") == 2


def test_without_keys_the_message_is_left_as_it_is() -> None:
    _, keeper = run_real([Sample(0, content=MESSAGE)], {})
    assert keeper.taken[0][2] == MESSAGE


def test_both_fields_of_leaving_are_covered(keys: list[SigningKey], options: dict[str, Any]) -> None:
    _, keeper = run_real([Sample(0, content=MESSAGE)], {}, **options)
    for name, value in dkim.DKIM(keeper.taken[0][2]).headers:
        if name == b"DKIM-Signature":
            assert {"list-unsubscribe", "list-unsubscribe-post"} <= set(read_signature(value.decode()).headers)


def test_key_that_cannot_be_read_stops_before_anything_is_sent(options: dict[str, Any], tmp_path: Path) -> None:
    (tmp_path / "rsa.pem").write_bytes(b"nonsense")
    result, keeper = run_real([Sample(0, content=MESSAGE)], {}, **options)
    assert isinstance(result.error, ProviderError)
    assert "no private key" in str(result.error)
    assert keeper.taken == []


@pytest.mark.parametrize(
    ("values", "says"),
    [
        ({"dkim": {"A b": "rsa.pem"}}, "cannot be the name of a key"),
        ({"dkim": {"a": "none.pem"}}, "newsletter dkim new a"),
        ({"dkim_domain": "other.org"}, "do not speak for the sender"),
        ({"dkim_domain": "not a domain"}, "no domain"),
    ],
)
def test_wrong_settings_are_named(tmp_path: Path, values: dict[str, Any], says: str) -> None:
    context = {"root": tmp_path, "sender_domain": "nieuws.example.org"}
    with pytest.raises(ValidationError, match=says):
        smtp.Settings.model_validate({"host": "localhost", **values}, context=context)


def test_domain_is_that_of_the_sender_or_one_above_it(keys: list[SigningKey], tmp_path: Path) -> None:
    context = {"root": tmp_path, "sender_domain": "Nieuws.Example.org"}
    values = {"host": "localhost", "dkim": {"rsa": "rsa.pem"}}
    own = smtp.Settings.model_validate(values, context=context)
    above = smtp.Settings.model_validate({**values, "dkim_domain": "example.org"}, context=context)
    assert (own.dkim_domain, above.dkim_domain) == ("nieuws.example.org", "example.org")
