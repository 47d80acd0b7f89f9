"""The formulas: exact fractions in, exact fractions out, and a reason where there is no answer.

Amounts are of one currency, in any unit as long as it is the same one throughout. Definitions are
those of the Credit Research Foundation unless said otherwise; where sources differ, the variant
is named. Rounding happens only when a figure is shown.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Final

Number = int | Fraction


@dataclass(frozen=True, slots=True)
class Missing:
    """Why a figure has no value."""

    reason: str


Answer = Fraction | Missing

NO_SALES: Final = Missing("no net credit sales in the period")
NOTHING_TO_COLLECT: Final = Missing("nothing to collect in the period")
NO_OVERDUE_AT_BEGIN: Final = Missing("nothing was overdue when the period began")
NO_RECEIVABLES: Final = Missing("no receivables")
NONE_CLOSED: Final = Missing("nothing was closed in the period")
NONE_RESOLVED: Final = Missing("no dispute was resolved in the period")
NONE_OPEN: Final = Missing("no dispute is open")
NONE_JUDGED: Final = Missing("no promise was kept or broken in the period")


def ratio(numerator: Number, denominator: Number, otherwise: Missing) -> Answer:
    """A quotient, or why there is none where the denominator is 0."""
    return Fraction(numerator) / Fraction(denominator) if denominator else otherwise


def percent(numerator: Number, denominator: Number, otherwise: Missing) -> Answer:
    """A quotient in percent, or why there is none."""
    return ratio(100 * numerator, denominator, otherwise)


def dso(receivables: Number, sales: Number, days: int) -> Answer:
    """Days sales outstanding, simple: receivables at the end / net credit sales × days.

    With only the current receivables it is the best possible DSO; with the sales and days of
    several months it is the rolling one. None where sales are 0 or below.
    """
    return ratio(receivables * days, sales, NO_SALES) if sales > 0 else NO_SALES


@dataclass(frozen=True, slots=True)
class Countback:
    """Days, and whether the history ran out before the receivables were used up."""

    days: Fraction
    exhausted: bool


def dso_countback(receivables: Number, months: Iterable[tuple[Number, int]]) -> Countback:
    """DSO by exhaustion: how far back sales must be added up to make the receivables.

    `months` are (net credit sales, days), newest first. A month without sales counts its days; one
    with net credits counts its days and adds to what remains.
    """
    rest, days = Fraction(receivables), Fraction(0)
    for sales, length in months:
        if rest <= 0:
            break
        if rest < sales:
            return Countback(days + rest / Fraction(sales) * length, exhausted=False)
        days += length
        rest -= sales
    return Countback(days, exhausted=rest > 0)


def average_days_delinquent(dso_value: Answer, best_possible: Answer) -> Answer:
    """DSO less best possible DSO, of the same period and method."""
    if isinstance(dso_value, Missing):
        return dso_value
    return best_possible if isinstance(best_possible, Missing) else dso_value - best_possible


def cei(*, begin: Number, sales: Number, end_total: Number, end_current: Number) -> Answer:
    """Collection effectiveness index in percent, with the whole period's sales.

    (begin + sales - end) / (begin + sales - end that is current). Some divide the sales by the
    number of months first: pass that, to compare. It takes credits and write-offs for collected.
    """
    return percent(begin + sales - end_total, begin + sales - end_current, NOTHING_TO_COLLECT)


def cei_cash(
    *, cash: Number, begin: Number, sales: Number, end_current: Number, written_off: Number
) -> Answer:
    """The same, but only cash counts as collected, and write-offs as gone."""
    return percent(cash, begin + sales - end_current - written_off, NOTHING_TO_COLLECT)


def turnover(sales: Number, balances: Sequence[Number]) -> Answer:
    """Net credit sales / mean of the balances (as many as the caller has: name which)."""
    return ratio(sales * len(balances), sum(balances, Fraction(0)), NO_RECEIVABLES)


def weighted_mean(pairs: Iterable[tuple[Number, Number]], otherwise: Missing) -> Answer:
    """The mean of the second of each pair, weighted by the first."""
    known = list(pairs)
    total = sum((Fraction(weight) for weight, _ in known), Fraction(0))
    return ratio(sum((weight * value for weight, value in known), Fraction(0)), total, otherwise)


def weighted_median(counts: Iterable[tuple[int, int]], otherwise: Missing) -> Answer:
    """The median of values, given as (how often, value); between two, their mean."""
    ordered = sorted((value, count) for count, value in counts if count > 0)
    total = sum(count for _, count in ordered)
    if not total:
        return otherwise
    low = high = None
    seen = 0
    for value, count in ordered:
        seen += count
        if low is None and 2 * seen >= total:
            low = value
        if 2 * seen > total:
            high = value
            break
    return Fraction((low or 0) + (high or 0), 2)
