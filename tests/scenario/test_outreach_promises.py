"""Dated stories: promises, holds and other commands. Times are UTC, 2026."""

# ruff: noqa: ANN401 - the fields of facts are handed on as they come

from typing import Any

import pytest

from services.outreach.domain.policy import Policy
from services.outreach.domain.standing import standing
from shared.core import Outgoing
from shared.events import commands, ledger, outreach
from shared.events.billing import DunningBlock, Status
from tests.unit.outreach.stories import (
    EMAIL,
    Story,
    always_open,
    contacts,
    facts,
    on,
    stages,
    step,
    suppressed,
    utc,
)

PROMISE_FACTS = (outreach.PromiseKept, outreach.PromisePartiallyKept, outreach.PromiseBroken)


def ordered(story: Story, kind: Any, **more: Any) -> list[Outgoing]:
    """A command of a person."""
    story.told += 1
    about = {"command_id": f"c-{story.told}", "account_id": "A", "user": "ann"}
    return story.tell(kind.model_validate(about | more))


def promised() -> Story:
    """100.00 since 10 March; on the 12th promised for the 20th (judged after the 23rd)."""
    story = Story()
    story.at("03-02 09:00").debtor()
    story.bill("I1", "100.00", "03-10")
    story.tick("03-12 09:00")
    sent = make_promise(story)
    assert len(facts(sent, outreach.PromiseMade)) == 1
    return story


def make_promise(story: Story, name: str = "P1", due: str = "03-20") -> list[Outgoing]:
    """A promise of 100.00."""
    return ordered(
        story,
        commands.PromiseMake,
        promise_id=name,
        amount="100.00",
        currency="EUR",
        due_on=on(due),
    )


def verdicts(sent: list[Outgoing]) -> list[tuple[str, str]]:
    """What became of promises: last word of the type, and what had been received."""
    return [
        (type(each.data).__name__.removeprefix("Promise"), each.data.received)
        for each in sent
        if isinstance(each.data, PROMISE_FACTS)
    ]


@pytest.mark.parametrize(
    ("paid", "received", "expected"),
    [
        ("100.00", "03-20", ("Kept", "100.00")),
        ("90.00", "03-23", ("Kept", "90.00")),
        ("89.99", "03-23", ("PartiallyKept", "89.99")),
        ("100.00", "03-24", ("Broken", "0.00")),
        ("100.00", "03-11", ("Broken", "0.00")),
    ],
)
def test_a_promise_is_judged_by_what_was_received_in_time(
    paid: str, received: str, expected: tuple[str, str]
) -> None:
    """Nine tenths by the third day after its day is kept; a cent less, or a day later, is not.

    Money from before the promise was made is not what was promised.
    """
    story = promised()
    story.at("03-23 12:00").pay("I1", paid, received=received)

    assert verdicts(story.tick("03-23 23:00")) == []
    sent = story.tick("03-24 09:00")

    assert verdicts(sent) == [expected]
    (judged,) = [each for each in sent if isinstance(each.data, PROMISE_FACTS)]
    assert utc("03-24 00:00") == judged.time


def test_money_in_time_that_is_booked_late_changes_the_verdict() -> None:
    """Broken on the 24th; on the 26th the bank statement shows that it came on the 20th: kept."""
    story = promised()
    assert verdicts(story.tick("03-24 09:00")) == [("Broken", "0.00")]

    sent = story.at("03-26 09:00").pay("I1", "100.00", received="03-20")

    assert verdicts(sent) == [("Kept", "100.00")]


def test_a_promise_holds_the_account_until_it_is_judged() -> None:
    """Late by 2 when it was made: broken on the 24th, the reminder comes on the 25th."""
    story = promised()

    assert contacts(story.hourly("03-12 10:00", "03-24 23:00")) == []
    assert [("reminder", "email")] == contacts(story.tick("03-25 08:00"))


