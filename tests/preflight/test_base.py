"""How checks are run: their weight, their order, those that take long, and what they say in other languages."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from newsletter import plugins
from newsletter.errors import PluginError
from newsletter.preflight import base
from newsletter.preflight.base import Context, Severity, run, say
from newsletter.workspace import Workspace
from support.checking import Desk

LOOKING = '''
"""Looks at things.

And says so.
"""
from newsletter.errors import Place
from newsletter.preflight.base import Finding, Severity
severity = Severity.WARNING

def check(context):
    yield Finding(Place("b", 2), "second", "Mend it.")
    yield Finding(Place("a", 9), "first", "Mend it.")
'''
ASKING = '''
"""Asks a program."""
from newsletter.errors import Place
from newsletter.preflight.base import Finding, Severity
severity = Severity.ERROR

async def check(context):
    yield Finding(Place("c"), "asked", "Mend it.")
'''
OFFERED = ("looking", "asking")


@pytest.fixture
def checks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """An installed package that offers two checks: one that looks, and one that asks a program."""
    site = tmp_path / "site"
    metadata = site / "third_party-1.0.dist-info"
    metadata.mkdir(parents=True)
    (site / "third_party_looking.py").write_text(LOOKING, encoding="utf-8")
    (site / "third_party_asking.py").write_text(ASKING, encoding="utf-8")
    (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: third-party\nVersion: 1.0\n", encoding="utf-8")
    points = "".join(f"{name} = third_party_{name}\n" for name in OFFERED)
    (metadata / "entry_points.txt").write_text(f"[newsletter.preflight]\n{points}", encoding="utf-8")
    monkeypatch.syspath_prepend(site)
    plugins._offered.cache_clear()
    yield
    monkeypatch.undo()
    plugins._offered.cache_clear()
    for name in OFFERED:
        sys.modules.pop(f"third_party_{name}", None)


@pytest.fixture
def context(workspace: Workspace) -> Context:
    return Desk(workspace).context()


def test_checks_of_installed_packages_are_found(checks: None) -> None:
    assert set(OFFERED) < set(base.names())


def test_findings_come_in_the_order_of_weight_and_place(checks: None, context: Context) -> None:
    report = run(OFFERED, context, {}, patient=True)
    assert [(one.check, one.severity, one.finding.message) for one in report.reported] == [
        ("asking", Severity.ERROR, "asked"),
        ("looking", Severity.WARNING, "first"),
        ("looking", Severity.WARNING, "second"),
    ]
    assert [one.check for one in report.blocking] == ["asking"]


def test_checks_that_ask_a_program_are_left_out_where_nobody_waits(checks: None, context: Context) -> None:
    assert {one.check for one in run(OFFERED, context, {}).reported} == {"looking"}


def test_workspace_decides_how_much_a_check_weighs(checks: None, context: Context) -> None:
    assert len(run(["looking"], context, {"looking": Severity.ERROR}).blocking) == 2
    assert run(["looking"], context, {"looking": None}).reported == ()


def test_check_that_does_not_exist_is_named_with_its_neighbours(checks: None, context: Context) -> None:
    with pytest.raises(PluginError, match="Did you mean looking"):
        run(["lookin"], context, {})


def test_title_is_the_first_line_of_the_explanation(checks: None) -> None:
    assert base.title(base.load("looking")) == "Looks at things"


def test_sentence_is_said_in_english_and_translated_with_its_values() -> None:
    sentence = say("%(what)s has %(count)s", what=say("the subject"), count=3)
    assert sentence == "the subject has 3"
    words = {"%(what)s has %(count)s": "%(count)s in %(what)s", "the subject": "het onderwerp"}
    assert sentence.by(lambda text: words[text]) == "3 in het onderwerp"
    assert say("100 % sure") == "100 % sure"
