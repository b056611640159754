"""Approval: somebody has seen what is about to be sent, and to whom, and says that it may go.

It is bound to a hash of each of four things: the content, the template, the audience and the sender. When one of them
is another one by the time of sending, the approval is void.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from newsletter.dispatch.freeze import Plan
from newsletter.errors import DispatchError, Place
from newsletter.settings import ApprovalSettings
from newsletter.store import tables
from newsletter.subscribers import Definitions

_approvals = tables.approvals


@dataclass(frozen=True, slots=True)
class Seal:
    """What an approval is bound to; each is a SHA-256 in hexadecimal.

    Args:
        content: Everything that a reader could be shown.
        template: All files of the template, also those that this issue does not use.
        audience: The list as readers know it, the segment's condition, and whom a correction follows.
        sender: Who it comes from, where answers and failures go, and what carries it.
    """

    content: str
    template: str
    audience: str
    sender: str

    @property
    def digest(self) -> str:
        """One hash of all four."""
        return _hash(asdict(self))

    def changes(self, other: "Seal") -> tuple[str, ...]:
        """Name what is another one in another seal."""
        return tuple(one.name for one in fields(self) if getattr(self, one.name) != getattr(other, one.name))


@dataclass(frozen=True, slots=True)
class Approval:
    """That somebody approved what a seal stands for."""

    seal: Seal
    by: str
    at: datetime

    def json(self) -> str:
        """Write what a dispatch keeps of it."""
        return json.dumps({"by": self.by, "at": self.at.isoformat(), "seal": self.seal.digest}, ensure_ascii=False)


def read_approval(kept: str | None) -> Mapping[str, str] | None:
    """Read what a dispatch has kept, ready for JSON."""
    found: Mapping[str, str] | None = json.loads(kept) if kept else None
    return found


def seal(plan: Plan, template: str, definitions: Definitions) -> Seal:
    """Seal what is about to be sent.

    Args:
        template: The hash of the template's files.
    """
    letterhead, selection, following = plan.letterhead, plan.selection, plan.following
    recipients = definitions.list(selection.list)
    segment = definitions.segment(selection.segment).where if selection.segment else None
    words = (one.said(plan.compiled.language) for one in (recipients.name, recipients.reason))
    audience = [recipients.id, *words, selection.segment, segment and str(segment)]
    follows = [following.kind.value, following.dispatch] if following else None
    sender = {name: value for name, value in asdict(letterhead).items() if name != "date"}
    return Seal(
        plan.compiled.content_hash,
        template,
        _hash([audience, follows]),
        _hash([sender, plan.return_path, plan.public_url, plan.provider]),
    )


def approve(connection: sa.Connection, plan: Plan, sealed: Seal, by: str, now: datetime) -> Approval:
    """Write an approval down; those before it, of the same issue for the same audience, hold no more."""
    withdraw(connection, plan, now)
    connection.execute(sa.insert(_approvals).values(**_key(plan), **asdict(sealed), by=by, at=now))
    return Approval(sealed, by, now)


def withdraw(connection: sa.Connection, plan: Plan, now: datetime) -> int:
    """Take back the approval of an issue for an audience; tell how many held."""
    statement = sa.update(_approvals).where(_is_of(plan), _approvals.c.withdrawn_at.is_(None))
    return connection.execute(statement.values(withdrawn_at=now)).rowcount


def find_approval(connection: sa.Connection, plan: Plan) -> Approval | None:
    """Find the approval of an issue for an audience, void or not; None where there is none."""
    row = connection.execute(
        sa.select(_approvals).where(_is_of(plan), _approvals.c.withdrawn_at.is_(None)).order_by(_approvals.c.id.desc())
    ).first()
    if row is None:
        return None
    return Approval(Seal(row.content, row.template, row.audience, row.sender), row.by, row.at)


def assert_approved(approval: Approval | None, sealed: Seal, by: str, settings: ApprovalSettings) -> Approval | None:
    """Refuse to send what needs an approval and has none that holds.

    Args:
        by: Who wants to send it.

    Returns:
        The approval, if there is one that holds.

    Raises:
        DispatchError: The workspace demands an approval, and there is none; or it is void; or whoever approved it
            may not, or is the one who sends it.
    """
    holds = approval is not None and approval.seal == sealed
    if not settings.required:
        return approval if holds else None
    remedy = "Have it looked at and approved: newsletter approve SLUG --list LIST."
    where = Place(field="approval.required")
    if approval is None:
        raise DispatchError("nobody has approved this", where=where, remedy=remedy)
    if not holds:
        changed = " and ".join(approval.seal.changes(sealed))
        raise DispatchError(
            f"what {approval.by} approved on {approval.at:%Y-%m-%d %H:%M} UTC is not this any more: another {changed}",
            where=where,
            remedy=remedy,
        )
    if settings.four_eyes and approval.by == by:
        raise DispatchError(
            f"{by} has approved this and cannot be the one who sends it too",
            where=Place(field="approval.four_eyes"),
            remedy="Let somebody else approve it, or send it.",
        )
    return approval


def assert_may_approve(by: str, settings: ApprovalSettings) -> None:
    """Refuse an approval from somebody whom the workspace does not name.

    Raises:
        DispatchError: That is so.
    """
    if settings.approvers and by not in settings.approvers:
        raise DispatchError(
            f"{by} is none of those who may approve",
            where=Place(field="approval.approvers"),
            remedy=f"Ask one of them: {', '.join(settings.approvers)}.",
        )


def _key(plan: Plan) -> dict[str, str | None]:
    selection = plan.selection
    return {
        "issue": plan.compiled.slug,
        "list": selection.list,
        "segment": selection.segment or "",
        "follows": plan.following.dispatch if plan.following else None,
    }


def _is_of(plan: Plan) -> sa.ColumnElement[bool]:
    return sa.and_(*(_approvals.c[name].is_not_distinct_from(value) for name, value in _key(plan).items()))


def _hash(data: Any) -> str:
    canonical = json.dumps(data, ensure_ascii=False, sort_keys=True, separators=(",", ":"), default=str)
    return hashlib.sha256(canonical.encode()).hexdigest()
