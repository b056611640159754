"""Merges a compiled issue with one reader's values: a join of bytes.

What is the same for all is transfer-encoded once. For each way to answer an issue's conditions a plan is made: a
flat run of bytes with places in between, kept for the next reader who answers the same.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from email.utils import format_datetime
from typing import Final, TypeAlias

from newsletter.expressions import Expression, evaluator, predicate, text_of
from newsletter.expressions import Value as FieldValue
from newsletter.message import (
    Content,
    DeliveryKey,
    Mailbox,
    ascii_domain,
    boundary,
    encode_piece,
    encode_simple,
    exact_header,
    frame,
    is_plain,
    mailbox_header,
    one_line,
    phrase,
    text_header,
)
from newsletter.render.compile import CompiledIssue
from newsletter.render.slots import Block, Parts, ReaderLink, Slot, Value, escaper, token, walk

PLAN_LIMIT: Final = 256
"""How many plans are kept; a plan is about as large as a message."""

ONE_CLICK: Final = b"List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n"


@dataclass(frozen=True, slots=True)
class Letterhead:
    """The header fields that all messages of a dispatch share.

    Args:
        date: When the dispatch was frozen; aware.
        list_id: An identifier below a domain, such as "leden.example.org".
        feedback_id: ASCII, without personal data, at most four fields parted by colons.
        automatic: It answers something a person did, such as a confirmation: nobody can leave a list by it, and the
            fields that speak of a list are left out.

    Source: RFC 2369 §3.4, RFC 2919 §2, RFC 3834 §5.
    """

    sender: Mailbox
    reply_to: Mailbox | None
    date: datetime
    list_name: str = ""
    list_id: str = ""
    feedback_id: str = ""
    automatic: bool = False


@dataclass(frozen=True, slots=True)
class Reader:
    """One recipient, as far as merging needs to know.

    Args:
        values: What expressions on `subscriber` see.
        links: The reader's own links: unsubscribe, preferences, web.
    """

    mailbox: Mailbox
    key: DeliveryKey
    values: Mapping[str, FieldValue]
    links: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class MergedParts:
    """A message as its common parts with placeholders, and one reader's values for these."""

    common: "CommonParts"
    values: Mapping[str, str]


@dataclass(frozen=True)
class CommonParts:
    """What readers who answer all conditions alike have in common; placeholders stand for their values."""

    subject: str
    html: str
    text: str
    slots: tuple[tuple[str, Slot], ...]


Piece: TypeAlias = bytes | int


@dataclass(slots=True)
class _Plan:
    """How to put messages together.

    Args:
        pieces: What to join to a body; holes are empty.
        holes: Places in `pieces`, each with the number of the slot that fills it.
        is_plain: So is every piece.
    """

    pieces: list[bytes]
    holes: list[tuple[int, int]]
    is_plain: bool


Answers: TypeAlias = tuple[bool, ...]


