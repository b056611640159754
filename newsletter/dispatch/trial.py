"""Sends an issue to a few addresses for a look: nothing of it enters the ledger."""

import secrets
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, replace
from typing import cast

import sqlalchemy as sa

from newsletter import event_loop, plugins
from newsletter.dispatch.batch import DeliveryMessage, Letter
from newsletter.dispatch.prepare import make_letterhead, prepare_issue, reader_links
from newsletter.dispatch.publishing import publish
from newsletter.dispatch.readers import make_reader, with_key
from newsletter.dispatch.surroundings import Surroundings
from newsletter.message import DeliveryKey, delivery_key
from newsletter.providers.base import Outcome, ProviderModule
from newsletter.render import Merger
from newsletter.settings import provider_settings
from newsletter.subscribers import Address, Definitions, Record, example_record, find, read_records

PREFIX = "[Test] "


@dataclass(frozen=True, slots=True)
class Trial:
    """What became of one address."""

    address: str
    outcome: Outcome


def record_for(connection: sa.Connection, address: Address, definitions: Definitions) -> Record:
    """Give what is known of an address: the subscriber, or the made-up one with that address."""
    subscriber = find(connection, address)
    if subscriber is not None:
        return read_records(connection, [subscriber], definitions)[subscriber]
    example = example_record(definitions)
    return replace(example, address=address.address, values={**example.values, "email": address.address})


def send_trial(
    surroundings: Surroundings,
    slug: str,
    addresses: Sequence[Address],
    list_name: str | None,
    provider: str | None,
) -> tuple[Trial, ...]:
    """Send an issue to some addresses, its subject marked as a test.

    A subscriber gets it as it would be for them; others get it as the made-up subscriber would. Calendar files that
    are published already stay as they are.

    Raises:
        NewsletterError: The issue or the provider is not in order.
    """
    settings, definitions = surroundings.settings, surroundings.definitions
    name = provider or settings.provider
    carrier = provider_settings(settings, surroundings.workspace, name)
    prepared = prepare_issue(surroundings.workspace, settings, definitions, slug, list_name)
    compiled = replace(prepared.compiled, subject=(PREFIX, *prepared.compiled.subject))
    letter = Letter(Merger(compiled, make_letterhead(prepared, settings, surroundings.clock())))
    links = reader_links(surroundings.signer, settings.public_url, prepared.list.id if prepared.list else "", slug)
    publish(prepared, surroundings.media_target(), surroundings.clock(), trial=True)
    with surroundings.database.reading() as connection:
        records = [record_for(connection, address, definitions) for address in addresses]
    secret = secrets.token_bytes(32)
    return_path = settings.sender.return_path or settings.sender.email
    messages: list[DeliveryMessage] = []
    for number, record in enumerate(records):
        key = delivery_key(secret, "trial", number)
        reader = make_reader(record, key, links(record.id))
        messages.append(DeliveryMessage(record.id, reader, with_key(return_path, key), letter))
    module = cast("ProviderModule", plugins.load("providers", name))
    outcomes = event_loop.run(_submit(module, carrier, messages))
    by_key = {message.key: message.recipient.address for message in messages}
    return tuple(Trial(by_key[outcome.key], outcome) for outcome in outcomes)


async def _submit(module: ProviderModule, settings: object, messages: Sequence[DeliveryMessage]) -> list[Outcome]:
    async def all_of_them() -> AsyncIterator[DeliveryMessage]:
        for message in messages:
            yield message

    async def intend(keys: Sequence[DeliveryKey], *, ahead: bool = False) -> frozenset[DeliveryKey]:  # noqa: ARG001 (is answered at once)
        return frozenset(keys)

    async with module.open(settings) as provider:
        return [outcome async for outcome in provider.submit(all_of_them(), intend)]
