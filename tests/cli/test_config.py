"""`newsletter config`: what is in force, where it came from, and no secret."""

import json

from cli.conftest import Call
from newsletter.workspace import Workspace
from support.checking import Desk

PASSWORD = "geheim-van-de-smid"
SMTP = '\n[providers.smtp]\nhost = "smtp.example.org"\nusername = "smid"\n'


def test_every_setting_comes_with_its_origin(call: Call) -> None:
    shown = json.loads(call("config", "--json", environ={"NEWSLETTER_SENDER__NAME": "Uit de omgeving"}).stdout)
    assert shown["sender.name"] == {"value": "Uit de omgeving", "origin": "environment NEWSLETTER_SENDER__NAME"}
    assert shown["sender.email"]["origin"].startswith("newsletter.toml:")
    assert shown["sender.reply_to"] == {"value": None, "origin": "default"}
    assert shown["providers.outbox.folder"]["value"].endswith("var/outbox")


def test_secrets_are_hidden(call: Call, workspace: Workspace) -> None:
    with workspace.settings_file.open("a", encoding="utf-8") as file:
        file.write(SMTP)
    environ = {
        "NEWSLETTER_PROVIDERS__SMTP__PASSWORD": PASSWORD,
        "NEWSLETTER_DATABASE__URL": f"postgresql://news:{PASSWORD}@localhost/news",
        "NEWSLETTER_SECRET_KEY": PASSWORD * 3,
    }
    for arguments in (("config",), ("config", "--json"), ("config", "providers.smtp.password")):
        result = call(*arguments, environ=environ)
        assert PASSWORD not in result.output
        assert "•••" in result.output


def test_secret_in_the_file_is_refused_without_being_shown(call: Call, workspace: Workspace) -> None:
    with workspace.settings_file.open("a", encoding="utf-8") as file:
        file.write(f'{SMTP}password = "{PASSWORD}"\n')
    shown = call("config", code=3).output
    assert PASSWORD not in shown
    assert "NEWSLETTER_PROVIDERS__SMTP__PASSWORD" in shown


def test_setting_that_does_not_exist_is_answered_with_the_nearest(call: Call) -> None:
    assert "Did you mean 'sender.email'?" in call("config", "sender.mail", code=3).stderr


def test_one_setting_is_printed_alone(call: Call) -> None:
    assert call("config", "time_zone").stdout == "Europe/Amsterdam\n"


def test_lists_and_tables_are_shown_as_people_write_them(call: Call, workspace: Workspace) -> None:
    Desk(workspace).set('[preflight]\nabbreviations = ["RIEC", "VNG"]\nseverity = { terms = "off" }')
    shown = call("config").stdout
    assert "RIEC, VNG  " in shown
    assert "terms = off  " in shown
    assert json.loads(call("config", "preflight.abbreviations", "--json").stdout) == ["RIEC", "VNG"]
