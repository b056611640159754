"""Gathers letters until a request is full."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from newsletter.providers.base.letters import Letter

AnyLetter: TypeAlias = Letter[Any, Any]


@dataclass(frozen=True, slots=True)
class Room:
    """What one request can hold.

    Args:
        letters: How many.
        size: How many bytes, all in all; None where the provider does not say.
        bare_size: Counts the bytes of a request around its letters, by the first of them.
        distinct: Each address may stand in it only once.
    """

    letters: int
    size: int | None = None
    bare_size: Callable[[AnyLetter], int] = lambda _: 0
    distinct: bool = False


@dataclass(slots=True)
class Group:
    """Letters of one kind, on their way into one request."""

    size: int
    letters: list[AnyLetter] = field(default_factory=list)
    addresses: set[str] = field(default_factory=set)

    def takes(self, letter: AnyLetter, room: Room) -> bool:
        """Tell whether a letter may join."""
        return (
            len(self.letters) < room.letters
            and (room.size is None or self.size + letter.size <= room.size)
            and not (room.distinct and letter.address in self.addresses)
        )

    def add(self, letter: AnyLetter) -> None:
        """Let a letter join."""
        self.letters.append(letter)
        self.addresses.add(letter.address)
        self.size += letter.size


class Grouping:
    """Gathers letters until a request is full."""

    def __init__(self, room: Room) -> None:
        self._room = room
        self._groups: dict[int, Group] = {}

    def add(self, letter: AnyLetter) -> list[Group]:
        """Take a letter, and give the groups that should go now."""
        if letter.alone:
            return [self._new(letter)]
        ready: list[Group] = []
        # The group's letters keep their kind alive, so that no other object can get its identity.
        kind = id(letter.kind)
        group = self._groups.get(kind)
        if group is not None and group.takes(letter, self._room):
            group.add(letter)
        else:
            if group is not None:
                ready.append(group)
            group = self._groups[kind] = self._new(letter)
        if len(group.letters) >= self._room.letters:
            ready.append(self._groups.pop(kind))
        return ready + self._overflow()

    @property
    def is_waiting(self) -> bool:
        """Whether any letter waits for others."""
        return bool(self._groups)

    def rest(self) -> list[Group]:
        """Give what is left."""
        groups = list(self._groups.values())
        self._groups.clear()
        return groups

    def _new(self, letter: AnyLetter) -> Group:
        group = Group(self._room.bare_size(letter))
        group.add(letter)
        return group

    def _overflow(self) -> list[Group]:
        """Let the largest group go when very many letters wait, each for its likes."""
        if sum(len(group.letters) for group in self._groups.values()) <= 2 * self._room.letters:
            return []
        largest = max(self._groups, key=lambda one: len(self._groups[one].letters))
        return [self._groups.pop(largest)]
