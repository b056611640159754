"""Runs a module of tests/support that forks workers in a process of its own, which has no other threads."""

import os
import subprocess
import sys
from pathlib import Path

TESTS = Path(__file__).parents[1]
LONGEST = 570.0


def forking(module: str, *arguments: str, seconds: float = LONGEST) -> str:
    """Run a module, and give what it prints.

    Raises:
        AssertionError: It fails; says why.
    """
    ours = {name: value for name, value in os.environ.items() if not name.startswith("NEWSLETTER_")}
    done = subprocess.run(
        [sys.executable, "-m", f"support.{module}", *arguments],
        env={**ours, "PYTHONPATH": str(TESTS), "PYTHONWARNINGS": "ignore"},
        capture_output=True,
        text=True,
        timeout=seconds,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout
