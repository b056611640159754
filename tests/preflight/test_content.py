"""What checks of the content find and pass over, beside the fault that is planted for each."""

from datetime import date

import pytest

from newsletter.manuscript import mend
from newsletter.workspace import Workspace
from support.checking import Desk

STORY = "overdracht-met-een-formulier.md"
EVENT = "studiedag-ondermijning.md"


@pytest.fixture
def desk(workspace: Workspace) -> Desk:
    return Desk(workspace)


def messages(desk: Desk, check: str, **context: object) -> list[str]:
    return [finding.message for finding in desk.findings(check, **context)]


def body(desk: Desk, file: str, text: str) -> None:
    """Put a text in the place of an item's body."""
    whole = (desk.folder / file).read_text(encoding="utf-8")
    desk.write(file, whole[: whole.index("\n---\n") + 5] + "\n" + text + "\n")


def fixed(desk: Desk, check: str, file: str) -> str:
    """Make a check's changes to a file, and give its text."""
    text = (desk.folder / file).read_bytes().decode()
    return mend(text, [finding.fix for finding in desk.findings(check) if finding.fix is not None])


@pytest.mark.parametrize(
    "text",
    [
        "Op woensdag 7 maart 2024 is het zover.",
        "Op Wo. 7 mrt is het zover.",
        "Op **woensdag** 7 maart is het zover.",
        "Op woensdag\n7 maart is het zover.",
        "Op woensdag 7 en donderdag 8 maart 2024.",
        "Van woensdag 7 t/m vrijdag 9 maart 2024.",
        "On Wednesday the 7th of March 2024.",
        "On Wednesday, March 7, 2024.",
        "On wed 7 march.",
        "Op woensdag 07-03-2024.",
        "Op woensdag 31 april.",
        "Op woensdag 7/3.",
        "Op woensdag 7/3, om 19.00 uur.",
        "Op do. 13-3 is het zover.",
        "Op woensdag 07-03 van 10 tot 12 uur.",
        "Op dinsdag 31/4.",
        "On Friday 7/3.",
        "On Wednesday 3/14.",
        "Op dinsdag 29 februari 2023.",
    ],
)
def test_wrong_weekdays_are_found_however_they_are_written(desk: Desk, text: str) -> None:
    body(desk, STORY, text)
    assert len(desk.findings("weekday")) >= 1


@pytest.mark.parametrize(
    "text",
    [
        "Op donderdag 7 maart 2024, en op di 5 mrt.",
        "Op donderdag 7 en vrijdag 8 maart 2024.",
        "Van donderdag 7 tot en met zaterdag 9 maart.",
        "On Thursday, 7 March 2024 and Friday, March 8th.",
        "Op dinsdag 14 oktober 2025 en zondag 29 februari 2032.",
        "Op woensdag 13.00–17.00 uur, elke dinsdag 9-12 uur, om zo 5 mei te vieren.",
        "Zie `woensdag 7 maart` en [dit stuk](https://example.org/woensdag 7 maart).",
        "Afgelopen december, op zondag 24 december.",
        "Op donderdag 7/3, donderdag 07-03, wo 13-3 en vr. 15-3.",
        "On Thursday 3/7, Thursday 7/3, Wednesday 7/3 and Thursday 3/14.",
        "Op woensdag 1/2 dag vrij, en op dinsdag 2/3 van de leden. Zaterdag 3-1 gewonnen, zondag 27-25.",
        "Vanaf woensdag 24/7 open. Elke woensdag 10-2. Woensdag 9-12 en woensdag 13-17 uur.",
        "On Sunday 1/2 of the group.",
        "De uitslag 7/3 en 13-10, woensdag 7/3/4, woensdag 13-3-1 en woensdag 1/10,5.",
    ],
)
def test_right_weekdays_and_other_words_are_passed_over(desk: Desk, text: str) -> None:
    body(desk, STORY, text)
    assert messages(desk, "weekday") == []


def test_weekday_is_mended_where_the_day_is_the_events_own(desk: Desk) -> None:
    desk.replace(EVENT, "title: Studiedag", "title: Wo. 7 maart, studiedag")
    body(desk, EVENT, "Kom WOENSDAG 7 maart, en op dinsdag 6 maart.")
    text = fixed(desk, "weekday", EVENT)
    assert "title: Do. 7 maart, studiedag" in text
    assert "Kom DONDERDAG 7 maart, en op dinsdag 6 maart." in text


