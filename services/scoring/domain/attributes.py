"""The attributes of behaviour that a scorecard may give points for.

A value is an exact fraction (numerator, denominator above zero). Every attribute looks back only:
it reads what the account's line has told so far, never what an item will come to.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from services.scoring.domain.behaviour import Behaviour

Value = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Prior:
    """As if `known` outcomes were known before the first, ``late / parts`` of them late."""

    late: int
    parts: int
    known: int


@dataclass(frozen=True, slots=True)
class Attribute:
    """One thing to observe of an account: its name, its value, and the value in words."""

    name: str
    value: Callable[[Behaviour, Prior], Value]
    observed: Callable[[Behaviour], str]


def _late_share(behaviour: Behaviour, prior: Prior) -> Value:
    known = behaviour.known + prior.known
    return 100 * (behaviour.late * prior.parts + prior.late), (known or 1) * prior.parts


def _late_share_in_words(behaviour: Behaviour) -> str:
    return f"{behaviour.late} of {behaviour.known} late"


def _days_late_mean(behaviour: Behaviour, _prior: Prior) -> Value:
    return behaviour.days_late, behaviour.paid or 1


def _days_late_mean_in_words(behaviour: Behaviour) -> str:
    return f"{_one_digit(behaviour.days_late, behaviour.paid or 1)} days"


def _late_of_last_three(behaviour: Behaviour, _prior: Prior) -> Value:
    return 100 * sum(behaviour.latest), len(behaviour.latest) or 1


def _late_of_last_three_in_words(behaviour: Behaviour) -> str:
    return f"{sum(behaviour.latest)} of {len(behaviour.latest)}"


def _overdue_items(behaviour: Behaviour, _prior: Prior) -> Value:
    return behaviour.overdue_items(), 1


def _overdue_items_in_words(behaviour: Behaviour) -> str:
    return str(behaviour.overdue_items())


def _amount_to_usual(behaviour: Behaviour, _prior: Prior) -> Value:
    owed = behaviour.owed.get(behaviour.currency())
    if owed is None or not owed.invoices or owed.invoiced <= 0:
        return 0, 1
    amount, items = owed.overdue.amount, owed.overdue.items
    if items <= 0:
        amount, items = owed.coming.amount, owed.coming.items
    if items <= 0:
        return 0, 1
    return 100 * amount * owed.invoices, items * owed.invoiced


def _amount_to_usual_in_words(behaviour: Behaviour) -> str:
    numerator, denominator = _amount_to_usual(behaviour, Prior(late=0, parts=1, known=0))
    return f"{_one_digit(numerator, 100 * denominator)} times the mean invoice"


def _disputes_open(behaviour: Behaviour, _prior: Prior) -> Value:
    return behaviour.disputes_open, 1


def _disputes_open_in_words(behaviour: Behaviour) -> str:
    return str(behaviour.disputes_open)


def _reversed_share(behaviour: Behaviour, _prior: Prior) -> Value:
    return 100 * behaviour.reversals, behaviour.payments or 1


def _reversed_share_in_words(behaviour: Behaviour) -> str:
    return f"{behaviour.reversals} of {behaviour.payments} payments"


def _one_digit(numerator: int, denominator: int) -> str:
    """A quotient with one decimal place, rounded half up."""
    tenths = (20 * numerator + denominator) // (2 * denominator)
    return f"{tenths // 10}.{tenths % 10}"


ATTRIBUTES: Final[Mapping[str, Attribute]] = {
    attribute.name: attribute
    for attribute in (
        Attribute("late_share", _late_share, _late_share_in_words),
        Attribute("days_late_mean", _days_late_mean, _days_late_mean_in_words),
        Attribute("late_of_last_three", _late_of_last_three, _late_of_last_three_in_words),
        Attribute("overdue_items", _overdue_items, _overdue_items_in_words),
        Attribute("amount_to_usual", _amount_to_usual, _amount_to_usual_in_words),
        Attribute("disputes_open", _disputes_open, _disputes_open_in_words),
        Attribute("reversed_share", _reversed_share, _reversed_share_in_words),
    )
}
"""By name. The first five are the default model's; any model may use the others too."""
