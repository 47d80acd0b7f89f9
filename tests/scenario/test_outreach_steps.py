"""Dated stories: which step is taken when, and how the anchor moves it. Times are UTC, 2026."""

import pytest

from services.outreach.domain.configuration import creditors_of
from services.outreach.domain.policy import Policy, PolicyError
from shared.core import Outgoing
from shared.events import ledger, outreach
from shared.events.scores import AccountScored
from tests.unit.outreach.stories import (
    EMAIL,
    LETTER,
    PHONE,
    Story,
    always_open,
    contacts,
    facts,
    on,
    only_task,
    stages,
    step,
    suppressed,
    utc,
)


def sent_by_channel(story: Story, sent: list[Outgoing]) -> list[tuple[str, str]]:
    """A channel that carries out each task at once; which contacts it made."""
    for task in facts(sent, outreach.ContactRequested):
        story.report("sent", task.task_id, channel=task.channel, account_id=task.account_id)
    return contacts(sent)


def test_the_default_policy_takes_its_five_steps() -> None:
    """Due Tuesday 10 March: five days before, then 3, 14, 21 and 35 days after, in the hours."""
    story = Story()
    story.debtor(EMAIL, PHONE, LETTER)
    story.at("03-02 09:00").bill("I1", "100.00", "03-10")
    made = {}

    for day in range(60):
        for hour in (3, 8, 9, 12, 20):
            moment = utc("03-02").replace(hour=hour) + (utc("03-03") - utc("03-02")) * day
            for name, channel in sent_by_channel(story, story.tick(moment)):
                made[name] = (moment.strftime("%m-%d %H:%M"), channel)

    assert made == {
        "friendly_reminder": ("03-05 08:00", "email"),
        "reminder": ("03-13 08:00", "email"),
        "firm_reminder": ("03-24 08:00", "email"),
        "call": ("03-31 09:00", "phone"),
        "final_letter": ("04-14 08:00", "letter"),
    }


@pytest.mark.parametrize(
    ("tick", "expected"),
    [
        ("2012-06-29 23:00", []),
        ("2012-06-30 00:00", [("OD1", "email")]),
        ("2012-07-09 23:00", [("OD1", "email")]),
        ("2012-07-10 00:00", [("OD2", "email")]),
        ("2012-07-19 23:00", [("OD2", "email")]),
        ("2012-07-20 00:00", [("OD3", "email")]),
    ],
)
def test_states_begin_on_their_day_itself(tick: str, expected: list[tuple[str, str]]) -> None:
    """Worked example A: 30, 40 and 50 days from 31 May, the day itself included."""
    policy = always_open(steps=[step("OD1", 30), step("OD2", 40), step("OD3", 50)])
    story = Story(Policy.from_document(policy))
    story.at("2012-05-31 09:00").debtor()
    story.bill("I1", "249.95", "2012-05-31")
    story.at("2012-06-30 00:00").bill("I2", "249.95", "2012-06-30")

    assert expected == contacts(story.tick(tick))


def test_paying_all_clears_at_once() -> None:
    """Worked example A: in the third state, everything is paid: nothing is left to be done."""
    policy = always_open(steps=[step("OD1", 30), step("OD2", 40), step("OD3", 50)])
    story = Story(Policy.from_document(policy))
    story.at("2012-05-31 09:00").debtor()
    story.bill("I1", "249.95", "2012-05-31")
    story.tick("2012-07-20 00:00")

    sent = story.at("2012-07-21 10:00").pay("I1", "249.95")

    assert stages(sent) == ["settled"]
    assert [each.reason for each in facts(sent, outreach.CaseClosed)] == ["settled"]
    assert [] == contacts(story.tick("2012-09-01 00:00"))


