"""The forecast is no shorter than what was measured, nor than what the provider can bear."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.dispatch.rehearsal.forecast import SECONDS_PER_CALL, forecast
from newsletter.providers.base import Limits


@given(
    st.integers(1, 10**7),
    st.floats(0.1, 10**5),
    st.builds(Limits, batch=st.integers(1, 1000), concurrency=st.integers(1, 64)),
)
def test_slower_one_decides(readers: int, rate: float, limits: Limits) -> None:
    found = forecast(readers, rate, limits)
    assert found is not None
    calls = readers / limits.batch / limits.concurrency * SECONDS_PER_CALL
    assert found.seconds == pytest.approx(max(readers / rate, calls))
    assert ("estimate" in found.basis) == (calls > readers / rate)


def test_what_this_machine_does_itself_goes_at_its_pace() -> None:
    found = forecast(100, 50, None)
    assert found is not None
    assert found.document() == {"seconds": 2.0, "basis": "at the pace measured here"}


def test_nothing_measured_gives_no_forecast() -> None:
    assert forecast(100, 0.0, Limits()) is None
