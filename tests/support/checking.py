"""The example issue with a fault planted in it, and what a check finds there."""

from dataclasses import replace
from typing import Any

from conftest import SLUG
from newsletter.dispatch import make_context, prepare_issue
from newsletter.manuscript import mend
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

    def template(self, file: str, old: str, new: str) -> None:
        """Put other words in the place of some that stand in what all templates share."""
        path = self.workspace.templates / "shared" / file
        text = path.read_text(encoding="utf-8")
        assert old in text, f"{old!r} does not stand in {file}"
        path.write_text(text.replace(old, new, 1), encoding="utf-8")

    def footer(self, html: str) -> None:
        """Put HTML before the sender's address in the footer."""
        address = '<p class="quiet"><strong>'
        self.template("parts/footer.mjml.j2", address, html + address)

    def set(self, text: str) -> None:
        """Add lines to a table of the settings, which is made where it is not there; the table's header first."""
        path = self.workspace.settings_file
        header = text.partition("\n")[0]
        before = path.read_text(encoding="utf-8")
        if f"\n{header}\n" in before:
            path.write_text(before.replace(f"\n{header}\n", f"\n{text}\n", 1), encoding="utf-8")
        else:
            path.write_text(f"{before}\n{text}\n", encoding="utf-8")

    def context(self, **changes: Any) -> Context:
        """Gather what checks may ask, on the issue's own day."""
        definitions = read_definitions(self.workspace)
        settings = load(self.workspace, {})
        prepared = prepare_issue(self.workspace, settings, definitions, self.slug, None)
        return replace(make_context(self.workspace, settings, definitions, prepared, prepared.issue.date), **changes)

    def findings(self, check: str, **changes: Any) -> list[Finding]:
        """Run one check, whatever the workspace says about it."""
        report = run([check], self.context(**changes), {check: Severity.ERROR}, patient=True)
        return [one.finding for one in report.reported]

    def messages(self, check: str, **changes: Any) -> list[str]:
        """Give what one check says."""
        return [finding.message for finding in self.findings(check, **changes)]

    def body(self, file: str, text: str) -> None:
        """Put a text in the place of an item's body."""
        whole = (self.folder / file).read_text(encoding="utf-8")
        self.write(file, whole[: whole.index("\n---\n") + 5] + "\n" + text + "\n")

    def fixed(self, check: str, file: str) -> str:
        """Make a check's changes to a file, and give its text."""
        text = (self.folder / file).read_bytes().decode()
        return mend(text, [finding.fix for finding in self.findings(check) if finding.fix is not None])
