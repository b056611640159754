"""Items as files: read whole, complained about with their place, and changed without losing anything."""

import json
from datetime import date, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from newsletter.documents import parse_yaml, split_front_matter
from newsletter.errors import ContentError, NewsletterError
from newsletter.items import (
    Article,
    Event,
    EventStatus,
    Person,
    Publication,
    change_item,
    item_from_text,
    quotes_in,
)

AMSTERDAM = ZoneInfo("Europe/Amsterdam")


def read(text: str) -> Article | Event | Publication:
    return item_from_text(text, "x.md", "Europe/Amsterdam")


def test_article_is_read_with_everything_in_it() -> None:
    item = read(
        "---\nkind: article\ntitle: T\nlead: L\nbyline:\n  - name: N\n    role: R\n    organisation: O\n"
        "date: 2024-02-20\n"
        "url: https://x.example/\nlink_text: Go\nimage:\n  source: a.jpg\n  alt: A\n  credit: C\ntopics: [a, b]\n"
        "quote:\n  text: Q\n  speaker: S\n  role: R\nown_key: kept\n---\n\nBody\n"
    )
    assert isinstance(item, Article)
    assert item.byline == (Person("N", "R", "O"),)
    assert item.date == date(2024, 2, 20)
    assert item.image is not None
    assert (item.image.source, item.image.alt, item.image.credit) == ("a.jpg", "A", "C")
    assert item.topics == ("a", "b")
    assert item.quote is not None
    assert item.quote.speaker == "S"
    assert item.extra == {"own_key": "kept"}
    assert item.body.strip() == "Body"


@pytest.mark.parametrize(
    ("lines", "start", "end", "all_day"),
    [
        ("start: 2024-03-07 09:30", datetime(2024, 3, 7, 9, 30, tzinfo=AMSTERDAM), None, False),
        ("start: 2024-03-07", date(2024, 3, 7), None, True),
        ("start: 2024-03-07\nend: 2024-03-09", date(2024, 3, 7), date(2024, 3, 9), True),
        ("start: 2024-03-07T09:30:00+05:30", datetime.fromisoformat("2024-03-07T09:30:00+05:30"), None, False),
        ("start: 2024-03-07 09:30\ntime_zone: UTC", datetime(2024, 3, 7, 9, 30, tzinfo=ZoneInfo("UTC")), None, False),
    ],
)
def test_times_of_an_event(lines: str, start: object, end: object, all_day: bool) -> None:
    item = read(f"---\nkind: event\ntitle: T\n{lines}\nstatus: full\n---\n")
    assert isinstance(item, Event)
    assert (item.start, item.end, item.all_day, item.status) == (start, end, all_day, EventStatus.FULL)


