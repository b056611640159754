"""Reads reports of delivery in the standard form, also where they stand in other text.

Source: RFC 3464 §2 (fields), RFC 3461 §4 and RFC 6533 §3 and §4 (addresses), RFC 3463 (codes).
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import Final

from newsletter.feedback.mail.entities import read_header, readable
from newsletter.providers.base.feedback import EventKind

TYPES: Final = frozenset({"message/delivery-status", "message/global-delivery-status"})

MOST_GROUPS: Final = 1_000

KINDS: Final = {
    "failed": EventKind.BOUNCED,
    "delayed": EventKind.DELAYED,
    "delivered": EventKind.DELIVERED,
    "relayed": EventKind.OTHER,
    "expanded": EventKind.OTHER,
}
"""What each action means. Source: RFC 3464 §2.3.3: relayed and expanded promise nothing about a mailbox."""

_FIELD: Final = re.compile(
    r"^[> \t|]{0,20}((?:final|original)-recipient|action|status|diagnostic-code|remote-mta|last-attempt-date"
    r"|arrival-date|reporting-mta|original-envelope-id|will-retry-until|received-from-mta|dsn-gateway"
    r"|x-original-message-id|x-[a-z0-9-]{1,40}|localized-diagnostic|final-log-id)[ \t]{0,5}:",
    re.IGNORECASE,
)
_OTHER_FIELD: Final = re.compile(r"[A-Za-z][\w-]{2,60}:[ \t]")
_ONCE: Final = frozenset({"original-recipient", "final-recipient", "action", "status", "diagnostic-code"})
_QUOTED: Final = re.compile(r"^(?:[>|][ \t]?){1,10}")
_STATUS: Final = re.compile(r"(?<![\d.])([245]\.\d{1,3}\.\d{1,3})(?![\d.]*\d)")
_PROGRAM: Final = re.compile(
    r"(?:exim|postfix|sendmail|mdaemon|communigate(?: pro)?|imail|mercury|kerio|courier|mailer|server|esmtp"
    r"|version|ver\.?|release|build|\bv)[ /-]{0,2}$",
    re.IGNORECASE,
)
_XTEXT: Final = re.compile(r"\+([0-9A-F]{2})")
_UNITEXT: Final = re.compile(r"\\x\{([0-9A-Fa-f]{2,6})\}")
_ADDRESS: Final = re.compile(r"[^\s<>()\[\]\",;:]{1,128}@[^\s<>()\[\]\",;:]{1,255}")


@dataclass(frozen=True, slots=True)
class Group:
    """The fields about one recipient.

    Attributes:
        fields: As they stand, names in small letters.
        common: Those about the whole message.
    """

    fields: tuple[tuple[str, str], ...]
    common: tuple[tuple[str, str], ...] = ()

    def value(self, name: str) -> str:
        """Give a field's value; empty where there is none."""
        return next((value for known, value in (*self.fields, *self.common) if known == name), "")

    @property
    def kind(self) -> EventKind:
        """What happened. Without an action, a status for good tells of a failure, and one for now of a delay."""
        action = re.match(r"[a-z]*", self.value("action").lower())
        named = KINDS.get("failed" if action and action[0].startswith("fail") else action[0] if action else "")
        if named:
            return named
        by_class = {"5": EventKind.BOUNCED, "4": EventKind.DELAYED, "2": EventKind.DELIVERED}
        return by_class.get(self.status[:1], EventKind.OTHER)

    @property
    def action(self) -> str:
        """The action as it is written."""
        return self.value("action").partition(" ")[0].lower()[:40]

    @property
    def status(self) -> str:
        """The status of the report."""
        return status_in(self.value("status"))

    @property
    def diagnostic(self) -> str:
        """What the other mail system said, without the name of its protocol."""
        return re.sub(r"^\s*[\w.-]{1,40}\s*;\s*", "", self.value("diagnostic-code"))

    @property
    def recipient(self) -> str:
        """The address: the one that we wrote to, where it is told, and else the one that it became."""
        return address_in(self.value("original-recipient")) or address_in(self.value("final-recipient"))

    def moment(self) -> datetime | None:
        """When the last attempt was made."""
        return read_moment(self.value("last-attempt-date"))


