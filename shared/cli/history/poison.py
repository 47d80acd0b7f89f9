"""Events that nobody can take, made from good ones."""

from collections.abc import Callable, Iterator
from copy import deepcopy
from itertools import cycle
from random import Random
from typing import Any, Final

from shared.cli.history.diary import Event
from shared.cli.history.draw import chance
from shared.money import exponent, minor, text

_SHARE: Final = 0.001
_PREFIX: Final = "poison-"
_ISSUED: Final = "billing.invoice.issued.v1"
_PAID: Final = "billing.payment.received.v1"
_FROM_PAYMENTS: Final = frozenset(
    {"negative_amount", "zero_amount", "over_precise", "number_for_text", "no_object", "conflict"}
)


def is_poison(event: Event) -> bool:
    """Whether a history's event is one that must be refused."""
    return str(event["id"]).startswith(_PREFIX)


def with_poison(stream: Iterator[Event], seed: int, *, share: float = _SHARE) -> Iterator[Event]:
    """The stream with bad events in between, each right behind the good one that it is made from.

    There are about `share` times as many bad ones as good ones. Their ids are
    `poison-<number>-<kind>`; the kinds are those of `POISON`, in turn.
    """
    rng = Random(f"{seed}/poison")  # noqa: S311 - a history is drawn, no secret
    kinds = cycle(POISON)
    kind = next(kinds)
    owed = made = 0
    for event in stream:
        yield event
        owed += chance(rng, share)
        if owed and event["type"] == _TYPES[kind]:
            owed -= 1
            made += 1
            bad = POISON[kind](deepcopy(event))
            yield {**bad, "id": f"{_PREFIX}{made:05}-{kind}"}
            kind = next(kinds)


def _told(event: Event, **changed: Any) -> Event:  # noqa: ANN401 - that is what is wrong with it
    event["data"].update(changed)
    return event


def _without_due_date(event: Event) -> Event:
    del event["data"]["due_on"]
    return event


def _too_precise(event: Event) -> Event:
    places = exponent(event["data"]["currency"])
    return _told(event, amount=f"1.{'0' * places}5")


def _not_adding_up(event: Event) -> Event:
    part = {"item_id": "1", "due_on": event["data"]["due_on"], "amount": "0.5"}
    return _told(event, amount="2", currency="EUR", installments=[part, {**part, "item_id": "2"}])


def _another_amount(event: Event) -> Event:
    currency = event["data"]["currency"]
    doubled = text(2 * minor(event["data"]["amount"], currency), currency)
    return _told(event, amount=doubled)


POISON: Final[dict[str, Callable[[Event], Event]]] = {
    "unknown_type": lambda event: {**event, "type": "billing.invoice.mislaid.v1"},
    "missing_field": _without_due_date,
    "negative_amount": lambda event: _told(event, amount="-5"),
    "zero_amount": lambda event: _told(event, amount="0.00"),
    "over_precise": _too_precise,
    "number_for_text": lambda event: _told(event, amount=12.5),
    "unknown_currency": lambda event: _told(event, currency="EUX"),
    "no_such_day": lambda event: _told(event, issued_on="2025-02-30"),
    "long_id": lambda event: _told(event, invoice_id="x" * 201),
    "no_object": lambda event: {**event, "data": "paid"},
    "parts_do_not_add_up": _not_adding_up,
    "another_subject": lambda event: {**event, "subject": f"{event['subject']}-not"},
    "conflict": _another_amount,
}
"""Each kind of bad event, and how it is made from a good one.

All but `conflict` (a payment that is known, with another amount) are bad by themselves.
"""
_TYPES: Final = {kind: _PAID if kind in _FROM_PAYMENTS else _ISSUED for kind in POISON}
