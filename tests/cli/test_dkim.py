"""`newsletter dkim`: a key is made once, kept secret, and shown as the DNS needs it."""

import re
import stat

from cli.conftest import Call
from newsletter.authentication import read_key
from newsletter.workspace import Workspace

SMTP = {"NEWSLETTER_PROVIDERS__SMTP__HOST": "localhost"}


def record_in(output: str) -> str:
    return "".join(re.findall(r'"([^"]*)"', output.partition("IN TXT (")[2].partition(")")[0]))


def test_key_is_made_and_its_record_shown(call: Call, workspace: Workspace) -> None:
    for kind, bits in (("rsa", 2048), ("ed25519", 256)):
        made = call("dkim", "new", kind, "--kind", kind).output
        path = workspace.state / f"dkim/{kind}.pem"
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert f"{kind}._domainkey.example.org. IN TXT" in made
        assert read_key(record_in(made)).bits == bits
        assert max(map(len, re.findall(r'"([^"]*)"', made))) <= 255
        settings = workspace.settings_file
        table = f'\n[providers.smtp.dkim]\n{kind} = "var/dkim/{kind}.pem"\n'
        assert table.strip() in made
        before = settings.read_text(encoding="utf-8")
        settings.write_text(before + table, encoding="utf-8")
        assert record_in(call("dkim", "show", environ=SMTP).output) == record_in(made)
        settings.write_text(before, encoding="utf-8")


def test_key_that_is_there_is_left_alone(call: Call, workspace: Workspace) -> None:
    call("dkim", "new", "news")
    before = (workspace.state / "dkim/news.pem").read_bytes()
    refused = call("dkim", "new", "news", code=3).output
    assert refused.startswith("var/dkim/news.pem")
    assert "of this name already" in refused
    assert (workspace.state / "dkim/news.pem").read_bytes() == before


def test_name_that_is_none_is_refused(call: Call, workspace: Workspace) -> None:
    assert "cannot be the name of a key" in call("dkim", "new", "../x", code=3).output
    assert not (workspace.state / "x.pem").exists()


def test_nothing_to_show_is_said(call: Call) -> None:
    assert "newsletter dkim new" in call("dkim", "show", environ=SMTP, code=3).output