def test_a_campaign_of_two_attempts_above_a_threshold() -> None:
    """Worked example G: 149.00 waits below 150.00; 155.00 is one statement, twice, days apart."""
    attempts = [
        step("attempt_1", 1, minimum={"EUR": "150.00"}),
        step("attempt_2", 2, minimum={"EUR": "150.00"}, after_previous_days=3),
    ]
    story = Story(Policy.from_document(always_open(steps=attempts)))
    story.at("2025-01-01 10:00").debtor()
    story.bill("I1", "149.00", "2025-01-03")

    below = story.tick("2025-01-04 13:00")
    assert contacts(below) == []
    assert suppressed(below) == [("attempt_1", "below_minimum")]

    story.at("2025-01-04 18:00").bill("I2", "6.00", "2025-01-06")
    assert [] == suppressed(story.tick("2025-01-05 10:00"))

    first = story.tick("2025-01-07 10:00")
    assert sent_by_channel(story, first) == [("attempt_1", "email")]
    assert [("EUR", "155.00")] == [(m.currency, m.amount) for m in only_task(first).amounts]
    assert 2 == only_task(first).items_total

    for quiet in ("2025-01-08 10:00", "2025-01-09 10:00"):
        assert [] == contacts(story.tick(quiet))

    second = story.tick("2025-01-10 10:00")
    assert sent_by_channel(story, second) == [("attempt_2", "email")]
    assert only_task(second).amounts[0].amount == "155.00"
    assert [] == contacts(story.tick("2025-01-13 13:00"))


@pytest.mark.parametrize(("amount", "expected"), [("149.99", []), ("150.00", [("first", "email")])])
def test_the_minimum_itself_is_enough(amount: str, expected: list[tuple[str, str]]) -> None:
    """One cent below the minimum nothing is sent; at it, the contact is made."""
    policy = always_open(steps=[step("first", 1, minimum={"EUR": "150.00"})])
    story = Story(Policy.from_document(policy))
    story.debtor()
    story.bill("I1", amount, "2025-01-03")

    assert expected == contacts(story.tick("2025-01-04 00:00"))


@pytest.mark.parametrize(("left", "expected"), [("1.00", 0), ("1.01", 1)])
def test_a_small_balance_is_left_alone(left: str, expected: int) -> None:
    """An item at the tolerance is no anchor; one cent above it is."""
    story = Story()
    story.debtor()
    story.at("03-02 09:00").bill("I1", left, "03-10")

    assert expected == len(contacts(story.tick("03-13 08:00")))


def test_after_an_outage_only_the_latest_step_is_taken() -> None:
    """Nobody ticks for a month: on day 30 the call is due; what it passed over is on record."""
    story = Story()
    story.debtor(EMAIL, PHONE, LETTER)
    story.at("03-02 09:00").bill("I1", "100.00", "03-10")
    story.tick("03-02 10:00")

    sent = story.tick("04-09 09:30")

    assert contacts(sent) == [("call", "phone")]
    assert utc("04-09 09:30") == only_task(sent).not_before
    assert suppressed(sent) == [("reminder", "superseded"), ("firm_reminder", "superseded")]
    assert [] == contacts(story.tick("04-09 10:30"))


def test_when_the_oldest_is_paid_the_step_follows_the_next() -> None:
    """I1 is firm, I2 is 5 days late: with I1 paid the account is where I2 is, at its reminder."""
    story = Story()
    story.at("03-02 09:00").debtor()
    story.bill("I1", "100.00", "03-05")
    story.bill("I2", "70.00", "03-16")
    sent_by_channel(story, story.tick("03-09 08:00"))
    sent_by_channel(story, story.tick("03-19 08:00"))

    story.at("03-20 11:00").pay("I1", "100.00")
    sent = story.tick("03-20 12:00")

    assert contacts(sent) == [("reminder", "email")]
    task = only_task(sent)
    assert ("I2", on("03-16")) == (task.decision.anchor_item_id, task.decision.anchor_due_on)
    assert [item.item_id for item in task.items] == ["I2"]


def test_a_step_is_taken_once_for_its_anchor() -> None:
    """Ticks, scores and account changes after the contact do not bring it again."""
    story = Story()
    story.at("03-02 09:00").debtor()
    story.bill("I1", "100.00", "03-10")
    assert sent_by_channel(story, story.tick("03-13 08:00")) == [("reminder", "email")]

    story.at("03-16 09:00").debtor(EMAIL, name="New Name")
    sent = story.hourly("03-16 09:00", "03-18 20:00")

    assert contacts(sent) == []


