"""Dated stories: hours, weekends, places, caps and consent. Times are UTC, 2026, unless said."""

import pytest

from services.outreach.domain.policy import Policy
from shared.events import outreach
from shared.events.billing import Consent, Contact, ContactPoint
from tests.unit.outreach.stories import (
    DEFAULT,
    EMAIL,
    PHONE,
    SMS,
    Story,
    always_open,
    contacts,
    facts,
    on,
    only_task,
    step,
    suppressed,
    utc,
)


def late(*points: ContactPoint, due: str = "03-10", **more: object) -> Story:
    """A debtor of 100.00."""
    story = Story()
    story.at("03-02 06:00").debtor(*points, **more)  # type: ignore[arg-type]  # handed on
    story.bill("I1", "100.00", due)
    return story


@pytest.mark.parametrize(("due", "tick"), [("03-25", "03-28 12:00"), ("03-26", "03-29 12:00")])
def test_a_weekend_is_waited_out_until_monday_by_the_wall_clock(due: str, tick: str) -> None:
    """Late by 3 on the weekend of a change of clocks: Monday 08:00 in Berlin is 06:00 UTC."""
    story = late(EMAIL, due=due, time_zones=("Europe/Berlin",))

    (told,) = facts(story.tick(tick), outreach.ContactSuppressed)

    assert ("reminder", "non_business_day", utc("03-30 06:00")) == (
        told.step,
        told.reason,
        told.until,
    )
    assert told.decision.earliest == told.until
    assert [] == contacts(story.tick("03-30 05:00"))
    assert contacts(story.tick("03-30 06:00")) == [("reminder", "email")]


@pytest.mark.parametrize(
    ("tick", "expected"),
    [("03-13 06:59", []), ("03-13 07:00", [("reminder", "email")])],
)
def test_hours_are_the_debtors(tick: str, expected: list[tuple[str, str]]) -> None:
    """In winter eight in Berlin is seven in UTC; a minute before is night."""
    story = late(EMAIL, time_zones=("Europe/Berlin",))

    assert expected == contacts(story.tick(tick))


def test_quiet_hours_are_told_once() -> None:
    """Looked at in the night, for another reason: one suppression with its end, not one a tick."""
    story = late()
    story.tick("03-13 00:00")
    story.at("03-13 00:30").debtor(EMAIL, name="New Name")

    sent = story.hourly("03-13 01:00", "03-13 03:00")
    story.at("03-13 03:30").debtor(EMAIL, name="Newer Name")
    sent += story.hourly("03-13 04:00", "03-13 07:00")

    assert suppressed(sent) == [("reminder", "quiet_hours")]
    (told,) = facts(sent, outreach.ContactSuppressed)
    assert utc("03-13 08:00") == told.until


def test_all_possible_zones_must_be_open() -> None:
    """Somewhere in the United States: from 08:00 in Honolulu (18:00 UTC) to 20:00 in New York."""
    story = late(EMAIL, country="US", due="06-09")

    task = only_task(story.hourly("06-12 06:00", "06-12 23:00"))

    assert (utc("06-12 18:00"), utc("06-13 00:00")) == (task.not_before, task.expires_at)
    assert len(task.decision.local_times) == 4


def test_the_zone_of_the_number_counts_as_well() -> None:
    """A debtor of Berlin with a phone in New York: 09:00 there is the first hour of both."""
    abroad = ContactPoint(id="p", channel="phone", address="+1", time_zone="America/New_York")
    story = late(abroad, due="03-10", time_zones=("Europe/Berlin",))

    task = only_task(story.hourly("03-31 06:00", "03-31 23:00"))

    assert (utc("03-31 13:00"), utc("03-31 16:00")) == (task.not_before, task.expires_at)


def test_a_task_ends_with_its_window() -> None:
    """Released at 19:59, it is good for a minute."""
    story = late()

    task = only_task(story.tick("03-13 19:59"))

    assert utc("03-13 20:00") == task.expires_at


