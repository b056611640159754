"""Tables with damage in them: what is damaged is bad, and everything else is read."""

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from newsletter.errors import SubscriberError
from newsletter.subscribers import BadRow, Definitions, Person, map_columns, open_table, read_rows
from newsletter.subscribers.importing.encodings import find_encoding
from newsletter.subscribers.importing.lines import LONGEST_LINE, MOST_LINES
from newsletter.subscribers.importing.tabular import LONGEST_CELL, Row


def rows_of(path: Path, content: bytes | str) -> list[Row]:
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    with open_table(path) as table:
        return list(table.rows)


def numbered(first: int, last: int) -> str:
    return "".join(f"r{number}@example.org;Reader\n" for number in range(first, last))


def addresses(rows: list[Row], *, bad: bool) -> list[str]:
    return [row.cells[0] for row in rows if (row.problem is not None) is bad]


@pytest.mark.parametrize("where", [0, 3, 70, 199])
@pytest.mark.parametrize("opening", ['"r@example.org;Reader\n', 'r@example.org;"Reader\n', 'r@example.org;"Rea"der"\n'])
def test_stray_quotation_mark_spoils_its_own_line_only(tmp_path: Path, where: int, opening: str) -> None:
    text = f"email;naam\n{numbered(0, where)}{opening}{numbered(where, 199)}"
    rows = rows_of(tmp_path / "x.csv", text)
    good = addresses(rows, bad=False)
    assert [address for address in good if address != "r@example.org"] == [
        f"r{number}@example.org" for number in range(199)
    ]
    for row in rows:
        if row.problem is not None:
            assert row.line == where + 2
            assert f"line {where + 2}" in row.problem.message
            assert "quotation mark at column" in row.problem.message


def test_two_stray_marks_do_not_hide_what_stands_between(tmp_path: Path) -> None:
    text = f'email;naam\na@example.org;"Jan\n{numbered(0, 3)}b@example.org;"Piet"\n{numbered(3, 5)}'
    rows = rows_of(tmp_path / "x.csv", text)
    assert addresses(rows, bad=True) == ["a@example.org"]
    assert addresses(rows, bad=False) == [
        *(f"r{n}@example.org" for n in range(3)),
        "b@example.org",
        "r3@example.org",
        "r4@example.org",
    ]


def test_cell_of_several_lines_is_one_cell(tmp_path: Path) -> None:
    rows = rows_of(
        tmp_path / "x.csv", 'email;adres\na@example.org;"Kade 1\r\n1234 AB  Utrecht ""aan zee""\n"\nb@example.org;x\n'
    )
    assert [row.problem for row in rows] == [None, None]
    assert rows[0].cells[1] == 'Kade 1\r\n1234 AB  Utrecht "aan zee"\n'
    assert [row.line for row in rows] == [2, 5]


def test_row_that_may_be_hidden_in_a_cell_is_left_to_a_person(tmp_path: Path) -> None:
    rows = rows_of(tmp_path / "x.csv", 'email;naam\na@example.org;"Jan\nb@example.org;Bo"\nc@example.org;Cor\n')
    assert addresses(rows, bad=True) == ["a@example.org"]
    assert "line 3, which looks like a row" in str(rows[0].problem)
    assert addresses(rows, bad=False) == ["c@example.org"]


def test_cell_of_too_many_lines_is_taken_for_a_stray_mark(tmp_path: Path) -> None:
    filling = "regel\n" * MOST_LINES
    rows = rows_of(tmp_path / "x.csv", f'email;adres\na@example.org;"{filling}"\nb@example.org;x\n')
    assert rows[0].problem is not None
    assert rows[-1].cells[0] == "b@example.org"


def test_character_nul_spoils_its_own_row_only(tmp_path: Path) -> None:
    rows = rows_of(tmp_path / "x.csv", f"email;naam\n{numbered(0, 5)}a@example.org;J\0n\n{numbered(5, 9)}")
    (bad,) = [row for row in rows if row.problem]
    assert "NUL" in str(bad.problem)
    assert bad.line == 7
    assert len(rows) == 10


@pytest.mark.parametrize("length", [LONGEST_CELL + 1, LONGEST_LINE * 2 + 10])
def test_cell_that_is_too_long_spoils_its_own_row_only(tmp_path: Path, length: int) -> None:
    rows = rows_of(tmp_path / "x.csv", f"email;naam\na@example.org;{'x' * length}\nb@example.org;Bo\n")
    assert addresses(rows, bad=True) == ["a@example.org"]
    assert addresses(rows, bad=False) == ["b@example.org"]
    assert max(map(len, rows[0].cells)) < 2_000


@pytest.mark.parametrize(
    "content",
    ["sep=;\n", "sep=;", f"email;{'x' * (LONGEST_CELL + 1)}\na@example.org;1\n", 'email;"naam\n', "\n \n;;\n"],
)
def test_header_that_cannot_be_read_is_a_clear_error(tmp_path: Path, content: str) -> None:
    with pytest.raises(SubscriberError) as raised:
        rows_of(tmp_path / "x.csv", content)
    assert raised.value.remedy
    assert "x.csv" in str(raised.value)


def test_empty_lines_before_the_header_are_passed_over(tmp_path: Path) -> None:
    (tmp_path / "x.csv").write_text("\n\n;;\nemail;naam\na@example.org;Jan\n", encoding="utf-8")
    with open_table(tmp_path / "x.csv") as table:
        assert table.headers == ("email", "naam")
        assert [row.line for row in table.rows] == [5]


def test_one_damaged_octet_does_not_garble_all_other_names(tmp_path: Path, definitions: Definitions) -> None:
    lines = [f"r{number}@example.org;Zoë\n".encode() for number in range(20)]
    lines[7] = b"r7@example.org;Zo\xeb\n"
    (tmp_path / "x.csv").write_bytes(b"email;voornaam\n" + b"".join(lines))
    with open_table(tmp_path / "x.csv") as table:
        read = list(read_rows(table.rows, map_columns(table.headers, {}, definitions, "x"), definitions))
    assert {row.values["first_name"] for row in read if isinstance(row, Person)} == {"Zoë"}
    (bad,) = [row for row in read if isinstance(row, BadRow)]
    assert bad.row.line == 9
    assert "damaged" in str(bad.problems[0])


names = st.text(st.characters(codec="cp1252", categories=["L"]), min_size=1, max_size=10)


@given(st.lists(names, min_size=1, max_size=8).filter(lambda found: not "".join(found).isascii()))
@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_encoding_is_found_for_names_of_all_kinds(tmp_path: Path, found: list[str]) -> None:
    (tmp_path / "x.csv").write_bytes("\n".join(found).encode())
    assert find_encoding(tmp_path / "x.csv") == "utf-8"
