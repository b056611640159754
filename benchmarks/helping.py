"""How long `newsletter --help` takes, beside Python itself."""

import subprocess
import sys

from benchmarks.samples import timed


def run() -> None:
    """Print both."""
    own = timed(lambda: _start("-m", "newsletter", "--help"), 15)
    bare = timed(lambda: _start("-c", "pass"), 15)
    print(f"newsletter --help: {own * 1000:.0f} ms (bare Python {bare * 1000:.0f} ms)")


def _start(*arguments: str) -> None:
    subprocess.run([sys.executable, *arguments], check=True, stdout=subprocess.DEVNULL)
