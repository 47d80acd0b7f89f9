"""How often the shell polls."""

import pytest

from shared.runtime.pacing import FEW_RECORDS, rest_s


@pytest.mark.parametrize(
    ("since_s", "polled", "expected"),
    [
        (0.0, 1, 0.06),
        (0.02, 1, 0.04),
        (0.06, 1, 0.0),
        (3_600.0, 1, 0.0),
        (0.0, FEW_RECORDS - 1, 0.06),
        (0.0, FEW_RECORDS, 0.0),
    ],
)
def test_small_polls_keep_a_pace(since_s: float, polled: int, expected: float) -> None:
    """What is left of the pace is waited for; not after a rest, and not where much is queued."""
    waited = rest_s(0.06, since_s=since_s, polled=polled)

    assert pytest.approx(expected) == waited


def test_a_pace_of_zero_never_waits() -> None:
    """So it is switched off."""
    assert rest_s(0.0, since_s=0.0, polled=1) == 0.0
