"""The table `[limits]`: what it takes, and every mistake named with its place and a remedy."""

from datetime import date

import pytest

from newsletter.errors import NewsletterError, Problems, SettingsError
from newsletter.settings import load
from newsletter.workspace import Workspace


def append(workspace: Workspace, text: str) -> int:
    """Write below what is there, and give the number of the first line."""
    before = workspace.settings_file.read_text(encoding="utf-8")
    workspace.settings_file.write_text(f"{before}\n{text}", encoding="utf-8")
    return before.count("\n") + 2


def test_limits_are_read(workspace: Workspace) -> None:
    append(
        workspace,
        """\
[limits.smtp]
per_second = 50
per_day = 10_000
burst = 5

[limits.domains]
"GMail.com" = { per_second = 5, per_hour = 10_000 }
"müller.example" = { per_second = 0.5 }
default = { per_minute = 60 }

[limits.groups]
brug = ["brug.example", "kade.example"]

[limits.warm_up]
start = 2026-05-01
plan = [50, 100, 500]
""",
    )
    limits = load(workspace, {}).limits
    assert limits.providers["smtp"].per_day == 10_000
    assert set(limits.domains) == {"gmail.com", "xn--mller-kva.example", "default"}
    assert limits.domains["gmail.com"].per_hour == 10_000
    assert limits.groups == {"brug": ("brug.example", "kade.example")}
    assert limits.warm_up is not None
    assert (limits.warm_up.start, limits.warm_up.plan) == (date(2026, 5, 1), (50, 100, 500))


def test_environment_sets_limits_too(workspace: Workspace) -> None:
    append(workspace, "[limits.smtp]\nper_second = 50\n")
    environ = {"NEWSLETTER_LIMITS__SMTP__PER_SECOND": "20", "NEWSLETTER_LIMITS__WARM_UP__START": "2026-05-01"}
    limits = load(workspace, environ).limits
    assert limits.providers["smtp"].per_second == 20
    assert limits.warm_up is not None
    assert limits.warm_up.start == date(2026, 5, 1)


def test_variable_that_limits_a_provider_that_there_is_not_is_named(workspace: Workspace) -> None:
    with pytest.raises(SettingsError, match="Did you mean 'smtp'"):
        load(workspace, {"NEWSLETTER_LIMITS__SMPT__PER_SECOND": "20"})


@pytest.mark.parametrize(
    ("text", "line", "says"),
    [
        ("[limits.smpt]\nper_second = 50", 0, "Did you mean 'smtp'?"),
        ("[limits]\nsmtp = 50", 1, "a table"),
        ("[limits.smtp]\nper_sec = 50", 1, "Did you mean 'per_second'?"),
        ("[limits.smtp]\nper_second = 0", 1, "a number above 0"),
        ("[limits.smtp]\nper_hour = 0.5", 1, "a whole number"),
        ("[limits.smtp]\nper_second = inf", 1, "limits.smtp.per_second"),
        ("[limits.smtp]\nburst = 3", 0, "this limits nothing"),
        ("[limits.smtp]\nburst = 3\nper_day = 10", 0, "a burst needs an even rate"),
        ('[limits.domains]\ndefault = { per_second = 5 }\n"gmail" = { per_second = 5 }', 2, "gmail.com, or 'default'"),
        ('[limits.domains]\n"gmail.com" = { per_second = "veel" }', 1, "a number"),
        ('[limits.domains]\n"gmail.com" = { per_sekond = 5 }', 1, "Did you mean 'per_second'?"),
        ('[limits.groups]\na = ["a.nl"]\nb = ["A.nl"]', 0, "a.nl is in 'a' and in 'b'"),
        ("[limits.warm_up]\nplan = [50]", 0, "this setting is missing"),
        ('[limits.warm_up]\nstart = "morgen"', 1, "2026-01-31"),
        ("[limits.warm_up]\nstart = 2026-05-01\nplan = [50, 20]", 2, "Let the numbers rise"),
        ("[limits.warm_up]\nstart = 2026-05-01\nplan = []", 2, "the plan has no days"),
    ],
)
def test_mistake_is_named_with_its_place(workspace: Workspace, text: str, line: int, says: str) -> None:
    first = append(workspace, text)
    with pytest.raises(NewsletterError) as caught:
        load(workspace, {})
    errors = caught.value.errors if isinstance(caught.value, Problems) else (caught.value,)
    found = [error for error in errors if says in str(error)]
    assert found, [str(error) for error in errors]
    assert isinstance(found[0], SettingsError)
    assert found[0].where.line == first + line
    assert found[0].remedy