def test_caps_see_all_accounts_of_the_debtor() -> None:
    """Two accounts are late on the same day: one goes today, the other on Monday."""
    story = Story()
    for account in ("A", "B"):
        story.at("03-02 06:00").debtor(account=account, party="P")
        story.bill("I1", "100.00", "03-10", account=account)

    friday = story.tick("03-13 08:00")
    (told,) = facts(friday, outreach.ContactSuppressed)
    monday = story.hourly("03-13 09:00", "03-16 08:00")

    assert ["A"] == [task.account_id for task in facts(friday, outreach.ContactRequested)]
    assert ("B", "cap", utc("03-16 08:00")) == (told.account_id, told.reason, told.until)
    assert ["B"] == [task.account_id for task in facts(monday, outreach.ContactRequested)]


def test_a_task_that_was_not_made_frees_its_cap() -> None:
    """A pays before its mail is sent: B, which waited for the cap, goes at the next tick."""
    story = Story()
    for account in ("A", "B"):
        story.at("03-02 06:00").debtor(account=account, party="P")
        story.bill("I1", "100.00", "03-10", account=account)
    story.tick("03-13 08:00")

    story.at("03-13 08:30").pay("I1", "100.00", account="A")
    sent = story.tick("03-13 09:00")

    assert ["B"] == [task.account_id for task in facts(sent, outreach.ContactRequested)]


def test_three_contacts_in_seven_days_are_the_most() -> None:
    """Four steps on four days: the fourth waits until the first is seven days ago."""
    policy = always_open(
        steps=[step(f"s{day}", day) for day in (1, 2, 3, 4)], caps=[{"most": 3, "days": 7}]
    )
    story = Story(Policy.from_document(policy))
    story.debtor()
    story.bill("I1", "100.00", "2025-01-01")
    made = []

    for day in range(2, 12):
        sent = story.tick(f"2025-01-{day:02} 10:00")
        for task in facts(sent, outreach.ContactRequested):
            story.report("sent", task.task_id)
            made.append((task.step, day))

    assert made == [("s1", 2), ("s2", 3), ("s3", 4), ("s4", 9)]


@pytest.mark.parametrize(("tick", "expected"), [("2025-01-03 05:59", 0), ("2025-01-03 06:00", 1)])
def test_the_gap_is_counted_in_hours(tick: str, expected: int) -> None:
    """Twenty hours after ten o'clock is six the next morning, to the minute."""
    policy = always_open(steps=[step("s1", 1), step("s2", 2)], gap_hours=20)
    story = Story(Policy.from_document(policy))
    story.debtor()
    story.bill("I1", "100.00", "2025-01-01")
    task = only_task(story.tick("2025-01-02 10:00"))
    story.report("sent", task.task_id)

    assert expected == len(contacts(story.tick(tick)))


def test_a_limit_of_none_is_never_lawful() -> None:
    """A cap of 0 cannot be waited out: the step is suppressed as not lawful and given up."""
    policy = always_open(steps=[step("s1", 1), step("s2", 5)], caps=[{"most": 0, "days": 1}])
    story = Story(Policy.from_document(policy))
    story.debtor()
    story.bill("I1", "100.00", "2025-01-01")

    sent = story.tick("2025-01-02 10:00") + story.tick("2025-01-06 10:00")

    assert suppressed(sent) == [("s1", "not_lawful"), ("s2", "not_lawful")]


def consent(state: str, since: str, channel: str | None = "sms") -> Consent:
    """A word of the debtor."""
    return Consent.model_validate(
        {"kind": "contact", "channel": channel, "state": state, "from": utc(since)}
    )


