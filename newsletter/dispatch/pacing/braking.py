"""What becomes of a rate when a server complains about it: halved, and doubled again while it does not."""

from dataclasses import replace
from datetime import timedelta
from typing import Final

from newsletter.dispatch.pacing.buckets import SECOND, Bucket, slow_rate
from newsletter.dispatch.pacing.hints import Hint
from newsletter.dispatch.pacing.limits import Limit

REACTION: Final = 30 * SECOND
"""How long complaints are about the rate of before: a rate is halved once in that time, however many come."""
SLOWEST: Final = 0.1
FASTEST: Final = 5.0
"""A rate in a second that a complaint leaves at least, and at most where nobody knows how fast we were."""


def slow_down(bucket: Bucket, hint: Hint, limit: Limit, speed: float, now: int) -> Bucket:
    """Give a bucket after a complaint.

    Args:
        limit: What holds for it otherwise.
        speed: How many went in a second lately; 0 where nobody knows.
    """
    pause = now + int(hint.pause / timedelta(seconds=1) * SECOND) if hint.pause else 0
    paused = replace(bucket, paused_until=max(bucket.paused_until, pause))
    slowed = slow_rate(bucket, now)
    if slowed is not None and bucket.slowed_at is not None and now - bucket.slowed_at < REACTION:
        return paused
    known = [one for one in (slowed, limit.rate, speed) if one]
    half = min(known) / 2 if known else FASTEST
    return replace(paused, slow_rate=max(half, SLOWEST), slowed_at=now)