def read_groups(text: str) -> list[Group]:
    """Read every group of fields about a recipient, in a text that may hold other lines and quote them."""
    groups: list[Group] = []
    common: tuple[tuple[str, str], ...] = ()
    for block in _blocks(text):
        names = [name for name, _ in block]
        if "action" in names or "status" in names or "final-recipient" in names:
            groups += [Group(fields, common) for fields in _divide(block)]
        else:
            common = tuple(block)
        if len(groups) >= MOST_GROUPS:
            break
    return [group for group in groups if _is_whole(group)]


def status_in(text: str) -> str:
    """Find the first enhanced status code in a text; empty where there is none."""
    found = _STATUS.search(text)
    return found[1] if found else ""


def most_specific(codes: Sequence[str]) -> str:
    """Choose the first code that tells more than its class; else the first that there is."""
    known = [code for code in codes if code]
    return next((code for code in known if not code.endswith(".0.0")), next(iter(known), ""))


def codes_in(text: str) -> list[str]:
    """Find every enhanced status code of a refusal in a text; the version of a program looks like one."""
    found = [match for match in _STATUS.finditer(text) if match[1][0] != "2"]
    return [match[1] for match in found if not _PROGRAM.search(text[max(0, match.start() - 20) : match.start()])]


def address_in(value: str) -> str:
    """Read an address with its type, such as `rfc822; somebody@example.org`; empty where there is none."""
    kind, semicolon, written = value.partition(";")
    written = written if semicolon else value
    if kind.strip().lower() == "utf-8":
        written = _UNITEXT.sub(lambda found: _character(found[1]), written)
    if "+40" in written and "@" not in written:
        written = _XTEXT.sub(lambda found: chr(int(found[1], 16)), written)
    found = _ADDRESS.search(readable(written) if "=?" in written else written)
    return found[0].strip("'\".") if found else ""


def read_moment(value: str) -> datetime | None:
    """Read a date; None where it is none, or says not where it is."""
    try:
        moment = parsedate_to_datetime(value[:100])
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    return moment if moment.tzinfo else None


def _character(digits: str) -> str:
    number = int(digits, 16)
    return chr(number) if number < 0x110000 and not 0xD800 <= number < 0xE000 else ""


def _blocks(text: str) -> Iterator[list[tuple[str, str]]]:
    """Give runs of fields of a report; an empty line or other text ends one."""
    lines: list[str] = []
    for written in text.split("\n"):
        line = _QUOTED.sub("", written)
        if _FIELD.match(line) or (lines and _OTHER_FIELD.match(line)):
            lines.append(line.lstrip(" \t"))
        elif lines and line.strip() and (line[:1] in (" ", "\t") or _is_broken(lines[-1], line)):
            lines.append(f" {line.strip()}")
        elif lines:
            yield list(read_header("\n".join(lines)))
            lines = []
    if lines:
        yield list(read_header("\n".join(lines)))


def _is_broken(last: str, line: str) -> bool:
    """Tell whether a line goes on with a diagnostic that was broken without being indented."""
    return last.lower().startswith(("diagnostic-code:", " ")) and not re.match(r"--|[\w-]{1,60}:", line)


def _divide(block: list[tuple[str, str]]) -> Iterator[tuple[tuple[str, str], ...]]:
    """Part groups that no empty line parts: one begins where a field comes again."""
    begun: list[tuple[str, str]] = []
    for name, value in block:
        if name in _ONCE and any(known == name for known, _ in begun):
            yield tuple(begun)
            begun = []
        begun.append((name, value))
    if begun:
        yield tuple(begun)


def _is_whole(group: Group) -> bool:
    told = any(group.value(name) for name in ("action", "status", "diagnostic-code"))
    return told and bool(group.value("final-recipient") or group.value("original-recipient"))
