"""What mail must obey, asserted on the raw bytes of messages; the numbers are those of the team's checklist."""

import re
from email import policy
from email.header import decode_header, make_header
from email.parser import BytesHeaderParser
from html import unescape
from urllib.parse import urlsplit

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from conftest import SLUG
from newsletter.message import DeliveryKey, delivery_key
from newsletter.subscribers import Definitions
from newsletter.workspace import Workspace
from support.example import LINKS, Example, compile_example, parse

ONCE = ("From", "Date", "To", "Message-ID", "Subject", "List-Id", "List-Unsubscribe", "List-Unsubscribe-Post")
HOSTILE = ("\r\n", "\n", "\r", "\0", "=?utf-8?q?=0A?=", "\u2028", "\u0085", "\x1c", "\ud800")
TEMPLATE_CODE = ("{{7*7}}", "<mj-raw>", "<script>alert(1)</script>", "*|FNAME|*", "{% raw %}", "%s", "-- \n", "zq")
names = st.text(st.characters(), max_size=60) | st.sampled_from(HOSTILE).map(lambda sign: f"a{sign}Bcc: x@y.example")


@pytest.fixture(scope="module")
def example(tmp_path_factory: pytest.TempPathFactory) -> Example:
    from newsletter.starter import begin
    from newsletter.subscribers import read_definitions

    folder = tmp_path_factory.mktemp("standards")
    begin(folder / "workspace", {"name": "Het Veiligheidshuis, nieuws & meer — Noord"})
    workspace = Workspace(folder / "workspace")
    issue = workspace.issues / SLUG / "issue.yaml"
    issue.write_text(
        issue.read_text(encoding="utf-8")
        .replace("subject: Douane", 'subject: "{{ subscriber.first_name }}: Douane')
        .replace("kilo cocaïne\n", 'kilo cocaïne"\n', 1)
        .replace('intro: ""', 'intro: "Dag {{ subscriber.first_name }}, *welkom* [hier]({{ subscriber.role }})."'),
        encoding="utf-8",
    )
    return compile_example(workspace, read_definitions(workspace), SLUG)


def headers(message: bytes) -> list[bytes]:
    return message.partition(b"\r\n\r\n")[0].split(b"\r\n")


def field(message: bytes, name: str) -> str:
    header = re.search(rb"(?:^|\r\n)" + name.encode() + rb":((?:[^\r]|\r\n[ \t])*)", message, re.IGNORECASE)
    assert header is not None
    return header[1].replace(b"\r\n", b"").decode().strip()


@given(name=names)
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_m1_lines_end_with_crlf_and_are_short_enough(example: Example, name: str) -> None:
    message = example.message(first_name=name, last_name=name)
    assert not re.search(rb"\r(?!\n)|(?<!\r)\n", message)
    assert max(map(len, message.split(b"\r\n"))) <= 998
    assert message.isascii()


@given(name=names)
@settings(max_examples=150, deadline=None)
def test_m2_s4_no_value_adds_or_breaks_a_header(example: Example, name: str) -> None:
    message = example.message(first_name=name, last_name=name)
    plain = example.message(first_name="Sanne", last_name="de Vries")
    parser = BytesHeaderParser(policy=policy.compat32)
    found, wanted = parser.parsebytes(message).keys(), parser.parsebytes(plain).keys()
    assert found == wanted
    for once in ONCE:
        assert found.count(once) == 1
    assert not {"Bcc", "Cc", "Sender"} & set(found)
    assert not parse(message).defects


def test_m3_message_id_is_the_same_for_every_attempt_and_another_for_every_reader(example: Example) -> None:
    keys = [delivery_key(b"s" * 32, "dispatch", number) for number in range(200)]
    identifiers = [field(example.message(key=key), "Message-ID") for key in keys]
    assert len(set(identifiers)) == len(keys)
    assert identifiers == [field(example.message(key=key), "Message-ID") for key in keys]
    assert all(re.fullmatch(r"<[a-z2-7]{26}@example\.org>", identifier) for identifier in identifiers)


def test_m4_text_comes_first_and_html_last(example: Example) -> None:
    message = example.message()
    parsed = parse(message)
    assert parsed["MIME-Version"] == "1.0"
    assert parsed.get_content_type() == "multipart/alternative"
    assert [part.get_content_type() for part in parsed.iter_parts()] == ["text/plain", "text/html"]
    mark = parsed.get_boundary()
    assert mark is not None
    assert len(mark) <= 70
    assert message.count(mark.encode()) == 4


@given(name=names)
@settings(max_examples=100, deadline=None)
def test_m5_bodies_are_quoted_printable_with_short_lines(example: Example, name: str) -> None:
    for part in parse(example.message(first_name=name)).iter_parts():
        assert part["Content-Transfer-Encoding"] == "quoted-printable"
        payload = part.get_payload(decode=False)
        assert isinstance(payload, str)
        assert max(len(line) for line in payload.splitlines()) <= 76
        assert not part.defects


