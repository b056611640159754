"""`newsletter limits`: what holds is shown, and changed by hand."""

import json
from pathlib import Path

import pytest

from cli.conftest import Call
from conftest import SLUG
from newsletter.workspace import Workspace

LIMITS = """
[limits.smtp]
per_second = 50

[limits.domains]
"gmail.com" = { per_second = 5, per_hour = 10_000 }
default = { per_second = 2 }

[limits.warm_up]
start = 2024-01-01
"""


def append(workspace: Workspace, text: str) -> None:
    with workspace.settings_file.open("a", encoding="utf-8") as file:
        file.write(text)


def test_limits_are_shown_set_and_reset(call: Call, workspace: Workspace) -> None:
    append(workspace, LIMITS)
    assert "provider smtp            50 a second" in call("limits", "show").stdout
    said = call("limits", "set", "googlemail.com", "1/s", "2_000/hour").stdout
    assert said == "gmail.com: 1 a second, 2,000 an hour, from now on and until it is reset\n"
    call("limits", "set", "hetnet.nl", "10/min")
    shown = call("limits", "show").stdout
    assert "1 a second, 2,000 an hour, set by hand, 0 used in the last hour" in shown
    assert "kpnmail.nl               10 a minute, set by hand" in shown
    assert "any other domain         2 a second" in shown
    assert call("limits", "reset", "gmail.com").stdout == "gmail.com: 5 a second, 10,000 an hour, as the settings say\n"
    call("limits", "reset", "hetnet.nl")
    held = json.loads(call("limits", "show", "--json").stdout)
    assert {one["key"]: one["limit"] for one in held if one["limit"] != "none"} == {
        "provider:smtp": "50/second",
        "domain:gmail.com": "5/second 10000/hour",
        "domain:default": "2/second",
    }
    assert not any(one["set_by_hand"] for one in held)


def test_without_limits_it_says_where_they_stand(call: Call) -> None:
    assert "[limits]" in call("limits", "show").stdout


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (("smpt", "5/s"), 9, "Did you mean 'smtp'?"),
        (("smtp", "snel"), 9, "50/second"),
        (("smtp",), 2, "RATE"),
    ],
)
def test_wrong_call_is_answered_with_a_remedy(call: Call, arguments: tuple[str, ...], code: int, says: str) -> None:
    assert says in call("limits", "set", *arguments, code=code).stderr


def test_limits_are_settings_that_are_shown(call: Call, workspace: Workspace) -> None:
    append(workspace, LIMITS)
    shown = json.loads(call("config", "--json").stdout)
    assert shown["limits.smtp.per_second"]["value"] == 50
    assert shown["limits.domains.gmail.com.per_hour"]["value"] == 10_000
    assert shown["limits.warm_up.start"]["value"] == "2024-01-01"


def test_send_says_beforehand_how_long_it_takes_and_is_quick_where_it_stays_here(
    call: Call, workspace: Workspace, tmp_path: Path
) -> None:
    people = tmp_path / "people.csv"
    people.write_text("email\n" + "".join(f"r{number}@gmail.com\n" for number in range(40)), encoding="utf-8")
    call("subscribers", "import", people, "--list", "leden", "--basis", "opt-in", "--yes")
    append(workspace, '\n[limits.domains]\n"gmail.com" = { per_minute = 1 }\n')
    append(workspace, '\n[providers.smtp]\nhost = "127.0.0.1"\n')
    shown = call("send", SLUG, "--list", "leden", "--provider", "smtp", "--dry-run").stderr
    assert "takes 39 min at least, under the limit of gmail.com" in shown
    proposal = json.loads(call("send", SLUG, "--list", "leden", "--provider", "smtp", "--dry-run", "--json").stdout)
    assert proposal["seconds_at_least"] == 39 * 60
    assert "40 accepted" in call("send", SLUG, "--list", "leden", "--yes").stdout
