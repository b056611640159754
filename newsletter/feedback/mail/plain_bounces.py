"""Reads notices of mail systems that follow no standard, by what they have in common.

A notice comes from a mail system, is called one, or comes back to nobody; it says that a message failed; and it names
whom for: an address at the head of a line, or behind a word for recipients. What is said about an address stands from
where it is named to where another one is.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from email.utils import getaddresses, parseaddr
from typing import Final

from newsletter.feedback.mail import wording
from newsletter.feedback.mail.delivery_status import codes_in, most_specific
from newsletter.feedback.mail.entities import Entity
from newsletter.feedback.mail.notices import Notice
from newsletter.providers.base.faults import fault_of
from newsletter.providers.base.feedback import EventKind, Fault
from newsletter.providers.base.phrases import own_words

LOOKED_AT: Final = 16_000
"""How many characters of a notice are read; what else there is comes later."""
_FIRST: Final = 600
LONGEST_LINE: Final = 1_000
MOST_RECIPIENTS: Final = 200

_ADDRESS: Final = re.compile(
    r"(?<![\w.+=@-])[\w!#$%&'*+/=?^`{|}~.-]{1,128}@(?:[\w-]{1,63}\.){1,10}[\w-]{1,63}(?![\w@])", re.IGNORECASE
)
_REPLY: Final = re.compile(r"(?<![\d.])[45](?:[0-5]|7)\d(?=[ :;,-]{1,3}(?:[^\d\s]|[245]\.\d|$))", re.MULTILINE)
_SYSTEMS: Final = re.compile(r"(?:mailer-?daemon|mail-?daemon|post-?master|abuse|mdaemon)@", re.IGNORECASE)
_BULLET: Final = " \t<[(\"'*>|•·-–:"
_TYPED: Final = re.compile(r"(?:smtp|rfc-?822|mailto)\s{0,3}[:=;]\s{0,3}<?$", re.IGNORECASE)
_AFTER_REPLY: Final = re.compile(
    r"^[<>\s]{0,10}(?:[45]\d\d[ -]{1,3})?(?:[45]\.\d{1,3}\.\d{1,3}\s{1,3})?(?:<|rcpt to:\s?<?)?$", re.IGNORECASE
)
_NAMES_ADDRESS: Final = re.compile(r"5\.1\.(?:1|2|3|6|10)$")
_AFTER_ACCEPTANCE: Final = re.compile(
    r"in reply to (?:the )?(?:end of )?DATA\b|after (?:sending )?(?:the )?(?:end of )?data\b"
    r"|failed after I sent the message|>>> ?DATA\W{0,8}<<< ?5\d\d",
    re.IGNORECASE,
)
"""The server had taken the recipient before, and so knew the address; a filter behind it refuses."""
_NOBODY_TAKEN: Final = re.compile(
    r"need rcpt|no valid rec(?:i|e)pients?|(?:doesn['’]?t|does not) have an? [^.;\s]{0,40}(?:\.[\w.-]{1,60})? ?account",
    re.IGNORECASE,
)
"""It had not: commands that were sent together are answered one by one."""
_SAID_OF_ANYTHING: Final = re.compile(
    r"address not found|(?:the )?(?:address|domain \S+) couldn['’]t be found(?:, or is unable to receive mail)?",
    re.IGNORECASE,
)
"""What Gmail says of whatever another server refuses."""
_WORD: Final = re.compile(r"[^\W\d_]{2,}")
_TO_LINE: Final = re.compile(r"^\W{0,10}(?:to|aan|an|[àa]|para|a)\s{0,5}:\s{0,9}[^:]{0,60}$", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Failure:
    """What a notice tells of one recipient."""

    recipient: str
    said: str
    status: str
    fault: Fault


def is_notice(message: Entity, notice: Notice, *, automatic: bool) -> bool:
    """Tell whether a message is a mail system's notice of a failure or a delay.

    Args:
        automatic: It is marked or written as an automatic reply, as some mail systems also mark their notices.
    """
    if message.value("x-failed-recipients"):
        return True
    subject = message.words("subject")
    by_system = wording.SYSTEM.search(" ".join(_sender(message))) is not None
    # What a person answers, or a machine in a person's name, names what it answers.
    if wording.SUCCESS.search(subject) or (message.value("in-reply-to") and not by_system):
        return False
    called_so = wording.SUBJECT.search(subject) is not None
    if automatic and not by_system:
        return called_so and _says_so_first(notice)
    if not says_that_it_failed(notice):
        return by_system and called_so and not wording.SUCCESS.search(notice.text[:LOOKED_AT])
    return by_system or called_so or _speaks_as_one(notice) or _returns_to_nobody(message)


def says_that_it_failed(notice: Notice) -> bool:
    """Tell whether a notice itself says that a message failed or waits."""
    text = notice.text[:LOOKED_AT]
    return any(pattern.search(text) for pattern in (wording.FAILURE, wording.DELAY))


def kind_of(message: Entity, notice: Notice) -> EventKind:
    """Tell a failure from a delay."""
    text = notice.text[:LOOKED_AT]
    if wording.GIVEN_UP.search(text):
        return EventKind.BOUNCED
    delayed = wording.DELAY.search(text) or wording.DELAYED_SUBJECT.search(message.words("subject"))
    return EventKind.DELAYED if delayed else EventKind.BOUNCED


def read_failures(message: Entity, notice: Notice) -> list[Failure]:
    """Read what a notice tells, for each recipient that it names; one without an address where it names none."""
    lines = [line[:LONGEST_LINE] for line in notice.text[:LOOKED_AT].split("\n")]
    addresses = (
        _named_in_header(message)
        or _named_in_text(lines, _own(message))
        or _named_in_returned(notice)
        or _named_in_text(lines, frozenset())
        or _named_without_domain(message, lines)
    )
    whole = " ".join(" ".join(lines).split())
    if len(addresses) < 2:
        return [judge(next(iter(addresses), ""), whole, whole)]
    said = _said_of(lines, addresses)
    return [judge(address, said[address.lower()] or whole, whole) for address in addresses[:MOST_RECIPIENTS]]


def judge(recipient: str, said: str, whole: str, status: str = "") -> Failure:
    """Judge what was said of a recipient: first a server's reply in it, then all of it, then the whole notice.

    Args:
        status: What a report says beside it; empty where there is none.
    """
    reply = _reply_in(said) or (_reply_in(whole) if not said else "")
    found = most_specific([*codes_in(reply), *codes_in(said), status])
    fault = _fault_in(found, reply, said, whole)
    if fault is Fault.ADDRESS and not _NAMES_ADDRESS.search(found) and _was_taken_before(f"{said} {whole}"):
        fault = Fault.MAILBOX
    return Failure(recipient, reply or said or whole, found, fault)


def _was_taken_before(told: str) -> bool:
    return _AFTER_ACCEPTANCE.search(told) is not None and not _NOBODY_TAKEN.search(told)


def _fault_in(status: str, reply: str, said: str, whole: str) -> Fault:
    answered = len(_WORD.findall(own_words(reply))) > 1
    for words in dict.fromkeys((reply, said, whole)):
        told = _SAID_OF_ANYTHING.sub(" ", words) if answered else words
        fault = fault_of(status, told) if told else Fault.UNKNOWN
        if fault is not Fault.UNKNOWN:
            return fault
    return fault_of(status, "")


def _reply_in(said: str) -> str:
    """Give a server's reply from its code on, where a notice cites one."""
    found = _REPLY.search(said)
    return said[found.start() :] if found else ""


