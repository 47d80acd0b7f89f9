"""One invoice from its issue to its end, as its account's habit has it."""

from datetime import date, timedelta
from random import Random
from typing import Final

from shared.cli.history import paying, trouble
from shared.cli.history.account import Account
from shared.cli.history.course import Course
from shared.cli.history.diary import Diary, Event
from shared.cli.history.draw import chance
from shared.cli.history.paying import days

_VOIDED: Final = 0.012
_AMENDED: Final = 0.04
_IN_INSTALLMENTS: Final = 0.07
_DISCOUNTED: Final = 0.06
_CREDITED: Final = 0.04
_HELD: Final = 0.05
_LATE_ENOUGH: Final = timedelta(days=8)
LEAD: Final = timedelta(days=9)
"""Nothing happens to an invoice more than this before it is issued."""


def bill(
    account: Account, number: int, issued_on: date, rng: Random, *, diary: Diary, first: date
) -> list[Event]:
    """All events of one invoice, in order; none before `first`, none after the diary's end."""
    course = Course(
        account=account,
        diary=diary,
        rng=rng,
        invoice_id=f"INV-{account.number:04}-{number:05}",
        issued_on=issued_on,
        due_on=issued_on + days(account.terms_days),
        amount=max(1, int(rng.lognormvariate(0, 0.6) * account.typical * account.place.unit)),
    )
    draw = rng.random()
    if draw < account.habit.prepays:
        paying.prepay(course, first=first)
        course.issue()
    elif account.habit.tells and draw > 1 - _IN_INSTALLMENTS:
        _in_installments(course)
    elif account.habit.autopay:
        course.issue()
        paying.pay_by_direct_debit(course)
    elif account.habit.tells:
        _with_trouble(course)
    else:
        course.issue()
        _paid_or_not(course, issued_on)
    return diary.events


def _in_installments(course: Course) -> None:
    """Three parts, each a month after the other; what does not divide is in the last."""
    part = course.amount // 3
    if part == 0:
        course.issue()
        return
    for n, amount in enumerate((part, part, course.amount - 2 * part), start=1):
        due_on = course.issued_on + days(30 * n)
        course.items.append((f"{course.invoice_id}/{n}", due_on, amount))
    course.due_on = course.items[-1][1]
    course.issue()
    paying.pay_by_installments(course)


def _with_trouble(course: Course) -> None:
    """Of those who say what they pay, whatever may befall an invoice."""
    rng = course.rng
    draw = rng.random()
    if course.account.company and draw < _DISCOUNTED:
        _discounted(course)
        return
    course.issue()
    if draw > 1 - _VOIDED:
        trouble.void(course)
        return
    on = course.issued_on
    if chance(rng, _AMENDED):
        on = trouble.amend(course)
    if chance(rng, course.account.habit.disputes):
        on = trouble.dispute(course) + days(rng.randrange(1, 15))
    elif chance(rng, _CREDITED) and course.open > 1:
        on = course.day(on + days(rng.randrange(1, 10)))
        course.credit(on, course.part(0.03, 0.2))
    if course.open > 0:
        _paid_or_not(course, on)


def _discounted(course: Course) -> None:
    """2 % for those who pay within ten days; a third take it."""
    until_on = course.issued_on + days(10)
    course.issue(discount_terms=[{"percent": "2", "until_on": until_on.isoformat()}])
    discount = course.open // 50
    if chance(course.rng, 0.35) and discount:
        on = course.day(course.issued_on + days(course.rng.randrange(3, 8)))
        course.pay(on, course.open - discount, discount=discount)
    else:
        _paid_or_not(course, course.issued_on)


def _paid_or_not(course: Course, not_before: date) -> None:
    rng, habit = course.rng, course.account.habit
    if chance(rng, habit.never):
        _never_paid(course)
        return
    on = paying.pay_day(course, course.due_on, not_before=not_before)
    if on - course.due_on >= _LATE_ENOUGH:
        if chance(rng, habit.promises):
            on = trouble.promise(course, on)
        elif chance(rng, _HELD):
            on = max(on, trouble.hold(course, course.due_on + days(rng.randrange(2, 8))))
    paying.pay_all(course, on)


def _never_paid(course: Course) -> None:
    """Not for lack of asking."""
    if chance(course.rng, course.account.habit.promises):
        trouble.promise(course, course.diary.end)
    if course.account.habit.tells:
        trouble.give_up(course)
