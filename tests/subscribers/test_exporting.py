"""Exports: whoever is asked for, with what is kept of them; what goes out comes in again and changes nothing."""

import csv
import io
import zipfile
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from newsletter.audience import segment_clause
from newsletter.store import Database, open_database, tables
from newsletter.subscribers import (
    Definitions,
    Fate,
    Target,
    count_people,
    count_suppressed,
    export_people,
    find_parts,
    parse_address,
    read_definitions,
    synchronise_attributes,
    unsubscribe,
)
from newsletter.tokens import Signer
from newsletter.workspace import Workspace
from support.importing import import_file


@pytest.fixture
def target(definitions: Definitions, signer: Signer, now: datetime) -> Target:
    return Target("leden", "import test", now, definitions, signer.address_hashes, "opt-in", "a.jansen")


def write(path: Path, *rows: str) -> Path:
    path.write_text("\n".join(["email;status;voornaam;regio;topics;tags;aanmelddatum", *rows]), encoding="utf-8")
    return path


def exported(database: Database, target: Target, **more: Any) -> bytes:
    file = io.BytesIO()
    arguments = {"list_name": "leden", "everybody": False, **more}
    with database.snapshot() as connection:
        export_people(connection, target.definitions, file=file, progress=lambda _: None, **arguments)
    return file.getvalue()


def rows_of(content: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"))))


def test_export_tells_tags_and_how_somebody_consented(database: Database, target: Target, tmp_path: Path) -> None:
    path = write(tmp_path / "x.csv", 'a@example.org;;Anna;Noord;jeugd;"oud, wijs|raad";2020-03-01')
    import_file(database, path, target)
    values = {"frequency": "monthly", "paused_until": target.now}
    with database.writing() as connection:
        connection.execute(sa.update(tables.subscriptions).values(values))
    (row,) = rows_of(exported(database, target))
    assert row["tags"] == 'oud; "wijs|raad"'
    assert (row["topics"], row["frequency"], row["source"]) == ("jeugd", "monthly", "import test")
    assert row["paused_until"] == "2024-02-20T08:30:00+00:00"
    assert row["consent_at"] == "2020-03-01T00:00:00+00:00"
    assert row["consent_how"] == "an import (opt-in)"
    assert row["consent_source"] == "import test"


def test_people_of_a_segment_and_of_all_lists_are_exported(database: Database, target: Target, tmp_path: Path) -> None:
    path = write(
        tmp_path / "x.csv", "a@example.org;;Anna;Noord;;;", "b@example.org;;Bo;Zuid;;;", "c@example.org;spam;;;;;"
    )
    import_file(database, path, target)
    import_file(database, path, replace(target, list="pers"))
    segment = next(iter(target.definitions.segments.values()))
    among = segment_clause(segment.where, target.definitions, "leden")
    chosen = rows_of(exported(database, target, among=among))
    assert "Noord" in segment.where.source
    assert [row["email"] for row in chosen] == ["a@example.org"]
    everywhere = rows_of(exported(database, target, list_name=None))
    assert [(row["email"], row["list"]) for row in everywhere] == [
        ("a@example.org", "leden"),
        ("a@example.org", "pers"),
        ("b@example.org", "leden"),
        ("b@example.org", "pers"),
    ]
    with database.reading() as connection:
        assert count_people(connection, "leden", everybody=False, among=among) == 1
        assert count_people(connection, None, everybody=True) == 5
        assert count_suppressed(connection) == {"complained": 1}
    assert b"c@example.org" not in exported(database, target, list_name=None)


texts = st.text(st.characters(blacklist_categories=["Cs"]), max_size=12)


@given(
    st.dictionaries(
        st.from_regex(r"[a-z]{1,8}", fullmatch=True),
        st.tuples(
            texts, st.sets(texts | st.text('a,;|" ', max_size=6), max_size=3), st.sampled_from(["", "unsubscribed"])
        ),
        min_size=1,
        max_size=5,
    ),
    st.booleans(),
)
@settings(max_examples=30, deadline=None, suppress_health_check=list(HealthCheck))
def test_what_was_exported_changes_nothing_when_it_is_imported(
    workspace: Workspace,
    signer: Signer,
    now: datetime,
    tmp_path_factory: pytest.TempPathFactory,
    people: dict[str, tuple[str, set[str], str]],
    workbook: bool,
) -> None:
    folder = tmp_path_factory.mktemp("export")
    definitions = read_definitions(workspace)
    target = Target("leden", "test", now, definitions, signer.address_hashes, "opt-in")
    database = open_database(f"sqlite:///{folder}/x.db", workspace.root)
    synchronise_attributes(database, definitions)
    try:
        with (folder / "in.csv").open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(["email", "voornaam", "tags", "status"])
            for name, (first, tags, status) in people.items():
                quoted = ",".join('"' + tag.replace('"', '""') + '"' for tag in tags)
                writer.writerow([f"{name}@example.org", first, quoted, status])
        import_file(database, folder / "in.csv", target)
        out = folder / ("out.xlsx" if workbook else "out.csv")
        out.write_bytes(exported(database, target, everybody=True, workbook=workbook))
        result = import_file(database, out, replace(target, now=now.replace(year=2025)))
        assert result.written == result.bad == 0, result.counts
        assert exported(database, target, everybody=True) == exported(database, target, everybody=True)
    finally:
        database.close()


def test_workbook_is_one_that_other_programs_open(database: Database, target: Target, tmp_path: Path) -> None:
    import_file(database, write(tmp_path / "x.csv", 'a@example.org;;"=1+1 <&> _x0041_";Noord;;;'), target)
    out = tmp_path / "out.xlsx"
    out.write_bytes(exported(database, target, workbook=True))
    with zipfile.ZipFile(out) as package:
        assert package.testzip() is None
        assert {"[Content_Types].xml", "_rels/.rels", "xl/workbook.xml"} <= set(package.namelist())
        sheet = package.read("xl/worksheets/sheet1.xml").decode()
    assert "<f>" not in sheet
    (part,) = find_parts(out).parts
    with part.open() as table:
        (row,) = table.rows
    assert row.cells[1] == "=1+1 <&> _x0041_"


def test_those_who_left_are_exported_only_where_it_is_asked(database: Database, target: Target, tmp_path: Path) -> None:
    import_file(database, write(tmp_path / "x.csv", "a@example.org;;;;;;", "b@example.org;;;;;;"), target)
    with database.writing() as connection:
        unsubscribe(connection, parse_address("b@example.org"), "leden", target.now)
    assert len(rows_of(exported(database, target))) == 1
    content = exported(database, target, everybody=True)
    assert [row["status"] for row in rows_of(content)] == ["subscribed", "unsubscribed"]
    (tmp_path / "out.csv").write_bytes(content)
    again = import_file(database, tmp_path / "out.csv", target)
    assert again.counts == {Fate.UNCHANGED: 1, Fate.UNSUBSCRIBED: 1}