class Merger:
    """Merges one compiled issue under one letterhead.

    Args:
        compiled: The issue.
        letterhead: What the header fields say.
    """

    def __init__(self, compiled: CompiledIssue, letterhead: Letterhead) -> None:
        self.compiled = compiled
        self.letterhead = letterhead
        self._domain = ascii_domain(letterhead.sender.address.rpartition("@")[2])
        self._common = _common_headers(letterhead, compiled.language)
        before, between, after = frame(boundary(compiled.nonce))
        fields, empty_line, before = before.partition(b"\r\n\r\n")
        self._mime = fields + empty_line
        self._frame = (before, between, after)
        self._slots = _number_slots(compiled)
        self._makers = [(_maker(slot.value), escaper(slot.place)) for slot in self._slots]
        self._questions = _questions(compiled)
        self._deciders = [predicate(condition) for condition in self._questions.values()]
        self._plain_subject = all(isinstance(part, str) for part in compiled.subject)
        self._subject = text_header("Subject", "".join(map(str, compiled.subject))) if self._plain_subject else b""
        self._subject_parts = [
            part if isinstance(part, str) else self._slots[part]
            for part in compiled.subject
            if not isinstance(part, Block)
        ]
        self._plans: dict[Answers, _Plan] = {}
        self._common_parts: dict[Answers, CommonParts] = {}

    def merge(self, reader: Reader) -> bytes:
        """Write one reader's whole message: CRLF line ends, 7-bit, no line over 998 octets.

        The header of an address with a local part beyond ASCII is UTF-8.

        Raises:
            ValueError: The reader's address cannot be written in a header.
        """
        return self.content(reader).octets

    def content(self, reader: Reader) -> Content:
        """Write one reader's whole message, as `merge` does, and tell whether its body is plain.

        Raises:
            ValueError: The reader's address cannot be written in a header.
        """
        return self._content(reader, self.answers(reader), self._escaped(reader))

    def both(self, reader: Reader) -> tuple[bytes, MergedParts]:
        """Give one reader's message whole and as parts, at hardly more cost than whole.

        Raises:
            ValueError: The reader's address cannot be written in a header.
        """
        answers, escaped = self.answers(reader), self._escaped(reader)
        return self._content(reader, answers, escaped).octets, self._parts(answers, escaped)

    def _content(self, reader: Reader, answers: Answers, escaped: list[str]) -> Content:
        plan = self._plans.get(answers) or self._plan(answers)
        pieces = plan.pieces.copy()
        encoded: dict[str, bytes] = {}  # a value mostly stands in more places than one, and alike
        plain = plan.is_plain
        for position, number in plan.holes:
            value = escaped[number]
            piece = encoded.get(value)
            if piece is None:
                piece = encode_simple(value)
                if piece is None:
                    piece = encode_piece(value)
                    plain = plain and is_plain(piece)
                encoded[value] = piece
            pieces[position] = piece
        return Content(self.headers(reader, escaped) + self._mime, b"".join(pieces), plain)

    def answers(self, reader: Reader) -> Answers:
        """Answer every condition of the issue for one reader."""
        values = reader.values
        return tuple([decide(values) for decide in self._deciders])

    def headers(self, reader: Reader, escaped: list[str]) -> bytes:
        """Write the header fields, but for those of MIME."""
        own = (
            self._common,
            self._subject or text_header("Subject", self._fill_subject(escaped)),
            mailbox_header("To", reader.mailbox),
            f"Message-ID: <{reader.key}@{self._domain}>\r\n".encode(),
        )
        if self.letterhead.automatic:
            return b"".join(own)
        return b"".join((*own, exact_header("List-Unsubscribe", f"<{reader.links['unsubscribe']}>"), ONE_CLICK))

    def parts(self, reader: Reader) -> MergedParts:
        """Give one reader's message as common parts and values.

        Readers who answer all conditions alike share the same object of common parts.
        """
        return self._parts(self.answers(reader), self._escaped(reader))

    def _parts(self, answers: Answers, escaped: list[str]) -> MergedParts:
        common = self._common_parts.get(answers)
        if common is None:
            _forget_oldest(self._common_parts)
            common = self._common_parts[answers] = self._make_common(answers)
        numbers = self._slots
        return MergedParts(common, {name: escaped[numbers[slot]] for name, slot in common.slots})

    def _escaped(self, reader: Reader) -> list[str]:
        return [escape(make(reader)) for make, escape in self._makers]

    def _fill_subject(self, escaped: list[str]) -> str:
        return one_line("".join([part if isinstance(part, str) else escaped[part] for part in self._subject_parts]))

    def _plan(self, answers: Answers) -> _Plan:
        by_question = dict(zip(self._questions, answers, strict=True))
        before, between, after = self._frame
        run: list[Piece] = [before]
        self._flatten(self.compiled.text, by_question, run)
        run.append(between)
        self._flatten(self._variant(by_question), by_question, run)
        run.append(after)
        _forget_oldest(self._plans)
        plan = self._plans[answers] = _join_literals(run)
        return plan

    def _flatten(self, parts: Parts, answers: Mapping[str, bool], run: list[Piece]) -> None:
        for part in parts:
            if isinstance(part, str):
                run.append(encode_piece(part))
            elif isinstance(part, Slot):
                run.append(self._slots[part])
            elif answers[part.condition.source] is not part.negated:
                self._flatten(part.parts, answers, run)

    def _variant(self, answers: Mapping[str, bool]) -> Parts:
        wanted = tuple(answers[condition.key] for condition in self.compiled.decided)
        return next(variant.html for variant in self.compiled.variants if variant.decisions == wanted)

    def _make_common(self, answers: Answers) -> CommonParts:
        by_question = dict(zip(self._questions, answers, strict=True))
        named: dict[str, Slot] = {}
        subject, html, text = (
            "".join(self._placeholders(parts, by_question, named))
            for parts in (self.compiled.subject, self._variant(by_question), self.compiled.text)
        )
        return CommonParts(subject, html, text, tuple(named.items()))

    def _placeholders(self, parts: Parts, answers: Mapping[str, bool], named: dict[str, Slot]) -> list[str]:
        written: list[str] = []
        for part in parts:
            if isinstance(part, str):
                written.append(part)
            elif isinstance(part, Slot):
                name = token(self.compiled.nonce, f"v{part.place}", self._slots[part])
                named[name] = part
                written.append(name)
            elif answers[part.condition.source] is not part.negated:
                written.extend(self._placeholders(part.parts, answers, named))
        return written


