"""Features of how an account has paid: how often late, by how much, how whole, how lasting."""

from datetime import date
from typing import Final

from services.scoring.domain.feature import AsOf, Feature, Value, one_digit

DAYS_MAX: Final = 100_000
COUNT_MAX: Final = 10**9


def _known(seen: AsOf) -> Value:
    return seen.behaviour.known, 1


def _late_share(seen: AsOf) -> Value:
    behaviour, prior = seen.behaviour, seen.prior
    known = behaviour.known + prior.known
    return 100 * (behaviour.late * prior.parts + prior.late), (known or 1) * prior.parts


def _late_of_last_three(seen: AsOf) -> Value:
    latest = seen.behaviour.latest
    return 100 * sum(latest), len(latest) or 1


def _days_late_mean(seen: AsOf) -> Value:
    return seen.behaviour.days_late, seen.behaviour.paid or 1


def _days_late_recent(seen: AsOf) -> Value:
    latest = seen.behaviour.days_late_latest
    return sum(latest), len(latest) or 1


def _days_late_trend(seen: AsOf) -> Value:
    behaviour = seen.behaviour
    latest = behaviour.days_late_latest
    recent, new = sum(latest), len(latest)
    old = behaviour.paid - new
    if not new or old <= 0:
        return 0, 1
    return recent * old - (behaviour.days_late - recent) * new, new * old


def _days_late_weighted(seen: AsOf) -> Value:
    return seen.owed.late_weight, seen.owed.paid or 1


def _payments(seen: AsOf) -> Value:
    return seen.behaviour.payments, 1


def _partial_share(seen: AsOf) -> Value:
    return 100 * seen.behaviour.partial, seen.behaviour.payments or 1


def _reversed_share(seen: AsOf) -> Value:
    return 100 * max(0, seen.behaviour.reversals), seen.behaviour.payments or 1


def _days_since_payment(seen: AsOf) -> Value:
    behaviour = seen.behaviour
    return _days_since(behaviour.paid_on or behaviour.since, seen)


def _tenure(seen: AsOf) -> Value:
    behaviour = seen.behaviour
    return _days_since(behaviour.customer_since or behaviour.since, seen)


def _days_since(since: date | None, seen: AsOf) -> Value:
    return max(0, seen.day - since.toordinal()) if since else 0, 1


def _late_of_known(seen: AsOf) -> str:
    return f"{seen.behaviour.late} of {seen.behaviour.known} late"


def _late_of_latest(seen: AsOf) -> str:
    return f"{sum(seen.behaviour.latest)} of {len(seen.behaviour.latest)}"


def _of_payments(part: int, seen: AsOf) -> str:
    return f"{part} of {seen.behaviour.payments} payments"


def _since_payment_in_words(seen: AsOf) -> str:
    if seen.behaviour.paid_on is None:
        return "no payment yet"
    return f"{_days_since_payment(seen)[0]} days"


def _days(value: Value) -> str:
    return f"{one_digit(*value)} days"


PAID: Final = (
    Feature(
        "known_outcomes", "items", 0, COUNT_MAX, "items that fell overdue, or were paid in time",
        _known, lambda seen: str(seen.behaviour.known),
    ),
    Feature(
        "late_share", "percent", 0, 100, "known outcomes that were late, drawn to the prior",
        _late_share, _late_of_known,
    ),
    Feature(
        "late_of_last_three", "percent", 0, 100, "the latest three known outcomes that were late",
        _late_of_last_three, _late_of_latest,
    ),
    Feature(
        "days_late_mean", "days", 0, DAYS_MAX, "from due date to last payment, in time = 0: mean",
        _days_late_mean, lambda seen: _days(_days_late_mean(seen)),
    ),
    Feature(
        "days_late_recent", "days", 0, DAYS_MAX, "the same over the three items paid last",
        _days_late_recent, lambda seen: _days(_days_late_recent(seen)),
    ),
    Feature(
        "days_late_trend", "days", -DAYS_MAX, DAYS_MAX,
        "the mean of the three items paid last less that of all before them; else 0",
        _days_late_trend, lambda seen: _days(_days_late_trend(seen)),
    ),
    Feature(
        "days_late_weighted", "days", 0, DAYS_MAX, "days late, weighted by the item's amount",
        _days_late_weighted, lambda seen: _days(_days_late_weighted(seen)),
    ),
    Feature(
        "payments", "payments", 0, COUNT_MAX, "how often cash was applied to items",
        _payments, lambda seen: str(seen.behaviour.payments),
    ),
    Feature(
        "partial_share", "percent", 0, 100, "payments that left something open on an item they met",
        _partial_share, lambda seen: _of_payments(seen.behaviour.partial, seen),
    ),
    Feature(
        "reversed_share", "percent", 0, 100, "reversals (money that never came) for each payment",
        _reversed_share, lambda seen: _of_payments(seen.behaviour.reversals, seen),
    ),
    Feature(
        "days_since_payment", "days", 0, DAYS_MAX,
        "since the latest payment; if there was none, since the first invoice",
        _days_since_payment, _since_payment_in_words,
    ),
    Feature(
        "tenure_days", "days", 0, DAYS_MAX,
        "since the account is said to be a customer; else since its first invoice",
        _tenure, lambda seen: f"{_tenure(seen)[0]} days",
    ),
)  # fmt: skip