def test_year_of_a_weekday_is_that_of_the_event(desk: Desk) -> None:
    for key in ("start", "end"):
        desk.replace(EVENT, f"{key}: 2024-03-07", f"{key}: 2025-03-07")
    body(desk, EVENT, "Op vrijdag 7 maart.")
    assert messages(desk, "weekday") == []


def test_event_on_the_day_of_the_issue_is_not_over(desk: Desk) -> None:
    desk.replace("issue.yaml", "date: 2024-02-20", "date: 2024-03-07")
    assert messages(desk, "past-event") == []
    desk.replace("issue.yaml", "date: 2024-03-07", "date: 2024-03-08")
    assert messages(desk, "past-event") == ["the event is over on 2024-03-07, before the issue comes out"]


def test_issue_that_leaves_late_is_told_what_has_gone_by(desk: Desk) -> None:
    assert messages(desk, "issue-date", today=date(2024, 2, 1)) == []
    found = messages(desk, "issue-date", today=date(2024, 3, 10))
    assert "the issue is dated 2024-02-20, and today is 2024-03-10" in found
    assert "the event is over since 2024-03-07" in found
    assert not any("register" in message for message in found)


def test_full_event_needs_no_open_registration(desk: Desk) -> None:
    desk.replace(EVENT, "deadline: 2024-03-01", "deadline: 2024-02-01")
    desk.replace(EVENT, "topics:", "status: full\ntopics:")
    assert messages(desk, "registration-deadline") == []


def test_registration_does_not_close_after_the_event(desk: Desk) -> None:
    desk.replace(EVENT, "deadline: 2024-03-01", "deadline: 2024-03-08")
    assert messages(desk, "registration-deadline") == ["one can register until 2024-03-08, after the event"]


@pytest.mark.parametrize(
    "lost",
    [
        "Studiedag integrale aanpak ondermijning (voorbeeld)",
        "donderdag 7 maart 2024, 9.30–16.30 uur",
        "De Observant, Amersfoort",
        "€ 45",
        "t/m 1 maart",
    ],
)
def test_title_or_fact_that_the_text_lacks_is_found(desk: Desk, lost: str) -> None:
    desk.replace(EVENT, "topics:", "price: € 45\ntopics:")
    text = " ".join(desk.context().text.split())
    assert messages(desk, "text-part", text=text) == []
    assert lost in text
    assert messages(desk, "text-part", text=text.replace(lost, "")) == [f"“{lost}” is not in the text"]


@pytest.mark.parametrize(
    ("deadline", "found"),
    [
        ("2024-03-07", []),
        ("2024-03-07 09:30", []),
        ("2024-03-07 17:00", ["one can register until 2024-03-07 17:00, when the event has begun"]),
        ("2024-03-07 09:31", ["one can register until 2024-03-07 09:31, when the event has begun"]),
        ("2024-02-20 09:00", []),
        ("2024-02-20 00:00", ["one could register until 2024-02-19, before the issue comes out"]),
    ],
)
def test_hour_of_a_deadline_counts(desk: Desk, deadline: str, found: list[str]) -> None:
    desk.replace(EVENT, "deadline: 2024-03-01", f"deadline: {deadline}")
    assert messages(desk, "registration-deadline") == found


def test_one_may_register_while_an_event_of_several_days_lasts(desk: Desk) -> None:
    desk.replace(EVENT, "end: 2024-03-07", "end: 2024-03-08")
    desk.replace(EVENT, "deadline: 2024-03-01", "deadline: 2024-03-08 12:00")
    assert messages(desk, "registration-deadline") == []
    desk.replace(EVENT, "deadline: 2024-03-08 12:00", "deadline: 2024-03-08 23:00")
    assert len(messages(desk, "registration-deadline")) == 1


