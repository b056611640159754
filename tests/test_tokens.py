"""Tokens: they open for their purpose and key, and for nothing else."""

import re

from hypothesis import given
from hypothesis import strategies as st

from newsletter.tokens import Signer

OLD, NEW = b"o" * 32, b"n" * 32
payloads = st.binary(max_size=200)


@given(payloads)
def test_token_gives_its_payload_back_for_its_purpose_alone(payload: bytes) -> None:
    signer = Signer.of((NEW,))
    token = signer.sign("unsubscribe", payload)
    assert re.fullmatch(r"[A-Za-z0-9_-]+", token)
    assert signer.verify("unsubscribe", token) == payload
    assert signer.verify("preferences", token) is None
    assert Signer.of((OLD,)).verify("unsubscribe", token) is None
    assert signer.sign("unsubscribe", payload) == token


@given(payloads, st.data())
def test_token_that_was_changed_anywhere_does_not_open(payload: bytes, data: st.DataObject) -> None:
    signer = Signer.of((NEW,))
    token = signer.sign("unsubscribe", payload)
    place = data.draw(st.integers(0, len(token) - 1))
    sign = data.draw(st.sampled_from("ABab01-_=+/ é\n").filter(lambda sign: sign != token[place]))
    assert signer.verify("unsubscribe", token[:place] + sign + token[place + 1 :]) is None
    assert signer.verify("unsubscribe", token[:place]) is None
    assert signer.verify("unsubscribe", token + sign) is None


@given(st.text(max_size=2000) | st.binary(max_size=900).map(lambda content: content.hex()))
def test_nothing_that_anybody_makes_up_opens(text: str) -> None:
    assert Signer.of((NEW, OLD)).verify("unsubscribe", text) is None


@given(payloads)
def test_old_tokens_open_after_the_key_has_changed(payload: bytes) -> None:
    old = Signer.of((OLD,))
    both = Signer.of((NEW, OLD))
    assert both.verify("unsubscribe", old.sign("unsubscribe", payload)) == payload
    assert old.verify("unsubscribe", both.sign("unsubscribe", payload)) is None


@given(st.binary(min_size=6, max_size=100))
def test_token_does_not_show_its_payload(payload: bytes) -> None:
    from base64 import urlsafe_b64decode

    token = Signer.of((NEW,)).sign("unsubscribe", payload)
    assert payload not in urlsafe_b64decode(token + "=" * (-len(token) % 4))


def test_address_is_remembered_under_every_key_that_was_in_use() -> None:
    old, both = Signer.of((OLD,)), Signer.of((NEW, OLD))
    remembered = old.hash_address("zoe@example.org")
    assert len(remembered) == 32
    assert remembered in both.address_hashes("zoe@example.org")
    assert both.address_hashes("zoe@example.org")[0] == both.hash_address("zoe@example.org") != remembered
