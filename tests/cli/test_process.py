"""Commands as processes of their own: what they do with output that fails, odd bytes, and a person who stops them."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from newsletter.workspace import Workspace

Environ = dict[str, str] | dict[bytes, bytes] | None


def run(
    workspace: Workspace, *arguments: str | bytes, environ: Environ = None, output: str | None = None
) -> tuple[int, str, str]:
    """Run a command and give its exit code, output and errors."""
    given = {os.fsencode(name): os.fsencode(value) for name, value in os.environ.items() if "NEWSLETTER" not in name}
    given |= {os.fsencode(name): os.fsencode(value) for name, value in (environ or {}).items()}
    with open(output or os.devnull, "wb") as full:  # noqa: PTH123
        done = subprocess.run(
            [sys.executable, "-m", "newsletter", "--workspace", str(workspace.root), *arguments],
            stdin=subprocess.DEVNULL,
            stdout=full if output else subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=given,
            check=False,
        )
    return done.returncode, (done.stdout or b"").decode("utf-8", "replace"), done.stderr.decode("utf-8", "replace")


@pytest.mark.parametrize(
    "arguments",
    [
        ("subscribers", "export", "--list", "leden"),
        ("issue", "list"),
        ("config", "--json"),
        ("--help",),
        ("--version",),
    ],
)
def test_output_that_is_full_is_a_clear_error(workspace: Workspace, arguments: tuple[str, ...]) -> None:
    code, _, shown = run(workspace, *arguments, output="/dev/full")
    assert code == 1
    assert shown == "Error: The output cannot be written: No space left on device.\n"


def test_output_that_cannot_show_every_letter_shows_the_rest(workspace: Workspace) -> None:
    environ = {"PYTHONIOENCODING": "ascii"}
    code, _, _ = run(workspace, "subscribers", "add", "zoë@example.org", "--list", "leden", environ=environ)
    assert code == 0
    code, shown, _ = run(workspace, "subscribers", "show", "zoë@example.org", environ=environ)
    assert code == 0
    assert shown.startswith("zo?@example.org")


def test_file_whose_name_is_no_text_is_imported(workspace: Workspace, tmp_path: Path) -> None:
    file = os.fsencode(tmp_path) + b"/leden\xff.csv"
    with open(file, "wb") as out:  # noqa: PTH123
        out.write(b"email\nzoe@example.org\ngeen adres\n")
    code, shown, errors = run(workspace, "subscribers", "import", file, "--list", "leden", "--basis", "opt-in", "--yes")
    assert code == 10, errors
    assert "Imported 1 of 2 rows" in shown
    code, shown, _ = run(workspace, "subscribers", "show", "zoe@example.org")
    assert "leden" in shown


def test_source_that_is_no_text_is_cleaned_or_refused(workspace: Workspace) -> None:
    added = ("subscribers", "add", "zoe@example.org", "--list", "leden", "--source")
    code, _, errors = run(workspace, *added, b"\xff")
    assert code == 2
    assert "--source" in errors
    code, _, _ = run(workspace, *added, b"beurs \xff 2024")
    assert code == 0
    assert "beurs 2024" in run(workspace, "subscribers", "show", "zoe@example.org")[1]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        (b"NEWSLETTER_SECRET_KEY", b"\xff" * 40),
        (b"NEWSLETTER_DATABASE__URL", b"postgresql://h:x/x"),
        (b"NEWSLETTER_DATABASE__URL", b"postgresql://[::1/x"),
        (b"NEWSLETTER_DATABASE__URL", b"sqlite:///x?timeout=abc"),
        (b"NEWSLETTER_NAME", b"\xff"),
    ],
)
def test_variable_that_will_not_do_is_named(workspace: Workspace, name: bytes, value: bytes) -> None:
    code, _, errors = run(workspace, "subscribers", "add", "zoe@example.org", "--list", "leden", environ={name: value})
    assert code == 3
    assert name.decode() in errors


INTERRUPTED = """
import signal, sys
class Interrupting:
    def find_spec(self, name, *_):
        if name == "newsletter.cli":
            signal.raise_signal(signal.SIGINT)
# Who runs the tests in the background may have it ignored, and a child takes that over.
signal.signal(signal.SIGINT, signal.default_int_handler)
sys.meta_path.insert(0, Interrupting())
from newsletter.__main__ import run
run()
"""


def test_somebody_who_stops_it_at_once_sees_no_traceback() -> None:
    done = subprocess.run([sys.executable, "-c", INTERRUPTED], capture_output=True, text=True, check=False)
    assert done.returncode == 130
    assert done.stderr == "\nStopped.\n"


def test_list_comes_in_on_standard_input(workspace: Workspace) -> None:
    arguments = ("subscribers", "import", "-", "--list", "leden", "--basis", "opt-in", "--yes")
    done = subprocess.run(
        [sys.executable, "-m", "newsletter", *arguments],
        cwd=workspace.root,
        input="email\nzoe@example.org\ngeen adres\n",
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 10, done.stderr
    assert "Imported 1 of 2 rows" in done.stdout
    assert "standard input:3, row 2, email" in done.stderr
    assert "var/reports/standard-input-bad-rows.csv" in done.stderr
    assert "import standard input" in run(workspace, "subscribers", "show", "zoe@example.org")[1]