@pytest.mark.parametrize(
    ("keys", "found"),
    [
        ("status: moved", "the event was moved, and does not tell from when"),
        ("status: moved\nprevious_start: 2024-03-07 09:30", "the event was moved to when it stood before"),
        ("source_status: cancelled", "the source says that the event is cancelled, the issue that it is confirmed"),
        ("source_start: 2024-03-08 09:30", "the source says that the event starts on 2024-03-08 09:30"),
        ("source_start: 2024-03-07T09:30\nsource_status: Confirmed", ""),
        ("source_start: 2024-03-07T08:30:00+00:00", ""),
    ],
)
def test_event_is_held_against_what_its_source_said(desk: Desk, keys: str, found: str) -> None:
    desk.replace(EVENT, "topics:", f"{keys}\ntopics:")
    assert messages(desk, "event-status") == ([found] if found else [])


def test_words_about_other_things_are_no_status(desk: Desk) -> None:
    desk.replace(EVENT, "topics:", "lead: Een dag vol werkvormen.\ntopics:")
    assert messages(desk, "event-status") == []


def test_same_titles_for_different_readers_are_in_order(desk: Desk) -> None:
    desk.replace("issue.yaml", "title: Agenda", "title: Nieuws\n    visible_to: subscriber.region == 'Noord'")
    assert messages(desk, "duplicate-section") == []


def test_item_with_the_same_title_is_found_but_for_different_readers(desk: Desk) -> None:
    desk.replace(
        "jongeren-praten-mee.md",
        "title: Jongeren praten mee over hun eigen plan",
        "title: EEN  goede overdracht begint bij één formulier",
    )
    assert messages(desk, "repeated-item") == [f"the issue has an item with this title already: {STORY}"]
    desk.replace(
        "issue.yaml",
        f"- {STORY}",
        f"- file: {STORY}\n        visible_to: \"not ('jeugd' in subscriber.topics)\"",
    )
    assert messages(desk, "repeated-item") == []


@pytest.mark.parametrize(
    ("old", "new", "day", "found"),
    [
        ("title: Een goede overdracht", "title: een GOEDE overdracht", "2024-01-15", True),
        ("title: Een goede overdracht", "title: Een betere overdracht", "2024-01-15", True),
        ("berichten/overdracht-met-een-formulier/", "berichten/elders/", "2024-01-15", True),
        ("kind: article", "kind: article", "2024-01-15", True),
        ("kind: article", "kind: article", "2023-01-15", False),
        ("kind: article", "kind: article", "2024-03-15", False),
    ],
)
def test_earlier_item_is_known_by_link_file_or_title(desk: Desk, old: str, new: str, day: str, found: bool) -> None:
    earlier = desk.workspace.issues / "earlier"
    earlier.mkdir()
    text = (desk.folder / STORY).read_text(encoding="utf-8")
    (earlier / "a.md").write_text(text.replace(old, new), encoding="utf-8")
    event = (desk.folder / EVENT).read_text(encoding="utf-8")
    (earlier / "b.md").write_text(event, encoding="utf-8")
    (earlier / "issue.yaml").write_text(
        f"subject: x\ndate: {day}\ntemplate: bulletin\nsections:\n  - layout: news\n    items:\n"
        "      - file: a.md\n      - b.md\n      - gone.md\n",
        encoding="utf-8",
    )
    expected = [f"readers had this in earlier of {day}"] if found else []
    assert messages(desk, "earlier-item") == expected
    assert messages(desk, "earlier-item") == expected, "what was kept of the items says something else"


def test_quotation_of_an_item_needs_a_speaker(desk: Desk) -> None:
    desk.replace("douane-onderschept-meer.md", "  speaker: Aukje de Vries\n", "")
    (finding,) = desk.findings("quote-speaker")
    assert finding.place.field == "quote"


