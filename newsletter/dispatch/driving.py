"""Drives a dispatch from its ledger by a provider, under a lease."""

from contextlib import AbstractAsyncContextManager
from dataclasses import replace
from datetime import datetime, timedelta
from typing import cast

import sqlalchemy as sa

from newsletter import event_loop, plugins
from newsletter.dispatch import control, dispatches, freeze, kept, lease, scheduling
from newsletter.dispatch.audit import Action, first_moment, last_action, log
from newsletter.dispatch.batch import Letter
from newsletter.dispatch.dispatches import Dispatch, DispatchState
from newsletter.dispatch.frozen import unpack, unpack_letterhead
from newsletter.dispatch.observing import watching
from newsletter.dispatch.pacing import Buckets, Pacer, Rules
from newsletter.dispatch.prepare import reader_links
from newsletter.dispatch.readers import ReaderLinks, make_reader
from newsletter.dispatch.receipt import Receipt, write_receipt
from newsletter.dispatch.runner import Progress, Run, Stop
from newsletter.dispatch.surroundings import Surroundings, begin_sending
from newsletter.dispatch.transactions import Transactions
from newsletter.errors import DispatchError, NewsletterError
from newsletter.expressions import Schema
from newsletter.message import delivery_key
from newsletter.providers.base import Provider, ProviderModule
from newsletter.render import CompiledIssue, Merger
from newsletter.settings import Settings, provider_settings
from newsletter.store import tables
from newsletter.subscribers import AttributeDefinition, Definitions, Texts, read_records


def drive(
    surroundings: Surroundings, dispatch: Dispatch, progress: Progress, stop: Stop, *, shared: bool = False
) -> tuple[Receipt, NewsletterError | None]:
    """Drive a dispatch until nothing is left that can be done now.

    Args:
        shared: Other processes may work on it at the same time.

    Returns:
        The receipt, and what ended the work early, if anything did.

    Raises:
        DispatchError: Another process is sending it, or the ledger does not balance.
    """
    failure: NewsletterError | None = None
    if dispatch.state is DispatchState.OPEN:
        try:
            event_loop.run(_drive(surroundings, dispatch, progress, stop, shared=shared))
        except DispatchError:
            raise
        except NewsletterError as error:
            failure = error
    elif dispatch.state is DispatchState.CANCELLED and dispatch.finished_at is None:
        control.wind_up(surroundings.database, dispatch, surroundings.clock())
    return write_receipt(surroundings.database, dispatch), failure


async def drive_with(
    surroundings: Surroundings,
    dispatch: Dispatch,
    provider: Provider,
    progress: Progress,
    stop: Stop,
    renewal: timedelta | None = None,
    pacer: Pacer | None = None,
    *,
    shared: bool = False,
) -> None:
    """Drive a dispatch with an open provider.

    Args:
        renewal: How often the lease is renewed, if not as usual.
        pacer: Keeps other limits than those of the settings.
        shared: Other processes may work on it at the same time.

    Raises:
        DispatchError: Another process is sending it.
        ProviderError: The provider refuses us or cannot be reached.
    """
    compiled, schema = frozen_content(surroundings, dispatch)
    letterhead, public_url, return_path = unpack_letterhead(dispatch.letterhead)
    definitions = as_frozen(surroundings.definitions, schema)
    begin_sending(surroundings)
    links = reader_links(surroundings.signer, public_url, dispatch.list, dispatch.issue)
    with lease.at_work() as owner:
        leased = _take(surroundings, dispatch, definitions, links, owner, shared=shared)
        if leased is None:
            return
        transactions = Transactions(
            database=surroundings.database,
            dispatch=leased,
            definitions=definitions,
            letter=Letter(Merger(compiled, letterhead)),
            links=links,
            return_path=return_path,
            clock=surroundings.clock,
            pace=scheduling.pace_of(surroundings.settings),
            by=surroundings.by,
            shared=shared,
        )
        if pacer is None:
            rules = pacing_rules(surroundings.settings, dispatch.provider)
            pacer = Pacer(Buckets(surroundings.database, rules, surroundings.clock), surroundings.clock)
        every = renewal or lease.renewal(shared=shared)
        with watching(surroundings.observer, leased) as watch:
            await Run(transactions, pacer, progress, stop, every, watch).drive(provider)


