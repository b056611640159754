"""Sends an issue to an audience: freezes a dispatch, or takes up the one there is, and drives it to rest."""

from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import cast

import sqlalchemy as sa

from newsletter import plugins
from newsletter.audience import Selection
from newsletter.dispatch import dispatches, freeze, lease, ledger
from newsletter.dispatch.audit import Action, log
from newsletter.dispatch.dispatches import Dispatch, hold_issue
from newsletter.dispatch.driving import pacing_rules
from newsletter.dispatch.following import Following
from newsletter.dispatch.freeze import Audience, Plan
from newsletter.dispatch.overrides import Override
from newsletter.dispatch.pacing import Buckets, Forecast, forecast
from newsletter.dispatch.prepare import PreparedIssue, make_letterhead, prepare_issue
from newsletter.dispatch.publishing import publish
from newsletter.dispatch.receipt import Receipt, write_receipt
from newsletter.dispatch.surroundings import Surroundings, begin_sending
from newsletter.dispatch.timing import Start
from newsletter.errors import DispatchError, NewsletterError
from newsletter.settings import provider_settings


@dataclass(frozen=True, slots=True)
class Proposal:
    """A dispatch that has not been frozen yet.

    Args:
        forecast: How long it takes at least.
    """

    prepared: PreparedIssue
    plan: Plan
    audience: Audience
    forecast: Forecast


@dataclass(frozen=True, slots=True)
class Continuation:
    """A dispatch that is about to go on as it was frozen.

    Args:
        changed: Whether the issue is another by now; None where it cannot be compiled any more.
        problem: Why it cannot.
    """

    receipt: Receipt
    changed: bool | None
    problem: str = ""


def find(surroundings: Surroundings, slug: str, selection: Selection) -> Dispatch | None:
    """Find the dispatch that there is of an issue to an audience."""
    with surroundings.database.reading() as connection:
        return dispatches.first_dispatch(connection, slug, selection.list, selection.segment or "")


def assert_as_frozen(
    dispatch: Dispatch, provider: str | None, not_later_than: datetime | None, on_uncertain: str | None = None
) -> None:
    """Refuse to go on with a dispatch in another way than it was frozen; None asks for nothing.

    Raises:
        DispatchError: It would be another provider or deadline, or another way with the uncertain.
    """
    remedy = "leave out {}, or freeze it anew with --refreeze, as long as nothing of it has been handed over."
    if provider is not None and provider != dispatch.provider:
        raise DispatchError(
            f"dispatch {dispatch.id} was frozen for the provider {dispatch.provider!r}, not {provider!r}",
            remedy=f"To go on by {dispatch.provider}, {remedy.format('--provider')}",
        )
    if not_later_than is not None and not_later_than != dispatch.deadline:
        raise DispatchError(
            f"dispatch {dispatch.id} was frozen with the deadline {dispatch.deadline:%Y-%m-%d %H:%M} UTC",
            remedy=f"To go on with it, {remedy.format('--not-later-than')}",
        )
    if on_uncertain is not None and on_uncertain != dispatch.on_uncertain:
        raise DispatchError(
            f"dispatch {dispatch.id} was frozen to {dispatch.on_uncertain} those who are uncertain",
            remedy=f"To go on with it, {remedy.format('--on-uncertain')}",
        )


def look_again(surroundings: Surroundings, dispatch: Dispatch) -> Continuation:
    """Tell how far a dispatch has come, and whether its issue has changed since it was frozen."""
    receipt = write_receipt(surroundings.database, dispatch)
    try:
        prepared = prepare_issue(
            surroundings.workspace, surroundings.settings, surroundings.definitions, dispatch.issue, dispatch.list
        )
    except NewsletterError as error:
        return Continuation(receipt, None, str(error))
    return Continuation(receipt, prepared.compiled.content_hash != dispatch.content_hash)


