"""How long `newsletter --help` takes, beside Python itself."""

import subprocess
import sys
from collections.abc import Iterator

from benchmarks.figures import Figure
from benchmarks.samples import timed


def run() -> Iterator[Figure]:
    """Measure both."""
    own = timed(lambda: _start("-m", "newsletter", "--help"), 15)
    bare = timed(lambda: _start("-c", "pass"), 15)
    yield Figure("`newsletter --help`", f"{own * 1000:.0f} ms", f"bare Python, {bare * 1000:.0f} ms")


def _start(*arguments: str) -> None:
    subprocess.run([sys.executable, *arguments], check=True, stdout=subprocess.DEVNULL)
