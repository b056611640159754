"""Sends an issue to an audience: freezes a dispatch, or takes up the one there is, and drives it to rest."""

import secrets
from contextlib import AbstractAsyncContextManager, suppress
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import cast

import sqlalchemy as sa

from newsletter import event_loop, plugins
from newsletter.audience import Selection
from newsletter.dispatch import control, dispatches, freeze, instance, lease, ledger, scheduling
from newsletter.dispatch.audit import Action, first_moment, log, who
from newsletter.dispatch.batch import Letter
from newsletter.dispatch.dispatches import Dispatch, DispatchState
from newsletter.dispatch.duplicates import hold_issue
from newsletter.dispatch.following import Following
from newsletter.dispatch.freeze import Audience, Plan
from newsletter.dispatch.frozen import unpack, unpack_letterhead
from newsletter.dispatch.overrides import Override
from newsletter.dispatch.pacing import Buckets, Forecast, Pacer, Rules, forecast
from newsletter.dispatch.prepare import PreparedIssue, make_letterhead, prepare_issue, reader_links
from newsletter.dispatch.publishing import publish
from newsletter.dispatch.receipt import Receipt, write_receipt
from newsletter.dispatch.runner import Progress, Run, Stop
from newsletter.dispatch.timing import Start
from newsletter.dispatch.transactions import Clock, Transactions
from newsletter.errors import DispatchError, NewsletterError
from newsletter.expressions import Schema
from newsletter.media import Target, open_target
from newsletter.providers.base import Provider, ProviderModule
from newsletter.render import CompiledIssue, Merger
from newsletter.settings import Settings, provider_settings
from newsletter.store import Database, tables
from newsletter.subscribers import Definitions
from newsletter.subscribers.definitions import AttributeDefinition
from newsletter.tokens import Signer
from newsletter.workspace import Workspace, replacing, write_atomically


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What every sending needs of its workspace."""

    workspace: Workspace
    settings: Settings
    definitions: Definitions
    signer: Signer
    database: Database
    clock: Clock
    by: str = field(default_factory=who)
    """Who does it, for the log."""

    def media_target(self) -> Target:
        """Open the place where pictures and documents are published."""
        return open_target(self.settings.media.folder, self.workspace.root)


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
        letterhead=make_letterhead(prepared, settings, surroundings.clock()),
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


def forecast_of(connection: sa.Connection, surroundings: Surroundings, plan: Plan) -> Forecast:
    """Tell how long a dispatch takes at least, under the limits."""
    rules = pacing_rules(surroundings.settings, plan.provider)
    if not (rules.limits or rules.other or rules.warm_up):
        return forecast({}, rules, surroundings.clock())
    domains = freeze.count_domains(connection, plan, surroundings.definitions)
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
    enter(surroundings)
    publish(proposal.prepared, surroundings.media_target(), surroundings.clock())
    with surroundings.database.writing() as connection:
        return _freeze(surroundings, connection, proposal.plan, surroundings.clock())


def refreeze(surroundings: Surroundings, dispatch: Dispatch, proposal: Proposal) -> Dispatch:
    """Freeze a dispatch anew in the place of one of which nothing has been handed over, all of it or nothing.

    Raises:
        DispatchError: Something was handed over, or may have been; another process is sending it; nobody is
            selected.
    """
    enter(surroundings)
    publish(proposal.prepared, surroundings.media_target(), surroundings.clock())
    now = surroundings.clock()
    with surroundings.database.writing() as connection:
        hold_issue(connection, dispatch.issue)
        leased = lease.take_in(connection, dispatch, lease.owner_name(secrets.token_hex(4)), now)
        ledger.drop(connection, leased)
        return _freeze(surroundings, connection, proposal.plan, now, f"in the place of {dispatch.id}")


def _freeze(
    surroundings: Surroundings, connection: sa.Connection, plan: Plan, now: datetime, detail: str = ""
) -> Dispatch:
    dispatch = freeze.freeze(connection, plan, surroundings.definitions, now)
    log(connection, dispatch.id, now, Action.FROZEN, surroundings.by, detail)
    return dispatch


def enter(surroundings: Surroundings) -> None:
    """Begin to freeze or send; see `instance.enter`.

    Raises:
        DispatchError: The database is not the one that this workspace knew last; its open dispatches are paused now.
    """
    there = surroundings
    instance.enter(there.workspace, there.database, there.clock(), there.by, there.settings.dispatch.machine)


def drive(
    surroundings: Surroundings, dispatch: Dispatch, progress: Progress, stop: Stop
) -> tuple[Receipt, NewsletterError | None]:
    """Drive a dispatch until nothing is left that can be done now.

    Returns:
        The receipt, and what ended the work early, if anything did.

    Raises:
        DispatchError: Another process is sending it, or the ledger does not balance.
    """
    failure: NewsletterError | None = None
    if dispatch.state is DispatchState.OPEN:
        try:
            event_loop.run(_drive(surroundings, dispatch, progress, stop))
        except DispatchError:
            raise
        except NewsletterError as error:
            failure = error
    return write_receipt(surroundings.database, dispatch), failure


def index_page(surroundings: Surroundings, provider: str) -> Path | None:
    """Give the page on which a provider shows what it has carried, if it has one."""
    page = getattr(plugins.load("providers", provider), "index_page", None)
    if page is None:
        return None
    return cast("Path", page(provider_settings(surroundings.settings, surroundings.workspace, provider)))


def assert_writable(target: Path) -> None:
    """Make sure that a receipt can be written, without writing it.

    Raises:
        WorkspaceError: It cannot.
    """

    class Enough(Exception):
        """Ends the writing before it takes the target's place."""

    with suppress(Enough), replacing(target):
        raise Enough