def test_a_promise_shows_in_the_stage() -> None:
    """Promised while it is open, delinquent when it was broken."""
    story = promised()

    assert stages(story.tick("03-12 10:00")) == ["promised"]
    assert stages(story.tick("03-24 09:00")) == ["delinquent"]


def test_a_cancelled_promise_is_neither_kept_nor_broken() -> None:
    """Withdrawn on the 16th, the count goes on: late by 2 on the 16th, 3 on the 17th."""
    story = promised()
    story.tick("03-16 09:00")

    sent = ordered(story, commands.PromiseCancel, promise_id="P1")

    assert len(facts(sent, outreach.PromiseCancelled)) == 1
    assert contacts(story.hourly("03-16 10:00", "03-17 07:00")) == []
    assert contacts(story.tick("03-17 08:00")) == [("reminder", "email")]
    assert verdicts(story.tick("03-30 09:00")) == []


def test_a_rescheduled_promise_is_judged_by_its_new_day() -> None:
    """Moved from the 20th to the 27th: judged after the 30th, in the same amount."""
    story = promised()
    story.tick("03-16 09:00")

    sent = ordered(
        story,
        commands.PromiseReschedule,
        promise_id="P1",
        new_promise_id="P2",
        due_on=on("03-27"),
    )

    assert [p.new_promise_id for p in facts(sent, outreach.PromiseRescheduled)] == ["P2"]
    assert [(p.promise_id, p.amount) for p in facts(sent, outreach.PromiseMade)] == [
        ("P2", "100.00")
    ]
    assert verdicts(story.tick("03-30 23:00")) == []
    assert verdicts(story.tick("03-31 00:00")) == [("Broken", "0.00")]


def test_a_payment_that_bounced_was_not_received() -> None:
    """The money of the 16th is taken back on the 19th: nothing was received for the promise."""
    story = promised()
    story.at("03-16 09:00").pay("I1", "100.00")
    story.at("03-19 09:00").bounce("I1", "100.00")

    assert verdicts(story.tick("03-24 00:00")) == [("Broken", "0.00")]


@pytest.mark.parametrize(
    ("kind", "more", "reason"),
    [
        (commands.PromiseCancel, {"promise_id": "P9"}, "unknown_promise"),
        (commands.HoldRelease, {"hold_id": "H9"}, "unknown_hold"),
        (
            commands.DisputeResolve,
            {"dispute_id": "D9", "outcome": "rejected"},
            "unknown_dispute",
        ),
        (commands.DisputeOpen, {"dispute_id": "D9", "invoice_id": "I9"}, "unknown_invoice"),
        (
            commands.PromiseMake,
            {"promise_id": "P1", "amount": "1", "currency": "EUR", "due_on": on("03-20")},
            "already_exists",
        ),
        (
            commands.PromiseMake,
            {"promise_id": "P2", "amount": "1", "currency": "EUR", "due_on": on("03-11")},
            "in_the_past",
        ),
        (commands.PlanAccept, {"plan_id": "L1"}, "not_yet_supported"),
        (commands.TaskClaim, {"task_id": "T1"}, "not_yet_supported"),
        (commands.CaseAssign, {}, "not_yet_supported"),
        (commands.ApprovalGrant, {"approval_id": "G1"}, "not_yet_supported"),
        (commands.NoteAdd, {"account_id": "Z", "note_id": "N", "text": "hi"}, "unknown_account"),
    ],
)
def test_a_command_that_cannot_take_effect_is_refused(
    kind: Any, more: dict[str, Any], reason: str
) -> None:
    """Each refusal is a fact with its reason; nothing else follows."""
    story = promised()

    sent = ordered(story, kind, **more)

    (refused,) = facts(sent, outreach.CommandRefused)
    assert reason == refused.reason
    assert len(sent) == 1


def test_a_command_that_took_effect_is_told() -> None:
    """Applied, with command, user and id."""
    story = promised()

    sent = ordered(story, commands.NoteAdd, note_id="N1", text="Called, was friendly.")

    (applied,) = facts(sent, outreach.CommandApplied)
    assert ("note.add", "ann") == (applied.command, applied.user)


