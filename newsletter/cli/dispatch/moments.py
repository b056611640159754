"""Reads moments that people write."""

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import click

from newsletter.cli.base import Face

not_later_than_option = click.option(
    "--not-later-than",
    metavar="WHEN",
    help="Give up then, such as 2026-01-31 or '2026-01-31 18:00'; after four days where it is not said.",
)


def read_moment(face: Face, given: str | None) -> datetime | None:
    """Read the latest moment that somebody wants, in the newsletter's own time zone; a day alone means its end.

    Raises:
        click.BadParameter: It is neither a day nor a moment.
    """
    if given is None:
        return None
    try:
        if len(given) == len("2026-01-31"):
            moment = datetime.combine(date.fromisoformat(given) + timedelta(days=1), time())
        else:
            moment = datetime.fromisoformat(given)
    except ValueError:
        raise click.BadParameter(
            f"{given!r} is no day and no moment. Write it like 2026-01-31 or '2026-01-31 18:00'.",
            param_hint="--not-later-than",
        ) from None
    return moment if moment.tzinfo else moment.replace(tzinfo=ZoneInfo(face.settings.time_zone))


def read_start(face: Face, given: str) -> datetime:
    """Read the moment at which something is to begin, in the newsletter's own time zone.

    Raises:
        click.BadParameter: It is no moment.
    """
    try:
        moment = datetime.fromisoformat(given)
        if len(given) == len("2026-01-31"):
            raise ValueError
    except ValueError:
        raise click.BadParameter(
            f"{given!r} is no moment. Write it like '2026-01-31 09:00'.", param_hint="--at"
        ) from None
    return moment if moment.tzinfo else moment.replace(tzinfo=ZoneInfo(face.settings.time_zone))
