"""Dated stories: what withdraws a task, and what channels report of one. Times are UTC, 2026."""

# ruff: noqa: ANN401 - the fields of facts are handed on as they come

from typing import Any

import pytest

from services.outreach.domain.addresses import digest
from services.outreach.domain.policy import Policy
from shared.events import commands, ledger, outreach
from shared.events.billing import AddressSuppressed, Consent, ContactPoint
from shared.topics import OUTREACH_TASKS
from tests.unit.outreach.stories import (
    EMAIL,
    SMS,
    Story,
    always_open,
    cancelled,
    contacts,
    facts,
    on,
    only_task,
    suppressed,
    utc,
)


def reminded(*points: ContactPoint, **more: Any) -> tuple[Story, outreach.ContactRequested]:
    """100.00 since 10 March, a reminder released on Friday the 13th, 08:00 (a text: 09:00)."""
    story = Story()
    story.at("03-02 09:00").debtor(*points, **more)
    story.bill("I1", "100.00", "03-10")
    return story, only_task(story.tick("03-13 09:00" if points == (SMS,) else "03-13 08:00"))


def parked(service: str) -> ledger.PartyParked:
    """A service cannot fold the events of party A for now."""
    return ledger.PartyParked(party_id="A", service=service, event_id="e", reason="defect")


def unparked(service: str) -> ledger.PartyUnparked:
    """It has folded them after all."""
    return ledger.PartyUnparked(party_id="A", service=service, events=1)


def test_a_task_goes_to_its_channel_and_to_the_activity() -> None:
    """The same data in both, good from the tick to the end of the window, under one task id."""
    story = Story()
    story.at("03-02 09:00").debtor()
    story.bill("I1", "100.00", "03-10")

    sent = [
        each for each in story.tick("03-13 08:00") if type(each.data) is outreach.ContactRequested
    ]

    assert {OUTREACH_TASKS["email"], "outreach.activity"} == {each.topic for each in sent}
    assert sent[0].data == sent[1].data
    task = only_task(sent)
    assert (utc("03-13 08:00"), utc("03-13 20:00")) == (task.not_before, task.expires_at)
    assert all(each.expires_at == task.expires_at for each in sent)


def test_payment_between_task_and_tick_withdraws_the_task_at_once() -> None:
    """All is paid at 08:30: cancelled then, on the channel's topic too, and never planned again."""
    story, task = reminded()

    sent = story.at("03-13 08:30").pay("I1", "100.00")

    assert cancelled(sent) == ["paid"]
    (to_channel,) = [each for each in sent if each.topic == OUTREACH_TASKS["email"]]
    assert isinstance(to_channel.data, outreach.ContactCancelled)
    assert (task.task_id, utc("03-13 08:30")) == (to_channel.data.task_id, to_channel.time)
    assert [] == contacts(story.hourly("03-13 09:00", "03-20 20:00"))


def test_a_part_payment_makes_the_amount_wrong_and_plans_anew() -> None:
    """99.00 of 100.00 leaves what is left alone; 60.00 leaves 40.00 to be asked for, anew."""
    story, task = reminded()

    sent = story.at("03-13 08:30").pay("I1", "60.00")
    again = only_task(story.tick("03-13 09:00"))

    assert cancelled(sent) == ["changed"]
    assert "40.00" == again.amounts[0].amount
    assert again.task_id != task.task_id
    assert 2 == again.decision.facts["attempt"]


def test_a_payment_for_what_the_task_does_not_cover_leaves_it() -> None:
    """Money for an invoice that is not due yet does not touch the reminder."""
    story = Story()
    story.at("03-02 09:00").debtor()
    story.bill("I1", "100.00", "03-10")
    story.bill("I2", "80.00", "04-30")
    story.tick("03-13 08:00")

    assert [] == cancelled(story.at("03-13 08:30").pay("I2", "80.00"))


def test_a_write_off_closes_the_case_as_written_off() -> None:
    """The item is given up: the task is withdrawn and the case is closed for that reason."""
    story, _ = reminded()

    sent = story.at("03-13 08:30").write_off("I1", "100.00")

    assert cancelled(sent) == ["paid"]
    assert [each.reason for each in facts(sent, outreach.CaseClosed)] == ["written_off"]