def test_a_hold_is_placed_expires_and_moves_the_steps() -> None:
    """Held from the 12th to the 17th, both included: late by 2 on the 18th, 3 on the 19th."""
    story = Story()
    story.at("03-02 09:00").debtor()
    story.bill("I1", "100.00", "03-10")
    story.tick("03-12 09:00")

    placed = ordered(
        story,
        commands.HoldPlace,
        hold_id="H1",
        hold_reason="manual",
        starts_on=on("03-12"),
        ends_on=on("03-17"),
    )
    sent = story.hourly("03-12 10:00", "03-19 07:00")

    assert [("H1", on("03-17"))] == [
        (each.hold_id, each.ends_on) for each in facts(placed, outreach.HoldPlaced)
    ]
    (expired,) = [each for each in sent if isinstance(each.data, outreach.HoldExpired)]
    assert utc("03-18 00:00") == expired.time
    assert contacts(sent) == []
    assert contacts(story.tick("03-19 08:00")) == [("reminder", "email")]


def test_a_hold_to_come_withdraws_the_task_on_its_day() -> None:
    """Placed on the 12th for the 14th: the task of the 13th is not touched before it expires."""
    story = Story()
    story.at("03-02 09:00").debtor()
    story.bill("I1", "100.00", "03-10")
    story.tick("03-12 09:00")
    ordered(story, commands.HoldPlace, hold_id="H1", hold_reason="manual", starts_on=on("03-14"))

    assert contacts(story.tick("03-13 08:00")) == [("reminder", "email")]
    assert contacts(story.hourly("03-13 09:00", "03-25 20:00")) == []


def test_fineract_pauses_by_command() -> None:
    """Worked example E by commands: two pauses, one of them released early, one expired."""
    story = Story()
    story.at("2012-01-02 09:00").debtor()
    story.bill("I1", "1033.33", "2012-02-01")

    def delinquent(day: str) -> int:
        party = story.line.party("A")
        return int(standing(party, "A", on(day))["delinquent_days"])

    story.tick("2012-02-06 09:00")
    assert delinquent("2012-02-06") == 5
    place(story, "H1", "2012-02-06", "2012-03-09")
    story.tick("2012-02-09 09:00")
    assert delinquent("2012-02-09") == 5
    story.tick("2012-02-10 09:00")
    ordered(story, commands.HoldRelease, hold_id="H1")
    assert delinquent("2012-02-13") == 8
    story.tick("2012-02-13 09:00")
    place(story, "H2", "2012-02-13", "2012-02-17")
    assert delinquent("2012-02-23") == 13
    story.tick("2012-02-23 09:00")
    place(story, "H3", "2012-02-23", "2012-02-27")
    story.tick("2012-02-25 09:00")
    ordered(story, commands.HoldRelease, hold_id="H3")
    assert delinquent("2012-03-12") == 29
    refused = place(story, "H3", "2012-02-23", "2012-02-27")
    assert [each.reason for each in facts(refused, outreach.CommandRefused)] == ["already_exists"]


def place(story: Story, name: str, starts: str, ends: str) -> list[Outgoing]:
    """A hold by command."""
    return ordered(
        story,
        commands.HoldPlace,
        hold_id=name,
        hold_reason="manual",
        starts_on=on(starts),
        ends_on=on(ends),
    )


def test_a_block_of_the_creditor_holds_and_its_end_frees() -> None:
    """A block until the 31st is lifted on the 16th: the days from the 10th on count as held."""
    story = Story()
    block = DunningBlock.model_validate(
        {"reason": "goodwill", "from": on("03-05"), "until": on("03-31")}
    )
    story.at("03-02 09:00").debtor(EMAIL, dunning_block=block)
    story.bill("I1", "100.00", "03-10")

    sent = story.hourly("03-13 08:00", "03-16 08:00")
    assert (contacts(sent), stages(sent)) == ([], ["on_hold"])

    story.at("03-16 09:00")
    story.debtor(EMAIL)
    assert contacts(story.hourly("03-16 10:00", "03-18 23:00")) == []
    assert contacts(story.tick("03-19 08:00")) == [("reminder", "email")]


