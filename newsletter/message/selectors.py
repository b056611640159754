"""The names that DKIM keys have in the DNS."""

import re
from typing import Final

_SELECTOR: Final = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?)*")


def is_selector(name: str) -> bool:
    """Tell whether a name can be that of a key. Source: RFC 6376 §3.1."""
    return _SELECTOR.fullmatch(name) is not None
