"""Quiet hours by the clock of a place, and starts at everybody's own hour, around clock changes too."""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.dispatch.timing import Quiet, Start, moments, pack_start, quiet_of, unpack_start
from newsletter.settings import DispatchSettings

AMSTERDAM = ZoneInfo("Europe/Amsterdam")
NIGHT = Quiet("Europe/Amsterdam", time(21), time(7))

times = st.times(timezones=st.none()).map(lambda found: found.replace(second=0, microsecond=0))
quiets = st.builds(
    Quiet,
    st.sampled_from(["Europe/Amsterdam", "America/New_York", "Asia/Kolkata", "Pacific/Auckland"]),
    times,
    times,
    st.frozensets(st.integers(0, 6), max_size=6),
)
instants = st.integers(0, 365 * 24 * 60).map(
    lambda minutes: datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=minutes)
)


def local(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=AMSTERDAM)  # type: ignore[arg-type, misc]


@pytest.mark.parametrize(
    ("moment", "until"),
    [
        (local(2026, 2, 10, 20, 59), None),
        (local(2026, 2, 10, 21), local(2026, 2, 11, 7)),
        (local(2026, 2, 11, 6, 59), local(2026, 2, 11, 7)),
        (local(2026, 2, 11, 7), None),
        # The nights in which the clock changes last an hour less, and an hour more.
        (local(2026, 3, 28, 23), local(2026, 3, 29, 7)),
        (local(2026, 10, 24, 23), local(2026, 10, 25, 7)),
    ],
)
def test_night_is_quiet_until_the_morning(moment: datetime, until: datetime | None) -> None:
    assert NIGHT.until(moment) == until


def test_weekend_and_the_night_after_it_are_one_quiet_time() -> None:
    quiet = Quiet("Europe/Amsterdam", time(21), time(7), frozenset({5, 6}))
    assert quiet.until(local(2026, 2, 13, 22)) == local(2026, 2, 16, 7)  # from Friday night to Monday morning


def test_hour_that_a_clock_change_leaves_out_is_reached_all_the_same() -> None:
    quiet = Quiet("Europe/Amsterdam", time(1), time(2, 30))
    until = quiet.until(local(2026, 3, 29, 1, 30))
    assert until is not None
    assert quiet.until(until) is None
    assert until - local(2026, 3, 29, 1, 30) < timedelta(hours=2)


@given(quiets, instants)
def test_quiet_ends_in_the_future_and_is_over_then(quiet: Quiet, moment: datetime) -> None:
    until = quiet.until(moment)
    if until is not None:
        assert until > moment
        # A time of no length, or one around the clock, leaves nothing: then it asks again a fortnight later.
        assert quiet.until(until) is None or until - moment > timedelta(days=6)


def test_without_settings_it_is_never_quiet() -> None:
    assert quiet_of(DispatchSettings(), "UTC").until(local(2026, 2, 14, 3)) is None


def test_settings_are_read_as_they_are_written() -> None:
    settings = DispatchSettings(quiet_hours="21:30-07:00", quiet_days=("sunday",))
    assert quiet_of(settings, "UTC") == Quiet("UTC", time(21, 30), time(7), frozenset({6}))


def test_each_zone_begins_at_that_hour_of_its_own_day() -> None:
    start = Start(local(2026, 2, 10, 9))
    found = moments(start, ["America/New_York", "Asia/Tokyo", "nonsense", None])
    assert found["America/New_York"] == datetime(2026, 2, 10, 14, tzinfo=UTC)
    assert found["Asia/Tokyo"] == datetime(2026, 2, 10, 0, tzinfo=UTC)
    assert found["nonsense"] == found[None] == datetime(2026, 2, 10, 8, tzinfo=UTC)


@pytest.mark.parametrize("at", [local(2026, 2, 10, 9), datetime(2026, 2, 10, 9, tzinfo=UTC)])
def test_start_is_kept_as_it_was_said(at: datetime) -> None:
    kept = unpack_start(pack_start(Start(at, "time_zone")))
    assert (kept.at, kept.attribute) == (at, "time_zone")
    assert moments(kept, ["Asia/Tokyo"]) == moments(Start(at), ["Asia/Tokyo"])
