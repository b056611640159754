"""Importing: whatever an office program wrote, all or nothing, safe to repeat."""

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from datetime import date, datetime
from pathlib import Path

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from newsletter.errors import NewsletterError, StoreError, SubscriberError
from newsletter.store import Database, open_database, tables
from newsletter.subscribers import (
    BadRow,
    BadRows,
    Definitions,
    Fate,
    Person,
    Target,
    export_people,
    import_people,
    map_columns,
    open_table,
    parse_address,
    read_definitions,
    read_rows,
    remove,
    show,
    synchronise_attributes,
    unsubscribe,
)
from newsletter.subscribers.formulas import guard_formula, without_guard
from newsletter.tokens import Signer
from newsletter.workspace import Workspace
from support.importing import Listening, import_file


@pytest.fixture
def target(definitions: Definitions, signer: Signer, now: datetime) -> Target:
    return Target("leden", "import test.csv", now, definitions, signer.address_hashes)


def people_in(path: Path, definitions: Definitions, maps: dict[str, str] | None = None) -> list[Person | BadRow]:
    with open_table(path) as table:
        columns = map_columns(table.headers, maps or {}, definitions, str(path))
        return list(read_rows(table.rows, columns, definitions))


def count(database: Database) -> int:
    with database.reading() as connection:
        return connection.scalar(sa.select(sa.func.count()).select_from(tables.subscribers)) or 0


TABLE = "E-mail{0}Voornaam{0}Tussenvoegsel{0}Achternaam{0}Regio\nzoë@example.org{0}Zoë{0}van der{0}Muis{0}noord\n"