def says_nothing(words: str) -> str:
    return f"the link “{words}” does not say where it leads"


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("[Lees het rapport](https://example.org/)", []),
        ("[lees meer…](https://example.org/)", ["the link “lees meer…” does not say where it leads"]),
        ("[Read more][x]\n\n[x]: https://example.org/", ["the link “Read more” does not say where it leads"]),
        ("Zie https://example.org/a.", ["the address https://example.org/a stands in the text as it is"]),
        ("<https://example.org/>", ["the address https://example.org/ stands in the text as it is"]),
        (
            "[https://example.org/](https://example.org/)",
            ["the address https://example.org/ stands in the text as it is"],
        ),
        ("`[hier](https://example.org/)`", []),
        ("![hier](https://example.org/a.png)", []),
        ("[wie (en wat)](https://example.org/a_(b))", []),
        ("[Lees meer over dit onderwerp](https://example.org/)", [says_nothing("Lees meer over dit onderwerp")]),
        ("[Lees meer over jeugdhulp](https://example.org/)", []),
        ("[Read more about youth](https://example.org/)", []),
        ("[Helping children to read more](https://example.org/)", []),
        ("[Waarom jongeren meer lezen](https://example.org/)", []),
        ("[Ik lees meer](https://example.org/)", []),
        ("[Klik hier niet op: zo herkent u oplichting](https://example.org/)", []),
        ("[Don't click here](https://example.org/)", []),
        ("[Meld u hier aan voor de studiedag](https://example.org/)", []),
    ],
)
def test_links_have_words_of_their_own(desk: Desk, text: str, found: list[str]) -> None:
    body(desk, STORY, text)
    assert messages(desk, "link-text") == found


@pytest.mark.parametrize(
    ("words", "empty"),
    [
        ("Klik hier voor het programma", "Klik hier"),
        ("**Klik dan hier** om u aan te melden", "Klik dan hier"),
        ("» klik op deze link voor het rapport", "klik op deze link"),
        ("Click here for the programme", "Click here"),
        ("Via deze link vindt u het rapport", "Via deze link"),
        ("Aanmelden via deze link", "via deze link"),
        ("Het programma: lees meer »", "lees meer"),
        ("Het programma lees hier verder…", "lees hier verder"),
        ("Voor het programma klik hier", "klik hier"),
        ("The programme – read more", "read more"),
        ("The programme. Read more", "Read more"),
    ],
)
def test_words_that_say_nothing_are_found_at_both_ends_of_a_link(desk: Desk, words: str, empty: str) -> None:
    body(desk, STORY, f"Zie [{words}](https://example.org/).")
    assert messages(desk, "link-text") == [f"in the link “{words}” the words “{empty}” say nothing"]
    body(desk, STORY, "Niets.")
    desk.replace(STORY, "link_text: Bekijk het formulier en de eerste ervaringen", f"link_text: '{words}'")
    assert messages(desk, "link-text") == [f"in the link “{words}” the words “{empty}” say nothing"]


def test_link_text_of_an_item_is_looked_at(desk: Desk) -> None:
    desk.replace(STORY, "link_text: Bekijk het formulier en de eerste ervaringen", "link_text: Lees verder")
    (finding,) = desk.findings("link-text")
    assert finding.place.field == "link_text"


@pytest.mark.parametrize(
    "text",
    [
        "Lorem ipsum dolor.",
        "xxx",
        "Bel XXXX.",
        "Nog [naam].",
        "Hier komt nog een foto.",
        "NTB",
        "En verder […].",
        "???",
        "Dag {{ naam }}, welkom.",
        "Dag {{ subscriber.first_name }}, welkom.",
        "Dag *|FNAME|*, welkom.",
        "Dag <naam>, welkom.",
        "Dag <voor- en achternaam>, welkom.",
        "<UW NAAM>",
        "Lees verder: <link>.",
        "[HIER LINK INVOEGEN]",
        "[link toevoegen]",
        "[vul de datum in]",
        "[insert photo here]",
        "[your name]",
        "De uitslag is @@@.",
        "Locatie: nader in te vullen",
        "De locatie (nog nader in te vullen).",
        "Programma nog in te vullen.",
        "Location: to be filled in.",
        "PM",
        "Zaal – PM – Utrecht",
        "Zaal [PM]",
        "De zaal (PM) in Utrecht.",
        "Locatie: PM",
        "De tekst PM nader.",
        "| zaal | stad |\n|---|---|\n| PM | Utrecht |",
    ],
)
def test_placeholders_are_found(desk: Desk, text: str) -> None:
    body(desk, STORY, text)
    assert len(desk.findings("placeholder")) == 1