def test_nobody_is_contacted_in_a_breathing_space() -> None:
    """A status that the profile names: the step that was due is suppressed for its reason."""
    story = Story()
    story.at("03-02 09:00").debtor()
    story.bill("I1", "100.00", "03-10")
    story.tick("03-13 07:00")
    space = Status.model_validate(
        {"status": "breathing_space", "from": on("03-13"), "until": on("05-12")}
    )
    story.debtor(EMAIL, statuses=(space,))

    assert suppressed(story.tick("03-13 08:00")) == [("reminder", "hold_breathing_space")]


def test_a_debit_on_its_way_is_waited_for() -> None:
    """A debit on the 12th: its days are held; it fails on the 16th, and the count goes on."""
    story = Story()
    story.at("03-02 09:00").debtor()
    story.bill("I1", "100.00", "03-10")
    story.tick("03-11 09:00")
    about: dict[str, Any] = {
        "account_id": "A",
        "creditor_id": "default",
        "invoice_ids": ("I1",),
    }
    story.tell(ledger.AutopayScheduled(**about, scheduled_on=on("03-12")))

    assert contacts(story.hourly("03-11 10:00", "03-16 09:00")) == []
    story.tell(ledger.AutopayFailed(**about, code="insufficient_funds"))
    assert contacts(story.hourly("03-16 10:00", "03-18 07:00")) == []
    assert contacts(story.tick("03-18 08:00")) == [("reminder", "email")]


def test_a_person_may_ask_for_a_contact_within_the_same_limits() -> None:
    """Asked for at night, an email goes out at eight; the policy's own steps are not touched."""
    story = Story()
    story.at("03-02 09:00").debtor()
    story.bill("I1", "100.00", "03-10")
    story.tick("03-16 22:00")
    task = facts(story.tick("03-17 08:00"), outreach.ContactRequested)[0]
    story.report("sent", task.task_id)
    story.tick("03-18 22:00")

    ordered(story, commands.ContactRequest, channel="email")
    night = story.tick("03-18 23:00")
    morning = story.tick("03-19 08:00")

    assert (contacts(night), suppressed(night)) == ([], [("on_request", "quiet_hours")])
    assert contacts(morning) == [("on_request", "email")]


def test_what_a_person_asks_for_has_no_minimum() -> None:
    """100.00 is too little for the policy's step, and no reason to refuse somebody's own wish."""
    policy = always_open(steps=[step("first", 1, minimum={"EUR": "150.00"})])
    story = Story(Policy.from_document(policy))
    story.at("03-02 09:00").debtor()
    story.bill("I1", "100.00", "03-10")
    assert suppressed(story.tick("03-11 10:00")) == [("first", "below_minimum")]

    ordered(story, commands.ContactRequest, channel="email")

    assert contacts(story.tick("03-11 11:00")) == [("on_request", "email")]


def test_a_visit_outside_a_task_counts_for_the_caps() -> None:
    """A call of the collector this morning: the reminder waits, and says until when."""
    story = Story()
    story.at("03-02 09:00").debtor()
    story.bill("I1", "100.00", "03-09")
    story.tick("03-12 07:00")
    ordered(
        story,
        commands.ContactRecord,
        contact_id="K1",
        channel="phone",
        outcome="answered",
        occurred_at=utc("03-12 07:30"),
        party="right",
        conversation=True,
    )

    sent = story.tick("03-12 08:00")

    (told,) = facts(sent, outreach.ContactSuppressed)
    assert ("cap", utc("03-13 08:00")) == (told.reason, told.until)
    assert contacts(story.tick("03-13 08:00")) == [("reminder", "email")]
