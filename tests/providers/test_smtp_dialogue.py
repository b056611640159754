"""The dialogue without a network: whatever pieces the octets come in, each reply belongs to one message."""

from collections.abc import Sequence
from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.message import DeliveryKey
from newsletter.providers.base import Accepted, Deferred, Rejected, Uncertain
from newsletter.providers.smtp.dialogue import (
    MOVES,
    MOVES_IN_VAIN,
    Broken,
    Dialogue,
    Ended,
    Event,
    Level,
    Lost,
    Opened,
)
from newsletter.providers.smtp.letter import Letter
from newsletter.providers.smtp.protocol import PATIENCE, Phase
from newsletter.providers.smtp.replies import Verdict

OK, OPEN, TAKEN = b"250 2.1.0 ok\r\n", b"354 go on\r\n", b"250 2.0.0 Ok: queued as 7X\r\n"
UNKNOWN, LATER, FULL = b"550 5.1.1 unknown\r\n", b"451 4.3.0 later\r\n", b"452-4.2.2 full\r\n452 4.2.2 really\r\n"


def letter(number: int, *, chunked: bool = False) -> Letter:
    content = b"content of %d\r\n" % number
    return Letter(
        DeliveryKey(f"key{number}"),
        b"MAIL FROM:<from@example.org>\r\n",
        b"RCPT TO:<to%d@example.org>\r\n" % number,
        content,
        len(content),
        chunked,
    )


def written(dialogue: Dialogue) -> bytes:
    return b"".join(dialogue.take_output())


def told(events: Sequence[Event]) -> list[str]:
    """Write events down so that they can be compared."""
    lines = []
    for event in events:
        match event:
            case Opened(transaction):
                lines.append(f"opened {transaction.letter.key}")
            case Ended(transaction):
                lines.append(f"ended {transaction.letter.key}: {transaction.ending and transaction.ending.outcome}")
            case Lost(transaction, reason):
                lines.append(f"lost {transaction.letter.key} {transaction.handed_over}: {reason}")
            case _:
                lines.append(repr(event))
    return lines


@st.composite
def pieces(draw: st.DrawFn, octets: bytes) -> list[bytes]:
    places = sorted(draw(st.sets(st.integers(0, len(octets)), max_size=len(octets))))
    return [octets[start:stop] for start, stop in zip([0, *places], [*places, len(octets)], strict=True)]


@dataclass
class Fate:
    """The replies to a whole message, and what becomes of it."""

    replies: bytes
    outcome: type


FATES = (
    Fate(OK + OK + TAKEN, Accepted),
    Fate(OK + OK + LATER, Deferred),
    Fate(OK + OK + UNKNOWN, Rejected),
    Fate(OK + UNKNOWN + b"554 5.5.1 no valid recipients\r\n", Rejected),
    Fate(OK + FULL + b"503 5.5.1 no\r\n", Deferred),
    Fate(b"451 4.3.0 busy\r\n" + b"503 5.5.1 MAIL first\r\n" * 2, Deferred),
    Fate(OK + UNKNOWN + TAKEN, Uncertain),
)


def chunked(fates: Sequence[Fate]) -> Dialogue:
    """Have several messages under way at once."""
    dialogue = Dialogue()
    for number in range(len(fates)):
        dialogue.begin(letter(number, chunked=True), Level.CHUNKED, intended=True)
    return dialogue


def octets_for(fates: Sequence[Fate]) -> bytes:
    return b"".join((OK if number else b"") + fate.replies for number, fate in enumerate(fates))


SEVERAL = st.lists(st.sampled_from(FATES), min_size=1, max_size=6)


@given(st.data(), SEVERAL)
def test_any_split_of_the_stream_gives_the_same_events(data: st.DataObject, fates: list[Fate]) -> None:
    octets = octets_for(fates)
    whole = told(chunked(fates).feed(octets))
    dialogue = chunked(fates)
    split = [event for piece in data.draw(pieces(octets)) for event in dialogue.feed(piece)]
    assert told(split) == whole
    assert dialogue.is_idle


@given(SEVERAL)
def test_every_reply_belongs_to_the_message_it_answers(fates: list[Fate]) -> None:
    events = chunked(fates).feed(octets_for(fates))
    ended = [event.transaction for event in events if isinstance(event, Ended)]
    assert [one.letter.key for one in ended] == [f"key{number}" for number in range(len(fates))]
    assert [type(one.ending.outcome) for one in ended if one.ending] == [fate.outcome for fate in fates]
    assert all(one.ending and one.ending.outcome.key == one.letter.key for one in ended)


@given(st.data(), SEVERAL)
def test_when_it_breaks_each_message_has_its_reply_or_is_known_to_have_none(
    data: st.DataObject, fates: list[Fate]
) -> None:
    octets = octets_for(fates)
    place = data.draw(st.integers(0, len(octets) - 1))
    dialogue = chunked(fates)
    events = [*dialogue.feed(octets[:place])]
    dialogue.break_off("gone")
    events += dialogue.take_events()
    assert isinstance(events[-1], Broken)
    ended = [event.transaction for event in events if isinstance(event, Ended)]
    lost = [event.transaction for event in events if isinstance(event, Lost)]
    assert sorted(one.letter.key for one in (*ended, *lost)) == [f"key{number}" for number in range(len(fates))]
    assert all(one.handed_over for one in lost), "they may have been taken"
    for one in ended:
        fate = fates[int(one.letter.key[3:])]
        # A refusal of the recipient holds, also when the reply to the content was not read.
        assert one.ending
        assert isinstance(one.ending.outcome, fate.outcome) or fate.outcome is Uncertain


