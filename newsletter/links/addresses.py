"""What can be told of a web address by its words alone."""

import re
from typing import Final
from urllib.parse import urldefrag, urlsplit

from markdown_it.common.normalize_url import normalizeLink

_WEB: Final = re.compile(r"https?://[^/?#\s]", re.IGNORECASE)


def is_web(url: str) -> bool:
    """Whether an address is one of the web, with a host."""
    return _WEB.match(url) is not None


def address_of(url: str) -> str:
    """Give the form in which two ways to write an address are the same: in ASCII, the rest in percent signs."""
    return str(normalizeLink(url))


def page_of(url: str) -> str:
    """Give the address of the page: without the part behind `#`, which never reaches a server."""
    return urldefrag(address_of(url)).url


def fragment_of(url: str) -> str:
    """Give the part behind `#`; empty where there is none."""
    return urldefrag(url).fragment


def host_of(url: str) -> str:
    """Give the host in small letters, without its port; empty where there is none."""
    try:
        return (urlsplit(url).hostname or "").rstrip(".")
    except ValueError:
        return ""


def secured(url: str) -> str | None:
    """Give the same address with https; None where it has that already, or a port of its own."""
    try:
        parts = urlsplit(url)
        plain = parts.scheme.lower() == "http" and parts.port in (None, 80)
    except ValueError:
        return None
    if not plain:
        return None
    return parts._replace(scheme="https", netloc=parts.netloc.removesuffix(":80")).geturl()


def is_anchor(fragment: str) -> bool:
    """Whether the part behind `#` names a place in the page itself: neither words to search for, nor a path."""
    return bool(fragment) and fragment.lower() != "top" and not fragment.startswith((":~:", "!", "/"))