@pytest.mark.parametrize(
    ("consents", "expected"),
    [
        ((), [("reminder", "no_consent")]),
        ((consent("granted", "01-01"),), []),
        ((consent("granted", "01-01"), consent("revoked", "02-01")), [("reminder", "opted_out")]),
        ((consent("revoked", "01-01"), consent("granted", "02-01")), []),
        ((consent("granted", "02-01"), consent("revoked", "02-01")), [("reminder", "opted_out")]),
        (
            (consent("granted", "01-01"), consent("revoked", "02-01", None)),
            [("reminder", "opted_out")],
        ),
        ((consent("granted", "01-01", "email"),), [("reminder", "no_consent")]),
    ],
)
def test_the_latest_word_on_a_channel_counts(
    consents: tuple[Consent, ...], expected: list[tuple[str, str]]
) -> None:
    """Texts need consent; the latest word holds, and of two at once the one that refuses."""
    story = late(SMS, consents=consents)

    assert expected == suppressed(story.tick("03-13 09:00"))


def test_a_step_without_a_way_to_reach_anybody_is_passed() -> None:
    """No phone: the call of day 21 is suppressed once, and the letter of day 35 still comes."""
    letter = ContactPoint(id="l", channel="letter", address="1 Main Street")
    story = late(letter)

    call = story.tick("03-31 09:00") + story.tick("03-31 10:00") + story.tick("04-01 10:00")

    assert suppressed(call) == [("call", "no_contact_point")]
    assert contacts(story.tick("04-14 08:00")) == [("final_letter", "letter")]


def test_an_attorney_is_not_written_to_as_if_he_were_the_debtor() -> None:
    """Of two addresses the better one is the attorney's: the debtor's own is used."""
    points = (
        ContactPoint(
            id="a", channel="email", address="law@example.com", contact_id="c", priority=1
        ),
        ContactPoint(id="b", channel="email", address="own@example.com", priority=2),
    )
    story = late(*points, contacts=(Contact(contact_id="c", role="attorney"),))

    assert "own@example.com" == only_task(story.tick("03-13 08:00")).to.address


def test_who_pays_by_debit_gets_no_note_before_the_due_date() -> None:
    """A note on what is soon due would only worry them."""
    story = late(EMAIL, autopay=True)

    assert suppressed(story.tick("03-05 08:00")) == [("friendly_reminder", "hold_autopay")]


def test_a_wrong_number_is_not_called_again() -> None:
    """Somebody else answered: the number is no longer used."""
    story = late(PHONE)
    task = only_task(story.tick("03-31 09:00"))
    story.report("answered", task.task_id, channel="phone", party="wrong")
    story.at("04-01 06:00").bill("I2", "50.00", "03-31")
    story.at("04-01 06:00").pay("I1", "100.00")

    sent = story.tick("04-21 09:00")

    assert suppressed(sent)[-1] == ("call", "no_contact_point")


def test_the_record_answers_why() -> None:
    """Policy, step, anchor, counts, amounts, rules, local time and attempt are all on the task."""
    story = late(EMAIL, time_zones=("Europe/Berlin",))

    record = only_task(story.tick("03-13 08:00")).decision

    assert ("default", DEFAULT.version, "reminder", "I1", on("03-10"), 3, 3) == (
        record.policy,
        record.policy_version,
        record.step,
        record.anchor_item_id,
        record.anchor_due_on,
        record.delinquent_days,
        record.past_due_days,
    )
    assert ("2026-03-13T09:00:00+01:00 Europe/Berlin",) == record.local_times
    assert "hours.email" in record.rules
    assert 1 == record.facts["attempt"]


def test_a_contact_that_was_made_after_all_counts_again() -> None:
    """A's channel says expired, then sent: B, which waited for the cap, goes on waiting."""
    story = Story()
    for account in ("A", "B"):
        story.at("03-02 06:00").debtor(account=account, party="P")
        story.bill("I1", "100.00", "03-10", account=account)
    task = only_task(story.tick("03-13 08:00"))

    story.at("03-13 08:10").report("expired", task.task_id)
    story.at("03-13 08:20").report("sent", task.task_id)

    assert [] == contacts(story.hourly("03-13 09:00", "03-13 19:00"))