@pytest.mark.parametrize(
    "text",
    [
        "Maat XXL, exxxtra.",
        "> Wij […] gaan door.\n> — Iemand",
        "Op todo-lijsten staat veel.",
        "[…](https://example.org/)",
        "Zo werkt het: `Dag {{ naam }} en <naam>`.\n\n```\n{{ naam }} @@@ PM\n```",
        "Zie <https://example.org/naam> of <anna@example.org>, en 3 < 4 en 5 > 4.",
        "Een <br> of <strong>woord</strong> met <em>nadruk</em> en <script>.",
        "[Foto toevoegen](https://example.org/) of [kaart invoegen][x].\n\n[x]: https://example.org/",
        "De agenda is nog nader in te vullen. Een nader in te vullen programma. De rest moet je later aan te vullen.",
        "Het vult aan; wie wil invullen, kan dat hier. Volg [de redactie] en [Anna] op Mastodon: @redactie.",
        "Om 10:30 PM, of 3 PM - 5 PM. At 9 PM: bring food.",
        "De PM van Japan, fijnstof (PM10) en PM2,5. Een projectmanager (PM) en de prime minister (PM).",
        "Volgens de PM, die komt. A PM said so.",
    ],
)
def test_words_that_look_like_placeholders_are_passed_over(desk: Desk, text: str) -> None:
    body(desk, STORY, text)
    assert messages(desk, "placeholder") == []


@pytest.mark.parametrize(
    ("line", "with_it"),
    [
        ("subject: Douane onderschept bijna 60.000 kilo cocaïne", "subject: Dag <naam>"),
        ("subject: Douane onderschept bijna 60.000 kilo cocaïne", "subject: '[TITEL INVOEGEN]'"),
        ("subject: Douane onderschept bijna 60.000 kilo cocaïne", "subject: PM"),
        ("preheader: Het Centrum Seksueel Geweld krijgt", "preheader: '@@@ krijgt"),
        ("title: Nieuws", "title: '{{ titel }}'"),
        ("title: Nieuws", "title: P.M."),
        ("title: Nieuws", "title: Datum nader in te vullen"),
    ],
)
def test_placeholders_are_found_above_the_texts_too(desk: Desk, line: str, with_it: str) -> None:
    text = (desk.folder / "issue.yaml").read_text(encoding="utf-8")
    lines = [one.replace(line, with_it) + "'" * with_it.endswith("krijgt") * (line in one) for one in text.split("\n")]
    desk.write("issue.yaml", "\n".join(lines))
    assert len(desk.findings("placeholder")) == 1


def test_values_of_readers_are_filled_in_where_they_may_stand(desk: Desk) -> None:
    desk.replace("issue.yaml", "subject: Douane", "subject: '{{ subscriber.first_name }}: douane")
    desk.replace("issue.yaml", "cocaïne", "cocaïne'")
    assert messages(desk, "placeholder") == []


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Het RIEC.", ["RIEC"]),
        ("Het RIEC en de RIEC's, en het LIEC.", ["RIEC", "LIEC"]),
        ("Het Regionaal Informatie- en Expertisecentrum (RIEC) helpt.", []),
        ("Het **RIEC** (Regionaal Informatie- en Expertisecentrum) helpt. Het RIEC.", []),
        ("Hoofdstuk XII en XIV, de GGD, `ABCD` en https://example.org/ABC.", []),
        ("Het RIEC (in Utrecht).", []),
        ("Het RIEC (Utrecht).", []),
        ("De VNG.", []),
    ],
)
def test_abbreviations_want_their_words_once(desk: Desk, text: str, found: list[str]) -> None:
    desk.set('[preflight]\nabbreviations = ["VNG"]')
    body(desk, STORY, text)
    assert messages(desk, "abbreviation") == [f"the abbreviation {one} is nowhere explained" for one in found]


def terms(desk: Desk) -> None:
    (desk.workspace.root / "terms.yaml").write_text(
        "terms:\n"
        "  - term: procesregisseur\n    avoid: [proces regisseur, proces-regisseur]\n"
        "  - term: Zorg- en Veiligheidshuis\n    avoid: [zorg en veiligheidshuis, Veiligheidshuis Plus]\n"
        "  - term: Douane\n    avoid: [douane]\n    why: Zo heet de dienst.\n"
        "  - term: huis\n    avoid: [huis huis]\n",
        encoding="utf-8",
    )