def keep_receipt(receipt: Receipt, target: Path) -> None:
    """Write a receipt as JSON."""
    write_atomically(target, receipt.json())


async def drive_with(
    surroundings: Surroundings,
    dispatch: Dispatch,
    provider: Provider,
    progress: Progress,
    stop: Stop,
    renewal: timedelta = lease.RENEWAL,
    pacer: Pacer | None = None,
) -> None:
    """Drive a dispatch with an open provider.

    Args:
        renewal: How often the lease is renewed.
        pacer: Keeps other limits than those of the settings.

    Raises:
        DispatchError: Another process is sending it.
        ProviderError: The provider refuses us or cannot be reached.
    """
    compiled, schema = frozen_content(surroundings, dispatch)
    letterhead, public_url, return_path = unpack_letterhead(dispatch.letterhead)
    definitions = as_frozen(surroundings.definitions, schema)
    enter(surroundings)
    owner = lease.owner_name(secrets.token_hex(4))
    leased = lease.take(surroundings.database, dispatch, owner, surroundings.clock())
    with surroundings.database.writing() as connection:
        now = surroundings.clock()
        late = _begin(surroundings, connection, leased, definitions, now)
        leased = replace(leased, selected=dispatches.read_dispatch(connection, leased.id).selected)
        ledger.recover(connection, leased, now)
        control.heed_policy(connection, leased, now)
    if late:
        _let_go(surroundings, leased)
        raise DispatchError(
            f"dispatch {leased.id} is paused: {late}",
            remedy=f"To send it all the same: newsletter dispatch resume {leased.id}.",
        )
    transactions = Transactions(
        database=surroundings.database,
        dispatch=leased,
        definitions=definitions,
        letter=Letter(Merger(compiled, letterhead)),
        links=reader_links(surroundings.signer, public_url, dispatch.list, dispatch.issue),
        return_path=return_path,
        clock=surroundings.clock,
        pace=scheduling.pace_of(surroundings.settings),
        by=surroundings.by,
    )
    if pacer is None:
        rules = pacing_rules(surroundings.settings, dispatch.provider)
        pacer = Pacer(Buckets(surroundings.database, rules, surroundings.clock), surroundings.clock)
    await Run(transactions, pacer, progress, stop, renewal).drive(provider)


def pacing_rules(settings: Settings, provider: str) -> Rules:
    """Tell which limits hold for what a provider carries.

    Raises:
        SettingsError: They contradict one another.
    """
    module = plugins.load("providers", provider)
    return Rules.of(settings, provider, stays_here=getattr(module, "STAYS_HERE", False))


def _begin(
    surroundings: Surroundings,
    connection: sa.Connection,
    dispatch: Dispatch,
    definitions: Definitions,
    now: datetime,
) -> str | None:
    """Note that a process begins; the first one lets in who has joined since a dispatch was frozen for later.

    Returns:
        Why the dispatch is paused instead, if that is so.
    """
    late = scheduling.begin(connection, dispatch, now, scheduling.pace_of(surroundings.settings), surroundings.by)
    if late:
        return late
    has_begun = first_moment(connection, dispatch.id, Action.STARTED) is not None
    if not has_begun and dispatch.start_at is not None and now >= dispatch.start_at:
        joined = freeze.let_join(connection, dispatch, definitions, now)
        log(connection, dispatch.id, now, Action.STARTED, surroundings.by, f"{joined} joined since" if joined else "")
    elif dispatch.start_at is None or now >= dispatch.start_at:
        log(connection, dispatch.id, now, Action.STARTED, surroundings.by)
    return None


def _let_go(surroundings: Surroundings, dispatch: Dispatch) -> None:
    with surroundings.database.writing() as connection:
        lease.give_back(connection, dispatch)


async def _drive(surroundings: Surroundings, dispatch: Dispatch, progress: Progress, stop: Stop) -> None:
    module = cast("ProviderModule", plugins.load("providers", dispatch.provider))
    settings = provider_settings(surroundings.settings, surroundings.workspace, dispatch.provider)
    opened: AbstractAsyncContextManager[Provider] = module.open(settings)
    async with opened as provider:
        await drive_with(surroundings, dispatch, provider, progress, stop)


def frozen_content(surroundings: Surroundings, dispatch: Dispatch) -> tuple[CompiledIssue, Schema]:
    """Read the issue of a dispatch as it was frozen, and the fields that it asks about.

    Raises:
        DispatchError: It is not there.
    """
    content = tables.compiled_issues
    with surroundings.database.reading() as connection:
        payload = connection.scalar(sa.select(content.c.payload).where(content.c.content_hash == dispatch.content_hash))
    if payload is None:
        raise DispatchError(f"the content of dispatch {dispatch.id} is missing from the database")
    return unpack(payload)


def as_frozen(definitions: Definitions, schema: Schema) -> Definitions:
    """Add the attributes that a frozen issue asks about and that are not declared any more; their columns stay."""
    known = definitions.schema().fields
    attributes = {
        name: AttributeDefinition(name, name, field.type, ())
        for name, field in schema.fields.items()
        if name not in known
    }
    return replace(definitions, attributes={**definitions.attributes, **attributes})
