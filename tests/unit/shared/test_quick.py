"""Facts made as structs: the same bytes as their models', and no default that could not be told."""

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest

from shared.events import ledger
from shared.events.base import Fact
from shared.events.quick import quick


class Sampled(Fact):
    """A fact with a default of which there may be several equal objects."""

    name: str = "sampled"


def _unapplied(made: Callable[[type[Any]], type[Any]]) -> ledger.PaymentUnapplied:
    """A fact whose parts are of the classes that `made` gives for their models."""
    day = date(2024, 4, 1)
    entry = made(ledger.Entry)(
        kind="collected", amount="-5.00", effective_on=day, invoice_id="", overdue=True, sales=True
    )
    fact: ledger.PaymentUnapplied = made(ledger.PaymentUnapplied)(
        account_id="A",
        creditor_id="default",
        currency="EUR",
        entries=(entry,),
        payment_id="P-é\n",
        amount="5.00",
        received_on=day,
        reference="",
    )
    return fact


def test_a_struct_writes_what_its_model_would() -> None:
    """What is as by default is left out, nested or not; the fields keep their order."""
    struct, model = _unapplied(quick), _unapplied(lambda model: model)

    assert model.smallest() == struct.smallest()
    assert model.type == struct.type
    assert (True, False) == tuple(isinstance(struct, each) for each in (ledger.Moved, Sampled))
    assert struct.new_cash() == model.new_cash() == 500


def test_a_default_that_could_not_be_told_is_refused() -> None:
    """A struct knows a default by identity: text with several objects must be named as interned."""
    with pytest.raises(TypeError, match=r"Sampled\.name"):
        quick(Sampled)

    assert b"{}" == quick(Sampled, interned="name")(name="sampled").smallest()
