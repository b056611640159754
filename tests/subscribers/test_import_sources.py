"""Files of all kinds that people come from, and those that somebody made to do harm."""

import zipfile
from datetime import datetime
from pathlib import Path

import pytest

from newsletter.errors import SubscriberError
from newsletter.store import Database
from newsletter.subscribers import BadRow, Definitions, Fate, Person, Target, find_parts, map_parts, read_parts
from newsletter.subscribers.importing import archives
from newsletter.subscribers.importing.workbook import package, texts
from newsletter.tokens import Signer
from support.importing import MAIN, import_file, write_archive, write_package, write_workbook

HEADER = ["email", "voornaam", "lid sinds"]


@pytest.fixture
def target(definitions: Definitions, signer: Signer, now: datetime) -> Target:
    return Target("leden", "import test", now, definitions, signer.address_hashes, "opt-in")


def people_in(path: Path, definitions: Definitions, now: datetime, sheet: str | None = None) -> list[Person | BadRow]:
    return list(read_parts(map_parts(find_parts(path, sheet=sheet), {}, definitions), definitions, now))


def addresses(rows: list[Person | BadRow]) -> list[str]:
    return [row.address.address for row in rows if isinstance(row, Person)]


def refusal(path: Path, definitions: Definitions, now: datetime) -> str:
    with pytest.raises(SubscriberError) as raised:
        people_in(path, definitions, now)
    assert raised.value.remedy
    return raised.value.message


def cell(place: str, text: str) -> str:
    return f'<c r="{place}" t="inlineStr"><is><t>{text}</t></is></c>'


CELLS = "".join(
    (
        f'<row r="1">{cell("A1", "Ledenlijst")}</row>',
        '<row r="3"><c r="A3" t="s"><v>0</v></c><c r="B3" t="s"><v>1</v></c><c r="C3" t="s"><v>2</v></c>',
        '<c r="E3" t="s"><v>3</v></c></row>',
        '<row r="4"><c r="A4" t="str"><f>LOWER("A@EXAMPLE.ORG")</f><v>a@example.org</v></c>',
        '<c r="B4" t="inlineStr"><is><r><t>Zo</t></r><r><t>ë</t></r><rPh><t>zo-ee</t></rPh></is></c>',
        '<c r="C4" s="1"><v>45342</v></c><c r="E4"><v>3.1612345678E10</v></c></row>',
        f'<row r="5">{cell("A5", "b@example.org")}<c r="B5" t="e"><v>#N/A</v></c>',
        '<c r="C5" s="2"><v>45342.5</v></c></row>',
        f'<row r="9">{cell("A9", "c@example.org")}{cell("B9", "Lijn_x000D_een")}</row>',
    )
)
SHARED = (
    f'<sst xmlns="{MAIN}"><si><t>E-mail</t></si><si><r><t>Voor</t></r><r><t>naam</t></r></si>'
    "<si><t>Lid sinds</t></si><si><t>Schoenmaat</t></si></sst>"
)
STYLES = (
    f'<styleSheet xmlns="{MAIN}"><numFmts><numFmt numFmtId="164" formatCode="[$-413]d\\ mmm\\ yyyy"/></numFmts>'
    '<cellXfs><xf numFmtId="0"/><xf numFmtId="164"/><xf numFmtId="22"/></cellXfs></styleSheet>'
)


def test_workbook_is_read_as_people_see_it(definitions: Definitions, now: datetime, tmp_path: Path) -> None:
    path = tmp_path / "leden.xlsx"
    more = {"xl/sharedStrings.xml": SHARED, "xl/styles.xml": STYLES}
    write_package(path, {"Leden": CELLS}, more)
    first, second, third = people_in(path, definitions, now)
    assert isinstance(first, Person)
    assert first.address.address == "a@example.org"
    assert first.values["first_name"] == "Zoë"
    assert str(first.values["member_since"]) == "2024-02-20"
    assert first.row.cells[4] == "31612345678"
    assert [row.row.line for row in (first, second, third)] == [4, 5, 9]
    assert isinstance(third, Person)
    assert third.values["first_name"] == "Lijn een"
    assert second.row.cells[1] == ""
    assert second.row.cells[2] == "2024-02-20 12:00:00"


