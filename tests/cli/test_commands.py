"""What all commands share: help, errors and exit codes."""

import pytest
from click.testing import CliRunner

from cli.conftest import Call
from newsletter import plugins
from newsletter.cli import main
from newsletter.cli.base import print_error
from newsletter.errors import NewsletterError
from newsletter.workspace import Workspace


def test_help_names_every_command_in_the_order_of_the_work() -> None:
    shown = CliRunner().invoke(main, ["--help"]).output
    lines = [line.split()[0] for line in shown.splitlines() if line.startswith("  ") and line.split()]
    assert {name.replace("_", "-") for name in plugins.names("cli")} <= set(lines)
    assert lines.index("init") < lines.index("issue") < lines.index("subscribers") < lines.index("send")


@pytest.mark.parametrize("name", plugins.names("cli"))
def test_every_command_has_help(name: str) -> None:
    result = CliRunner().invoke(main, [name.replace("_", "-"), "--help"])
    assert result.exit_code == 0
    assert "Usage:" in result.output


def test_command_that_does_not_exist_is_answered_with_the_nearest() -> None:
    result = CliRunner().invoke(main, ["isue"])
    assert result.exit_code == 2
    assert "'issue'" in result.output


def test_outside_of_a_workspace_it_says_how_to_get_one(tmp_path_factory: pytest.TempPathFactory) -> None:
    empty = tmp_path_factory.mktemp("empty")
    result = CliRunner().invoke(main, ["--workspace", str(empty), "issue", "list"])
    assert result.exit_code == 3
    assert "newsletter init" in result.output


def test_several_problems_are_shown_together_with_their_places(call: Call, workspace: Workspace) -> None:
    text = workspace.settings_file.read_text(encoding="utf-8")
    workspace.settings_file.write_text(
        text.replace('language = "nl"', 'language = "Nederlands"\nlangauge = 1').replace(
            "Europe/Amsterdam", "Europe/Utrecht"
        ),
        encoding="utf-8",
    )
    shown = call("config", code=3).stderr
    assert "newsletter.toml:4:1" in shown
    assert "Write a tag such as nl" in shown
    assert "Europe/Amsterdam" in shown
    assert "Did you mean 'language'?" in shown
    assert "3 problems." in shown


@pytest.mark.parametrize(
    ("message", "sentence"),
    [
        ("there is no list", "There is no list."),
        ("jan@example.org has unsubscribed from leden", "jan@example.org has unsubscribed from leden."),
        ("lists.yaml is empty", "lists.yaml is empty."),
        ("smtp.example.org does not answer", "smtp.example.org does not answer."),
        ("leden2 is no list", "leden2 is no list."),
        ("iPhone is no region", "iPhone is no region."),
    ],
)
def test_message_that_begins_with_a_value_keeps_its_case(
    message: str, sentence: str, capsys: pytest.CaptureFixture[str]
) -> None:
    print_error(NewsletterError(message))
    assert capsys.readouterr().err == f"Error: {sentence}\n"


def test_fault_of_the_program_is_called_one(call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_arguments: object) -> None:
        raise ZeroDivisionError("somewhere deep down")

    monkeypatch.setattr("newsletter.issues.list_issues", fail)
    shown = call("issue", "list", code=70).stderr
    assert "Please report it" in shown
    assert "somewhere deep down" in shown
