"""Tasks: ids that never vary, and past ones that weigh nothing on their account."""

from datetime import timedelta
from uuid import UUID, uuid5

from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter

from services.outreach.domain.account import Account
from services.outreach.domain.policy import Policy
from services.outreach.domain.task import task_id
from shared.core import Outgoing
from tests.unit.outreach.stories import (
    EMAIL,
    Story,
    always_open,
    contacts,
    only_task,
    step,
    suppressed,
    utc,
)

NAMESPACE = UUID("6d0c4f2e-0d0b-5c55-9a5d-0f5f6c7a1b11")
DAILY = Policy.from_document(
    always_open(steps=[step(f"day{number}", number) for number in range(1, 41)])
)


@given(st.text(), st.text(), st.text(), st.text(), st.integers(0, 99))
def test_the_id_is_a_uuid_of_what_the_task_is(
    account: str, case: str, anchor: str, name: str, attempt: int
) -> None:
    """RFC 9562 section 5.5 (version 5) over the five parts, apart from each other."""
    expected = uuid5(NAMESPACE, "\x1f".join((account, case, anchor, name, str(attempt))))

    told = task_id(account_id=account, case_id=case, anchor_id=anchor, step=name, attempt=attempt)

    assert str(expected) == told


def asked_daily(days: int) -> tuple[Story, list[Outgoing]]:
    """An account that is asked each day from 11 March on; what the first tick sent."""
    story = Story(DAILY)
    story.at("03-02 09:00").debtor(EMAIL)
    story.bill("I1", "100.00", "03-10")
    first: list[Outgoing] = []
    for number in range(days):
        sent = story.tick(utc("03-11 09:00") + timedelta(days=number))
        story.at((utc("03-11 09:30") + timedelta(days=number)).strftime("%m-%d %H:%M"))
        story.report("sent", only_task(sent).task_id)
        first = first or sent
    return story, first


def test_an_outcome_is_known_however_many_tasks_came_after_its_own() -> None:
    """The very first letter comes back after thirty more: from then on its address is not used."""
    story, first = asked_daily(30)

    story.report("bounced", only_task(first).task_id)
    sent = story.tick("04-10 09:00")

    assert contacts(sent) == []
    assert suppressed(sent) == [("day31", "no_contact_point")]


def test_an_account_does_not_grow_with_its_past_tasks() -> None:
    """It is written with nearly every event: what it is done with is kept apart."""
    few, many = (
        len(TypeAdapter(Account).dump_json(asked_daily(days)[0].account())) for days in (10, 30)
    )

    assert abs(many - few) < 20