def test_sheet_with_addresses_is_chosen(definitions: Definitions, now: datetime, tmp_path: Path) -> None:
    path = tmp_path / "leden.xlsx"
    sheets = {
        "Uitleg": [["Dit is een lijst"]],
        "Leden": [HEADER, ["a@example.org", "A", ""]],
        "Oud": [HEADER, ["b@x.nl"]],
    }
    write_workbook(path, sheets, hidden=["Oud"])
    assert addresses(people_in(path, definitions, now)) == ["a@example.org"]
    assert addresses(people_in(path, definitions, now, "Oud")) == ["b@x.nl"]


def test_person_says_which_of_several_sheets_is_meant(definitions: Definitions, now: datetime, tmp_path: Path) -> None:
    path = tmp_path / "leden.xlsx"
    write_workbook(path, {"Leden": [HEADER, ["a@example.org"]], "Pers": [["naam", "mail"], ["B", "b@example.org"]]})
    assert "several sheets" in refusal(path, definitions, now)
    assert addresses(people_in(path, definitions, now, "Pers")) == ["b@example.org"]
    with pytest.raises(SubscriberError, match="there is no sheet 'Raad'"):
        people_in(path, definitions, now, "Raad")


def test_texts_of_a_large_workbook_are_kept_in_a_file(
    definitions: Definitions, now: datetime, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(texts, "MOST_IN_MEMORY", 100)
    shared = "".join(f"<si><t>r{number}@example.org</t></si>" for number in range(500))
    rows = "".join(f'<row><c t="s"><v>{500 - number}</v></c></row>' for number in range(500))
    path = tmp_path / "leden.xlsx"
    more = {"xl/sharedStrings.xml": f'<sst xmlns="{MAIN}"><si><t>email</t></si>{shared}</sst>'}
    write_package(path, {"Leden": f'<row><c t="s"><v>0</v></c></row>{rows}'}, more)
    assert addresses(people_in(path, definitions, now)) == [f"r{number}@example.org" for number in reversed(range(500))]


def test_cell_at_the_far_end_of_a_sheet_costs_nothing(definitions: Definitions, now: datetime, tmp_path: Path) -> None:
    path = tmp_path / "leden.xlsx"
    rows = (
        f'<row r="1">{cell("A1", "email")}</row><row r="2">{cell("A2", "a@example.org")}</row>'
        f'<row r="1048576">{cell("XFD1048576", "x")}</row><row>{cell("ZZZZZZ9", "x")}</row>'
    )
    write_package(path, {"Leden": rows})
    first, far = people_in(path, definitions, now)
    assert isinstance(first, Person)
    assert isinstance(far, BadRow)
    assert far.row.line == 1_048_576


@pytest.mark.parametrize(
    "declared",
    [
        '<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]>',
        '<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">]>',
        '<!DOCTYPE x SYSTEM "http://127.0.0.1:9/x.dtd">',
    ],
)
def test_workbook_that_reaches_outside_is_refused(
    definitions: Definitions, now: datetime, tmp_path: Path, declared: str
) -> None:
    path = tmp_path / "leden.xlsx"
    rows = '<row><c t="inlineStr"><is><t>email</t></is></c></row><row><c t="inlineStr"><is><t>&e;&b;</t></is></c></row>'
    write_package(path, {"Leden": rows}, prefix=declared)
    assert "declares entities" in refusal(path, definitions, now)


def test_workbook_that_is_far_too_large_is_refused(
    definitions: Definitions, now: datetime, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "leden.xlsx"
    write_workbook(path, {"Leden": [["email"], *([f"r{number}@example.org"] for number in range(20_000))]})
    monkeypatch.setattr(package, "MOST_OCTETS", 500_000)
    assert "holds more than" in refusal(path, definitions, now)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600, "an old workbook"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600 + "EncryptedPackage".encode("utf-16-le"), "password"),
        (b"PK\x03\x04" + b"\0" * 100, "damaged"),
        (b"", "empty"),
        (b"\0\1\2\3", "no text"),
    ],
)
def test_file_of_another_kind_is_refused_with_what_to_do(
    definitions: Definitions, now: datetime, tmp_path: Path, content: bytes, said: str
) -> None:
    path = tmp_path / "leden.xlsx"
    path.write_bytes(content)
    assert said in refusal(path, definitions, now)