@given(name=names.filter(str.strip))
@settings(max_examples=150, deadline=None)
def test_m6_encoded_words_are_short_whole_and_only_where_they_may_stand(example: Example, name: str) -> None:
    message = example.message(first_name=name, last_name="")
    for line in headers(message):
        for word in re.findall(rb"=\?[^?]+\?[bq]\?[^?]*\?=", line, re.IGNORECASE):
            assert len(word) <= 75
            str(make_header(decode_header(word.decode())))
    for structured in ("Message-ID", "List-Unsubscribe", "List-Unsubscribe-Post", "Feedback-ID", "Date"):
        assert "=?" not in field(message, structured)
    assert field(message, "To").endswith("sanne@example.org>") or field(message, "To") == "sanne@example.org"


def test_m7_international_domains_travel_as_a_labels(example: Example) -> None:
    assert field(example.message("zoe@münchen.example"), "To").endswith("<zoe@xn--mnchen-3ya.example>")


def test_m8_text_holds_every_link_of_the_html(example: Example) -> None:
    parsed = parse(example.message(role="https://example.org/rol"))
    body = parsed.get_body(("html",))
    plain = parsed.get_body(("plain",))
    assert body is not None
    assert plain is not None
    links = {unescape(link) for link in re.findall(r'href="([^"]+)"', body.get_content())}
    text = plain.get_content()
    assert len(links) > 12
    assert [link for link in links if link not in text] == []
    assert LINKS["unsubscribe"] in text


def test_m9_same_inputs_give_the_same_bytes(example: Example, tmp_path_factory: pytest.TempPathFactory) -> None:
    assert example.message() == example.message()


def test_l1_one_click_leave_is_offered_exactly(example: Example) -> None:
    message = example.message()
    assert field(message, "List-Unsubscribe") == f"<{LINKS['unsubscribe']}>"
    assert urlsplit(LINKS["unsubscribe"]).scheme == "https"
    assert b"\r\nList-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n" in message


def test_l2_list_has_one_identifier_for_every_issue(example: Example) -> None:
    message = example.message()
    assert field(message, "List-Id") == "Leden van het netwerk <leden.example.org>"
    assert len(field(message, "List-Id")) <= 255
    assert field(message, "List-Post") == "NO"


@pytest.mark.parametrize("code", TEMPLATE_CODE)
def test_s5_what_readers_are_called_is_never_run(example: Example, code: str) -> None:
    parsed = parse(example.message(first_name=code, role=code))
    html, plain = parsed.get_body(("html",)), parsed.get_body(("plain",))
    assert html is not None
    assert plain is not None
    shown = " ".join(code.split())
    assert shown in " ".join(unescape(html.get_content()).split())
    assert shown in " ".join(plain.get_content().split())
    assert str(parsed["Subject"]).startswith(shown)
    data = '<script type="application/ld+json">{"@context"'
    assert html.get_content().count("<script") == html.get_content().count(data) == 4


@given(role=st.sampled_from(["javascript:alert(1)", "data:text/html,x", "//evil.example", "vbscript:x", " https://x"]))
@settings(deadline=None)
def test_s5_a_value_cannot_become_a_link_that_runs(example: Example, role: str) -> None:
    html = parse(example.message(role=role)).get_body(("html",))
    assert html is not None
    for link in re.findall(r'href="([^"]*)"', html.get_content()):
        assert urlsplit(unescape(link)).scheme in ("", "http", "https", "mailto")


def test_m11_an_issue_that_will_be_clipped_says_so(workspace: Workspace, definitions: Definitions) -> None:
    from newsletter.dispatch import build_issue, describe
    from newsletter.settings import load
    from newsletter.subscribers import example_record

    issue = workspace.issues / SLUG
    text = (issue / "extra-geld-voor-slachtofferhulp.md").read_text(encoding="utf-8")
    (issue / "extra-geld-voor-slachtofferhulp.md").write_text(text + "\n\nLang verhaal. " * 9000, encoding="utf-8")
    yaml = (issue / "issue.yaml").read_text(encoding="utf-8")
    (issue / "issue.yaml").write_text(yaml.replace("layout: news", "layout: story"), encoding="utf-8")
    built = build_issue(workspace, load(workspace, {}), definitions, SLUG, "leden", example_record(definitions))
    assert describe(built)["clipped"]


def test_key_of_a_delivery_tells_nothing_about_the_reader(example: Example) -> None:
    key: DeliveryKey = delivery_key(b"s" * 32, "dispatch", 12345)
    assert "12345" not in key
    assert len(key) == 26