@pytest.mark.parametrize("delimiter", [";", ",", "\t", "|"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
@pytest.mark.parametrize("line_end", ["\n", "\r\n"])
def test_delimiters_encodings_and_line_ends_of_all_kinds(
    definitions: Definitions, tmp_path: Path, delimiter: str, encoding: str, line_end: str
) -> None:
    path = tmp_path / "people.csv"
    path.write_bytes(TABLE.format(delimiter).replace("\n", line_end).encode(encoding))
    (person,) = people_in(path, definitions)
    assert isinstance(person, Person)
    assert person.address.address == "zoë@example.org"
    assert person.values == {"first_name": "Zoë", "last_name": "van der Muis", "region": "Noord"}


@pytest.mark.parametrize(
    ("header", "cells", "expected"),
    [
        ("mail;naam", "zoe@example.org;Zoë de Muis", {"first_name": "Zoë", "last_name": "de Muis"}),
        ("mail;naam", "zoe@example.org;Muis, Zoë", {"first_name": "Zoë", "last_name": "Muis"}),
        ("Email;Name;Surname", "zoe@example.org;Zoë;Muis", {"first_name": "Zoë", "last_name": "Muis"}),
        ("EMAIL ADDRESS;x", "Zoë Muis <zoe@example.org>;y", {"first_name": "Zoë", "last_name": "Muis"}),
        ("email;Lid sinds", "zoe@example.org;3-5-2023", {"member_since": date(2023, 5, 3)}),
        ("email;onderwerpen", "zoe@example.org;Jeugd, bestuur", {"topics": frozenset({"jeugd", "bestuur"})}),
        ("email;taal", "zoe@example.org;NL", {"language": "nl"}),
        ("email;voornaam", "zoe@example.org;", {}),
        ("email;voornaam", "zoe@example.org;'=cmd()", {"first_name": "=cmd()"}),
    ],
)
def test_columns_are_known_by_their_names(
    definitions: Definitions, tmp_path: Path, header: str, cells: str, expected: dict[str, object]
) -> None:
    path = tmp_path / "people.csv"
    path.write_text(f"{header}\n{cells}\n", encoding="utf-8")
    (person,) = people_in(path, definitions)
    assert isinstance(person, Person)
    assert person.address.address == "zoe@example.org"
    assert person.values == expected


@pytest.mark.parametrize(
    ("maps", "message"),
    [
        ({"Kolom": "emial"}, "there is no field 'emial'"),
        ({"Kolm": "email"}, "there is no column 'Kolm'"),
        ({}, "no column holds the addresses"),
        ({"Kolom": "-"}, "no column holds the addresses"),
    ],
)
def test_map_that_cannot_be_followed_says_why(
    definitions: Definitions, tmp_path: Path, maps: dict[str, str], message: str
) -> None:
    path = tmp_path / "people.csv"
    path.write_text("Kolom\nzoe@example.org\n", encoding="utf-8")
    with pytest.raises(SubscriberError, match=message) as raised:
        people_in(path, definitions, maps)
    assert raised.value.remedy


@pytest.mark.parametrize("content", [b"", b"\n\n", b"PK\x03\x04\x00\x00", b"\x00\x01\x02"])
def test_what_is_no_table_is_a_clear_error(definitions: Definitions, tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "people.csv"
    path.write_bytes(content)
    with pytest.raises(SubscriberError) as raised:
        people_in(path, definitions)
    assert raised.value.remedy


def test_file_that_is_not_there_is_a_clear_error(definitions: Definitions, tmp_path: Path) -> None:
    with pytest.raises(SubscriberError, match="cannot be read"):
        people_in(tmp_path / "nowhere.csv", definitions)


def garbage(path: Path, size: int) -> int:
    """Write a file of which every twentieth row is wrong in its own way."""
    wrong = ["geen adres", "a@", "@b.example", "a b@example.org", "zoe@example", "", "x@exa mple.org", "a@b@c.example"]
    lines = ["email;regio"]
    bad = 0
    for number in range(size):
        if number % 20 == 7:
            lines.append(f"{wrong[number // 20 % len(wrong)]};Noord")
            bad += 1
        elif number % 20 == 13:
            lines.append(f"reader{number}@example.org;Mars")
            bad += 1
        else:
            lines.append(f"reader{number}@example.org;Noord")
    path.write_text("\n".join(lines), encoding="utf-8")
    return bad


def test_bad_rows_are_reported_and_good_ones_imported(database: Database, target: Target, tmp_path: Path) -> None:
    bad, heard = garbage(tmp_path / "people.csv", 1200), Listening()
    result = import_file(database, tmp_path / "people.csv", target, heard)
    assert result.counts[Fate.BAD] == len(heard.bad_rows) == bad
    assert result.counts[Fate.ADDED] == count(database) == 1200 - bad
    for one in heard.bad_rows:
        assert one.problems[0].remedy
        assert one.row.line > 1


@contextmanager
def bad_rows(bad: Iterable[BadRow], headers: Sequence[str]) -> Iterator[BadRows]:
    """The report of some bad rows."""
    with closing(BadRows(headers)) as rows:
        for one in bad:
            rows.add(one)
        yield rows


def test_report_of_bad_rows_can_be_mended_and_imported(database: Database, target: Target, tmp_path: Path) -> None:
    garbage(tmp_path / "people.csv", 200)
    heard = Listening()
    import_file(database, tmp_path / "people.csv", target, heard)
    report = tmp_path / "report.csv"
    with bad_rows(heard.bad_rows, ["email", "regio"]) as bad:
        bad.save(report)
    assert report.stat().st_mode & 0o077 == 0
    with report.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == len(heard.bad_rows)
    assert all(row["problem"] and row["remedy"] for row in rows)
    mended = tmp_path / "mended.csv"
    with mended.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, rows[0].keys())
        writer.writeheader()
        for number, row in enumerate(rows):
            writer.writerow({**row, "email": f"mended{number}@example.org", "regio": "Zuid"})
    assert import_file(database, mended, target).counts == {Fate.ADDED: len(rows)}


def test_second_import_of_a_file_changes_nothing(database: Database, target: Target, tmp_path: Path) -> None:
    path = tmp_path / "people.csv"
    path.write_text("email;voornaam;topics\nzoe@example.org;Zoë;jeugd\nmo@example.org;Mo;\n", encoding="utf-8")
    assert import_file(database, path, target).counts == {Fate.ADDED: 2}
    assert import_file(database, path, target).counts == {Fate.UNCHANGED: 2}


def test_empty_cell_changes_nothing_and_a_full_one_does(database: Database, target: Target, tmp_path: Path) -> None:
    path = tmp_path / "people.csv"
    path.write_text("email;voornaam;regio;topics\nzoe@example.org;Zoë;Noord;jeugd\n", encoding="utf-8")
    import_file(database, path, target)
    path.write_text("email;voornaam;regio;topics\nZOE@example.org;;Zuid;bestuur\n", encoding="utf-8")
    assert import_file(database, path, target).counts == {Fate.CHANGED: 1}
    with database.reading() as connection:
        profile = show(connection, parse_address("zoe@example.org"), target.definitions, target.hashes)
    assert profile.values["first_name"] == "Zoë"
    assert profile.values["region"] == "Zuid"
    assert profile.values["topics"] == {"jeugd", "bestuur"}


def test_nobody_who_left_was_erased_or_complained_comes_back(
    database: Database, target: Target, tmp_path: Path
) -> None:
    path = tmp_path / "people.csv"
    path.write_text("email\nzoe@example.org\nmo@example.org\nkim@example.org\n", encoding="utf-8")
    import_file(database, path, target)
    with database.writing() as connection:
        unsubscribe(connection, parse_address("zoe@example.org"), "leden", target.now)
        remove(connection, parse_address("mo@example.org"), target.now, target.hashes, suppress=True)
    assert import_file(database, path, target).counts == {
        Fate.UNSUBSCRIBED: 1,
        Fate.SUPPRESSED: 1,
        Fate.UNCHANGED: 1,
    }


def test_one_address_twice_in_a_file_counts_once(database: Database, target: Target, tmp_path: Path) -> None:
    path = tmp_path / "people.csv"
    path.write_text("email\nzoe@example.org\nZoe@EXAMPLE.org\n", encoding="utf-8")
    assert import_file(database, path, target).counts == {Fate.ADDED: 1, Fate.REPEATED: 1}


def test_dry_run_says_the_same_and_writes_nothing(database: Database, target: Target, tmp_path: Path) -> None:
    garbage(tmp_path / "people.csv", 100)
    would = import_file(database, tmp_path / "people.csv", target, dry_run=True)
    assert count(database) == 0
    assert import_file(database, tmp_path / "people.csv", target).counts == would.counts


def test_failure_in_the_middle_leaves_everything_as_it_was(database: Database, target: Target, tmp_path: Path) -> None:
    garbage(tmp_path / "people.csv", 2000)
    rows = people_in(tmp_path / "people.csv", target.definitions)

    def breaking() -> Iterator[Person | BadRow]:
        yield from rows[:1500]
        raise RuntimeError("the cable was pulled")

    with pytest.raises(RuntimeError):
        import_people(database, breaking(), target)
    assert count(database) == 0


def test_others_can_write_while_a_file_is_being_read(database: Database, target: Target, tmp_path: Path) -> None:
    garbage(tmp_path / "people.csv", 1200)
    rows = people_in(tmp_path / "people.csv", target.definitions)

    def reading() -> Iterator[Person | BadRow]:
        yield from rows[:600]
        with database.writing() as connection:
            unsubscribe(connection, parse_address("zoe@example.org"), None, target.now)
        yield from rows[600:]

    (tmp_path / "zoe.csv").write_text("email\nzoe@example.org\n", encoding="utf-8")
    import_file(database, tmp_path / "zoe.csv", target)
    result = import_people(database, reading(), target)
    assert result.counts[Fate.ADDED] == 1080


def test_disk_that_is_full_leaves_everything_as_it_was(
    workspace: Workspace, sqlite_url: str, target: Target, tmp_path: Path
) -> None:
    garbage(tmp_path / "people.csv", 3000)
    database = open_database(sqlite_url, workspace.root)
    synchronise_attributes(database, target.definitions)

    @sa.event.listens_for(database.engine, "checkout")
    def _limit(connection: object, *_: object) -> None:
        pages = connection.execute("PRAGMA page_count").fetchone()[0]  # type: ignore[attr-defined]
        connection.execute(f"PRAGMA max_page_count = {pages + 20}")  # type: ignore[attr-defined]

    with pytest.raises(StoreError, match="full") as raised:
        import_file(database, tmp_path / "people.csv", target)
    assert "Make room" in raised.value.remedy
    assert count(database) == 0
    database.close()


cells = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cf", "Cs", "Zs", "Zl", "Zp"]), max_size=12)


@given(
    people=st.dictionaries(
        st.from_regex(r"[a-z]{1,8}", fullmatch=True),
        st.fixed_dictionaries(
            {
                "first_name": cells | st.sampled_from(["=1+1", "+x", "-x", "@x", "'", "'=x", '"', ";", ","]),
                "region": st.sampled_from(["", "Noord", "Zuid"]),
                "member_since": st.sampled_from(["", "2023-05-03"]),
                "topics": st.sampled_from(["", "jeugd", "jeugd; bestuur"]),
            }
        ),
        min_size=1,
        max_size=6,
    )
)
@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
def test_export_and_import_are_the_opposites_of_one_another(
    workspace: Workspace,
    signer: Signer,
    now: datetime,
    tmp_path_factory: pytest.TempPathFactory,
    people: dict[str, dict[str, str]],
) -> None:
    definitions = read_definitions(workspace)
    target = Target("leden", "test", now, definitions, signer.address_hashes)
    folder = tmp_path_factory.mktemp("export")
    with (folder / "in.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, ["email", "first_name", "region", "member_since", "topics"])
        writer.writeheader()
        for name, values in people.items():
            writer.writerow({"email": f"{name}@example.org", **values})
    exported = []
    for number, source in enumerate(["in.csv", "out0.csv"]):
        database = open_database(f"sqlite:///{folder}/{number}.db", workspace.root)
        synchronise_attributes(database, definitions)
        result = import_file(database, folder / source, target)
        assert result.counts == {Fate.ADDED: len(people)}
        with database.reading() as connection, io.BytesIO() as file:
            export_people(connection, definitions, "leden", file, lambda _: None, everybody=True)
            (folder / f"out{number}.csv").write_bytes(file.getvalue())
            exported.append(file.getvalue())
        database.close()
    assert exported[0] == exported[1]


@pytest.mark.parametrize("name", ["=1+1", "'=1+1", "''=1+1", "＝1+1", "＋31", "－x", "＠x", "'", "'t Hart"])
def test_text_that_a_spreadsheet_might_run_comes_back_as_it_was(name: str) -> None:
    guarded = guard_formula(name)
    assert without_guard(guarded) == name
    assert not guarded.startswith(("=", "+", "-", "@", "＝", "＋", "－", "＠"))


def test_headers_in_a_report_cannot_be_run_either(definitions: Definitions, tmp_path: Path) -> None:
    path = tmp_path / "people.csv"
    path.write_text("email;=HYPERLINK(1)\ngeen adres;=1+1\n", encoding="utf-8")
    bad = [row for row in people_in(path, definitions) if isinstance(row, BadRow)]
    with bad_rows(bad, ["email", "=HYPERLINK(1)"]) as report:
        report.save(tmp_path / "report.csv")
    rows = list(csv.reader(io.StringIO((tmp_path / "report.csv").read_text(encoding="utf-8-sig"))))
    assert rows[0][-1] == "'=HYPERLINK(1)"
    assert rows[1][-1] == "'=1+1"


def test_report_that_is_there_already_is_not_lost(definitions: Definitions, tmp_path: Path) -> None:
    path = tmp_path / "people.csv"
    reports: list[Path] = []
    for content in ("geen adres", "geen adres", "weer geen adres"):
        path.write_text(f"email\n{content}\n", encoding="utf-8")
        bad = [row for row in people_in(path, definitions) if isinstance(row, BadRow)]
        with bad_rows(bad, ["email"]) as report:
            reports.append(report.keep(tmp_path / "bad.csv"))
    assert [report.name for report in reports] == ["bad.csv", "bad.csv", "bad-2.csv"]
    assert "weer" not in reports[0].read_text(encoding="utf-8-sig")


def test_row_says_all_that_is_wrong_with_it(definitions: Definitions, tmp_path: Path) -> None:
    path = tmp_path / "people.csv"
    path.write_text("email;regio;status;lid sinds\ngeen adres;Mars;wellicht;gisteren\n", encoding="utf-8")
    (row,) = people_in(path, definitions)
    assert isinstance(row, BadRow)
    assert [problem.where.field for problem in row.problems] == ["email", "status", "region", "member_since"]


def test_export_keeps_spreadsheets_from_running_anything(database: Database, target: Target, tmp_path: Path) -> None:
    path = tmp_path / "people.csv"
    path.write_text('email;voornaam\nzoe@example.org;"=HYPERLINK(1)"\n+mo@example.org;@SUM(1)\n', encoding="utf-8")
    import_file(database, path, target)
    with database.reading() as connection, io.BytesIO() as file:
        export_people(connection, target.definitions, "leden", file, lambda _: None, everybody=False)
        rows = list(csv.reader(io.StringIO(file.getvalue().decode("utf-8-sig"))))
    for row in rows[1:]:
        assert not any(cell.startswith(("=", "+", "-", "@", "\t")) for cell in row)


@pytest.mark.corpora
def test_real_exports_of_other_programs_are_read_or_refused_clearly(corpora: Path, definitions: Definitions) -> None:
    files = sorted((corpora / "ghost-migrate").rglob("*.csv"))
    assert len(files) > 10
    people = 0
    for path in files:
        with suppress(NewsletterError):
            people += sum(isinstance(row, Person) for row in people_in(path, definitions))
    assert people > 40
