"""The example issue with a fault planted in it, and what a check finds there."""

from dataclasses import replace
from typing import Any

from conftest import SLUG
from newsletter.dispatch import make_context, prepare_issue
from newsletter.preflight.base import Context, Finding, Severity, run
from newsletter.settings import load
from newsletter.subscribers import read_definitions
from newsletter.workspace import Workspace


class Desk:
    """A workspace with the example issue, to plant faults in."""

    def __init__(self, workspace: Workspace, slug: str = SLUG) -> None:
        self.workspace = workspace
        self.folder = workspace.issues / slug
        self.slug = slug

    def replace(self, file: str, old: str, new: str) -> None:
        """Put other words in the place of some that stand in a file of the issue."""
        path = self.folder / file
        text = path.read_bytes().decode()
        assert old in text, f"{old!r} does not stand in {file}"
        path.write_bytes(text.replace(old, new, 1).encode())

    def write(self, file: str, text: str) -> None:
        """Write a file of the issue."""
        (self.folder / file).write_bytes(text.encode())

    def set(self, text: str) -> None:
        """Add lines to the settings; a table's header first."""
        with self.workspace.settings_file.open("a", encoding="utf-8") as file:
            file.write(f"\n{text}\n")

    def context(self, **changes: Any) -> Context:
        """Gather what checks may ask, on the issue's own day."""
        definitions = read_definitions(self.workspace)
        settings = load(self.workspace, {})
        prepared = prepare_issue(self.workspace, settings, definitions, self.slug, None)
        return replace(make_context(self.workspace, settings, definitions, prepared, prepared.issue.date), **changes)

    def findings(self, check: str, **changes: Any) -> list[Finding]:
        """Run one check, whatever the workspace says about it."""
        report = run([check], self.context(**changes), {check: Severity.ERROR})
        return [one.finding for one in report.reported]