def test_one_contact_covers_all_overdue_items_net_per_currency() -> None:
    """Two in euro (one partly paid), one in dollars, one not due: one statement of three lines."""
    story = Story()
    story.at("03-02 09:00").debtor()
    story.bill("I1", "100.00", "03-10")
    story.bill("I2", "50.00", "03-11")
    story.bill("I3", "30.00", "03-12", currency="USD")
    story.bill("I4", "500.00", "04-30")
    story.at("03-12 09:00").pay("I1", "40.00")

    task = only_task(story.tick("03-13 08:00"))

    assert [("EUR", "110.00"), ("USD", "30.00")] == [(m.currency, m.amount) for m in task.amounts]
    assert [(i.item_id, i.open_amount) for i in task.items] == [
        ("I1", "60.00"),
        ("I2", "50.00"),
        ("I3", "30.00"),
    ]
    assert "110.00 EUR and 30.00 USD" in task.subject_line
    assert "No I1: 60.00 EUR, due 2026-03-10" in task.body


def test_a_note_before_the_due_date_covers_what_is_soon_due() -> None:
    """Five days ahead: what is due within five days, not what comes after."""
    story = Story()
    story.at("03-02 09:00").debtor()
    story.bill("I1", "100.00", "03-10")
    story.bill("I2", "50.00", "03-09")
    story.bill("I3", "30.00", "03-11")

    sent = story.tick("03-04 08:00")

    assert contacts(sent) == [("friendly_reminder", "email")]
    assert [item.item_id for item in only_task(sent).items] == ["I2"]
    assert only_task(sent).case_id == ""


def test_grace_days_shift_every_step() -> None:
    """Ten days of grace: late by 3 is day 13, and until day 10 the account is in grace."""
    story = Story()
    story.at("03-02 09:00").debtor(EMAIL, grace_days=10)
    story.bill("I1", "100.00", "03-06")
    assert stages(story.tick("03-09 08:00")) == ["in_grace"]

    assert [] == contacts(story.hourly("03-09 08:00", "03-18 23:00"))
    assert contacts(story.tick("03-19 08:00")) == [("reminder", "email")]


@pytest.mark.parametrize(
    ("creditor", "account", "on_day"),
    [({"grace_days": 4}, None, "13"), ({"grace_days": 4}, 1, "10"), ({"name": "Kiwi"}, None, "09")],
)
def test_grace_is_the_accounts_else_its_creditors_else_the_policys(
    creditor: dict[str, object], account: int | None, on_day: str
) -> None:
    """Due on the 6th and late by 3 days after the grace that is said nearest to the debtor."""
    story = Story()
    story.publish("creditors", 1, "03-01 00:00", {"creditors": {"default": creditor}})
    story.at("03-02 09:00").debtor(EMAIL, grace_days=account)
    story.bill("I1", "100.00", "03-06")

    before = contacts(story.hourly("03-08 00:00", f"03-{int(on_day) - 1:02} 23:00"))

    assert before == []
    assert contacts(story.tick(f"03-{on_day} 12:00")) == [("reminder", "email")]


@pytest.mark.parametrize("grace", [-1, 36_501, "5", 1.5, True])
def test_a_creditors_grace_that_is_none_is_refused(grace: object) -> None:
    """The configuration in force stays; a number of days is expected."""
    with pytest.raises(PolicyError, match=r"creditors\.acme\.grace_days: 0 to 36500"):
        creditors_of({"creditors": {"acme": {"grace_days": grace}}})


def test_words_are_in_the_language_of_the_account() -> None:
    """Swiss German gets German; a language that is not there gets English."""
    for language, begins in (("de-CH", "Guten Tag Erika"), ("fi", "Dear Erika")):
        story = Story()
        story.at("03-02 09:00").debtor(EMAIL, language=language, name="Erika")
        story.bill("I1", "100.00", "03-10")

        assert only_task(story.tick("03-13 08:00")).body.startswith(begins)


def test_a_score_goes_with_the_task() -> None:
    """Band and priority are on the task and in its record."""
    story = Story()
    story.at("03-02 09:00").debtor()
    story.bill("I1", "100.00", "03-10")
    story.tell(
        AccountScored(
            account_id="A",
            creditor_id="default",
            model="expert",
            model_version="1",
            risk=70,
            band="D",
            p_pay={"7": 0.1, "14": 0.2, "30": 0.4},
            confidence="low",
            currency="EUR",
            overdue_amount="0.00",
            open_amount="100.00",
            oldest_past_due_days=0,
            expected_recovery="40.00",
            lane="protect_value",
            priority=812,
            reasons=(),
            scored_at=utc("03-02 09:00"),
        )
    )

    task = only_task(story.tick("03-13 08:00"))

    assert (812, "D") == (task.priority, task.decision.score_band)