def test_terms_are_mended_and_nothing_else(desk: Desk) -> None:
    terms(desk)
    body(
        desk,
        STORY,
        "Proces regisseur en proces\nregisseurs, een\r\nproces-regisseur; de douane en Douane, douaneposten,\n"
        "het Zorg- en Veiligheidshuis en het Zorg en Veiligheidshuis.\n"
        "[douane](https://example.org/douane) `douane` {{ subscriber.douane }} info@douane.example.org",
    )
    text = fixed(desk, "terms", STORY)
    assert text.endswith(
        "Procesregisseur en proces\nregisseurs, een\r\nprocesregisseur; de Douane en Douane, douaneposten,\n"
        "het Zorg- en Veiligheidshuis en het Zorg- en Veiligheidshuis.\n"
        "[Douane](https://example.org/douane) `douane` {{ subscriber.douane }} info@douane.example.org\n"
    )
    reasons = [finding.remedy for finding in desk.findings("terms") if "Douane" in finding.message]
    assert set(reasons) == {"Zo heet de dienst."}


def test_terms_are_mended_in_front_matter_and_in_the_issue(desk: Desk) -> None:
    terms(desk)
    desk.replace(STORY, "title: Een goede overdracht", 'title: "De douane\'s overdracht"  # opmerking\nlink: |')
    desk.replace(STORY, "link: | begint bij één formulier\n", "")
    desk.replace(STORY, "Drie regio", "Elke proces\n  regisseur weet: drie regio")
    text = fixed(desk, "terms", STORY)
    assert 'title: "De Douane\'s overdracht"  # opmerking' in text
    assert "Elke procesregisseur weet: drie regio" in text


@pytest.mark.parametrize(
    ("subject", "found"),
    [
        ("x" * 71, ["the subject has 71 characters; 70 are enough"]),
        ("Kom! Nu!", ["the subject has 2 exclamation marks"]),
        ("Fijne feestdagen!", []),
        ("NIEUWS", []),
    ],
)
def test_subject_neither_rambles_nor_shouts(desk: Desk, subject: str, found: list[str]) -> None:
    desk.replace("issue.yaml", "Douane onderschept bijna 60.000 kilo cocaïne", subject)
    assert messages(desk, "subject") == found


def test_needless_spaces_of_a_subject_are_taken_out(desk: Desk) -> None:
    desk.replace("issue.yaml", "Douane onderschept bijna 60.000 kilo cocaïne", '" Douane  onderschept "  # let op')
    assert messages(desk, "subject") == ["the subject has needless spaces"] * 3
    assert 'subject: "Douane onderschept"  # let op\n' in fixed(desk, "subject", "issue.yaml")


def test_subject_and_preheader_of_an_earlier_issue_are_not_used_again(desk: Desk) -> None:
    earlier = desk.workspace.issues / "earlier"
    earlier.mkdir()
    text = (desk.folder / "issue.yaml").read_text(encoding="utf-8").partition("sections:")[0]
    (earlier / "issue.yaml").write_text(text.replace("2024-02-20", "2024-02-13"), encoding="utf-8")
    assert messages(desk, "subject") == ["earlier of 2024-02-13 had the same subject"]
    assert messages(desk, "preheader") == ["earlier of 2024-02-13 had the same preheader"]


def test_preheader_is_there_and_is_short(desk: Desk) -> None:
    line = "preheader: Het Centrum Seksueel Geweld krijgt extra geld, en drie data om nu vast te noteren."
    desk.replace("issue.yaml", line, f"preheader: {'lang ' * 29}")
    assert messages(desk, "preheader") == ["the preheader has 144 characters; 140 are enough"]
    desk.replace("issue.yaml", f"preheader: {'lang ' * 29}\n", "")
    assert "there is no preheader" in messages(desk, "preheader")[0]


def test_issue_without_sections_is_empty(desk: Desk) -> None:
    text = (desk.folder / "issue.yaml").read_text(encoding="utf-8")
    desk.write("issue.yaml", text.partition("sections:")[0])
    assert messages(desk, "empty-section") == ["the issue has no sections"]
