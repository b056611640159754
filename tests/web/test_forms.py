"""What forms send: read as browsers and mail systems write it, whatever they write."""

from contextlib import suppress

import pytest
from httpx2 import Request
from hypothesis import given
from hypothesis import strategies as st
from starlette.exceptions import HTTPException

from newsletter.web.forms import MOST_FIELDS, _multipart, _urlencoded

FIELDS = st.dictionaries(st.text("abcXYZ-_.é ", min_size=1, max_size=20), st.text(max_size=60), min_size=1, max_size=6)


@given(FIELDS)
def test_parts_are_read_as_another_program_writes_them(fields: dict[str, str]) -> None:
    sent = Request("POST", "https://x/", files={name: (None, value) for name, value in fields.items()})
    found = _multipart(sent.headers["content-type"], sent.read())
    assert dict(found) == {name: value.replace("\r\n", "\n") for name, value in fields.items()}


@pytest.mark.parametrize("quote", ["", '"'])
@pytest.mark.parametrize("end", ["\r\n", "\n"])
def test_one_click_is_read_in_every_form_of_parts(quote: str, end: str) -> None:
    head = f"Content-Type: text/plain{end}content-disposition: form-data; name={quote}List-Unsubscribe{quote}"
    body = f"preamble{end}--b1{end}{head}{end}{end}One-Click{end}--b1--{end}".encode()
    for kind in ("multipart/form-data; boundary=b1", 'multipart/form-data; charset=utf-8; BOUNDARY="b1"'):
        ((name, value),) = _multipart(kind, body)
        assert (name, value.strip()) == ("List-Unsubscribe", "One-Click")


def test_files_and_what_has_no_name_are_left_out() -> None:
    body = (
        b'--b\r\nContent-Disposition: form-data; name="a"; filename="x"\r\n\r\n1\r\n'
        b"--b\r\nContent-Disposition: form-data\r\n\r\n2\r\n--b\r\n\r\n3\r\n--b\r\nno end"
    )
    assert _multipart("multipart/form-data; boundary=b", body) == []


@given(st.binary(max_size=300), st.binary(max_size=40))
def test_nothing_breaks_on_whatever_is_sent(body: bytes, kind: bytes) -> None:
    for read in (lambda: _multipart(f"multipart/form-data; {kind.decode('latin-1')}", body), lambda: _urlencoded(body)):
        with suppress(HTTPException):
            assert isinstance(read(), list)


def test_there_is_an_end_to_fields() -> None:
    part = b'--b\r\nContent-Disposition: form-data; name="a"\r\n\r\n1\r\n'
    assert len(_multipart("multipart/form-data; boundary=b", part * 5000)) <= MOST_FIELDS + 1
