"""The law of requests: whatever comes in leaves once, and no request holds more than it may."""

from hypothesis import given
from hypothesis import strategies as st

from newsletter.message import DeliveryKey
from newsletter.providers.base.grouping import AnyLetter, Group, Grouping, Room
from newsletter.providers.base.letters import Letter

KINDS = ("one", "two", "three")
BARE = 7

letters = st.lists(
    st.builds(
        lambda kind, address, size, alone: (kind, address, size, alone),
        st.sampled_from(KINDS),
        st.sampled_from(["a", "b", "c", "d"]),
        st.integers(0, 60),
        st.booleans(),
    ),
    max_size=60,
).map(
    lambda drawn: [
        Letter(DeliveryKey(str(number)), kind, address, None, size, alone)
        for number, (kind, address, size, alone) in enumerate(drawn)
    ]
)


@given(letters, st.integers(1, 8), st.integers(BARE + 60, 200), st.booleans())
def test_every_letter_leaves_once_in_a_request_that_has_room_for_it(
    given_letters: list[AnyLetter], most: int, size: int, distinct: bool
) -> None:
    room = Room(most, size, lambda _: BARE, distinct)
    grouping, groups = Grouping(room), list[Group]()
    waiting = 0
    for letter in given_letters:
        ready = grouping.add(letter)
        groups += ready
        waiting += 1 - sum(len(group.letters) for group in ready)
        assert waiting <= 2 * most
    groups += grouping.rest()
    assert sorted((letter.key for group in groups for letter in group.letters), key=int) == [
        letter.key for letter in given_letters
    ]
    for group in groups:
        held = group.letters
        assert 1 <= len(held) <= most
        assert group.size == BARE + sum(letter.size for letter in held) <= size
        assert len({letter.kind for letter in held}) == 1
        assert len(held) == 1 or not any(letter.alone for letter in held)
        assert not distinct or len({letter.address for letter in held}) == len(held)