def propose(
    surroundings: Surroundings,
    slug: str,
    selection: Selection,
    provider: str | None,
    not_later_than: datetime | None = None,
    *,
    on_uncertain: str = "hold",
    following: Following | None = None,
    start: Start | None = None,
    canary: float | None = None,
) -> Proposal:
    """Compile an issue and count its audience, without writing anything.

    Args:
        not_later_than: When the dispatch gives up; None leaves it the usual time.
        on_uncertain: `hold`, or `resend` to try those once more that are handed over without a reply.
        following: The dispatch that it follows, if it does.
        start: When it begins; None for at once.
        canary: How many in a hundred go first.

    Raises:
        NewsletterError: The issue, the template, the list, the segment or the provider's settings are not in order.
    """
    settings = surroundings.settings
    name = provider or settings.provider
    prepared = prepare_issue(surroundings.workspace, settings, surroundings.definitions, slug, selection.list)
    plan = Plan(
        compiled=prepared.compiled,
        letterhead=make_letterhead(prepared, settings, _date_of(start) or surroundings.clock()),
        selection=selection,
        provider=name,
        public_url=settings.public_url,
        return_path=settings.sender.return_path or settings.sender.email,
        not_later_than=not_later_than,
        on_uncertain=on_uncertain,
        following=following,
        start=start,
        canary=canary,
    )
    provider_settings(settings, surroundings.workspace, name)
    with surroundings.database.reading() as connection:
        audience = freeze.survey(connection, plan, surroundings.definitions, surroundings.clock())
        expected = forecast_of(connection, surroundings, plan)
    return Proposal(prepared, plan, audience, expected)


def _date_of(start: Start | None) -> datetime | None:
    """Tell the date of messages that go later; hour by hour around the world, none may come before its date."""
    return start.at if start and not start.attribute else None


def forecast_of(connection: sa.Connection, surroundings: Surroundings, plan: Plan) -> Forecast:
    """Tell how long a dispatch takes at least, under the limits."""
    rules = pacing_rules(surroundings.settings, plan.provider)
    if not (rules.limits or rules.other or rules.warm_up):
        return forecast({}, rules, surroundings.clock())
    domains = freeze.count_domains(connection, plan, surroundings.definitions, surroundings.clock())
    buckets = Buckets(surroundings.database, rules, surroundings.clock)
    return forecast(domains, buckets.in_force(connection), surroundings.clock(), buckets.used_today(connection))


def overriding(proposal: Proposal, override: Override | None) -> Proposal:
    """Propose the same in spite of what its checks found."""
    return replace(proposal, plan=replace(proposal.plan, override=override))


def accept(surroundings: Surroundings, proposal: Proposal) -> Dispatch:
    """Publish the issue's pictures and calendar files, and freeze its dispatch.

    Raises:
        DispatchError: Nobody is selected, or somebody else froze one meanwhile.
    """
    begin_sending(surroundings)
    publish(proposal.prepared, surroundings.media_target(), surroundings.clock())
    with surroundings.database.writing() as connection:
        return _freeze(surroundings, connection, proposal.plan, surroundings.clock())


def refreeze(surroundings: Surroundings, dispatch: Dispatch, proposal: Proposal) -> Dispatch:
    """Freeze a dispatch anew in the place of one of which nothing has been handed over, all of it or nothing.

    Raises:
        DispatchError: Something was handed over, or may have been; another process is sending it; nobody is
            selected.
    """
    begin_sending(surroundings)
    publish(proposal.prepared, surroundings.media_target(), surroundings.clock())
    now = surroundings.clock()
    with lease.at_work() as owner, surroundings.database.writing() as connection:
        hold_issue(connection, dispatch.issue)
        leased = lease.take(connection, dispatch, owner, now)
        ledger.drop(connection, leased)
        return _freeze(surroundings, connection, proposal.plan, now, f"in the place of {dispatch.id}")


def _freeze(
    surroundings: Surroundings, connection: sa.Connection, plan: Plan, now: datetime, detail: str = ""
) -> Dispatch:
    dispatch = freeze.freeze(connection, plan, surroundings.definitions, now)
    log(connection, dispatch.id, now, Action.FROZEN, surroundings.by, detail)
    return dispatch


def index_page(surroundings: Surroundings, provider: str) -> Path | None:
    """Give the page on which a provider shows what it has carried, if it has one."""
    page = getattr(plugins.load("providers", provider), "index_page", None)
    if page is None:
        return None
    return cast("Path", page(provider_settings(surroundings.settings, surroundings.workspace, provider)))
