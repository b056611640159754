"""How often somebody may ask for what costs others something: by address, by network, by list, and in all.

Kept in this process: what is counted is forgotten when it ends.

Source: the leaky bucket as a meter, ITU-T I.371 (GCRA).
"""

import ipaddress
from collections import OrderedDict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from threading import Lock
from typing import Final

from newsletter.clock import steady

HOUR: Final = 3600.0
MOST_KEYS: Final = 100_000
"""How many are kept in mind; whoever was seen longest ago is forgotten first."""


@dataclass(frozen=True, slots=True)
class Limit:
    """So many in an hour, all of them at once if need be.

    Args:
        key: Whom or what it is for.
    """

    key: str
    per_hour: int


_SHARED: Final = {4: 24, 6: 56}
"""Of how many bits the part is that neighbours share. A household mostly has a network of 56 bits: RFC 6177 §2."""


def neighbours(address: str) -> str:
    """Give the network that somebody shares with neighbours; what is no address stays as it is."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return address
    mapped = parsed.ipv4_mapped if isinstance(parsed, ipaddress.IPv6Address) else None
    found = mapped or parsed
    return str(ipaddress.ip_network((found, _SHARED[found.version]), strict=False))


class Limits:
    """Counts.

    Args:
        seconds: Gives steady seconds.
    """

    def __init__(self, seconds: Callable[[], float] = steady) -> None:
        self._seconds = seconds
        self._full_again: OrderedDict[str, float] = OrderedDict()
        self._lock = Lock()

    def take(self, limits: Iterable[Limit]) -> float:
        """Count one against all of some limits, or against none where one of them is reached.

        Returns:
            After how many seconds it may be tried again; 0 where it was counted.
        """
        with self._lock:
            moment = self._seconds()
            after: dict[str, float] = {}
            wait = 0.0
            for limit in limits:
                full = max(self._full_again.get(limit.key, 0.0), moment) + HOUR / limit.per_hour
                after[limit.key] = full
                wait = max(wait, full - moment - HOUR)
            # A little more than nothing may be left of arithmetic alone.
            if wait > 1e-6:
                return wait
            for key, full in after.items():
                self._full_again[key] = full
                self._full_again.move_to_end(key)
            while len(self._full_again) > MOST_KEYS:
                self._full_again.popitem(last=False)
            return 0.0