def test_a_published_policy_takes_effect_at_its_time() -> None:
    """Published on the 11th for the 13th: till then the old one holds; a lower one never does."""
    story = Story()
    story.at("03-02 09:00").debtor()
    story.bill("I1", "100.00", "03-10")
    story.tick("03-11 09:00")
    document = always_open(version="2", steps=[step("early", 1)])

    story.publish("policy", 7, "03-13 00:00", document)
    story.publish("policy", 3, "03-11 00:00", always_open(version="0", steps=[step("older", 1)]))

    assert [] == contacts(story.hourly("03-11 10:00", "03-12 23:00"))
    sent = story.tick("03-13 00:00")
    assert contacts(sent) == [("early", "email")]
    assert only_task(sent).decision.policy_version == "2"


def test_a_creditor_counts_days_in_its_own_time_zone() -> None:
    """In Auckland 13 March begins at 11:00 UTC on the 12th: from then on it is due."""
    story = Story(Policy.from_document(always_open(steps=[step("first", 3)])))
    document = {"creditors": {"default": {"name": "Kiwi Ltd", "time_zone": "Pacific/Auckland"}}}
    story.publish("creditors", 1, "03-01 00:00", document)
    story.tick("03-02 08:00")
    story.debtor(EMAIL, time_zones=("Pacific/Auckland",))
    story.bill("I1", "100.00", "03-10")

    assert [] == contacts(story.tick("03-12 10:00"))
    assert contacts(story.tick("03-12 11:00")) == [("first", "email")]


def test_a_debtor_ahead_of_the_creditors_day_waits_for_it() -> None:
    """It is morning in Auckland, but in Los Angeles the day of the step has not begun."""
    story = Story(Policy.from_document(always_open(steps=[step("first", 3)])))
    document = {"creditors": {"default": {"time_zone": "America/Los_Angeles"}}}
    story.publish("creditors", 1, "03-01 00:00", document)
    story.tick("03-02 08:00")
    story.debtor(EMAIL, time_zones=("Pacific/Auckland",))
    story.bill("I1", "100.00", "03-10")

    assert [] == contacts(story.hourly("03-12 00:00", "03-13 06:00"))
    assert contacts(story.tick("03-13 07:00")) == [("first", "email")]


def test_an_item_due_in_the_year_9999_is_no_trouble() -> None:
    """Days cannot be added to the last of all days: nothing is planned, nothing breaks."""
    story = Story()
    story.debtor()
    story.bill("I1", "100.00", "9999-12-31")

    assert [] == story.tick("03-13 09:00") + story.tick("03-13 10:00")


def test_an_item_due_in_the_year_1_is_no_trouble() -> None:
    """The oldest of all due dates is late by any count: the last step is the one that is due."""
    story = Story()
    story.debtor(LETTER)
    story.bill("I1", "100.00", "0001-01-01")

    assert contacts(story.tick("03-13 09:00")) == [("final_letter", "letter")]


def test_an_account_without_a_profile_is_not_contacted() -> None:
    """Facts about an account that was never told of: no way to reach anybody, said once."""
    story = Story(Policy.from_document(always_open()))
    story.bill("I1", "100.00", "2025-01-03")

    sent = story.tick("2025-01-04 00:00") + story.tick("2025-01-05 00:00")

    assert suppressed(sent) == [("first", "no_contact_point")]


def test_ten_thousand_items_make_one_task_of_a_hundred_lines() -> None:
    """The task names the hundred oldest, says how many there are, and asks for all of them."""
    story = Story(Policy.from_document(always_open()), reload=False)
    story.debtor()
    story.tell(
        ledger.InvoiceAdjusted(
            account_id="A",
            creditor_id="default",
            currency="EUR",
            kind="amended",
            effective_on=on("2025-01-01"),
            entries=tuple(
                ledger.Entry(
                    kind="billed",
                    amount="1.00",
                    effective_on=on("2025-01-01"),
                    item_id=f"I{i:05}",
                    due_on=on("2025-01-03"),
                    open_amount="1.00",
                )
                for i in range(10_000)
            ),
        )
    )

    task = only_task(story.tick("2025-01-04 00:00"))

    assert (10_000, 100) == (task.items_total, len(task.items))
    assert "10000.00" == task.amounts[0].amount
    assert "and 9980 more" in task.body