def pacing_rules(settings: Settings, provider: str) -> Rules:
    """Tell which limits hold for what a provider carries.

    Raises:
        SettingsError: They contradict one another.
    """
    module = plugins.load("providers", provider)
    return Rules.of(settings, provider, stays_here=getattr(module, "STAYS_HERE", False))


def _take(
    surroundings: Surroundings,
    dispatch: Dispatch,
    definitions: Definitions,
    links: ReaderLinks,
    owner: str,
    *,
    shared: bool,
) -> Dispatch | None:
    """Take a lease and begin.

    Returns:
        The dispatch under its lease; None where somebody has paused or ended it meanwhile.

    Raises:
        DispatchError: Another process is sending it; or it is paused now, because it should have begun long ago.
    """
    now = surroundings.clock()
    with surroundings.database.writing() as connection:
        leased = lease.take(connection, dispatch, owner, now, shared=shared)
        _keep_lost(connection, leased, definitions, links, now)
        late = _begin(surroundings, connection, leased, definitions, now, shared=shared)
        leased = replace(dispatches.read_dispatch(connection, leased.id), lease=leased.lease)
        is_open = leased.state is DispatchState.OPEN
        if is_open:
            control.heed_policy(connection, leased, now)
        else:
            control.come_to_rest(connection, leased, now)
            kept.forget_readers(connection, leased)
            lease.give_back(connection, leased)
    if late:
        raise DispatchError(
            f"dispatch {leased.id} is paused: {late}",
            remedy=f"To send it all the same: newsletter dispatch resume {leased.id}.",
        )
    return leased if is_open else None


def _keep_lost(
    connection: sa.Connection, dispatch: Dispatch, definitions: Definitions, links: ReaderLinks, now: datetime
) -> None:
    """Keep readers whose message may have left from a process that was killed, as they are soon after."""
    lost = kept.unkept(connection, dispatch)
    records = read_records(connection, lost, definitions)
    readers = {
        number: make_reader(record, delivery_key(dispatch.secret, dispatch.id, number), links(number))
        for number, record in records.items()
    }
    kept.keep_readers(connection, dispatch, now, readers)


def _begin(
    surroundings: Surroundings,
    connection: sa.Connection,
    dispatch: Dispatch,
    definitions: Definitions,
    now: datetime,
    *,
    shared: bool,
) -> str | None:
    """Note that a process begins; the first one lets in who has joined since a dispatch was frozen for later.

    Those who share a dispatch take turns, of which the log tells the first.

    Returns:
        Why the dispatch is paused instead, if that is so.
    """
    if dispatch.state is not DispatchState.OPEN:
        return None
    late = scheduling.begin(connection, dispatch, now, scheduling.pace_of(surroundings.settings), surroundings.by)
    if late:
        return late
    if dispatch.start_at is not None and now < dispatch.start_at:
        return None
    has_begun = first_moment(connection, dispatch.id, Action.STARTED) is not None
    if not has_begun and dispatch.start_at is not None:
        joined = freeze.let_join(connection, dispatch, definitions, now)
        log(connection, dispatch.id, now, Action.STARTED, surroundings.by, f"{joined} joined since" if joined else "")
    elif not (shared and last_action(connection, dispatch.id) is Action.STARTED):
        log(connection, dispatch.id, now, Action.STARTED, surroundings.by)
    return None


async def _drive(
    surroundings: Surroundings, dispatch: Dispatch, progress: Progress, stop: Stop, *, shared: bool
) -> None:
    module = cast("ProviderModule", plugins.load("providers", dispatch.provider))
    settings = provider_settings(surroundings.settings, surroundings.workspace, dispatch.provider)
    opened: AbstractAsyncContextManager[Provider] = module.open(settings)
    async with opened as provider:
        await drive_with(surroundings, dispatch, provider, progress, stop, shared=shared)


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
        name: AttributeDefinition(name, Texts.of(name), field.type, ())
        for name, field in schema.fields.items()
        if name not in known
    }
    return replace(definitions, attributes={**definitions.attributes, **attributes})