def test_a_small_balance_written_off_closes_the_case_as_settled() -> None:
    """Money came, and the cents it left are not worth asking for: nobody was given up."""
    story, _ = reminded()
    story.at("03-13 08:30").pay("I1", "99.97")

    sent = story.write_off("I1", "0.03", reason="small_balance", by="cash")

    assert [each.reason for each in facts(sent, outreach.CaseClosed)] == ["settled"]


def test_what_was_sent_is_not_withdrawn() -> None:
    """After the channel reported it sent, a payment cancels nothing."""
    story, task = reminded()
    story.at("03-13 08:10").report("sent", task.task_id)

    assert [] == cancelled(story.at("03-13 08:30").pay("I1", "100.00"))


def dispute_opened(**more: object) -> ledger.DisputeOpened:
    """An objection of 13 March."""
    about = {"account_id": "A", "creditor_id": "default", "dispute_id": "D1"}
    return ledger.DisputeOpened.model_validate(about | {"opened_on": on("03-13")} | more)


def promise(due: str = "03-20", amount: str = "100.00") -> commands.PromiseMake:
    """A promise to pay."""
    return commands.PromiseMake(
        command_id=f"c-{due}",
        account_id="A",
        user="ann",
        promise_id=f"P-{due}",
        amount=amount,
        currency="EUR",
        due_on=on(due),
    )


def hold(**more: object) -> commands.HoldPlace:
    """A hold placed by a person."""
    return commands.HoldPlace.model_validate(
        {
            "command_id": "c-hold",
            "account_id": "A",
            "user": "ann",
            "hold_id": "H1",
            "hold_reason": "hardship",
            "starts_on": on("03-13"),
        }
        | more
    )


@pytest.mark.parametrize(
    ("objection", "reason"),
    [
        (dispute_opened(), "hold_dispute"),
        (dispute_opened(item_ids=("I1",), invoice_id="I1"), "hold_dispute"),
        (promise(), "hold_promise"),
        (hold(), "hold_hardship"),
        (hold(item_ids=("I1",)), "hold_hardship"),
    ],
)
def test_an_objection_withdraws_the_task(objection: ledger.DisputeOpened, reason: str) -> None:
    """Disputes, promises and holds take effect at once; at the next tick nothing is asked for."""
    story, _ = reminded()

    sent = story.at("03-13 08:30").tell(objection)
    after = story.tick("03-13 09:00")

    assert cancelled(sent) == [reason]
    assert contacts(after) == []
    assert suppressed(after) == [("reminder", reason)]


def test_a_dispute_about_a_part_leaves_the_rest_to_be_asked_for() -> None:
    """30.00 of 100.00 are disputed: the task is withdrawn, and a new one asks for 70.00."""
    story, _ = reminded()

    sent = story.at("03-13 08:30").tell(
        dispute_opened(item_ids=("I1",), invoice_id="I1", amount="30.00", currency="EUR")
    )
    again = only_task(story.tick("03-13 09:00"))

    assert cancelled(sent) == ["hold_dispute"]
    assert "70.00" == again.amounts[0].amount


def test_after_a_dispute_the_count_goes_on_where_it_stopped() -> None:
    """Late by 3 when disputed; ten days later it is rejected: still 3, firm at 14 on 3 April."""
    story, task = reminded()
    story.at("03-13 09:00").report("sent", task.task_id)
    story.tell(dispute_opened())
    story.tick("03-13 10:00")
    resolved = ledger.DisputeResolved(
        account_id="A",
        creditor_id="default",
        dispute_id="D1",
        outcome="rejected",
        opened_on=on("03-13"),
        resolved_on=on("03-23"),
    )

    story.tick("03-23 09:00")
    story.tell(resolved)

    assert [] == contacts(story.hourly("03-23 10:00", "04-02 23:00"))
    sent = story.tick("04-03 08:00")
    assert contacts(sent) == [("firm_reminder", "email")]
    assert (14, 24) == (
        only_task(sent).decision.delinquent_days,
        only_task(sent).decision.past_due_days,
    )


