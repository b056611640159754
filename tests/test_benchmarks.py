"""The page of figures is written whole, from what the benchmarks tell; none of them is run here."""

import importlib
import pkgutil
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

import benchmarks
from benchmarks import __main__ as entry
from benchmarks import document, machine
from benchmarks.figures import Figure, at_least, at_most, missing, within

MOMENT = datetime(2026, 5, 1, 12, 0, tzinfo=UTC)
FIGURES = (
    Figure("68 kB", "6,000/s", "another|program, 5,000/s", 1.2, at_least(1.2, 1.2, "×")),
    Figure("68 kB, CPU", "61 µs", bar=at_most(61, 60, "µs")),
    Figure("over 10 s", "47.4/s", "the limit, 50/s", 0.948, within(47.4, 50, 0.05)),
    missing("5 kB", "there is no Node here"),
)


def told() -> Iterator[Figure]:
    yield from FIGURES


def breaks() -> Iterator[Figure]:
    yield FIGURES[0]
    raise AssertionError("nobody was accepted")


@pytest.fixture
def page() -> str:
    sections = [document.Section("dispatch", "How fast it is.", FIGURES, 61.4)]
    return document.page("make bench", MOMENT, "`abc`", {"cores": "2"}, sections)


def test_every_figure_is_a_row_with_its_bar(page: str) -> None:
    assert [line for line in page.splitlines() if line.startswith(("| 68", "| over", "| 5"))] == [
        "| 68 kB | 6,000/s | another\\|program, 5,000/s | 1.20 × | ≥ 1.2 ×: met |",
        "| 68 kB, CPU | 61 µs |  |  | ≤ 60 µs: not met |",
        "| over 10 s | 47.4/s | the limit, 50/s | 0.95 × | within 5%: not met |",
        "| 5 kB | not measured | there is no Node here |  |  |",
    ]


def test_page_says_how_it_was_made_where_and_how_to_read_it(page: str) -> None:
    assert page.startswith("# Benchmarks\n\nMade by `make bench` on 2026-05-01, of commit `abc`, in 1 min 1 s.")
    assert "| cores | 2 |" in page
    assert "## `dispatch`\n\nHow fast it is. It took 1 min 1 s.\n\n| what | here |" in page
    assert "## How to read this" in page


def test_command_prints_figures_and_puts_the_page_in_its_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "benchmarks.md"
    file.write_text("an earlier one", encoding="utf-8")
    monkeypatch.setattr(entry, "BENCHMARKS", {"told": told})
    assert entry.main(["--write", str(file)]) == 0
    assert "Made by `make bench`" in file.read_text(encoding="utf-8")
    assert "| 68 kB, CPU | 61 µs |" in file.read_text(encoding="utf-8")
    assert list(tmp_path.iterdir()) == [file]
    printed = capsys.readouterr().out
    assert "another|program, 5,000/s, 1.20 ×" in printed
    assert "in all 0 s" in printed


def test_benchmark_that_ends_early_is_said_to_and_the_others_go_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "benchmarks.md"
    monkeypatch.setattr(entry, "BENCHMARKS", {"breaks": breaks, "told": told})
    assert entry.main(["--write", str(file)]) == 1
    written = file.read_text(encoding="utf-8")
    assert "| the rest | not measured | it ended with AssertionError |" in written
    assert "## `told`" in written


def test_unknown_name_is_refused_before_anything_is_measured(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        entry.main(["dispatches"])
    assert "there is no benchmark 'dispatches'" in capsys.readouterr().err


def test_machine_is_described_without_its_name() -> None:
    described = machine.describe()
    assert all(described.values())
    assert {"processor", "cores", "memory", "Python", "SQLite", "PostgreSQL", "Postfix", "Node"} <= described.keys()


def test_every_benchmark_is_entered() -> None:
    modules = (
        importlib.import_module(f"benchmarks.{found.name}") for found in pkgutil.iter_modules(benchmarks.__path__)
    )
    runs = {module.run for module in modules if hasattr(module, "run") and module.__name__ == module.run.__module__}
    assert runs <= {*entry.BENCHMARKS.values(), *entry.LONG.values()}


def test_every_benchmark_says_what_it_measures() -> None:
    assert all(entry._question(run).endswith(".") for run in entry.BENCHMARKS.values())
