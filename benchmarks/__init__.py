"""Benchmarks: each tells its figures and the bar that it is to meet; none is a test that can fail by the clock."""

import sys
from pathlib import Path

# Servers that the tests make for themselves are measured on too.
sys.path.append(str(Path(__file__).parents[1] / "tests"))