@pytest.mark.parametrize(
    ("matter", "expected"),
    [
        ("title: T", ["x.md:", "'kind' is missing", "kind: article"]),
        ("kind: artikel\ntitle: T", ["x.md:2:7", "'artikel'"]),
        ("kind: article", ["'title' is missing"]),
        ("- kind: article", ["x.md:2:1", "holds no keys", "kind: article"]),
        ("# kind: article", ["x.md:2:1", "is empty", "kind: article"]),
        ("kind: article\ntitle: T\nleadd: x", ["x.md:4:1", "'leadd'", "'lead'"]),
        ("kind: article\ntitle: T\nurl: example.org", ["x.md:4:6", "no web address", "https://"]),
        ("kind: article\ntitle: T\nurl: javascript:alert(1)", ["x.md:4:6", "no web address"]),
        ("kind: article\ntitle: T\ndate: 30 februari", ["x.md:4:7", "2024-03-07"]),
        ("kind: article\ntitle: T\nimage:\n  source: a.jpg", ["x.md:", "alt"]),
        ("kind: article\ntitle: T\nimage:\n  source: ../a.jpg\n  alt: x", ["x.md:5:", "folder"]),
        ("kind: article\ntitle: T\nimage:\n  source: /etc/passwd\n  alt: x", ["x.md:5:", "folder"]),
        ("kind: event\ntitle: T", ["'start' is missing"]),
        ("kind: event\ntitle: T\nstart: 2024-03-07 10:00\nend: 2024-03-07 09:00", ["x.md:5:", "before the start"]),
        ("kind: event\ntitle: T\nstart: 2024-03-07\nend: 2024-03-07 09:00", ["x.md:5:", "two kinds"]),
        ("kind: event\ntitle: T\nstart: 2024-03-31 02:30", ["x.md:4:", "does not exist"]),
        ("kind: event\ntitle: T\nstart: 2024-03-07\ntime_zone: Mars/Base", ["x.md:5:", "Mars/Base"]),
        ("kind: event\ntitle: T\nstart: 2024-03-07\nstatus: maybe", ["x.md:5:", "confirmed"]),
        ("kind: publication\ntitle: T", ["url", "file"]),
        ("kind: publication\ntitle: T\nurl: https://x.example\npages: -3", ["x.md:5:8", "Expected: more than 0."]),
        ("kind: article\nkind: event\ntitle: T", ["x.md:3:", "Remove one"]),
        ("kind: article\ntitle: [", ["x.md:"]),
        ("kind: article\ntitle:\n\t- x", ["x.md:4:1"]),
        ("kind: article\ntitle: a\x07b", ["x.md:3:", "U+0007"]),
        ("kind: article\ntitle: true", ["x.md:3:8"]),
        ("kind: article\ntitle: '  '", ["x.md:3:8", "not empty"]),
        ("kind: article\ntitle: T\ndate: 2024-02-30", ["x.md:4:7: there is no date 2024-02-30", "Correct the date"]),
        ("kind: article\ntitle: T\ndate: 2024-02-20 10:00", ["x.md:4:7", "has a time", "a day without a time"]),
        ("kind: article\ntitle: T\ndate: 2024-02-20 10:00:00", ["x.md:4:7", "has a time", "a day without a time"]),
        ("kind: article\ntitle: T\ndate: 86400", ["x.md:4:7", "86400 is no date"]),
        ("kind: article\ntitle: T\nbyline: [Jan]", ["x.md:4:10", "does not fit 'byline'", "'name: …'"]),
        ("kind: article\ntitle: T\ntopics: [a, 1]", ["x.md:4:13", "does not fit 'topics'"]),
        ("kind: article\ntitle: T\nurl: https://[x", ["x.md:4:6", "no web address", "https://"]),
        ("kind: article\ntitle: T\nurl: 'x|y|z'", ["x.md:4:6", "'x|y|z' is no web address", "https://"]),
        ("kind: article\ntitle: T\nurl: https://x.example:99999/", ["x.md:4:6", "no web address"]),
        ("kind: event\ntitle: T\nstart: 2024-03-07\nplace: '   '", ["x.md:5:8", "not empty"]),
        ("kind: event\ntitle: T\nstart: 0001-01-01 00:00", ["x.md:4:", "too far away"]),
        ("kind: event\ntitle: T\nstart: 9999-12-31 23:59\ntime_zone: America/New_York", ["x.md:4:", "too far away"]),
        ("kind: event\ntitle: T\nstart: 0001-01-01T00:00+05:00", ["x.md:4:", "too far away"]),
        ("kind: event\ntitle: T\nstart:", ["x.md:4:7", "the date is missing"]),
        ("kind: publication\ntitle: T\nurl: https://x.example\npages: true", ["x.md:5:8", "true is no number"]),
        ("kind: publication\ntitle: T\nurl: https://x.example\npages: 1.5", ["x.md:5:8", "a whole number"]),
    ],
)
def test_mistake_is_named_with_line_column_and_remedy(matter: str, expected: list[str]) -> None:
    with pytest.raises(NewsletterError) as raised:
        read(f"---\n{matter}\n---\n\nBody\n")
    for part in expected:
        assert part in str(raised.value)


@pytest.mark.parametrize(
    "character", ['"', "<", ">", "\\", "`", " ", "\n", "\x01", "\u200f", "\u202e", "\u2066", "\u2028"]
)
def test_address_that_could_end_its_attribute_or_mislead_its_reader_is_refused(character: str) -> None:
    url = json.dumps(f"https://x.example/a{character}b")
    with pytest.raises(NewsletterError, match=r"x\.md:4:6.*cannot stand in a web address"):
        read(f"---\nkind: article\ntitle: T\nurl: {url}\n---\n")