def _sender(message: Entity) -> tuple[str, str]:
    name, address = parseaddr(message.words("from"))
    return name, address or message.words("from")


def _returns_to_nobody(message: Entity) -> bool:
    path = message.values("return-path")
    return "<>" in (path or message.values("from"))


def _own(message: Entity) -> frozenset[str]:
    """Give the addresses of the notice itself: whose it is, and to whom it came."""
    fields = [
        message.words(name) for name in ("from", "to", "delivered-to", "x-original-to", "return-path", "reply-to")
    ]
    return frozenset(address.lower() for _, address in getaddresses(fields) if address)


def _says_so_first(notice: Notice) -> bool:
    return wording.FAILURE.search(notice.text[:_FIRST]) is not None


def _speaks_as_one(notice: Notice) -> bool:
    """Tell whether a notice is one by its form alone: it begins with the failure, and returns a message's header."""
    return _says_so_first(notice) and {"from", "message-id"} <= {name for name, _ in notice.returned}


def _named_in_header(message: Entity) -> list[str]:
    written = " ".join(message.values("x-failed-recipients"))
    return _unique(found[0] for found in _ADDRESS.finditer(written))


def _named_in_returned(notice: Notice) -> list[str]:
    """Give the one recipient of the returned message; several were not all refused."""
    for name in ("x-original-to", "envelope-to", "delivered-to", "to"):
        found = [value for known, value in notice.returned if known == name]
        addresses = _unique(match[0] for value in found[:1] for match in _ADDRESS.finditer(value))
        if len(addresses) == 1:
            return addresses
    return []


