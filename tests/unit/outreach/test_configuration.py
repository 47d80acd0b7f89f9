"""What is configured holds from its own moment on, whenever and in whatever order it is asked."""

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from services.outreach.domain.configuration import Configured, publish
from services.outreach.domain.policy import Policy
from shared.core import Party
from shared.events.billing import ConfigPublished
from tests.unit.outreach.stories import always_open, utc

BEGIN = utc("03-02 00:00")
FIRST = Policy.from_document(always_open(name="first"))
KINDS = st.sampled_from(["policy", "creditors"])


def published(kind: str, number: int, hours: int) -> ConfigPublished:
    """One of its kind, told at the beginning, in force so many hours later."""
    document = always_open(name=f"p{number}") if kind == "policy" else {f"c{number}": {}}
    since = BEGIN + timedelta(hours=hours)
    told = {"kind": kind, "number": number, "from": since, "document": document}
    return ConfigPublished.model_validate(told)


@given(
    st.lists(st.tuples(st.integers(0, 3), KINDS, st.integers(0, 9)), max_size=5),
    st.lists(st.integers(0, 10), min_size=1, max_size=8),
)
def test_the_answer_never_depends_on_what_was_asked_before(
    told: list[tuple[int, str, int]], asked: list[int]
) -> None:
    """One that was asked before, also between two publications, says what a new one says."""
    used, shared = Configured(FIRST), Party("")

    for turn in range(4):
        for number, (when, kind, since) in enumerate(sorted(told), 1):
            if when == turn:
                publish(shared, published(kind, number, since), now=BEGIN)
        for hours in asked:
            moment = BEGIN + timedelta(hours=hours)
            assert Configured(FIRST).at(shared, moment) == used.at(shared, moment)
