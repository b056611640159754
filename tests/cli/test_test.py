"""`newsletter test`: to a few addresses, and never to one that may not be mailed."""

from cli.conftest import Call
from conftest import SLUG
from newsletter.workspace import Workspace


def test_address_may_come_with_a_name(call: Call) -> None:
    assert "baas@example.org  accepted" in call("test", SLUG, "--to", "De Baas <baas@example.org>").stdout


def test_address_that_may_not_be_mailed_gets_no_test_either(call: Call, workspace: Workspace) -> None:
    call("subscribers", "add", "weg@example.org", "--list", "leden")
    call("subscribers", "remove", "weg@example.org", "--suppress", "--yes")
    shown = call("test", SLUG, "--to", "baas@example.org", "--to", "weg@example.org", code=6).stderr
    assert "weg@example.org may not be mailed" in shown
    assert "nothing was sent" in shown
    assert not (workspace.root / "var/outbox").exists()
