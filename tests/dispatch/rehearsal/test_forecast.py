"""The forecast is no shorter than what was measured, what the provider can bear, and the limits that are set."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.dispatch.pacing import Forecast as Paced
from newsletter.dispatch.rehearsal.forecast import SECONDS_PER_CALL, forecast
from newsletter.providers.base import Limits

UNLIMITED = Paced(timedelta())


@given(
    st.integers(1, 10**7),
    st.floats(0.1, 10**5),
    st.builds(Limits, batch=st.integers(1, 1000), concurrency=st.integers(1, 64)),
    st.integers(0, 10**8),
)
def test_slowest_one_decides(readers: int, rate: float, limits: Limits, seconds: int) -> None:
    found = forecast(readers, rate, limits, Paced(timedelta(seconds=seconds), "gmail.com"))
    assert found is not None
    calls = readers / limits.batch / limits.concurrency * SECONDS_PER_CALL
    borne = max(readers / rate, calls)
    assert found.seconds == pytest.approx(max(borne, seconds))
    assert ("gmail.com" in found.basis) == (seconds > borne)
    assert ("estimate" in found.basis) == (calls > readers / rate and seconds <= borne)


def test_what_this_machine_does_itself_goes_at_its_pace() -> None:
    found = forecast(100, 50, None, UNLIMITED)
    assert found is not None
    assert found.document() == {"seconds": 2.0, "basis": "at the pace measured here"}


def test_nothing_measured_gives_no_forecast() -> None:
    assert forecast(100, 0.0, Limits(), UNLIMITED) is None