def _named_in_text(lines: Sequence[str], own: frozenset[str]) -> list[str]:
    """Give the recipients that a text names; those that it only describes its message by where there is no other."""
    named: list[str] = []
    described: list[str] = []
    before = ""
    for line in lines:
        for found in _ADDRESS.finditer(line):
            address, lead = _without_type(found[0].strip(".'"), line[: found.start()])
            if address.lower() in own or _SYSTEMS.match(address):
                continue
            if _TO_LINE.match(lead):
                described.append(address)
            elif _names_recipient(lead, before):
                named.append(address)
        before = line
    return _unique(named or described)


def _named_without_domain(message: Entity, lines: Sequence[str]) -> list[str]:
    """Give the readers whom a mail system names as those of its own: words alone on their lines, after a colon."""
    domain = _sender(message)[1].rpartition("@")[2].lower()
    place = next((number for number, line in enumerate(lines) if line.rstrip().endswith(":")), len(lines))
    names: list[str] = []
    for line in lines[place + 1 :]:
        if re.fullmatch(r"\s*[\w.+-]{2,64}\s*", line):
            names.append(f"{line.strip()}@{domain}")
        elif line.strip():
            break
    return _unique(names) if domain else []


def _without_type(address: str, lead: str) -> tuple[str, str]:
    """Move the name of a type, as in `SMTP=somebody@example.org`, from an address to what stands before it."""
    found = re.match(r"(?:smtp|rfc-?822)=", address, re.IGNORECASE)
    return (address[found.end() :], lead + found[0]) if found else (address, lead)


def _names_recipient(lead: str, line_before: str) -> bool:
    """Tell whether what stands before an address on its line, or on the line before, makes it a recipient."""
    bare = lead.strip(_BULLET)
    if not bare:
        return not (wording.NAMES_OTHERS.search(line_before[-60:]) and not line_before.rstrip().endswith((":", ".")))
    if _TYPED.search(lead) or _AFTER_REPLY.match(lead) or wording.NAMES_ORIGIN.search(lead[-60:]):
        return True
    if wording.NAMES_OTHERS.search(lead[-80:]):
        return False
    return wording.NAMES_RECIPIENT.search(lead[-120:]) is not None


def _said_of(lines: Sequence[str], addresses: Sequence[str]) -> Mapping[str, str]:
    """Give for each address what stands from where it is named to where another one is."""
    known = {address.lower() for address in addresses}
    said: dict[str, list[str]] = {address: [] for address in known}
    current = ""
    for line in lines:
        found = next((match[0].lower().strip(".'") for match in _ADDRESS.finditer(line)), "")
        current = found if found in known else current
        if current:
            said[current].append(line.strip())
    return {address: " ".join(parts)[:LOOKED_AT] for address, parts in said.items()}


def _unique(addresses: Iterable[str]) -> list[str]:
    """Give addresses once each, as they were first written."""
    return list({address.lower(): address for address in reversed([*_within_bounds(addresses)])}.values())[::-1]


def _within_bounds(addresses: Iterable[str]) -> Iterator[str]:
    for _, address in zip(range(MOST_RECIPIENTS * 5), addresses, strict=False):
        yield address
