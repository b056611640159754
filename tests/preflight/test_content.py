"""What checks of the content find and pass over, beside the fault that is planted for each."""

import pytest

from newsletter.workspace import Workspace
from support.checking import Desk

STORY = "overdracht-met-een-formulier.md"
EVENT = "studiedag-ondermijning.md"


@pytest.fixture
def desk(workspace: Workspace) -> Desk:
    return Desk(workspace)


def test_same_titles_for_different_readers_are_in_order(desk: Desk) -> None:
    desk.replace("issue.yaml", "title: Agenda", "title: Nieuws\n    visible_to: subscriber.region == 'Noord'")
    assert desk.messages("duplicate-section") == []


def test_item_with_the_same_title_is_found_but_for_different_readers(desk: Desk) -> None:
    desk.replace(
        "jongeren-praten-mee.md",
        "title: Jongeren praten mee over hun eigen plan",
        "title: EEN  goede overdracht begint bij één formulier",
    )
    assert desk.messages("repeated-item") == [f"the issue has an item with this title already: {STORY}"]
    desk.replace(
        "issue.yaml",
        f"- {STORY}",
        f"- file: {STORY}\n        visible_to: \"not ('jeugd' in subscriber.topics)\"",
    )
    assert desk.messages("repeated-item") == []


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
    assert desk.messages("earlier-item") == expected
    assert desk.messages("earlier-item") == expected, "what was kept of the items says something else"


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
    desk.body(STORY, text)
    assert desk.messages("link-text") == found


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
    desk.body(STORY, f"Zie [{words}](https://example.org/).")
    assert desk.messages("link-text") == [f"in the link “{words}” the words “{empty}” say nothing"]
    desk.body(STORY, "Niets.")
    desk.replace(STORY, "link_text: Bekijk het formulier en de eerste ervaringen", f"link_text: '{words}'")
    assert desk.messages("link-text") == [f"in the link “{words}” the words “{empty}” say nothing"]


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
    desk.body(STORY, text)
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
    desk.body(STORY, text)
    assert desk.messages("placeholder") == []


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
    assert desk.messages("placeholder") == []


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
    desk.body(STORY, text)
    assert desk.messages("abbreviation") == [f"the abbreviation {one} is nowhere explained" for one in found]


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
    desk.body(
        STORY,
        "Proces regisseur en proces\nregisseurs, een\r\nproces-regisseur; de douane en Douane, douaneposten,\n"
        "het Zorg- en Veiligheidshuis en het Zorg en Veiligheidshuis.\n"
        "[douane](https://example.org/douane) `douane` {{ subscriber.douane }} info@douane.example.org",
    )
    text = desk.fixed("terms", STORY)
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
    text = desk.fixed("terms", STORY)
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
    assert desk.messages("subject") == found


def test_needless_spaces_of_a_subject_are_taken_out(desk: Desk) -> None:
    desk.replace("issue.yaml", "Douane onderschept bijna 60.000 kilo cocaïne", '" Douane  onderschept "  # let op')
    assert desk.messages("subject") == ["the subject has needless spaces"] * 3
    assert 'subject: "Douane onderschept"  # let op\n' in desk.fixed("subject", "issue.yaml")


def test_subject_and_preheader_of_an_earlier_issue_are_not_used_again(desk: Desk) -> None:
    earlier = desk.workspace.issues / "earlier"
    earlier.mkdir()
    text = (desk.folder / "issue.yaml").read_text(encoding="utf-8").partition("sections:")[0]
    (earlier / "issue.yaml").write_text(text.replace("2024-02-20", "2024-02-13"), encoding="utf-8")
    assert desk.messages("subject") == ["earlier of 2024-02-13 had the same subject"]
    assert desk.messages("preheader") == ["earlier of 2024-02-13 had the same preheader"]


def test_preheader_is_there_and_is_short(desk: Desk) -> None:
    line = "preheader: Het Centrum Seksueel Geweld krijgt extra geld, en drie data om nu vast te noteren."
    desk.replace("issue.yaml", line, f"preheader: {'lang ' * 29}")
    assert desk.messages("preheader") == ["the preheader has 144 characters; 140 are enough"]
    desk.replace("issue.yaml", f"preheader: {'lang ' * 29}\n", "")
    assert "there is no preheader" in desk.messages("preheader")[0]


def test_issue_without_sections_is_empty(desk: Desk) -> None:
    text = (desk.folder / "issue.yaml").read_text(encoding="utf-8")
    desk.write("issue.yaml", text.partition("sections:")[0])
    assert desk.messages("empty-section") == ["the issue has no sections"]
