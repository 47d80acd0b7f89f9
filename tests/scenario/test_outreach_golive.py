"""Dated stories: balances brought forward, whose history came with them. Times are UTC, 2026."""

import pytest

from services.outreach.domain.policy import Policy
from shared.events import outreach
from tests.unit.outreach.stories import (
    EMAIL,
    LETTER,
    PHONE,
    Story,
    always_open,
    contacts,
    facts,
    only_task,
    step,
)

LADDER = always_open(steps=[step("first", 3), step("second", 14), step("third", 21)])


def brought(due: str, made: int | None, policy: Policy | None = None) -> Story:
    """One item as of 31 March, loaded in the morning of 1 April, with so many contacts told."""
    story = Story(policy or Policy.from_document(LADDER))
    story.at("04-01 06:00").debtor(EMAIL, PHONE, LETTER)
    story.bring_forward("I1", due, as_of="03-31", contacts=made)
    return story


def days_of_contact(story: Story, first: str, last: str) -> list[tuple[str, str]]:
    """The day and step of each contact from hourly ticks (nobody carries it out)."""
    made = facts(story.hourly(first, last), outreach.ContactRequested)
    return [(task.not_before.strftime("%m-%d"), task.step) for task in made]


@pytest.mark.parametrize(
    ("made", "expected"),
    [
        (0, [("04-01", "second")]),
        (1, [("04-01", "second")]),
        (2, []),
        (3, []),
    ],
)
def test_contacts_so_far_are_steps_taken(made: int, expected: list[tuple[str, str]]) -> None:
    """16 days late at go-live the second step is due, unless two contacts were made before."""
    story = brought("03-15", made)

    assert expected == days_of_contact(story, "04-01 07:00", "04-02 06:00")


def test_the_ladder_goes_on_where_it_was() -> None:
    """Two contacts were made: the third step follows on its own day, and nothing before it."""
    story = brought("03-15", 2)

    assert days_of_contact(story, "04-01 07:00", "04-05 12:00") == [("04-05", "third")]


@pytest.mark.parametrize(
    ("due", "expected"),
    [
        ("03-15", [("04-05", "third")]),
        ("01-10", []),
    ],
)
def test_nothing_is_chased_because_it_was_loaded(due: str, expected: list[tuple[str, str]]) -> None:
    """Nobody told how often the debtor was asked: what fell due before is not made up for."""
    story = brought(due, None)

    assert expected == days_of_contact(story, "04-01 07:00", "04-05 12:00")


def test_what_falls_due_later_begins_at_the_first_step() -> None:
    """A note before the due date is no reminder: the steps after it are all to come."""
    steps = [step("note", -5), step("first", 3)]
    story = brought("04-02", 1, Policy.from_document(always_open(steps=steps)))

    assert days_of_contact(story, "04-01 07:00", "04-05 12:00") == [("04-05", "first")]


def test_a_note_that_nobody_told_of_is_not_made_up_for() -> None:
    """Due in two days at go-live, the note of five days before belongs to who kept the books."""
    steps = [step("note", -5), step("first", 3)]
    story = brought("04-02", None, Policy.from_document(always_open(steps=steps)))

    assert days_of_contact(story, "04-01 07:00", "04-04 12:00") == []


@pytest.mark.parametrize(
    ("made", "limits", "expected"),
    [
        (1, {"caps": [{"most": 1, "days": 3}]}, "04-03 00:00"),
        (1, {"caps": [{"most": 1, "days": 3, "channels": ["email"]}]}, "04-03 00:00"),
        (1, {"caps": [{"most": 2, "days": 7}]}, "04-01 07:00"),
        (2, {"caps": [{"most": 2, "days": 7}]}, "04-07 00:00"),
        (9, {"caps": [{"most": 2, "days": 7}]}, "04-07 00:00"),
        (1, {"gap_hours": 30}, "04-02 06:00"),
        (0, {"caps": [{"most": 1, "days": 3}], "gap_hours": 30}, "04-01 07:00"),
    ],
)
def test_caps_count_contacts_so_far(made: int, limits: dict[str, object], expected: str) -> None:
    """Nobody told on which day or channel they were: as late as can be, and on any."""
    steps = [step(f"n{number}", number) for number in range(1, 12)]
    story = brought("03-15", made, Policy.from_document(always_open(steps=steps, **limits)))

    task = only_task(story.hourly("04-01 07:00", expected))

    assert expected == task.not_before.strftime("%m-%d %H:%M")


def test_contacts_about_one_account_are_counted_once() -> None:
    """A contact speaks of all items of an account: three items with two contacts each make two."""
    limits = {"caps": [{"most": 3, "days": 7}]}
    story = brought("03-15", 2, Policy.from_document(LADDER | limits))
    story.bring_forward("I2", "03-16", as_of="03-31", contacts=2)
    story.bring_forward("I3", "03-27", as_of="03-31", contacts=0)
    story.pay("I1", "100.00")
    story.pay("I2", "100.00")

    assert contacts(story.tick("04-01 07:00")) == [("first", "email")]


def test_a_case_of_its_own_begins_anew() -> None:
    """What is paid and falls due again is a new matter: what was told at go-live is history."""
    story = brought("03-15", 2)
    story.tick("04-01 07:00")
    story.at("04-01 08:00").pay("I1", "100.00")
    story.tick("04-01 09:00")

    story.at("04-01 10:00").bounce("I1", "100.00")

    assert contacts(story.tick("04-01 11:00")) == [("second", "email")]
