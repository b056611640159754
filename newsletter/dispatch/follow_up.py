"""Proposes and freezes the dispatches that follow another one."""

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime

from newsletter.audience import Selection
from newsletter.dispatch import dispatches, freeze
from newsletter.dispatch.audit import Action, log
from newsletter.dispatch.dispatches import Dispatch
from newsletter.dispatch.driving import as_frozen, frozen_content
from newsletter.dispatch.following import Following, Kind
from newsletter.dispatch.freeze import Audience, Plan
from newsletter.dispatch.frozen import unpack_letterhead
from newsletter.dispatch.pacing import Forecast
from newsletter.dispatch.send import Proposal, forecast_of, propose
from newsletter.dispatch.states import Reason, State
from newsletter.dispatch.surroundings import Surroundings, begin_sending
from newsletter.errors import DispatchError
from newsletter.subscribers import Definitions


@dataclass(frozen=True, slots=True)
class FollowUp:
    """A dispatch of the same issue as another one, as that was frozen, which has not been frozen itself yet."""

    plan: Plan
    audience: Audience
    forecast: Forecast
    definitions: Definitions


def propose_retry(
    surroundings: Surroundings,
    dispatch: Dispatch,
    missed: Collection[State | Reason],
    not_later_than: datetime | None = None,
) -> FollowUp:
    """Propose to send an issue once more, as it was frozen, to some of those who did not get it.

    Args:
        missed: Whom: the rejected, or those excluded for some reasons.

    Raises:
        DispatchError: The dispatch is not over, or there is nobody it would be for.
    """
    states = frozenset(one for one in missed if isinstance(one, State))
    reasons = frozenset(one for one in missed if isinstance(one, Reason))
    return _propose(surroundings, dispatch, Following(dispatch.id, Kind.RETRY, states, reasons), not_later_than)


def propose_top_up(surroundings: Surroundings, dispatch: Dispatch, not_later_than: datetime | None = None) -> FollowUp:
    """Propose to send an issue, as it was frozen, to those who have joined its audience since.

    Raises:
        DispatchError: The dispatch is not over, or nobody has joined.
    """
    return _propose(surroundings, dispatch, Following(dispatch.id, Kind.TOP_UP), not_later_than)


def propose_correction(
    surroundings: Surroundings,
    dispatch: Dispatch,
    slug: str,
    provider: str | None = None,
    not_later_than: datetime | None = None,
) -> Proposal:
    """Propose to send another issue to exactly those who accepted one.

    Raises:
        DispatchError: It is the same issue.
        NewsletterError: The issue or its template is not in order.
    """
    if slug == dispatch.issue:
        raise DispatchError(
            "a correction is an issue of its own",
            remedy="Make one that says what was wrong: newsletter issue new SLUG.",
        )
    following = Following(dispatch.id, Kind.CORRECTION)
    selection = Selection(dispatch.list, dispatch.segment or None)
    return propose(surroundings, slug, selection, provider, not_later_than, following=following)


def accept_follow_up(surroundings: Surroundings, proposed: FollowUp | Proposal) -> Dispatch:
    """Freeze a dispatch that follows another one, and note it with both.

    Raises:
        DispatchError: There is nobody it would be for, or one of its kind is not over.
    """
    definitions = proposed.definitions if isinstance(proposed, FollowUp) else surroundings.definitions
    plan, now = proposed.plan, surroundings.clock()
    begin_sending(surroundings)
    with surroundings.database.writing() as connection:
        dispatch = freeze.freeze(connection, plan, definitions, now)
        log(connection, dispatch.id, now, Action.FROZEN, surroundings.by, f"{dispatch.kind} of {dispatch.follows}")
        log(connection, str(dispatch.follows), now, Action.FOLLOWED, surroundings.by, f"{dispatch.kind} {dispatch.id}")
    return dispatch


def _propose(
    surroundings: Surroundings, dispatch: Dispatch, following: Following, not_later_than: datetime | None
) -> FollowUp:
    _assert_over(surroundings, dispatch)
    compiled, schema = frozen_content(surroundings, dispatch)
    letterhead, public_url, return_path = unpack_letterhead(dispatch.letterhead)
    now = surroundings.clock()
    plan = Plan(
        compiled=compiled,
        letterhead=replace(letterhead, date=now),
        selection=Selection(dispatch.list, dispatch.segment or None),
        provider=dispatch.provider,
        public_url=public_url,
        return_path=return_path,
        not_later_than=not_later_than,
        on_uncertain=dispatch.on_uncertain,
        following=following,
    )
    definitions = as_frozen(surroundings.definitions, schema)
    with surroundings.database.reading() as connection:
        audience = freeze.survey(connection, plan, definitions, now)
        expected = forecast_of(connection, surroundings, plan)
    if not audience.selected:
        raise freeze.nobody(plan)
    return FollowUp(plan, audience, expected, definitions)


def _assert_over(surroundings: Surroundings, dispatch: Dispatch) -> None:
    with surroundings.database.reading() as connection:
        current = dispatches.read_dispatch(connection, dispatch.id)
    if current.finished_at is None:
        raise DispatchError(
            f"dispatch {current.id} is not over",
            remedy=f"Let it come to rest first, or cancel it: newsletter dispatch cancel {current.id}.",
        )
