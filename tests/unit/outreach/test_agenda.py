"""Which step is due, and when the next one will be: against a count of one day after the other."""

from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from services.outreach.domain.agenda import Agenda, agenda
from services.outreach.domain.hold import Spans, delinquent_days, union
from services.outreach.domain.item import Item
from services.outreach.domain.policy import Policy
from tests.unit.outreach.stories import always_open, step

DUE = date(2026, 3, 10)
DAYS = st.integers(-10, 60).map(lambda days: DUE + timedelta(days=days))
SPANS = st.lists(st.tuples(DAYS, DAYS), max_size=3).map(union)


def counted(
    policy: Policy, item: Item, day: date, *, spans: Spans, grace_days: int
) -> tuple[str, list[str], str, date | None]:
    """The step that is due, those it leaves out, and the next one with its day."""
    first: dict[str, date] = {}
    for ahead in range(1, 400):
        then = DUE + timedelta(days=ahead)
        reached = delinquent_days(spans, DUE, then, grace_days=grace_days)
        for each in policy.steps:
            if each.offset_days <= reached:
                first.setdefault(each.name, then)
    due = [each.name for each in policy.steps if first[each.name] <= day]
    to_come = [each.name for each in policy.steps if first[each.name] > day]
    upcoming = (to_come[0], first[to_come[0]]) if to_come else ("", None)
    if not due or due[-1] in item.made:
        return ("", [], *upcoming)
    return (due[-1], [name for name in due[:-1] if name not in item.made], *upcoming)


def told(found: Agenda) -> tuple[str, list[str], str, date | None]:
    """An agenda in the same form."""
    return (
        found.step.name if found.step else "",
        [each.name for each in found.missed],
        found.next_step.name if found.next_step else "",
        found.next_on if found.next_step else None,
    )


@given(
    st.lists(st.integers(1, 40), min_size=1, max_size=6).map(sorted),
    st.sets(st.integers(0, 5)),
    st.integers(1, 60),
    SPANS,
    st.integers(0, 5),
)
def test_the_step_is_the_one_that_a_count_of_days_comes_to(
    offsets: list[int], taken: set[int], age: int, spans: Spans, grace_days: int
) -> None:
    """Held days and grace do not count; of several steps that are due the latest is taken."""
    steps = [step(f"s{number}", offset) for number, offset in enumerate(offsets)]
    policy = Policy.from_document(always_open(steps=steps))
    item = Item("A", "I1", DUE, "EUR", made={f"s{number}": DUE for number in taken})
    day = DUE + timedelta(days=age)

    expected = counted(policy, item, day, spans=spans, grace_days=grace_days)

    assert expected == told(agenda(policy, item, day, spans=spans, grace_days=grace_days))
