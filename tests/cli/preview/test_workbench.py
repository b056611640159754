"""Whom the preview shows an issue for, and that what is chosen survives in the address."""

from urllib.parse import parse_qs, urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conftest import SLUG
from newsletter.cli.base import Face
from newsletter.cli.preview.appearance import Scheme, in_scheme
from newsletter.cli.preview.choice import EVERYBODY, NARROWEST, WIDEST, Choice, View, read_choice
from newsletter.cli.preview.readers import find_reader
from newsletter.cli.preview.workbench import Preview
from newsletter.clock import now
from newsletter.compatibility import clients
from newsletter.errors import ContentError, SubscriberError
from newsletter.subscribers import add, parse_address, unsubscribe
from newsletter.workspace import Workspace

CHOICES = st.builds(
    Choice,
    view=st.sampled_from(View),
    width=st.integers(NARROWEST, WIDEST),
    scheme=st.sampled_from(Scheme),
    images=st.booleans(),
    clipped=st.booleans(),
    client=st.sampled_from(["", *clients()]),
    email=st.text(max_size=12).map(str.strip),
    group=st.text(max_size=12),
    number=st.integers(1, 10**6),
    list=st.text(max_size=12),
)


@pytest.fixture
def face(workspace: Workspace) -> Face:
    """A workspace with three readers of its list in the north, one of whom has left, and one elsewhere."""
    face = Face(workspace.root, {})
    people = {
        "anna@example.org": "Noord",
        "bert@example.org": "Noord",
        "cees@example.org": "Noord",
        "dora@example.org": "West",
    }
    with face.database() as database, database.writing() as connection:
        for email, region in people.items():
            add(
                connection,
                parse_address(email),
                "leden",
                {"region": region, "first_name": email[:4].title()},
                face.definitions,
                source="test",
                now=now(),
                hashes=face.signer.address_hashes,
            )
        unsubscribe(connection, parse_address("bert@example.org"), "leden", now())
    return face


@given(choice=CHOICES, usual=CHOICES)
def test_choice_survives_in_the_address_whatever_is_usual(choice: Choice, usual: Choice) -> None:
    assert read_choice(choice.query(usual), usual) == choice


@given(st.dictionaries(st.sampled_from(list(Choice.__dataclass_fields__)), st.text(max_size=20)))
def test_address_that_means_nothing_gives_a_choice_all_the_same(query: dict[str, str]) -> None:
    read = read_choice(urlencode(query), Choice())
    assert NARROWEST <= read.width <= WIDEST
    assert read.number >= 1
    assert read.client in ("", *clients())


def test_usual_choice_needs_no_query() -> None:
    assert Choice().query(Choice()) == ""
    assert parse_qs(Choice(email="a@example.org").query(Choice(email="b@example.org"))) == {"email": ["a@example.org"]}


def test_free_width_is_taken_from_its_own_field() -> None:
    assert read_choice("width=free&free=512", Choice()).width == 512
    assert read_choice("width=375&free=512", Choice()).width == 375


def test_without_a_reader_the_made_up_one_is_shown_and_no_database_is_made(workspace: Workspace) -> None:
    reader = find_reader(Face(workspace.root, {}), Choice())
    assert (reader.made_up, reader.count) == (True, 0)
    assert not list(workspace.root.glob("var/*.db"))


def test_segment_is_gone_through_one_by_one_without_those_who_left(face: Face) -> None:
    found = [find_reader(face, Choice(group="noord", number=number)) for number in (1, 2, 3)]
    assert [one.record.address for one in found] == ["anna@example.org", "cees@example.org", "cees@example.org"]
    assert [(one.number, one.count) for one in found] == [(1, 2), (2, 2), (2, 2)]
    assert find_reader(face, Choice(group=EVERYBODY)).count == 3


def test_address_nobody_has_is_the_made_up_reader_with_that_address(face: Face) -> None:
    assert find_reader(face, Choice(email="DORA@example.org")).record.address == "dora@example.org"
    stranger = find_reader(face, Choice(email="zus@example.org"))
    assert (stranger.made_up, stranger.record.address) == (True, "zus@example.org")


def test_reader_who_cannot_be_found_is_an_error_on_the_page(face: Face) -> None:
    with pytest.raises(SubscriberError):
        find_reader(face, Choice(email="no address"))
    with pytest.raises(ContentError):
        find_reader(face, Choice(group="nowhere"))
    with pytest.raises(SubscriberError, match="leden: nobody is on this list"):
        find_reader(Face(face.folder, {"NEWSLETTER_DATABASE__URL": "sqlite:///empty.db"}), Choice(group=EVERYBODY))
    page = Preview(face, SLUG, Choice(), "nl").answer("/?group=nowhere").content.decode()
    assert "nowhere" in page
    assert "Dit moet eerst goed" in page


def test_page_and_message_are_those_of_the_chosen_reader(face: Face) -> None:
    preview = Preview(face, SLUG, Choice(), "en")
    north, west = "/view.html?email=anna@example.org", "/view.html?email=dora@example.org"
    assert "Regiobijeenkomst Noord" in preview.answer(north).content.decode()
    assert "Regiobijeenkomst Noord" not in preview.answer(west).content.decode()
    page = preview.answer("/?group=noord").content.decode()
    assert "anna@example.org" in page
    assert "number=2" in page


def test_in_scheme_opens_links_elsewhere() -> None:
    assert '<base target="_blank">' in in_scheme("<html><head></head></html>", Scheme.LIGHT)