def test_a_stop_is_obeyed_at_once_and_on_all_accounts() -> None:
    """The debtor writes STOP about account A: the email task of account B is withdrawn as well."""
    document = always_open()
    story = Story(Policy.from_document(document))
    for account in ("A", "B"):
        story.debtor(EMAIL, account=account, party="P")
        story.bill("I1", "100.00", "2025-01-03", account=account)
    tasks = facts(story.tick("2025-01-04 00:00"), outreach.ContactRequested)

    sent = story.at("2025-01-04 01:00").report("opted_out", tasks[0].task_id)

    assert cancelled(sent) == ["opted_out"]
    assert [("email", "revoked")] == [
        (each.channel, each.state) for each in facts(sent, outreach.ConsentChanged)
    ]
    after = story.tick("2025-01-04 02:00")
    assert contacts(after) == []
    assert suppressed(after) == [("first", "opted_out")]


def granted(channel: str) -> Consent:
    """Consent of 1 January."""
    return Consent.model_validate(
        {"kind": "contact", "channel": channel, "state": "granted", "from": utc("01-01")}
    )


def test_a_stop_without_a_task_counts_too() -> None:
    """A text that says STOP, out of the blue: the text that was to go out is withdrawn."""
    story, task = reminded(SMS, consents=(granted("sms"),))
    assert task.channel == "sms"

    sent = story.at("03-13 09:30").report("opted_out", "", channel="sms", address="+4915112345")

    assert cancelled(sent) == ["opted_out"]
    assert suppressed(story.tick("03-13 10:00")) == [("reminder", "opted_out")]


def test_an_address_that_said_stop_elsewhere_is_not_used() -> None:
    """The broadcast carries only a digest; capitals in the address do not matter."""
    story = Story()
    story.at("03-02 09:00").debtor()
    story.bill("I1", "100.00", "03-10")
    story.tell(
        AddressSuppressed(
            channel="email", address_digest=digest("Debtor@Example.com"), reason="stop"
        )
    )

    assert suppressed(story.tick("03-13 08:00")) == [("reminder", "address_suppressed")]


def test_a_bounce_invalidates_the_address_and_the_next_channel_is_tried() -> None:
    """The mail is back at 08:05: the number that consented gets a text at 09:00."""
    story, task = reminded(EMAIL, SMS, consents=(granted("sms"),))
    story.at("03-13 08:01").report("sent", task.task_id)

    story.at("03-13 08:05").report("bounced", task.task_id)
    sent = story.hourly("03-13 08:06", "03-13 12:06")

    assert contacts(sent) == [("reminder", "sms")]


def test_an_unsent_task_expires_and_is_planned_anew_three_times() -> None:
    """No channel answers: a task on three working days, then the step is given up, and said so."""
    story = Story()
    story.at("03-02 09:00").debtor()
    story.bill("I1", "100.00", "03-10")

    sent = story.hourly("03-13 07:00", "03-23 23:00")

    tasks = facts(sent, outreach.ContactRequested)
    assert [utc("03-13 08:00"), utc("03-16 08:00"), utc("03-17 08:00")] == [
        task.not_before for task in tasks
    ]
    assert len({task.task_id for task in tasks}) == 3
    assert suppressed(sent)[-1] == ("reminder", "no_answer_from_channel")


def test_an_expiry_that_the_channel_reports_frees_the_step_as_well() -> None:
    """The channel came too late and says so, before the window's end: the next try is today."""
    story, task = reminded()

    sent = story.at("03-13 10:00").report("expired", task.task_id)

    assert facts(sent, outreach.ContactAttempted) == []
    assert contacts(story.tick("03-13 11:00")) == [("reminder", "email")]


def test_a_report_that_comes_late_still_counts() -> None:
    """Sent at 19:59, reported after the expiry and a second task: that one is withdrawn."""
    story, task = reminded()
    story.tick("03-13 20:00")
    story.tick("03-16 08:00")

    sent = story.at("03-16 08:30").report("sent", task.task_id, occurred_at=utc("03-13 19:59"))

    assert cancelled(sent) == ["superseded"]
    assert [] == contacts(story.hourly("03-16 09:00", "03-20 20:00"))


