"""URLs of databases: whether they can be used, whether they hold a password, and how they may be shown.

They are read by the library that opens the database, so that both see the same password. It is imported late: most
commands never look at such a URL.
"""

import re
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from sqlalchemy.engine import URL

HIDDEN: Final = "•••"
"""What stands in place of a secret wherever settings are shown."""

_DATABASES: Final = ("sqlite", "postgresql", "postgresql+psycopg")
_SECRET_OPTIONS: Final = frozenset({"password", "sslpassword", "passfile"})
_KNOWN: Final = "Write sqlite:///var/newsletter.db or postgresql://user@host/database."


def check_database(text: str) -> str:
    """Check the URL of a database; says no more of it than may be shown.

    Raises:
        ValueError: It cannot be used.
    """
    scheme, separator, rest = text.partition("://")
    if not separator or scheme not in _DATABASES or not rest.lstrip("/"):
        near = f"Write it as {hide_password(f'postgresql://{rest}')}." if scheme == "postgres" and rest else _KNOWN
        raise ValueError(f"this is not the URL of a database that can be used|{near}")
    if scheme == "sqlite" and rest.startswith("/") and _is_plain(text):
        return text  # no more than a path, of which nothing can be wrong
    url = _parse(text)
    if url is None:
        raise ValueError(f"this is not the URL of a database: its host or port cannot be read|{_KNOWN}")
    if "@" in (url.host or ""):
        raise ValueError("there are two @ in it, of which one belongs to the password|Write that one as %40.")
    if scheme == "sqlite" and url.query:
        raise ValueError("a file of SQLite takes no options|Leave out the question mark and what comes after it.")
    return text


def has_password(url: str) -> bool:
    """Tell whether a URL holds a secret: before its host, or among its options."""
    if _is_plain(url):
        return False
    parsed = _parse(url)
    return parsed is None or parsed.password is not None or bool(_secret_options(parsed))


def hide_password(url: str) -> str:
    """Take the secrets out of a URL that is to be shown; every other text stays as it is."""
    if _is_plain(url):
        return url
    scheme = url.partition("://")[0]
    parsed = _parse(url)
    if parsed is None or "@" in (parsed.host or ""):  # an @ that is not encoded: a part of a password, most likely
        return f"{scheme}://{HIDDEN}"
    secret = _secret_options(parsed)
    if parsed.password is None and not secret:
        return url
    shown = (
        parsed.difference_update_query(secret).render_as_string(hide_password=True).replace(":***@", f":{HIDDEN}@", 1)
    )
    options = "&".join(f"{name}={HIDDEN}" for name in secret)
    return f"{shown}{'&' if '?' in shown else '?'}{options}" if options else shown


def _is_plain(url: str) -> bool:
    """Tell whether there is no place in it where a secret could stand."""
    _, separator, rest = url.partition("://")
    return not separator or re.search(r"[@?]", rest) is None


def _parse(url: str) -> "URL | None":
    from sqlalchemy.engine import make_url
    from sqlalchemy.exc import ArgumentError

    try:
        return make_url(url)
    except (ArgumentError, ValueError):
        return None


def _secret_options(url: "URL") -> list[str]:
    return [name for name in url.query if name.lower() in _SECRET_OPTIONS]
