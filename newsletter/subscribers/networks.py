"""Where on the network somebody was when they consented, as far as a workspace keeps that."""

import ipaddress
from typing import Final, Literal, TypeAlias

Policy: TypeAlias = Literal["none", "shortened", "full"]

_PREFIXES: Final = {4: 24, 6: 48}
"""What is left of an address that is shortened: a network of many, by the version of the protocol."""


def kept_network(text: str, policy: Policy) -> str | None:
    """Give what is kept of an address of the network: nothing, the network that it is in, or all of it."""
    if policy == "none" or not text:
        return None
    try:
        address = ipaddress.ip_address(text.strip())
    except ValueError:
        return None
    if policy == "full":
        return str(address)
    return str(ipaddress.ip_network((address, _PREFIXES[address.version]), strict=False))
