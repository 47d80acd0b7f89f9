"""Which step is due: looked up where nothing is held, counted day by day where something is."""

from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from services.outreach.domain.agenda import agenda
from services.outreach.domain.item import Item
from services.outreach.domain.policy import Policy
from tests.unit.outreach.stories import always_open, step

DUE = date(2026, 3, 10)
FAR_AHEAD = [(date(2900, 1, 1), date(2900, 1, 2))]


@given(
    st.lists(st.integers(-10, 40), min_size=1, max_size=6).map(sorted),
    st.sets(st.integers(0, 5)),
    st.integers(-15, 60),
    st.integers(0, 5),
)
def test_a_hold_that_lies_far_ahead_changes_nothing(
    offsets: list[int], taken: set[int], age: int, grace_days: int
) -> None:
    """The two ways to find the step agree, whatever was taken before."""
    steps = [step(f"s{number}", offset) for number, offset in enumerate(offsets)]
    policy = Policy.from_document(always_open(steps=steps))
    item = Item("A", "I1", DUE, "EUR", made={f"s{number}": DUE for number in taken})
    day = DUE + timedelta(days=age)

    free = agenda(policy, item, day, spans=[], grace_days=grace_days)
    held = agenda(policy, item, day, spans=FAR_AHEAD, grace_days=grace_days)

    assert held == free
