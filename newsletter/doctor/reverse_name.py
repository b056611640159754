"""The addresses that your mail leaves from have a name that leads back to them.

Gmail and others refuse mail from an address without one. Where a provider sends for you it sees to that; its
address stands in a message that came back (`--message`), or can be given with `--sends-from`.

Source: Gmail's rules for senders; RFC 1912 §2.1.
"""

import ipaddress
from collections.abc import Sequence
from typing import Final

from newsletter.authentication import Resolver
from newsletter.doctor.base import Observation, Surroundings, fine, problem, unknown

NEEDS_NETWORK: Final = True


async def examine(surroundings: Surroundings) -> Sequence[Observation]:
    """Look up the names of each address, and their addresses in turn."""
    addresses = surroundings.sending_addresses
    if not addresses:
        return [
            unknown(
                "which addresses your mail leaves from is not known",
                "Name them with --sends-from, or give a message that you received with --message.",
            )
        ]
    return [await _examine(surroundings.resolver, address) for address in addresses]


async def _examine(resolver: Resolver, address: str) -> Observation:
    if not ipaddress.ip_address(address).is_global:
        return unknown(f"{address} is no address of the Internet", "Name the one that others see.")
    names = await resolver.ptr(address)
    if not names:
        return problem(f"{address} has no name", "Have whoever gave you the address set one (a PTR record).")
    for name in names:
        if address in await resolver.addresses(name):
            return fine(f"{address} is called {name}, which leads back to it")
    return problem(
        f"{address} is called {', '.join(names)}, which does not lead back to it",
        f"Publish that address for {names[0]}, or have the name corrected.",
    )
