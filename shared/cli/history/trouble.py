"""What keeps an invoice from being simply paid."""

from collections.abc import Sequence
from datetime import date

from shared.cli.history.course import Course
from shared.cli.history.draw import chance
from shared.cli.history.paying import days

_REASONS = ("price", "quantity", "quality", "not_received", "duplicate")


def void(course: Course) -> None:
    """Issued by mistake."""
    on = course.day(course.issued_on + days(course.rng.randrange(1, 12)))
    data = {
        "invoice_id": course.invoice_id,
        "voided_on": on.isoformat(),
        "reason": "issued by mistake",
    }
    course.write("billing.invoice.voided.v1", "voided", on, data)


def amend(course: Course) -> date:
    """More time, or another amount; the day of it."""
    rng = course.rng
    on = course.day(course.issued_on + days(rng.randrange(1, 6)))
    data = {"invoice_id": course.invoice_id, "amended_on": on.isoformat()}
    if chance(rng, 0.5):
        course.due_on += days(rng.choice((7, 14, 30)))
        data["due_on"] = course.due_on.isoformat()
    else:
        course.amount = course.open = course.part(0.8, 1.15)
        data["amount"] = course.shown(course.amount)
    course.write("billing.invoice.amended.v1", "amended", on, data)
    return on


def dispute(course: Course) -> date:
    """An objection to all or to a part, and what came of it; the day of the answer."""
    rng = course.rng
    opened = course.day(course.issued_on + days(rng.randrange(6, course.account.terms_days + 25)))
    dispute_id = f"{course.invoice_id}-D"
    disputed = course.open if chance(rng, 0.6) else course.part(0.1, 0.8)
    data = {
        "dispute_id": dispute_id,
        "invoice_id": course.invoice_id,
        "reason_code": rng.choice(_REASONS),
        "opened_on": opened.isoformat(),
    }
    if disputed < course.open:
        data["amount"] = course.shown(disputed)
    course.write("billing.dispute.opened.v1", "dispute", opened, data)
    if chance(rng, 0.06):
        return course.diary.end
    resolved = course.day(opened + days(3 + int(rng.lognormvariate(2.6, 0.7))))
    outcome = rng.choices(("accepted", "partly", "rejected", "withdrawn"), (28, 17, 40, 15))[0]
    answer = {
        "dispute_id": dispute_id,
        "outcome": outcome,
        "resolved_on": resolved.isoformat(),
    }
    if outcome in {"accepted", "partly"}:
        accepted = disputed if outcome == "accepted" else max(1, disputed // 2)
        answer["credit_note_id"] = course.credit(resolved, accepted)
        answer["accepted_amount"] = course.shown(accepted)
    course.write("billing.dispute.resolved.v1", "resolved", resolved, answer)
    return resolved


def promise(course: Course, paying_on: date) -> date:
    """Somebody calls a late payer, who names a day; the day of payment after that."""
    rng = course.rng
    made = course.day(course.due_on + days(rng.randrange(4, 14)))
    if made >= paying_on:
        return paying_on
    promised = course.day(made + days(rng.randrange(5, 15)))
    kept = chance(rng, 0.6)
    promise_id = f"{course.invoice_id}-PR"
    course.diary.command(
        "promise.make",
        promise_id,
        made,
        {
            "promise_id": promise_id,
            "amount": course.shown(course.open),
            "currency": course.currency,
            "due_on": promised.isoformat(),
            "reason": "call",
        },
    )
    return promised if kept else max(paying_on, course.day(promised + days(rng.randrange(4, 30))))


def hold(course: Course, on: date) -> date:
    """A caller asks for peace for some weeks; some of it is taken back early."""
    rng = course.rng
    on = course.day(on)
    hold_id = f"{course.invoice_id}-H"
    ends = on + days(rng.randrange(10, 40))
    data = {
        "hold_id": hold_id,
        "hold_reason": rng.choice(("manual", "hardship")),
        "starts_on": on.isoformat(),
        "ends_on": ends.isoformat(),
        "reason": "asked for on the telephone",
    }
    course.diary.command("hold.place", hold_id, on, data)
    if chance(rng, 0.3):
        released = course.day(on + days(rng.randrange(2, 9)))
        data = {"hold_id": hold_id, "released_on": released.isoformat()}
        course.diary.command("hold.release", f"{hold_id}-release", released, data)
        return released
    return on


def give_up(course: Course, *, after: Sequence[int] = (130, 260)) -> None:
    """What nobody pays is written off, some of it within the year."""
    if chance(course.rng, 0.6):
        on = course.day(course.due_on + days(course.rng.randrange(*after)))
        write_off_id = f"{course.invoice_id}-W"
        data = {
            "write_off_id": write_off_id,
            "invoice_id": course.invoice_id,
            "written_off_on": on.isoformat(),
            "reason": "uncollectable",
        }
        course.write("billing.invoice.written_off.v1", "written-off", on, data)