def _common_headers(letterhead: Letterhead, language: str) -> bytes:
    fields = [
        text_header("Date", format_datetime(letterhead.date)),
        mailbox_header("From", letterhead.sender),
    ]
    if letterhead.reply_to:
        fields.append(mailbox_header("Reply-To", letterhead.reply_to))
    if letterhead.automatic:
        fields.append(exact_header("Auto-Submitted", "auto-generated"))
    else:
        fields += [
            exact_header("List-Id", f"{phrase(letterhead.list_name)} <{letterhead.list_id}>".strip()),
            exact_header("List-Post", "NO"),
            exact_header("Feedback-ID", letterhead.feedback_id),
        ]
    fields.append(exact_header("Content-Language", language))
    return b"".join(fields)


def _all_parts(compiled: CompiledIssue) -> tuple[Parts, ...]:
    return (compiled.subject, compiled.text, *(variant.html for variant in compiled.variants))


def _number_slots(compiled: CompiledIssue) -> dict[Slot, int]:
    numbered: dict[Slot, int] = {}
    for parts in _all_parts(compiled):
        for part in walk(parts):
            if isinstance(part, Slot):
                numbered.setdefault(part, len(numbered))
    return numbered


def _questions(compiled: CompiledIssue) -> dict[str, Expression]:
    questions = {condition.key: condition.expression for condition in compiled.decided}
    for parts in _all_parts(compiled):
        for part in walk(parts):
            if isinstance(part, Block):
                questions.setdefault(part.condition.source, part.condition)
    return questions


def _maker(value: Value) -> Callable[[Reader], str]:
    if isinstance(value, ReaderLink):
        name = value.name
        return lambda reader: reader.links[name]
    evaluate = evaluator(value)
    return lambda reader: text_of(evaluate(reader.values))


def _join_literals(run: list[Piece]) -> _Plan:
    pieces: list[bytes] = []
    holes: list[tuple[int, int]] = []
    literal: list[bytes] = []
    for piece in run:
        if isinstance(piece, bytes):
            literal.append(piece)
            continue
        pieces.append(b"".join(literal))
        literal.clear()
        holes.append((len(pieces), piece))
        pieces.append(b"")
    pieces.append(b"".join(literal))
    return _Plan(pieces, holes, all(map(is_plain, pieces)))


def _forget_oldest(kept: dict[Answers, _Plan] | dict[Answers, CommonParts]) -> None:
    if len(kept) >= PLAN_LIMIT:
        del kept[next(iter(kept))]
