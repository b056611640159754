"""What every check must do, whatever the folder holds: explain itself, find what is planted, and say nothing otherwise.

What is planted stands in `tests/preflight/faults`, one file for each check, named as the check: `plant(desk)` spoils
the example issue, `FOUND` is a part of what the check must say then, and `PLACE` the file and the words that stand
where it points to; no words where the fault has no line, as in a template that was rendered. What a check needs of
its context besides stands in `CONTEXT`, or is made by `changes(desk)`. A check that asks a `PROGRAM` needs it.
"""

import ast
import importlib
import inspect
import os
import shutil
from pathlib import Path
from types import ModuleType

import pytest
from babel.messages.pofile import read_po

from newsletter import plugins
from newsletter.preflight import base
from newsletter.preflight.base import Finding, Severity
from newsletter.workspace import Workspace
from support.checking import Desk

FOLDER = Path(base.__file__).parent
ISSUES = sorted(path.parent.name for path in (FOLDER.parents[1] / "issues").glob("*/issue.yaml"))
CHECKS = [name for name in base.names() if (FOLDER / f"{name.replace('-', '_')}.py").is_file()]


@pytest.fixture(params=CHECKS)
def name(request: pytest.FixtureRequest) -> str:
    """Each check by its name."""
    found: str = request.param
    return found


@pytest.fixture(scope="module")
def dutch() -> set[str]:
    with (FOLDER / "words/nl.po").open("rb") as file:
        return {str(message.id) for message in read_po(file) if message.id and message.string}


def fault(name: str) -> ModuleType:
    return importlib.import_module(f"preflight.faults.{name.replace('-', '_')}")


def sentences(source: str, function: str = "say") -> set[str]:
    """Collect what a check, or what shows its findings, can say."""
    return {
        call.args[0].value
        for call in ast.walk(ast.parse(source))
        if isinstance(call, ast.Call)
        and isinstance(call.func, ast.Name)
        and call.func.id == function
        and isinstance(call.args[0], ast.Constant)
    }


def words_at(workspace: Workspace, finding: Finding) -> str:
    place = finding.place
    assert place.file is not None
    assert place.line is not None
    assert place.column is not None
    return (workspace.root / place.file).read_text(encoding="utf-8").splitlines()[place.line - 1][place.column - 1 :]


def test_check_explains_itself_and_has_a_weight(name: str) -> None:
    check = plugins.load("preflight", name)
    first, _, rest = (inspect.getdoc(check) or "").partition("\n")
    assert first.endswith(".")
    assert rest.strip()
    assert isinstance(check.severity, Severity)


def test_check_speaks_dutch_too(name: str, dutch: set[str]) -> None:
    source = (FOLDER / f"{name.replace('-', '_')}.py").read_text(encoding="utf-8")
    assert {base.title(base.load(name)), *sentences(source)} - dutch == set()


def test_words_around_the_findings_are_dutch_too(dutch: set[str]) -> None:
    files = sorted((FOLDER.parent / "cli/check").glob("*.py"))
    said = {one for file in files for one in sentences(file.read_text(encoding="utf-8"), "translate")}
    assert len(said) > 8
    assert said - dutch == set()


def test_check_finds_what_is_planted(name: str, workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    planted = fault(name)
    if not shutil.which(getattr(planted, "PROGRAM", "sh")):
        pytest.skip(f"{planted.PROGRAM} is not installed")
    monkeypatch.setenv("PATH", os.environ["PATH"])
    desk = Desk(workspace)
    context = getattr(planted, "CONTEXT", {})
    before = {finding.message for finding in desk.findings(name)}
    planted.plant(desk)
    if hasattr(planted, "changes"):
        context = planted.changes(desk)
    findings = [finding for finding in desk.findings(name, **context) if planted.FOUND in finding.message]
    assert len(findings) == 1
    assert findings[0].message not in before
    assert findings[0].remedy.endswith(".")
    file, words = planted.PLACE
    assert (findings[0].place.file or "").endswith(file)
    assert not words or words_at(workspace, findings[0]).startswith(words)


@pytest.mark.parametrize("slug", ISSUES)
def test_no_check_finds_fault_with_the_examples(workspace: Workspace, slug: str) -> None:
    context = Desk(workspace, slug).context()
    report = base.run(CHECKS, context, {})
    assert [(one.check, str(one.finding.place), one.finding.message) for one in report.reported] == []
