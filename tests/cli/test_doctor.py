"""`newsletter doctor`: what it prints, and how it ends."""

import json
from pathlib import Path

from cli.conftest import Call
from newsletter.doctor.base import names
from newsletter.workspace import Workspace
from support.dns_server import name_server, text

OURS = {"NEWSLETTER_SENDER__EMAIL": "news@ours.nl"}
RECORDS = {
    ("ours.nl", "TXT"): [text("v=spf1 ip4:9.9.9.9 -all")],
    ("ours.nl", "MX"): ["10 mx.ours.nl."],
    ("mx.ours.nl", "A"): ["9.9.9.9"],
    ("9.9.9.9.in-addr.arpa", "PTR"): ["mx.ours.nl."],
    ("_dmarc.ours.nl", "TXT"): [text("v=DMARC1; p=reject; rua=mailto:a@ours.nl")],
}


def test_what_is_well_ends_well(call: Call) -> None:
    with name_server(RECORDS) as server:
        given = ("--name-server", f"127.0.0.1:{server.port}", "--sends-from", "9.9.9.9")
        shown = call("doctor", "spf", "mx", "dmarc", "reverse_name", *given, environ=OURS).stdout
    assert "spf\n  ✓ ok       ours.nl has an SPF record" in shown
    assert "reverse-name\n" in shown
    assert shown.endswith("0 problems, 0 warnings, 0 unknown, 5 ok.\n")


def test_problem_is_told_in_sign_and_word_with_what_to_do(call: Call) -> None:
    shown = call("doctor", "sender-domain", code=11).stdout
    assert "✗ problem  example.org is set aside" in shown
    assert "\n             Set sender.email to an address of your own domain." in shown
    assert "1 problem, " in shown


def test_warning_ends_well(call: Call) -> None:
    assert "! warning" in call("doctor", "database").stdout


def test_json_holds_every_check(call: Call) -> None:
    shown = json.loads(call("doctor", "--offline", "--json", environ=OURS).stdout)
    assert set(shown) == set(names())
    (found,) = shown["sender-domain"]
    assert found == {"outcome": "ok", "message": "the newsletter comes from ours.nl", "remedy": None}


def test_received_message_is_read(call: Call, tmp_path: Path) -> None:
    file = tmp_path / "received.eml"
    file.write_text("Received: from x ([9.9.9.9]) by y\nFrom: news@ours.nl\n\n", encoding="ascii")
    with name_server(RECORDS) as server:
        given = ("--name-server", f"127.0.0.1:{server.port}", "--message", file)
        assert "✓ ok       9.9.9.9 is called mx.ours.nl" in call("doctor", "reverse-name", *given, environ=OURS).stdout
        assert "no DKIM signature" in call("doctor", "signature", *given, environ=OURS, code=11).stdout


def test_named_keys_are_looked_up(call: Call) -> None:
    with name_server(RECORDS) as server:
        given = ("--name-server", f"127.0.0.1:{server.port}", "--selector", "a", "--selector", "b")
        shown = call("doctor", "dkim", *given, environ=OURS, code=11).stdout
    assert "a._domainkey.ours.nl" in shown
    assert "b._domainkey.ours.nl" in shown


def test_wrong_calls_are_answered_with_what_was_meant(call: Call, workspace: Workspace) -> None:
    assert "Did you mean 'dmarc'?" in call("doctor", "dmark", code=2).stderr
    assert "no address of the network" in call("doctor", "--sends-from", "mx.ours.nl", code=2).stderr
    assert "no address of a name server" in call("doctor", "--name-server", "9.9.9.9:x", code=2).stderr
    assert "does not exist" in call("doctor", "--message", workspace.root / "none.eml", code=2).stderr


def test_nothing_is_made_in_the_workspace(call: Call, workspace: Workspace) -> None:
    before = sorted(workspace.root.rglob("*"))
    call("doctor", "--offline", environ=OURS)
    assert sorted(workspace.root.rglob("*")) == before
