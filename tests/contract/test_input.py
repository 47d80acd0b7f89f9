"""What the input contract refuses, and that the refusal names the field."""

import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from shared import envelope
from shared.core import Event, Refusal
from shared.events import REGISTRY
from shared.events.billing import AccountUpdated, InvoiceIssued

SAMPLES = Path(__file__).parent / "samples"
ISSUED, RECEIVED, UPDATED = (
    f"billing.{name}.v1" for name in ("invoice.issued", "payment.received", "account.updated")
)
ALLOCATION = {"invoice_id": "I1", "amount": "1.00"}
PART = {"item_id": "I1", "due_on": "2024-03-31", "amount": "1190.00"}


def take(kind: str, changed: dict[str, object]) -> Event | Refusal:
    """The sample of a type with some fields changed, as an event."""
    data: dict[str, Any] = json.loads((SAMPLES / f"{kind}.json").read_bytes())
    value = json.dumps({name: v for name, v in (data | changed).items() if v is not ...}).encode()
    return envelope.event(envelope.Envelope("1", "/s", kind, "", "", None, value))


@pytest.mark.parametrize(
    ("kind", "changed", "field"),
    [
        (ISSUED, {"amount": ...}, "amount"),
        (ISSUED, {"amount": 1190}, "amount"),
        (ISSUED, {"amount": None}, "amount"),
        (ISSUED, {"amount": "0.00"}, "amount"),
        (ISSUED, {"amount": "-5"}, "amount"),
        (ISSUED, {"amount": "1,190.00"}, "amount"),
        (ISSUED, {"amount": "1190.00\n"}, "amount"),
        (ISSUED, {"amount": "1e3"}, "amount"),
        (ISSUED, {"amount": "\N{ARABIC-INDIC DIGIT ONE}"}, "amount"),
        (ISSUED, {"amount": "1" * 16}, "amount"),
        (ISSUED, {"amount": "1.00001"}, "amount"),
        (ISSUED, {"amount": "1190.001"}, "amount"),
        (ISSUED, {"amount": "1190.5", "currency": "JPY"}, "amount"),
        (ISSUED, {"currency": "EURO"}, "currency"),
        (ISSUED, {"currency": "eur"}, "currency"),
        (ISSUED, {"currency": "XXX"}, "currency"),
        (ISSUED, {"issued_on": "2024-02-30"}, "issued_on"),
        (ISSUED, {"issued_on": "2024-3-1"}, "issued_on"),
        (ISSUED, {"issued_on": "1709251200"}, "issued_on"),
        (ISSUED, {"issued_on": 1709251200}, "issued_on"),
        (ISSUED, {"issued_on": "2024-03-01T00:00:00Z"}, "issued_on"),
        (ISSUED, {"invoice_id": ""}, "invoice_id"),
        (ISSUED, {"invoice_id": "x" * 201}, "invoice_id"),
        (ISSUED, {"invoice_id": "a\x1fb"}, "invoice_id"),
        (ISSUED, {"invoice_id": "a\x7f"}, "invoice_id"),
        (ISSUED, {"invoice_id": 7}, "invoice_id"),
        (ISSUED, {"counts_as_sales": "true"}, "counts_as_sales"),
        (ISSUED, {"counts_as_sales": 1}, "counts_as_sales"),
        (ISSUED, {"kind": "gift"}, "kind"),
        (ISSUED, {"pay_url": "javascript:alert(1)"}, "pay_url"),
        (ISSUED, {"tax_amount": "190.001"}, "tax_amount"),
        (ISSUED, {"installments": [{**PART, "amount": "1189.99"}]}, "installments"),
        (ISSUED, {"installments": []}, "installments"),
        (ISSUED, {"installments": [{**PART, "due_on": "x"}]}, "installments[0].due_on"),
        (
            ISSUED,
            {"installments": [{**PART, "amount": "595"}, {**PART, "amount": "595"}]},
            "installments[1].item_id",
        ),
        (
            ISSUED,
            {"opening": {"as_of": "2024-03-15", "open_amount": "1190.01"}},
            "opening.open_amount",
        ),
        ("billing.invoice.amended.v1", {"amount": "999.99"}, "installments"),
        (RECEIVED, {"allocations": [ALLOCATION | {"amount": "0"}]}, "allocations[0].amount"),
        (RECEIVED, {"allocations": [ALLOCATION | {"amount": "0.001"}]}, "allocations[0].amount"),
        (RECEIVED, {"allocations": [ALLOCATION | {"amount": "600.01"}]}, "allocations[0].amount"),
        (
            RECEIVED,
            {"allocations": [ALLOCATION, ALLOCATION | {"payment_amount": "600"}]},
            "allocations[1].payment_amount",
        ),
        (RECEIVED, {"allocations": [{"amount": "1"}]}, "allocations[0].invoice_id"),
        (RECEIVED, {"allocations": {}}, "allocations"),
        ("billing.payment.allocated.v1", {"credit_note_id": "C"}, "payment_id"),
        ("billing.payment.reversed.v1", {"reason": ...}, "reason"),
        ("billing.item.transferred.v1", {"payment_id": "P"}, "item_id"),
        ("billing.invoice.stated.v1", {"version": 2**63}, "version"),
        ("billing.invoice.stated.v1", {"version": "7"}, "version"),
        (UPDATED, {"country": "ZZ"}, "country"),
        (UPDATED, {"country": "de"}, "country"),
        (UPDATED, {"time_zones": ["Europe/Atlantis"]}, "time_zones[0]"),
        (UPDATED, {"time_zones": ["../../etc/passwd"]}, "time_zones[0]"),
        (UPDATED, {"language": "not a language"}, "language"),
        (UPDATED, {"grace_days": -1}, "grace_days"),
        (UPDATED, {"autopay": "no"}, "autopay"),
        (UPDATED, {"credit_limit": "1.001"}, "credit_limit"),
        (UPDATED, {"contact_points": [{"id": "1", "channel": "fax"}]}, "contact_points[0].channel"),
        (UPDATED, {"contact_points": [{"id": "1", "channel": "sms"}]}, "contact_points[0].address"),
        (
            UPDATED,
            {"consents": [{"kind": "c", "state": "granted", "from": "2024-01-01T00:00:00"}]},
            "consents[0].from",
        ),
        (UPDATED, {"statuses": [{"status": "s", "from": "soon"}]}, "statuses[0].from"),
        ("clock.ticked.v1", {"at": "1711951200"}, "at"),
        ("clock.ticked.v1", {"at": "0001-01-01T00:00:00+14:00"}, "at"),
        ("outreach.promise.make.v1", {"amount": "1.001"}, "amount"),
        ("outreach.plan.propose.v1", {"amount": "600.01"}, "installments"),
        ("outreach.hold.place.v1", {"ends_on": "2024-03-31"}, "ends_on"),
        ("outreach.hold.place.v1", {"hold_reason": "mood"}, "hold_reason"),
        ("outreach.hold.place.v1", {"user": ...}, "user"),
        ("outreach.contact.sent.v1", {"cost": {"amount": "0.5", "currency": "JPY"}}, "cost.amount"),
        ("outreach.contact.sent.v1", {"detail": "x" * 501}, "detail"),
        ("outreach.contact.sent.v1", {"task_id": ""}, "task_id"),
        ("outreach.contact.answered.v1", {"party": "cat"}, "party"),
    ],
)
def test_bad_input_is_refused_at_its_field(
    kind: str, changed: dict[str, object], field: str
) -> None:
    """A wrong type, an impossible date, an unknown code, an amount that does not fit."""
    told = take(kind, changed)

    assert isinstance(told, Refusal)
    assert ("invalid", f"data.{field}") == (told.reason, told.field)
    assert told.detail