@pytest.mark.parametrize("url", ["https://nl.example/'s-Hertogenbosch", "https://x.example/é?q=a%20b|c#d"])
def test_address_that_only_looks_unusual_is_kept(url: str) -> None:
    item = read(f"---\nkind: article\ntitle: T\nurl: {json.dumps(url)}\n---\n")
    assert item.url == url


@pytest.mark.parametrize("text", ["", "no front matter", "---\nkind: article\ntitle: T\n", "---\n---\n"])
def test_file_without_whole_front_matter_is_a_clear_error(text: str) -> None:
    with pytest.raises(NewsletterError) as raised:
        read(text)
    assert "x.md" in str(raised.value)


def test_bomb_of_references_is_refused() -> None:
    levels = "\n".join(f"x{n}: &x{n} [{', '.join([f'*x{n - 1}'] * 9)}]" for n in range(1, 9))
    with pytest.raises(NewsletterError, match="nested or repeated"):
        read(f"---\nkind: article\ntitle: T\nx0: &x0 [a]\n{levels}\n---\n")


@pytest.mark.parametrize(
    ("lines", "message", "place"),
    [
        ("file: https://x.example/a.pdf", "is a web address and no file beside the item", "4:7"),
        ("url: https://x.example/\npages: 100001", "100001 does not fit 'pages'", "5:8"),
        (f"url: https://x.example/\npages: {'9' * 400}", "does not fit 'pages'", "5:8"),
    ],
)
def test_publication_is_no_longer_than_books_and_its_file_lies_beside_it(lines: str, message: str, place: str) -> None:
    with pytest.raises(ContentError, match=message) as caught:
        read(f"---\nkind: publication\ntitle: T\n{lines}\n---\n")
    assert str(caught.value.where).startswith(f"x.md:{place},")
    assert caught.value.remedy


def test_quotes_of_a_body_are_found_with_who_said_them() -> None:
    found = quotes_in("Text\n\n> One\n> two\n> — A. Person, her role\n\nmore\n\n> Nobody said this\n")
    assert [(quote.text, quote.speaker, quote.role) for quote in found] == [
        ("One two", "A. Person", "her role"),
        ("Nobody said this", None, None),
    ]


keys = st.from_regex(r"[a-z]{3,10}_own", fullmatch=True)
words = st.text(
    st.characters(codec="utf-8", categories=["L", "N", "P", "Zs"], exclude_characters="\u0085\ufeff"), max_size=20
)
scalars = words.map(lambda word: '"' + word.replace("\\", "\\\\").replace('"', '\\"') + '"')


@given(
    own=st.dictionaries(keys, scalars, max_size=4),
    comments=st.lists(words.map(lambda word: f"# {word}"), max_size=3),
    body=words,
    line_end=st.sampled_from(["\n", "\r\n"]),
    title=words.filter(str.strip),
)
@settings(max_examples=150, deadline=None)
def test_change_keeps_comments_order_own_keys_and_body(
    own: dict[str, str], comments: list[str], body: str, line_end: str, title: str
) -> None:
    lines = [
        "kind: article",
        *comments,
        'title: "Old"  # why',
        *(f"{key}: {value}" for key, value in own.items()),
        "lead: L",
    ]
    text = line_end.join(["---", *lines, "---", "", body, ""])
    assert change_item(text, "x.md", {"title": "Old"}) == text
    changed = change_item(text, "x.md", {"title": title})
    before, after = split_front_matter(text, "x.md"), split_front_matter(changed, "x.md")
    assert after.body == before.body
    data = parse_yaml(after.matter, "x.md").data
    assert data == {**parse_yaml(before.matter, "x.md").data, "title": title}
    assert list(data) == ["kind", "title", *own, "lead"]
    for comment in comments:
        assert comment.rstrip() in changed
    assert change_item(changed, "x.md", {"title": "Old"}).replace("\r\n", "\n").count("# why") == 1
