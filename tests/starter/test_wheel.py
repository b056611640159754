"""An installed package far from this repository: it brings a whole workspace along, and nothing that is not its own."""

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SLUG = "2024-02-20-nieuwsbrief-12"
UNCHANGED = {"PYTHONDONTWRITEBYTECODE": "1"}
"""What runs from the unpacked wheel leaves nothing behind in it, as its contents are looked at."""


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The contents of a wheel, unpacked as an installer does."""
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", str(folder)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    (wheel,) = folder.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder / "site")
    return folder / "site"


def run(installed: Path, folder: Path, *arguments: str) -> str:
    environ = {name: value for name, value in os.environ.items() if not name.startswith("NEWSLETTER_")} | UNCHANGED
    done = subprocess.run(
        [sys.executable, "-P", "-m", "newsletter", *arguments],
        cwd=folder,
        env={**environ, "PYTHONPATH": str(installed)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_main_job_works_from_a_wheel_far_from_the_repository(installed: Path, tmp_path: Path) -> None:
    where = f"import newsletter; assert newsletter.__file__.startswith({str(installed)!r}), newsletter.__file__"
    subprocess.run(
        [sys.executable, "-P", "-c", where], env={**os.environ, **UNCHANGED, "PYTHONPATH": str(installed)}, check=True
    )
    run(installed, tmp_path, "init", "mijn", "--name", "De Brug")
    workspace = tmp_path / "mijn"
    imported = ("subscribers", "import", "subscribers/example.csv", "--list", "leden", "--basis", "opt-in", "--yes")
    run(installed, workspace, *imported)
    shown = run(installed, workspace, "send", SLUG, "--list", "leden", "--yes")
    assert "24 selected = 24 accepted" in shown
    message = next((workspace / "var/outbox/messages").glob("*.eml")).read_bytes()
    assert b"From: De Brug <nieuwsbrief@example.org>" in message


def test_wheel_holds_the_program_and_a_workspace_and_nothing_else(installed: Path) -> None:
    names = {path.relative_to(installed).as_posix() for path in installed.rglob("*") if path.is_file()}
    tops = {name.partition("/")[0] for name in names}
    assert {top for top in tops if not top.endswith(".dist-info")} == {"newsletter"}
    assert "newsletter/starter/gitignore" in names
    assert "newsletter/starter/languages/en/subscribers/lists.yaml" in names
    assert "newsletter/py.typed" in names
    assert "newsletter/data/caniemail.json.gz" in names
    assert {"newsletter/cli/preview/page.css", "newsletter/cli/preview/page.js"} <= names
    assert any(name.endswith("/licenses/LICENSE") for name in names)
    assert not [name for name in names if name.endswith((".pyc", ".db", ".key", ".eml")) or "/receipt-" in name]