@pytest.mark.parametrize(
    ("members", "said"),
    [
        ({"mimetype": "application/vnd.oasis.opendocument.spreadsheet", "content.xml": ""}, "OpenDocument"),
        ({"xl/workbook.bin": ""}, "binary workbook"),
        ({"foto.jpg": ""}, "no CSV file"),
        ({"leeg.csv": ""}, "no table"),
        ({"cijfers.csv": "maand;aantal\n1;2\n"}, "no table"),
        ({"xl/workbook.xml": "<workbook/>"}, "no sheet"),
        ({"xl/workbook.xml": "<workbook"}, "cannot be read"),
    ],
)
def test_archive_of_another_kind_is_refused_with_what_to_do(
    definitions: Definitions, now: datetime, tmp_path: Path, members: dict[str, str], said: str
) -> None:
    write_archive(tmp_path / "x.zip", members)
    assert said in refusal(tmp_path / "x.zip", definitions, now)


def test_bomb_is_not_unpacked(
    definitions: Definitions, now: datetime, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(archives, "_SMALL", 1024)
    path = tmp_path / "bomb.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("people.csv", "email\n" + "a" * 20_000_000)
    assert path.stat().st_size < 100_000
    assert "when it is unpacked" in refusal(path, definitions, now)


def test_bomb_that_lies_about_its_size_is_not_unpacked(
    definitions: Definitions, now: datetime, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(archives, "_SMALL", 1024)
    path = tmp_path / "bomb.zip"
    content = "email\n" + "a" * 20_000_000
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("people.csv", content)
    size = len(content).to_bytes(4, "little")
    path.write_bytes(path.read_bytes().replace(size, (100).to_bytes(4, "little")))
    assert refusal(path, definitions, now)


def test_names_of_members_are_only_names(definitions: Definitions, now: datetime, tmp_path: Path) -> None:
    path = tmp_path / "x.zip"
    write_archive(path, {"../../evil.csv": "email\na@example.org\n", "/etc/evil.csv": "email\nb@example.org\n"})
    assert addresses(people_in(path, definitions, now)) == ["a@example.org", "b@example.org"]
    assert not (tmp_path.parent.parent / "evil.csv").exists()


def test_ten_thousand_columns_are_read(database: Database, target: Target, tmp_path: Path) -> None:
    path = tmp_path / "wide.csv"
    header = ";".join(["email", *(f"kolom {number}" for number in range(10_000))])
    row = ";".join(["{}@example.org", *("x" for _ in range(10_000))])
    path.write_text("\n".join([header, *(row.format(f"r{number}") for number in range(20))]), encoding="utf-8")
    assert import_file(database, path, target).counts == {Fate.ADDED: 20}


def test_line_without_end_is_one_bad_row(definitions: Definitions, now: datetime, tmp_path: Path) -> None:
    path = tmp_path / "long.csv"
    with path.open("w", encoding="utf-8") as file:
        file.write("email;naam\na@example.org;A\n")
        for _ in range(64):
            file.write("x" * 1_048_576)
        file.write("\nb@example.org;B\n")
    rows = people_in(path, definitions, now)
    assert addresses(rows) == ["a@example.org", "b@example.org"]
    assert len(rows) == 3


def test_same_people_come_out_of_a_workbook_and_of_csv(definitions: Definitions, now: datetime, tmp_path: Path) -> None:
    rows = [HEADER, *([f"r{number}@example.org", f'Zoë "{number}" <&>', "2024-02-20"] for number in range(50))]
    write_workbook(tmp_path / "x.xlsx", {"Leden": rows})
    lines = [";".join('"' + cell.replace('"', '""') + '"' for cell in row) for row in rows]
    (tmp_path / "x.csv").write_text("\n".join(lines), encoding="utf-8")
    of_workbook, of_csv = (people_in(tmp_path / name, definitions, now) for name in ("x.xlsx", "x.csv"))
    assert [(row.address, row.values) for row in of_workbook if isinstance(row, Person)] == [
        (row.address, row.values) for row in of_csv if isinstance(row, Person)
    ]