@pytest.mark.parametrize(
    ("outcome", "again"),
    [
        ("sent", False),
        ("delivered", False),
        ("no_answer", False),
        ("voicemail", False),
        ("answered", False),
        ("replied", False),
        ("failed", True),
        ("busy", True),
        ("expired", True),
    ],
)
def test_which_outcomes_take_the_step(outcome: str, again: bool) -> None:  # noqa: FBT001 - a table
    """What reached the debtor, or rang, is a contact; what never connected is tried again."""
    story, task = reminded()

    story.at("03-13 09:30").report(outcome, task.task_id)

    assert again == bool(contacts(story.tick("03-13 10:00")))


def test_an_outcome_is_told_with_what_it_cost() -> None:
    """Party, conversation, collector and cost go to the activity."""
    story, task = reminded()

    sent = story.at("03-13 09:30").report(
        "answered", task.task_id, party="wrong", conversation=True, collector="cy", team="north"
    )

    (attempt,) = facts(sent, outreach.ContactAttempted)
    assert ("answered", False, True, "cy", "north") == (
        attempt.outcome,
        attempt.right_party,
        attempt.conversation,
        attempt.collector,
        attempt.team,
    )


def test_a_parked_party_is_not_contacted_until_it_is_unparked() -> None:
    """Ingest cannot fold its events: the task goes; ingest says when it has folded them after all.

    Until then commands and outcomes still come by, and events of before: they end nothing.
    """
    story, task = reminded()

    sent = story.at("03-13 08:30").tell(parked("ingest"), party="A", subject="A")
    quiet = story.tick("03-13 09:00")
    story.at("03-13 09:10").tell(
        commands.NoteAdd(command_id="c", account_id="A", user="u", note_id="n", text="called us"),
        subject="A",
    )
    story.report("failed", task.task_id)
    story.bill("I2", "5.00", "04-30")
    story.tell(unparked("scoring"), party="A", subject="A")
    still = story.tick("03-13 09:30")
    story.tell(unparked("ingest"), party="A", subject="A")

    assert (cancelled(sent), contacts(quiet), contacts(still)) == (["parked"], [], [])
    assert contacts(story.tick("03-13 10:00")) == [("reminder", "email")]


def test_a_party_that_two_services_parked_is_unparked_by_both() -> None:
    """The score may still be an old one when the ledger is up to date again."""
    story, _ = reminded()
    story.at("03-13 08:30").tell(parked("scoring"), party="A", subject="A")
    story.tell(parked("ingest"), party="A", subject="A")

    story.tell(unparked("ingest"), party="A", subject="A")
    still = story.tick("03-13 09:00")
    story.tell(unparked("scoring"), party="A", subject="A")

    assert contacts(still) == []
    assert contacts(story.tick("03-13 10:00")) == [("reminder", "email")]


def test_our_own_parking_withdraws_as_well() -> None:
    """The shell says that outreach itself cannot fold the party's events, and when it can again."""
    story, _ = reminded()
    line = story.line
    party = line.party("A")
    effects = line._effects("park", "A")

    line.core.parked(party, effects)
    waits = line.core.wake_at(party)
    line.core.unparked(party, effects)

    assert cancelled(effects.out) == ["parked"]
    assert (waits, line.core.wake_at(party)) == (None, effects.now)


def test_a_new_case_takes_its_steps_anew() -> None:
    """The reminder was sent, then all was paid and taken back: the reminder is due once more."""
    story, task = reminded()
    story.at("03-13 08:10").report("sent", task.task_id)
    story.at("03-13 08:30").pay("I1", "100.00")
    story.tick("03-13 09:00")

    story.at("03-17 09:00").bounce("I1", "100.00")
    again = only_task(story.tick("03-17 10:00"))

    assert "reminder" == again.step
    assert task.case_id != again.case_id


def test_a_payment_that_bounced_opens_a_new_case_with_the_old_due_date() -> None:
    """Paid on the 13th, taken back on the 30th: late by 20 days again, so the firm reminder."""
    story, _ = reminded()
    story.at("03-13 08:30").pay("I1", "100.00")
    story.tick("03-13 09:00")

    sent = story.at("03-30 09:00").bounce("I1", "100.00")

    assert len(facts(sent, outreach.CaseOpened)) == 1
    assert contacts(story.tick("03-30 10:00")) == [("firm_reminder", "email")]
