"""Features of what is owed now: how much, how old, and against what is usual and allowed."""

from collections.abc import Callable
from functools import partial
from typing import Final

from services.scoring.domain.feature import AsOf, Feature, Value, one_digit
from shared.money import text

DAYS_MAX: Final = 100_000
AMOUNT_MAX: Final = 10**18
PERCENT_MAX: Final = 100_000
ITEMS_MAX: Final = 10**9


def _age(seen: AsOf) -> Value:
    return seen.age, 1


def _items(seen: AsOf) -> Value:
    return seen.behaviour.overdue_items(), 1


def _open(seen: AsOf) -> Value:
    return seen.open, seen.unit


def _overdue(seen: AsOf) -> Value:
    return seen.overdue, seen.unit


def _overdue_share(seen: AsOf) -> Value:
    return 100 * seen.overdue, seen.open or 1


def _amount_to_usual(seen: AsOf) -> Value:
    owed = seen.owed
    if not owed.invoices or owed.invoiced <= 0:
        return 0, 1
    amount, items = owed.overdue.amount, owed.overdue.items
    if items <= 0:
        amount, items = owed.coming.amount, owed.coming.items
    if items <= 0:
        return 0, 1
    return 100 * amount * owed.invoices, items * owed.invoiced


def _latest_to_usual(seen: AsOf) -> Value:
    owed = seen.owed
    if owed.invoiced <= 0:
        return 0, 1
    return 100 * owed.latest * owed.invoices, owed.invoiced


def _items_to_come(seen: AsOf) -> Value:
    return max(0, seen.owed.coming.items), 1


def _terms(seen: AsOf) -> Value:
    return seen.behaviour.terms_days, 1


def _limit_use(seen: AsOf) -> Value:
    behaviour = seen.behaviour
    if not behaviour.limit or behaviour.limit_currency != seen.currency:
        return 0, 1
    return 100 * seen.open, behaviour.limit


def _count(value: Callable[[AsOf], Value], noun: str, seen: AsOf) -> str:
    return f"{value(seen)[0]}{noun}"


def _percent(value: Callable[[AsOf], Value], of: str, seen: AsOf) -> str:
    return f"{one_digit(*value(seen))} percent of {of}"


def _times_usual(value: Callable[[AsOf], Value], seen: AsOf) -> str:
    numerator, denominator = value(seen)
    return f"{one_digit(numerator, 100 * denominator)} times the mean invoice"


def _money(name: str, meaning: str, value: Callable[[AsOf], Value]) -> Feature:
    def words(seen: AsOf) -> str:
        return f"{text(value(seen)[0], seen.currency)} {seen.currency}" if seen.currency else "0"

    return Feature(name, "units of the currency", 0, AMOUNT_MAX, meaning, value, words)


def _bucket(name: str, meaning: str, place: int) -> Feature:
    def value(seen: AsOf) -> Value:
        return (seen.buckets or seen.aged())[place], seen.unit

    return _money(name, meaning, value)


OWED: Final = (
    Feature(
        "oldest_past_due_days", "days", 0, DAYS_MAX, "age past due of the oldest overdue item",
        _age, partial(_count, _age, " days"),
    ),
    Feature("overdue_items", "items", 0, ITEMS_MAX, "items overdue now, in all currencies",
            _items, partial(_count, _items, "")),
    _money("open_amount", "all that is open, due or not", _open),
    _money("overdue_amount", "what is open and past due", _overdue),
    _bucket("amount_1_30", "overdue for 1 to 30 days", place=0),
    _bucket("amount_31_60", "overdue for 31 to 60 days", place=1),
    _bucket("amount_61_90", "overdue for 61 to 90 days", place=2),
    _bucket("amount_91_120", "overdue for 91 to 120 days", place=3),
    _bucket("amount_121_up", "overdue for 121 days and more", place=4),
    Feature(
        "overdue_share", "percent", 0, 100, "the overdue part of all that is open",
        _overdue_share, partial(_percent, _overdue_share, "what is open"),
    ),
    Feature(
        "amount_to_usual", "percent", 0, PERCENT_MAX,
        "the mean overdue item (else the mean item to come) against the mean invoice so far",
        _amount_to_usual, partial(_times_usual, _amount_to_usual),
    ),
    Feature(
        "latest_to_usual", "percent", 0, PERCENT_MAX, "the latest invoice against the mean one",
        _latest_to_usual, partial(_times_usual, _latest_to_usual),
    ),
    Feature("items_to_come", "items", 0, ITEMS_MAX, "open items that are not overdue",
            _items_to_come, partial(_count, _items_to_come, "")),
    Feature("terms_days", "days", 0, DAYS_MAX, "from issue to due date of the latest invoice",
            _terms, partial(_count, _terms, " days")),
    Feature(
        "credit_limit_use", "percent", 0, PERCENT_MAX,
        "what is open against the credit limit, if there is one in its currency; else 0",
        _limit_use, partial(_percent, _limit_use, "the credit limit"),
    ),
)  # fmt: skip
