"""The shape of the package: layers, and what `--help` loads."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from conftest import SLUG
from newsletter import plugins
from newsletter.workspace import Workspace

ROOT = Path(__file__).parents[1]
HEAVY = (
    "jinja2",
    "sqlalchemy",
    "pydantic",
    "mjml",
    "premailer",
    "rich",
    "sendgrid",
    "ruamel",
    "babel",
    "asyncio",
    "dns",
    "httpx2",
    "prometheus_client",
    "opentelemetry",
)
NEEDLESS = (
    "sqlalchemy",
    "alembic",
    "premailer",
    "cssutils",
    "requests",
    "httpx2",
    "PIL",
    "pydantic_settings",
)
"""What a check of an issue that has been checked before, without network and database, has no use for."""


def test_packages_import_only_from_below() -> None:
    done = subprocess.run(
        [sys.executable, "-c", "from importlinter.cli import lint_imports; import sys; sys.exit(lint_imports())"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout


def test_help_loads_nothing_heavy() -> None:
    code = (
        "import sys; from newsletter.cli import main; main(['--help'], standalone_mode=False); "
        f"print('LOADED', [name for name in {HEAVY!r} if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.rstrip().endswith("LOADED []")


@pytest.mark.parametrize("kind", ["cli", "doctor", "preflight", "providers"])
def test_every_plugin_can_be_loaded_and_says_what_it_is(kind: str) -> None:
    for name in plugins.names(kind):
        assert plugins.load(kind, name).__doc__


@pytest.mark.parametrize("path", sorted(ROOT.glob("newsletter/**/*.py")), ids=lambda path: str(path.relative_to(ROOT)))
def test_files_stay_small_and_say_what_they_are_for(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert text.count("\n") <= 480
    assert text.startswith(('"""', "'''"))


def test_checking_again_loads_nothing_that_it_can_do_without(workspace: Workspace) -> None:
    code = (
        "import sys; from newsletter.cli import main\n"
        f"try: main(['check', '{SLUG}', '--offline', '--json'], standalone_mode=False)\n"
        "except SystemExit: pass\n"
        f"print('LOADED', [name for name in {NEEDLESS!r} if name in sys.modules])"
    )
    first, second = (
        subprocess.run([sys.executable, "-c", code], cwd=workspace.root, capture_output=True, text=True, check=True)
        for _ in range(2)
    )
    assert "'premailer'" in first.stdout.rstrip().splitlines()[-1]
    assert second.stdout.rstrip().endswith("LOADED []")


def test_worker_that_nobody_watches_loads_nothing_for_it(workspace: Workspace) -> None:
    code = (
        "import sys; from newsletter.cli import main\n"
        "main(['worker', '--once'], standalone_mode=False)\n"
        "print('LOADED', [name for name in ('prometheus_client', 'opentelemetry', 'requests') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=workspace.root, capture_output=True, text=True, check=True)
    assert done.stdout.rstrip().endswith("LOADED []")


def test_check_without_database_loads_nothing_that_opens_one() -> None:
    code = (
        "import sys; from newsletter.cli import main\n"
        "try: main(['check', '2024-02-20-nieuwsbrief-12', '--offline', '--json'], standalone_mode=False)\n"
        "except SystemExit: pass\n"
        "print('LOADED', [name for name in ('sqlalchemy', 'alembic') if name in sys.modules])"
    )
    environment = {**os.environ, "NEWSLETTER_DATABASE__URL": "sqlite:///var/not-there.db"}
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True, env=environment
    )
    assert done.stdout.rstrip().endswith("LOADED []")
