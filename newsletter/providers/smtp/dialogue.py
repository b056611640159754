"""What is said on a connection, as a machine without a network or a clock: octets in, events out.

Commands may be written long before they are answered. Every reply is given to the command it answers, and so to the
message it is about, by their order alone. What the order cannot tell is not guessed: the dialogue breaks off, and
says of each message whether its end was written.

Source: RFC 5321 §4.1.4 and §4.3.2; RFC 2920 §3.1 (PIPELINING), 3030 §2 and §4.2 (CHUNKING).
"""

from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum, IntEnum
from typing import Final, NamedTuple, TypeAlias

from newsletter.providers.base import Uncertain
from newsletter.providers.smtp.letter import Letter
from newsletter.providers.smtp.protocol import (
    CLOSING,
    END_OF_MESSAGE,
    GarbageError,
    Phase,
    Reply,
    ReplyReader,
    command,
)
from newsletter.providers.smtp.replies import NOT_UNDERSTOOD, Ending, Verdict, end, judge

_RESET: Final = (Phase.RESET, command("RSET"))

OUT_OF_TURN: Final = "the server spoke out of turn"


class Level(IntEnum):
    """How much of a message is written before what came earlier is answered."""

    ONE_BY_ONE = 1
    """Each command by itself."""
    GROUPED = 2
    """MAIL, RCPT and DATA in one write."""
    CHAINED = 3
    """The same, in one write with the final dot of the message before."""
    CHUNKED = 4
    """The whole message with BDAT, several behind each other."""


class Move(Enum):
    """What follows from a reply to a command of a message."""

    PROCEED = "its next command has its turn"
    OPEN = "its content may be written"
    CLOSE = "this is what became of it"
    REFUSE = "it is refused; what of it is written already is answered in vain"
    IGNORE = "it was refused before"
    DOT = "it was refused, and the server wants its content: the final dot alone ends that"
    BREAK = "the connection is of no more use"


_REFUSALS: Final = dict.fromkeys((Verdict.LATER, Verdict.NEVER, Verdict.REFUSED), Move.REFUSE)
_BROKEN: Final = dict.fromkeys((Verdict.CLOSED, Verdict.UNCLEAR), Move.BREAK)
_IN_VAIN: Final = dict.fromkeys((Verdict.GO_ON, Verdict.LATER, Verdict.NEVER, Verdict.REFUSED), Move.IGNORE)

MOVES: Final[Mapping[Phase, Mapping[Verdict, Move]]] = {
    Phase.RESET: {**dict.fromkeys(Verdict, Move.BREAK), Verdict.GO_ON: Move.PROCEED},
    Phase.SENDER: {**_REFUSALS, **_BROKEN, Verdict.GO_ON: Move.PROCEED},
    Phase.RECIPIENT: {**_REFUSALS, **_BROKEN, Verdict.GO_ON: Move.PROCEED},
    Phase.DATA: {**_REFUSALS, **_BROKEN, Verdict.GO_ON: Move.OPEN},
    Phase.END: dict.fromkeys(Verdict, Move.CLOSE),
}
"""What follows as long as a message is not refused. Source: RFC 5321 §4.3.2."""

MOVES_IN_VAIN: Final[Mapping[Phase, Mapping[Verdict, Move]]] = {
    Phase.RECIPIENT: {**_IN_VAIN, **_BROKEN},
    # After a refused sender the server may have taken the recipient all the same: a dot would deliver nothing to them.
    Phase.DATA: {**_IN_VAIN, **_BROKEN, Verdict.GO_ON: Move.DOT},
    Phase.END: {**_IN_VAIN, **_BROKEN},
}
"""What follows once it is refused, from replies to what was written before that was known. Source: RFC 2920 §3.1."""


@dataclass(slots=True, eq=False)
class Transaction:
    """One message on its way over one connection.

    Args:
        intended: Its intent is written down.
        unsaid: Its commands that are not written yet.
        handed_over: Its last octet was given away: only a reply says that it was not taken.
        ending: What became of it, as soon as that is certain.
        refusal: A refusal of us, and not of the message.
        waiting_for: How many replies are still to come.
        refused_at: Where it was refused.
        misunderstood: The server did not do what it offers.
    """

    letter: Letter
    level: Level
    intended: bool = False
    unsaid: Sequence[tuple[Phase, bytes]] = ()
    handed_over: bool = False
    ending: Ending | None = None
    refusal: tuple[Phase, Reply] | None = None
    waiting_for: int = 0
    refused_at: Phase | None = None
    misunderstood: bool = False


