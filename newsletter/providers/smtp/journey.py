"""Carries messages over one connection, one behind the other as closely as the server allows."""

import asyncio
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from newsletter.providers.base import Deferred, Rejected, Uncertain
from newsletter.providers.smtp.access import refusal
from newsletter.providers.smtp.ahead import Intent, Tempo
from newsletter.providers.smtp.connection import Connection
from newsletter.providers.smtp.dialogue import Broken, Ended, Event, Level, Lost, Opened, Transaction
from newsletter.providers.smtp.letter import Letter, content_of, prepare
from newsletter.providers.smtp.office import Office
from newsletter.providers.smtp.replies import Ending
from newsletter.providers.smtp.supply import Cargo

ATTEMPTS: Final = 2
"""How many connections may break under one message before it waits for later."""
LATE: Final = "its turn came too late"
UNSENT: Final = "it was not handed over, as the server could not be used"
"""What is said of messages that were intended and not handed over."""
TOO_LARGE: Final = "too large"
"""The likeness of messages that the server has no room for."""


@dataclass(frozen=True, slots=True)
class Load:
    """A message that is ready for a server."""

    cargo: Cargo
    letter: Letter


class Journey:
    """All that is carried over one connection, from when it is taken until it is given back.

    Args:
        again: Takes what has to go again, over another connection.
    """

    def __init__(self, office: Office, connection: Connection, again: deque[Cargo]) -> None:
        self._office = office
        self._connection = connection
        self._server = office.pool.server(connection)
        self._again = again
        self._limit = connection.extensions.message_bytes
        self._loads: dict[Transaction, Load] = {}
        self._ahead: deque[Load] = deque()
        self._tempo = Tempo(self._server.in_doubt)
        self._begun_before = connection.begun
        self._opened: Transaction | None = None
        self._intending: Transaction | None = None
        self._streams = False
        self._stopped = False
        self._between = True

    async def go(self, first: Cargo) -> None:
        """Carry a message, and those after it for as long as there are any and the connection lasts."""
        self._streams = not first.breaks and self._server.level(self._connection) is Level.CHUNKED
        self._connection.listener = self._take
        self._again.appendleft(first)
        try:
            await (self._stream() if self._streams else self._chain())
        except BaseException:
            self._connection.close()
            raise
        finally:
            self._connection.listener = None
            left = [load.cargo for load in self._ahead]
            if self._has_begun:
                self._again.extend(left)  # what a connection has broken under goes first, over a fresh one
            else:
                self._again.extendleft(reversed(left))
        trouble = self._connection.trouble
        if self._again and trouble and not self._has_begun:
            self._try_again(self._again.popleft(), trouble)

    async def _chain(self) -> None:
        """Carry one message after the other, each envelope in the write that ends the one before, if it may be."""
        while self._may_begin() and (load := await self._take_ahead()):
            if self._connection.trouble:
                self._ahead.appendleft(load)
                return
            intended = load.cargo.intent is not None
            if not intended and self._office.is_wary:
                if not await self._may_go(load):
                    continue
                intended = True
            alone = load.cargo.breaks > 0
            level = Level.ONE_BY_ONE if alone else min(self._server.level(self._connection), Level.GROUPED)
            self._loads[self._connection.begin(load.letter, level, intended=intended)] = load
            await self._look_ahead()
            while self._loads:
                await self._connection.stir()
                if self._opened and not self._connection.dialogue.broken:
                    await self._finish(self._opened)

    async def _finish(self, transaction: Transaction) -> None:
        """Write a message's content and end, once its intent is down."""
        self._opened = None
        connection = self._connection
        intent = self._loads[transaction].cargo.intent
        if self._stopped or (intent and intent.is_old):
            self._drop(transaction)
            return
        await connection.write_content(transaction.letter.content)
        if connection.trouble:
            return
        self._between = False
        if self._ahead:
            self._ask_ahead(self._room_ahead)
        else:
            await self._look_ahead()
            if connection.trouble:
                return
        if not transaction.intended:
            self._intending = transaction
            going = await self._office.intend([transaction.letter.key])
            self._intending = None
            if transaction.letter.key not in going:
                self._office.is_wary = True
                self._loads.pop(transaction, None)
                self._leave()
                return
            transaction.intended = True
        if trouble := connection.trouble:
            if load := self._loads.pop(transaction, None):
                self._lose_intended(load.cargo, trouble)
            return
        following = self._ahead[0] if self._may_chain() else None
        begun = connection.finish(transaction, following.letter if following else None)
        self._between = True
        if following and begun:
            self._ahead.popleft()
            begun.intended = following.cargo.intent is not None
            self._loads[begun] = following
        await self._look_ahead()

    async def _may_go(self, load: Load) -> bool:
        """Ask for a message's intent before anything of it is written; settle it if the connection broke meanwhile."""
        key = load.letter.key
        if key not in await self._office.intend([key]):
            return False
        self._office.is_wary = False
        if trouble := self._connection.trouble:
            self._settle(Ending(Deferred(key, trouble), in_doubt=True))
            return False
        return True

    async def _stream(self) -> None:
        """Keep several whole messages under way."""
        while True:
            loads: list[Load] = []
            while len(self._loads) + len(loads) < self._server.depth and self._may_begin():
                if (load := await self._take_ahead()) is None:
                    break
                loads.append(load)
            if loads:
                new = [load.letter.key for load in loads if load.cargo.intent is None]
                going = await self._office.intend(new) if new else frozenset()
                self._begin_all([load for load in loads if load.cargo.intent or load.letter.key in going])
            if not self._loads:
                if not loads:
                    return
                continue
            await self._connection.stir()

    def _begin_all(self, loads: Sequence[Load]) -> None:
        """Write whole messages; those that the connection has no life for any more wait."""
        for load in loads:
            if trouble := self._connection.trouble:
                self._settle(Ending(Deferred(load.letter.key, trouble), in_doubt=True))
                continue
            transaction = self._connection.begin(load.letter, Level.CHUNKED, intended=True)
            self._loads[transaction] = load

    def _take(self, events: Sequence[Event]) -> None:
        """Take what has happened.

        As it happens: whoever reads the outcomes then sees them before `go` goes on and more is intended, and a kill
        leaves less in doubt.
        """
        lost: list[Lost] = []
        for event in events:
            match event:
                case Opened(transaction):
                    self._opened = transaction
                case Ended(transaction):
                    self._end(transaction)
                case Lost():
                    lost.append(event)
                case Broken():
                    self._note_broken(lost)
        for event in lost:
            self._lose(event)

    def _end(self, transaction: Transaction) -> None:
        load = self._loads.pop(transaction, None)
        self._tempo.note_ended(asyncio.get_running_loop().time())
        if transaction.misunderstood:
            self._server.note_misunderstood(transaction.level)
        else:
            self._server.note_ended(self._connection, transaction.level)
        if transaction.ending:
            self._settle(transaction.ending)
        elif load and load.cargo.intent:
            self._again.append(load.cargo)
        if transaction.refusal:
            self._stopped = True
            phase, reply = transaction.refusal
            self._office.fail(refusal(self._connection.access, phase, reply))

    def _lose(self, event: Lost) -> None:
        """Settle a message whose connection broke: what may have been taken is not sent again."""
        if event.transaction is self._intending:
            return  # what became of it depends on the intent, which is being written
        load = self._loads.pop(event.transaction, None)
        key = event.transaction.letter.key
        if event.transaction.handed_over:
            self._settle(Ending(Uncertain(key, event.reason), in_doubt=True))
        elif load and event.transaction.intended:
            self._lose_intended(load.cargo, event.reason)
        elif load and (load.cargo.intent or not self._stopped):
            self._try_again(load.cargo, event.reason)

    def _lose_intended(self, cargo: Cargo, reason: str) -> None:
        """Settle a message that was intended and not handed over."""
        if cargo.intent:
            self._try_again(cargo, reason)
        else:
            self._settle(Ending(Deferred(cargo.message.key, reason), in_doubt=True))

    def _try_again(self, cargo: Cargo, reason: str) -> None:
        """Let a message that was certainly not taken go again, but not for ever."""
        cargo.breaks += 1
        cargo.trouble = reason
        if cargo.intent or cargo.breaks < ATTEMPTS:
            self._again.append(cargo)  # one with an intent is judged once that is answered
        else:
            self._settle(Ending(Deferred(cargo.message.key, reason)))

    def _note_broken(self, lost: Sequence[Lost]) -> None:
        levels = [event.transaction.level for event in lost]
        between = self._between and not any(event.transaction.handed_over for event in lost)
        self._server.note_broken(self._connection, levels, between=between)

    def _drop(self, transaction: Transaction) -> None:
        """Do not write a message's content; without an intent it has no outcome, and can be claimed again."""
        load = self._loads.pop(transaction, None)
        if load and load.cargo.intent:
            self._again.append(load.cargo)
        elif load and transaction.intended:
            self._settle(Ending(Deferred(transaction.letter.key, UNSENT, retry_after=timedelta()), in_doubt=True))
        self._leave()

    def _leave(self) -> None:
        """End the connection, as the server waits for the content of a message that does not come."""
        self._stopped = True
        self._connection.close()

    def _settle(self, ending: Ending) -> None:
        if self._office.settle(ending):
            self._stopped = True

    def _may_begin(self) -> bool:
        if self._stopped or self._office.has_failed or self._connection.dialogue.broken:
            return False
        if self._streams and self._server.level(self._connection) is not Level.CHUNKED:
            return False
        return self._server.has_room(self._connection)

    def _may_chain(self) -> bool:
        """Tell whether the envelope of the next message may be written now; not before its intent is answered.

        A refusal of it would be its outcome, which the ledger must not hear of before.
        """
        while self._ahead and (intent := self._ahead[0].cargo.intent) and intent.is_withheld:
            self._ahead.popleft()
        load = self._ahead[0] if self._ahead else None
        if load is None or load.cargo.breaks or not self._may_begin():
            return False
        intent = load.cargo.intent
        is_unsure = self._office.is_wary if intent is None else not intent.is_down or intent.is_old
        return not is_unsure and self._server.level(self._connection) >= Level.CHAINED

    async def _take_ahead(self) -> Load | None:
        await self._look_ahead()
        while self._ahead:
            load = self._ahead.popleft()
            if load.cargo.intent is None or await self._may_still_go(load.cargo, load.cargo.intent):
                return load
            await self._look_ahead()
        return None

    async def _may_still_go(self, cargo: Cargo, intent: Intent) -> bool:
        """Judge a message whose intent was asked for: whether it is given, and holds still."""
        if not await intent.is_given():
            return False
        key = cargo.message.key
        if intent.is_old:
            self._settle(Ending(Deferred(key, cargo.trouble or LATE, retry_after=timedelta()), in_doubt=True))
            return False
        return True

    async def _look_ahead(self) -> None:
        """Make the next messages ready, while the network is busy with those before, and ask for their intents."""
        room = self._room_ahead
        while len(self._ahead) < (room or 1) and self._has_room_for_another and (cargo := self._next()):
            try:
                is_ready = cargo.intent is None or await self._may_still_go(cargo, cargo.intent)
                load = await self._load(cargo) if is_ready else None
            except BaseException:
                self._again.appendleft(cargo)
                raise
            if load:
                self._ahead.append(load)
        self._ask_ahead(room)

    def _next(self) -> Cargo | None:
        """Give what is to go next; nothing where that is better begun on a connection of its own."""
        cargo = self._again.popleft() if self._again else self._office.supply.take_ready()
        if cargo and cargo.breaks and (self._has_begun or self._ahead):
            self._again.appendleft(cargo)
            return None
        return cargo

    @property
    def _has_begun(self) -> bool:
        return self._connection.begun > self._begun_before

    @property
    def _has_room_for_another(self) -> bool:
        return self._may_begin() and len(self._ahead) < self._server.room(self._connection)

    def _ask_ahead(self, room: int) -> None:
        for load in self._ahead if room else ():
            if load.cargo.intent is None:
                key = load.letter.key
                load.cargo.intent = Intent(key, self._office.intend([key], ahead=True))
            room -= 1
            if not room:
                return

    @property
    def _room_ahead(self) -> int:
        """How many of those ahead may be intended; some that go again may be already."""
        if self._streams or not self._office.is_calm:
            return 0
        return self._tempo.room(len(self._loads) + len(self._again))

    async def _load(self, cargo: Cargo) -> Load | None:
        """Make a message ready for the server; None if it can never go there."""
        letter = await self._write_letter(cargo)
        if isinstance(letter, Letter):
            limit = self._limit
            if limit is None or letter.size <= limit:
                return Load(cargo, letter)
            words = f"the message of {letter.size} bytes is larger than the server takes ({limit} bytes)"
            letter = Rejected(letter.key, words)
            self._settle(Ending(letter, likeness=TOO_LARGE, in_doubt=cargo.intent is not None))
        else:
            self._settle(Ending(letter, in_doubt=cargo.intent is not None))
        return None

    async def _write_letter(self, cargo: Cargo) -> Letter | Rejected:
        connection = self._connection
        content = content_of(cargo.message)
        if isinstance(content, Rejected):
            return content
        signed = await self._office.signing.sign(content)
        return prepare(cargo.message, signed, connection.extensions, chunked=self._streams)