@pytest.mark.parametrize(
    ("kind", "changed"),
    [
        (ISSUED, {"surprise": {"a": 1}}),
        (ISSUED, {"due_on": "9999-12-31", "issued_on": "0001-01-01"}),
        (ISSUED, {"due_on": "2024-02-29", "invoice_id": "é" * 200}),
        (ISSUED, {"amount": "1190.0000", "tax_amount": "0", "installments": None}),
        (
            ISSUED,
            {
                "amount": "999999999999999.9999",
                "currency": "CLF",
                "installments": None,
                "opening": None,
            },
        ),
        (RECEIVED, {"allocations": []}),
        (RECEIVED, {"amount": "590", "allocations": [ALLOCATION, ALLOCATION]}),
        (UPDATED, {"country": "XK", "time_zones": [], "credit_limit": "0"}),
        ("outreach.contact.opted_out.v1", {"task_id": ...}),
    ],
)
def test_odd_but_good_input_is_taken(kind: str, changed: dict[str, object]) -> None:
    """Unknown fields, far dates, the largest amounts, zeros beyond a currency's places."""
    assert isinstance(take(kind, changed), Event)


def test_absent_and_null_are_told_apart() -> None:
    """For an account, absent keeps what was known, null clears it."""
    told = AccountUpdated.model_validate_json(b'{"account_id":"A","name":null,"tags":[]}')

    assert {"account_id", "name", "tags"} == told.model_fields_set


def test_a_wrong_value_is_not_repeated_in_the_refusal() -> None:
    """Dead letters' headers and logs hold no personal data."""
    secret = "anna@example.org"  # noqa: S105 - an address, which is what must not show
    points = [{"id": "1", "channel": "email", "address": [secret]}]
    wrong = {"country": secret, "time_zones": [secret], "autopay": secret}

    told = take(UPDATED, {"contact_points": points, **wrong})

    assert isinstance(told, Refusal)
    assert secret not in told.detail + told.field


def test_strictness_holds_in_python_too() -> None:
    """A model built in code obeys the same rules as one from JSON."""
    with pytest.raises(ValueError, match="decimal places"):
        InvoiceIssued(
            account_id="A",
            invoice_id="I",
            issued_on=date(2024, 1, 1),
            due_on=date(2024, 1, 31),
            amount="1.001",
            currency="EUR",
        )


def test_facts_are_named_once() -> None:
    """Two models of one type would make the registry a matter of luck."""
    with pytest.raises(TypeError, match=r"two facts claim the type billing.invoice.issued.v1"):

        class Impostor(InvoiceIssued, type="billing.invoice.issued.v1"):
            """Claims a type that is taken."""

    assert InvoiceIssued is REGISTRY["billing.invoice.issued.v1"]
