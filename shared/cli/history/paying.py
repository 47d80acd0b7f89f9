"""How an invoice is paid: at once, in parts, by instalments, too much, by direct debit, or not."""

from datetime import date, timedelta

from shared.cli.history.course import Course
from shared.cli.history.diary import FRIDAY, workday
from shared.cli.history.draw import chance


def days(count: int) -> timedelta:
    """So many days."""
    return timedelta(days=count)


def pay_day(course: Course, due_on: date, *, not_before: date) -> date:
    """The working day on which this account would pay what is due on `due_on`."""
    late = course.account.habit.days_late(course.rng)
    day = due_on + days(late)
    if late <= 0:
        day -= days(max(0, day.weekday() - FRIDAY))
    return course.day(max(day, not_before))


def pay_all(course: Course, on: date) -> None:
    """What is open, in one or several payments, of which the last may fail to come."""
    rng, habit = course.rng, course.account.habit
    while course.open > 1 and chance(rng, habit.in_parts):
        course.pay(on, course.part(0.25, 0.75))
        on = course.day(on + days(rng.randrange(7, 35)))
        if chance(rng, habit.never):
            return
    if chance(rng, habit.overpays):
        pay_too_much(course, on)
        return
    amount = course.open
    payment_id = course.pay(on, amount)
    if chance(rng, habit.bounces):
        bounce(course, on, payment_id, amount)


def bounce(course: Course, on: date, payment_id: str, amount: int) -> None:
    """The payment is reversed; most pay again."""
    rng = course.rng
    back = course.day(on + days(rng.randrange(2, 25)))
    reasons = ("bounced",) if course.account.habit.autopay else ("chargeback", "bounced", "error")
    course.reverse(back, payment_id, amount, rng.choice(reasons))
    if chance(rng, 0.75):
        course.pay(course.day(back + days(rng.randrange(4, 30))), course.open)


def pay_too_much(course: Course, on: date) -> None:
    """More than is open; half of them get it back, the rest stays on the account."""
    rng = course.rng
    extra = course.part(0.02, 0.3)
    payment_id = course.pay(on, course.open, extra=extra)
    if chance(rng, 0.5):
        refund_id = f"{payment_id}-F"
        back = course.day(on + days(rng.randrange(4, 25)))
        data = {
            "refund_id": refund_id,
            "payment_id": payment_id,
            "amount": course.shown(extra),
            "currency": course.currency,
            "refunded_on": back.isoformat(),
        }
        course.diary.write("billing.payment.refunded.v1", refund_id, back, data)


def pay_by_installments(course: Course) -> None:
    """Each instalment in its turn, by the account's habit, until one fails to come."""
    on = course.issued_on
    for _, due_on, amount in tuple(course.items):
        on = pay_day(course, due_on, not_before=on)
        if chance(course.rng, course.account.habit.never):
            return
        course.pay(on, amount)


def pay_by_direct_debit(course: Course) -> None:
    """Announced some days ahead; a failed one is tried again once, then the account pays itself."""
    rng, habit = course.rng, course.account.habit
    on = course.day(max(course.due_on, course.issued_on + days(4)))
    for attempt in (1, 2):
        announced = course.day(on - days(3)) if attempt == 1 else on
        data = {"invoice_ids": [course.invoice_id], "on": on.isoformat()}
        course.write("billing.payment.scheduled.v1", f"scheduled-{attempt}", announced, data)
        if not chance(rng, max(0.02, habit.late)):
            amount = course.open
            payment_id = course.pay(on, amount)
            if chance(rng, habit.bounces):
                bounce(course, on, payment_id, amount)
            return
        failed = {"invoice_ids": [course.invoice_id], "code": "insufficient_funds"}
        again = course.day(on + days(5))
        if attempt == 1:
            failed = {**failed, "next_attempt_on": again.isoformat()}
        course.write("billing.payment.failed.v1", f"failed-{attempt}", on, failed)
        on = again
    pay_all(course, course.day(on + days(rng.randrange(1, 30))))


def prepay(course: Course, *, first: date) -> None:
    """All of it, some days before the invoice itself is written."""
    ahead = workday(course.issued_on - days(course.rng.randrange(1, 7)))
    course.pay(max(first, min(ahead, course.issued_on)), course.open)