class Answered(NamedTuple):
    """A command that belongs to no message was answered."""

    phase: Phase
    reply: Reply


class Opened(NamedTuple):
    """The server waits for a message's content."""

    transaction: Transaction


class Ended(NamedTuple):
    """All replies to a message are read; its `ending` tells what became of it, None that the refusal is all."""

    transaction: Transaction


class Lost(NamedTuple):
    """No more replies to a message will come; it may have been taken if it was handed over, and else was not."""

    transaction: Transaction
    reason: str


class Broken(NamedTuple):
    """Nothing more can be said; comes after what became of every message."""

    reason: str


Event: TypeAlias = Answered | Opened | Ended | Lost | Broken


class Dialogue:
    """Writes commands and reads replies.

    Attributes:
        broken: Why nothing more can be said, or nothing.
        dismissed: The server said so itself.
        answered: How many replies were read.
    """

    def __init__(self) -> None:
        self.broken = ""
        self.dismissed = False
        self.answered = 0
        self._reader = ReplyReader()
        self._expected: deque[tuple[Phase, Transaction | None]] = deque()
        self._under_way: list[Transaction] = []
        self._open: Transaction | None = None
        self._unclean = False
        self._output: list[bytes] = []
        self._events: list[Event] = []

    @property
    def waits_for(self) -> Phase | None:
        """What the next reply answers."""
        return self._expected[0][0] if self._expected else None

    @property
    def is_idle(self) -> bool:
        """Whether a message can begin with nothing unanswered before it."""
        return not (self.broken or self._expected or self._under_way)

    @property
    def under_way(self) -> int:
        """How many messages have begun and not come to their end."""
        return len(self._under_way)

    def take_output(self) -> Sequence[bytes]:
        """Give what is to be written, in one write."""
        output, self._output = self._output, []
        return output

    def ask(self, phase: Phase, line: bytes = b"") -> None:
        """Say something that belongs to no message; its reply comes as `Answered`."""
        self._say(phase, line, None)

    def begin(self, letter: Letter, level: Level, *, intended: bool = False) -> Transaction:
        """Begin a message: with its first command, its envelope, or the whole of it.

        Args:
            intended: It has to be, where the whole of it goes.
        """
        in_between = self._under_way and not self._under_way[-1].handed_over
        if in_between or (letter.chunked and not intended):
            raise RuntimeError("a message cannot begin here")
        transaction = Transaction(letter, level, intended)
        if self.broken:
            self._events.append(Lost(transaction, self.broken))
            return transaction
        # The state after a failed BDAT is anybody's guess. Source: RFC 3030 §2.
        steps = letter.steps
        if self._unclean or (letter.chunked and self._under_way):
            steps = _RESET, *steps
            self._unclean = False
        self._under_way.append(transaction)
        if level is Level.ONE_BY_ONE:
            steps, transaction.unsaid = steps[:1], steps[1:]
        for phase, line in steps:
            self._say(phase, line, transaction)
        if letter.chunked:
            self._say(Phase.END, b"BDAT %d LAST\r\n" % letter.size, transaction)
            self._output += letter.content
            transaction.handed_over = True
        return transaction

    def finish(self, transaction: Transaction) -> None:
        """Write a message's final dot; its content is written, and its intent is down."""
        if self._open is not transaction or not transaction.intended:
            raise RuntimeError("this message cannot end here")
        self._open = None
        transaction.handed_over = True
        self._say(Phase.END, END_OF_MESSAGE, transaction)

    def feed(self, octets: bytes) -> Sequence[Event]:
        """Take what came, and tell what it means."""
        if not self.broken:
            self._reader.feed(octets)
            try:
                self._read()
            except GarbageError as error:
                self.break_off(f"the server sent {error} at {self.waits_for}")
        return self.take_events()

    def take_events(self) -> Sequence[Event]:
        """Give what has happened since this was asked."""
        events, self._events = self._events, []
        return events

    def break_off(self, reason: str) -> None:
        """Say nothing more; tell of every message under way what is known of it."""
        if self.broken:
            return
        self.broken = reason
        for transaction in self._under_way:
            # Commands are obeyed in their order, so a server that closes in answer to one does nothing of what follows.
            transaction.handed_over = transaction.handed_over and not self.dismissed
            known = transaction.ending or transaction.refusal
            self._events.append(Ended(transaction) if known else Lost(transaction, reason))
        self._under_way.clear()
        self._expected.clear()
        self._output.clear()
        self._open = None
        self._events.append(Broken(reason))

    def _read(self) -> None:
        while self._expected and (reply := self._reader.next_reply()) is not None:
            phase, transaction = self._expected.popleft()
            self.answered += 1
            self.dismissed = reply.code == CLOSING
            if transaction:
                self._take(phase, reply, transaction)
            else:
                self._events.append(Answered(phase, reply))
        # A stray reply would be taken for that to the next command.
        if not self._expected and not self._reader.is_empty:
            self.break_off(OUT_OF_TURN)

    def _take(self, phase: Phase, reply: Reply, transaction: Transaction) -> None:
        """Take a reply to a command of a message."""
        transaction.waiting_for -= 1
        verdict = judge(phase, reply)
        if transaction.refused_at:
            self._take_in_vain(phase, verdict, reply, transaction)
            return
        move = MOVES[phase][verdict]
        if move is Move.PROCEED and transaction.unsaid:
            self._say_next(transaction)
        elif move is Move.OPEN:
            self._open = transaction
            self._events.append(Opened(transaction))
        elif move is Move.CLOSE:
            self._close(verdict, reply, transaction)
        elif move is Move.REFUSE:
            self._refuse(phase, verdict, reply, transaction)
        elif move is Move.BREAK:
            self.break_off(f"the server broke off at {phase}: {reply.words}")

    def _close(self, verdict: Verdict, reply: Reply, transaction: Transaction) -> None:
        """Take the reply to a message's end."""
        transaction.ending = end(transaction.letter.key, Phase.END, verdict, reply)
        if verdict is Verdict.REFUSED:
            transaction.refusal = Phase.END, reply
        self._unclean = verdict is not Verdict.GO_ON
        self._leave(transaction)
        if reply.code == CLOSING or verdict is Verdict.UNCLEAR:
            self.break_off(f"the server broke off at {Phase.END}: {reply.words}")
        elif transaction.level is Level.CHUNKED and reply.code in NOT_UNDERSTOOD:
            # It may take the content for commands.
            transaction.misunderstood = True
            self.break_off(f"the server does not know BDAT: {reply.words}")

    def _refuse(self, phase: Phase, verdict: Verdict, reply: Reply, transaction: Transaction) -> None:
        if phase is Phase.SENDER and transaction.level is Level.CHAINED and reply.code in NOT_UNDERSTOOD:
            self.break_off(f"the server lost the thread at {phase}: {reply.words}")
            return
        transaction.refused_at = phase
        transaction.unsaid = ()
        if verdict is Verdict.REFUSED:
            transaction.refusal = phase, reply
        # Before it knows whom we write to, a refusal of us says nothing of the message.
        if verdict is not Verdict.REFUSED or phase is not Phase.SENDER or transaction.intended:
            ending = end(transaction.letter.key, phase, verdict, reply, intended=transaction.intended)
            transaction.ending = ending
        self._unclean = True
        if not transaction.waiting_for:
            self._leave(transaction)

    def _take_in_vain(self, phase: Phase, verdict: Verdict, reply: Reply, transaction: Transaction) -> None:
        """Take a reply to what was written before the refusal was known."""
        move = MOVES_IN_VAIN[phase][verdict]
        if move is Move.DOT and transaction.refused_at is Phase.RECIPIENT:
            self._say(Phase.END, END_OF_MESSAGE, transaction)
            return
        if move is not Move.IGNORE:
            self.break_off(f"the server broke off at {phase}: {reply.words}")
            return
        if phase is Phase.END and verdict is Verdict.GO_ON and transaction.letter.chunked:
            # It took a message for a recipient whom it had refused: nobody can say what became of it.
            transaction.misunderstood = True
            words = f"the server contradicts itself: {reply.words}"
            transaction.ending = Ending(Uncertain(transaction.letter.key, words), in_doubt=True)
        if not transaction.waiting_for:
            self._leave(transaction)

    def _leave(self, transaction: Transaction) -> None:
        self._under_way.remove(transaction)
        self._events.append(Ended(transaction))

    def _say_next(self, transaction: Transaction) -> None:
        (phase, line), *rest = transaction.unsaid
        transaction.unsaid = rest
        self._say(phase, line, transaction)

    def _say(self, phase: Phase, line: bytes, transaction: Transaction | None) -> None:
        if self.broken:
            return
        if line:
            self._output.append(line)
        self._expected.append((phase, transaction))
        if transaction:
            transaction.waiting_for += 1
