"""Messages of a dispatch say the same, whichever way a provider carries them."""

from collections.abc import Mapping
from dataclasses import replace
from email import policy
from email.header import decode_header, make_header
from email.parser import BytesHeaderParser

import pytest

from newsletter.dispatch.batch import Letter
from newsletter.message import is_plain
from newsletter.render import Merger
from newsletter.subscribers import Definitions
from newsletter.workspace import Workspace
from support.dispatching import SLUG
from support.example import compile_example

CARRIED_OTHERWISE = {"from", "reply-to", "to", "subject"}
"""Fields that providers get as parts of their own."""
MADE_BY_THE_PROVIDER = {"date", "message-id", "mime-version", "content-type"}


def fields(raw: bytes) -> dict[str, str]:
    """Read a header as it stands: unfolded and nothing decoded."""
    parsed = BytesHeaderParser(policy=policy.compat32).parsebytes(raw)
    return {name.lower(): "".join(value.splitlines()) for name, value in parsed.items()}


def domain_of(value: str) -> str:
    return value.rpartition("@")[2].rstrip(">")


@pytest.mark.parametrize("automatic", [False, True])
@pytest.mark.parametrize(
    "list_name", ["", "Leden", 'Jan\'s "leden"', "Ledén van de veiligheidsregio Noord-Łódź en verder"]
)
def test_both_ways_of_carrying_give_the_same_header(
    workspace: Workspace, definitions: Definitions, list_name: str, automatic: bool
) -> None:
    example = compile_example(workspace, definitions, SLUG)
    letterhead = replace(example.merger.letterhead, list_name=list_name, automatic=automatic)
    merger, reader = Merger(example.merger.compiled, letterhead), example.reader()
    shared, personal = Letter(merger).parts(reader)
    given: Mapping[str, str] = {name.lower(): value for name, value in {**shared.headers, **personal.headers}.items()}
    written = fields(merger.merge(reader))
    assert given == {
        name: value for name, value in written.items() if name not in CARRIED_OTHERWISE | MADE_BY_THE_PROVIDER
    }
    assert written.keys() >= MADE_BY_THE_PROVIDER
    assert ("auto-submitted" in given) is automatic
    assert all(value.isascii() for value in given.values())
    assert ({"list-id", "list-post", "list-unsubscribe", "list-unsubscribe-post"} & given.keys() == set()) is automatic
    assert automatic or list_name.replace('"', "") in str(make_header(decode_header(given["list-id"]))).replace(
        "\\", ""
    ).replace('"', "")


@pytest.mark.parametrize("name", ["Sanne", ".", "=\t é\n.", "a\tb", "  ", ". " * 60])
def test_what_is_said_of_a_merged_body_holds_whatever_a_reader_is_called(
    workspace: Workspace, definitions: Definitions, name: str
) -> None:
    example = compile_example(workspace, definitions, SLUG)
    reader = example.reader()
    reader = replace(reader, values={**reader.values, "first_name": name})
    content = example.merger.content(reader)
    assert content.octets == example.merger.merge(reader)
    assert content.is_plain
    assert is_plain(content.body)
    assert content.head.endswith(b"\r\n\r\n")
    assert content.head.count(b"\r\n\r\n") == 1


def test_every_field_writes_a_domain_alike(workspace: Workspace, definitions: Definitions) -> None:
    example = compile_example(workspace, definitions, SLUG, {"NEWSLETTER_SENDER__EMAIL": "info@faß.de"})
    written = fields(example.message())
    assert domain_of(written["from"]) == domain_of(written["message-id"]) == "xn--fa-hia.de"
    assert written["list-id"].endswith(".xn--fa-hia.de>")
    assert written["feedback-id"].endswith(":xn--fa-hia.de")
