"""What may be kept of public pages, and whether what somebody has kept is still so. Source: RFC 9110 §8.8, §13."""

import hashlib
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import format_datetime, parsedate_to_datetime

from starlette.requests import Request


def with_tag(content: bytes, *, seconds: int, changed_at: datetime | None = None) -> dict[str, str]:
    """Give the header fields of something public.

    Args:
        seconds: For how long nobody need ask again.
    """
    headers = {
        "etag": f'"{hashlib.sha256(content).hexdigest()[:24]}"',
        "cache-control": f"public, max-age={seconds}",
    }
    if changed_at is not None:
        headers["last-modified"] = format_datetime(changed_at.astimezone(UTC).replace(microsecond=0), usegmt=True)
    return headers


def unchanged(request: Request, headers: Mapping[str, str]) -> bool:
    """Tell whether whoever asks has exactly this already."""
    tags = request.headers.get("if-none-match")
    if tags is not None:
        return "*" in tags or headers["etag"] in [tag.strip().removeprefix("W/") for tag in tags.split(",")]
    since, changed = request.headers.get("if-modified-since"), headers.get("last-modified")
    if since is None or changed is None:
        return False
    try:
        return parsedate_to_datetime(changed) <= parsedate_to_datetime(since)
    except (ValueError, TypeError):
        return False