@given(st.data())
def test_a_message_and_the_envelope_behind_it_come_to_their_ends_in_any_pieces(data: st.DataObject) -> None:
    dialogue = Dialogue()
    first = dialogue.begin(letter(0), Level.GROUPED, intended=True)
    assert written(dialogue) == b"MAIL FROM:<from@example.org>\r\nRCPT TO:<to0@example.org>\r\nDATA\r\n"
    events = [event for piece in data.draw(pieces(OK + OK + OPEN)) for event in dialogue.feed(piece)]
    assert told(events) == ["opened key0"]
    dialogue.finish(first)
    second = dialogue.begin(letter(1), Level.CHAINED, intended=True)
    assert written(dialogue) == (b".\r\nMAIL FROM:<from@example.org>\r\nRCPT TO:<to1@example.org>\r\nDATA\r\n")
    events = [event for piece in data.draw(pieces(TAKEN + OK + OK + OPEN)) for event in dialogue.feed(piece)]
    assert told(events)[1:] == ["opened key1"]
    assert first.ending
    assert isinstance(first.ending.outcome, Accepted)
    dialogue.finish(second)
    dialogue.feed(LATER)
    assert second.ending
    assert isinstance(second.ending.outcome, Deferred)
    assert dialogue.is_idle


def test_one_by_one_nothing_is_written_before_the_reply_to_what_came_earlier() -> None:
    dialogue = Dialogue()
    dialogue.begin(letter(0), Level.ONE_BY_ONE)
    for line in (b"MAIL FROM:<from@example.org>\r\n", b"RCPT TO:<to0@example.org>\r\n", b"DATA\r\n"):
        assert written(dialogue) == line
        events = dialogue.feed(OK if line != b"DATA\r\n" else OPEN)
    assert told(events) == ["opened key0"]


def test_no_dot_without_an_intent_and_no_envelope_in_between() -> None:
    dialogue = Dialogue()
    transaction = dialogue.begin(letter(0), Level.GROUPED)
    with pytest.raises(RuntimeError):
        dialogue.begin(letter(1), Level.CHAINED)
    dialogue.feed(OK + OK + OPEN)
    with pytest.raises(RuntimeError):
        dialogue.finish(transaction)
    with pytest.raises(RuntimeError):
        dialogue.begin(letter(1), Level.CHAINED)
    transaction.intended = True
    dialogue.finish(transaction)
    with pytest.raises(RuntimeError):
        dialogue.begin(letter(1, chunked=True), Level.CHUNKED)


def test_a_server_that_wants_content_for_a_refused_recipient_gets_a_lone_dot() -> None:
    dialogue = Dialogue()
    dialogue.begin(letter(0), Level.GROUPED)
    written(dialogue)
    assert dialogue.feed(OK + UNKNOWN + OPEN) == []
    assert written(dialogue) == b".\r\n"
    assert told(dialogue.feed(b"554 5.5.1 no valid recipients\r\n"))[0].startswith("ended key0: Rejected")
    dialogue.begin(letter(1), Level.GROUPED)
    assert written(dialogue).startswith(b"RSET\r\nMAIL ")


def test_no_dot_is_written_after_a_refused_sender() -> None:
    dialogue = Dialogue()
    dialogue.begin(letter(0), Level.GROUPED)
    written(dialogue)
    events = dialogue.feed(LATER + OK + OPEN)
    assert [type(event) for event in events] == [Ended, Broken]
    assert written(dialogue) == b""


@pytest.mark.parametrize("stray", [TAKEN, b"2", b"421 4.3.2 bye\r\n", b"nonsense"])
def test_what_answers_nothing_ends_the_dialogue(stray: bytes) -> None:
    dialogue = Dialogue()
    transaction = dialogue.begin(letter(0), Level.GROUPED)
    events = dialogue.feed(OK + OK + OPEN + stray)
    assert told(events) == [
        "opened key0",
        "lost key0 False: the server spoke out of turn",
        "Broken(reason='the server spoke out of turn')",
    ]
    assert not transaction.handed_over
    assert dialogue.feed(TAKEN) == []


def test_what_begins_when_it_is_broken_is_lost_and_was_not_taken() -> None:
    dialogue = Dialogue()
    dialogue.break_off("gone")
    dialogue.take_events()
    dialogue.begin(letter(0), Level.GROUPED)
    assert told(dialogue.take_events()) == ["lost key0 False: gone"]
    assert written(dialogue) == b""


def test_behind_a_server_that_closes_nothing_was_taken() -> None:
    dialogue = chunked(FATES[:3])
    events = dialogue.feed(OK + OK + b"421 4.3.2 closing\r\n")
    assert told(events)[0].startswith("ended key0: Deferred")
    assert [event.transaction.handed_over for event in events if isinstance(event, Lost)] == [False, False]


def test_the_tables_tell_of_every_reply_to_every_command_of_a_message() -> None:
    commands = {Phase.RESET, Phase.SENDER, Phase.RECIPIENT, Phase.DATA, Phase.END}
    assert set(MOVES) == commands
    assert set(MOVES_IN_VAIN) == commands - {Phase.RESET, Phase.SENDER}
    assert all(set(moves) == set(Verdict) for moves in (*MOVES.values(), *MOVES_IN_VAIN.values()))
    assert set(PATIENCE) == set(Phase)
