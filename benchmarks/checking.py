"""How long checking an issue of 20 items takes without network, alone and with 50 such issues before it."""

import os
import subprocess
import sys
from collections.abc import Iterator
from datetime import date, timedelta

from benchmarks.figures import Figure, at_most
from benchmarks.samples import DATE, LARGE, prepare, timed, workspace
from newsletter.dispatch import check_issue
from newsletter.workspace import Workspace

BEFORE = 50
LIMIT = 1.0
"""How many seconds a check may take."""


def run() -> Iterator[Figure]:
    """Measure it in a running process and as a command, alone and with issues before it."""
    with workspace() as made:
        yield from _measure(made, "alone")
        _add_earlier(made)
        yield from _measure(made, f"after {BEFORE} issues")


def _measure(made: Workspace, what: str) -> Iterator[Figure]:
    prepared, settings, definitions = prepare(made, LARGE)
    warm = timed(lambda: check_issue(made, settings, definitions, prepared, DATE, offline=True), 10)
    _command(made)
    again = timed(lambda: _command(made), 3)
    changed = timed(lambda: _change_and_check(made), 3)
    yield Figure(f"{what}, in a running process", f"{warm * 1000:.0f} ms")
    yield Figure(f"{what}, as a command", f"{again * 1000:.0f} ms", bar=at_most(again, LIMIT, "s"))
    yield Figure(f"{what}, as a command after a change", f"{changed * 1000:.0f} ms", bar=at_most(changed, LIMIT, "s"))


def _command(made: Workspace) -> None:
    # Python keeps what it has compiled, as it does for a package that is installed.
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    environment["PYTHONPYCACHEPREFIX"] = str(made.root.parent / "compiled")
    arguments = [sys.executable, "-m", "newsletter", "--workspace", str(made.root), "check", LARGE, "--offline"]
    subprocess.run(arguments, check=False, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=environment)


def _change_and_check(made: Workspace) -> None:
    _change(made)
    _command(made)


def _change(made: Workspace) -> None:
    path = made.issues / LARGE / "issue.yaml"
    path.write_text(path.read_text(encoding="utf-8").replace('intro: "Dag', 'intro: "Dag,', 1), encoding="utf-8")


def _add_earlier(made: Workspace) -> None:
    """Copy the issue to every week before it, with other titles and links."""
    source = made.issues / LARGE
    texts = {path.name: path.read_text(encoding="utf-8") for path in source.iterdir() if path.is_file()}
    for number in range(1, BEFORE + 1):
        folder = made.issues / f"week-{number:02}"
        folder.mkdir()
        day = date(2024, 2, 20) - timedelta(weeks=number)
        for name, text in texts.items():
            other = text.replace("nummer", f"{number} nummer").replace("example.org/", f"example.org/{number}/")
            (folder / name).write_text(other.replace("date: 2024-02-20", f"date: {day}"), encoding="utf-8")
