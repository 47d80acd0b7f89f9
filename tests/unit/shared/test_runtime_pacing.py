"""How often the shell polls."""

import pytest

from shared.runtime.pacing import FEW_RECORDS, PACE_TO_COMMIT, Pacing, rest_s


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


@pytest.mark.parametrize(
    ("commit_s", "expected"),
    [(0.0, 0.02), (0.004, 0.02), (0.02, 0.07), (0.04, 0.14), (0.5, 0.2)],
)
def test_slow_commits_are_further_apart(commit_s: float, expected: float) -> None:
    """Where all is busy there are fewer of them, each with more in it, within bounds."""
    pacing = Pacing()
    for _ in range(40):
        pacing.committed(commit_s)

    assert pytest.approx(expected, rel=1e-3) == pacing.pace_s(0.02, 0.2)


def test_one_slow_commit_changes_the_pace_little() -> None:
    """A checkpoint of the database makes a commit slow now and then."""
    pacing = Pacing(commit_s=0.01)
    pacing.committed(0.05)

    assert pytest.approx(PACE_TO_COMMIT * 0.02) == pacing.pace_s(0.0, 1.0)
    assert pacing.pace_s(0.0, 1.0) < PACE_TO_COMMIT * 0.03


def test_the_most_goes_before_the_least() -> None:
    """Whoever sets the pace to zero has none."""
    assert Pacing(commit_s=1.0).pace_s(0.25, 0.0) == 0.0
