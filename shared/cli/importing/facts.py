"""What a row says, as the events that a billing system would have sent."""

import hashlib
from collections.abc import Mapping
from datetime import date
from typing import Any, Final

from pydantic import ValidationError

from shared import money
from shared.cli.eventfile import encode, structured
from shared.cli.importing.invoice import Invoice, Payment
from shared.cli.importing.mapping import Name
from shared.events import BILLING

Event = dict[str, Any]
"""A structured CloudEvent."""

_AT: Final = {
    "billing.account.updated.v1": "10:00:00",
    "billing.invoice.issued.v1": "10:10:00",
    "billing.invoice.credited.v1": "10:20:00",
    "billing.payment.received.v1": "10:30:00",
    "billing.payment.reversed.v1": "10:40:00",
}
"""Times of day, UTC: on the same date from Hawaii to New Zealand, and in this order."""
_COMPLETED_AT: Final = "10:50:00"
_ID_LENGTH_MAX: Final = 200
_AS_IS: Final[tuple[Name, ...]] = ("kind", "creditor_id", "country", "language")
_CHANNELS: Final[tuple[Name, ...]] = ("email", "phone")
_COLUMNS: Final[dict[str, Name]] = {
    "name": "account_name",
    "time_zones": "time_zone",
    "payment_id": "payment_id",
    "credit_note_id": "invoice_id",
}
"""The thing behind a field of an event, where it has another name."""


class InvalidError(ValueError):
    """Something that the contract does not take: the `thing` that a column told, and the reason."""

    def __init__(self, thing: str, reason: str) -> None:
        super().__init__(reason)
        self.thing = thing


def account(account_id: str, profile: Mapping[Name, str], on: date, *, source: str) -> Event:
    """What is known of an account, as of its first day."""
    data: dict[str, Any] = {"account_id": account_id}
    for name in _AS_IS:
        if name in profile:
            data[name] = profile[name]
    if "account_name" in profile:
        data["name"] = profile["account_name"]
    if "time_zone" in profile:
        data["time_zones"] = [profile["time_zone"]]
    points = [
        {"id": channel, "channel": channel, "address": profile[channel]}
        for channel in _CHANNELS
        if channel in profile
    ]
    if points:
        data["contact_points"] = points
    version = hashlib.sha256(repr(sorted(data.items())).encode()).hexdigest()[:8]
    return event("billing.account.updated.v1", f"account-{version}", on, data, source=source)


def invoice(told: Invoice, invoice_id: str, *, source: str) -> Event:
    """The invoice; a negative one is a credit note."""
    amount = money.text(abs(told.amount), told.currency)
    if told.amount < 0:
        credit = {
            "account_id": told.account_id,
            "credit_note_id": invoice_id,
            "amount": amount,
            "currency": told.currency,
            "credited_on": told.issued_on.isoformat(),
        }
        if told.credited_invoice_id:
            credit["invoice_id"] = told.credited_invoice_id
        kind = "billing.invoice.credited.v1"
        return event(kind, f"credit-{invoice_id}", told.issued_on, credit, source=source)
    data = {
        "account_id": told.account_id,
        "invoice_id": invoice_id,
        "issued_on": told.issued_on.isoformat(),
        "due_on": told.due_on.isoformat(),
        "amount": amount,
        "currency": told.currency,
    }
    if told.number:
        data["number"] = told.number
    kind = "billing.invoice.issued.v1"
    return event(kind, f"invoice-{invoice_id}", told.issued_on, data, source=source)


def payment(
    told: Invoice, paid: Payment, *, invoice_id: str, payment_id: str, source: str
) -> Event:
    """The payment, for this invoice; what is more than the invoice stays unapplied."""
    applied = min(paid.amount, told.amount)
    data: dict[str, Any] = {
        "account_id": told.account_id,
        "payment_id": payment_id,
        "amount": money.text(paid.amount, told.currency),
        "currency": told.currency,
        "received_on": paid.received_on.isoformat(),
        "allocations": [{"invoice_id": invoice_id, "amount": money.text(applied, told.currency)}],
    }
    if paid.method:
        data["method"] = paid.method
    kind = "billing.payment.received.v1"
    return event(kind, f"payment-{payment_id}", paid.received_on, data, source=source)


def completed(creditor_id: str, through_on: date, *, source: str) -> Event:
    """That all payments of a creditor are in up to a day."""
    data = {
        "creditor_id": creditor_id,
        "stream": "payments",
        "through_on": through_on.isoformat(),
    }
    return {
        "specversion": "1.0",
        "id": f"{creditor_id}:completed-{through_on}",
        "source": source,
        "type": "billing.source.completed.v1",
        "time": f"{through_on}T{_COMPLETED_AT}Z",
        "data": data,
    }


def day_of(event: Mapping[str, Any]) -> date:
    """The business date of an event made here."""
    return date.fromisoformat(event["time"][:10])


def event(kind: str, what: str, on: date, data: Mapping[str, Any], *, source: str) -> Event:
    """An event that the contract takes; its id follows from what it is about.

    Raises `InvalidError` if the contract does not take it.
    """
    account_id = data["account_id"]
    event_id = f"{account_id}:{what}"
    if len(event_id) > _ID_LENGTH_MAX:
        event_id = hashlib.sha256(event_id.encode()).hexdigest()
    event = structured(
        id=event_id,
        source=source,
        type=kind,
        subject=account_id,
        time=f"{on.isoformat()}T{_AT[kind]}Z",
        data=data,
    )
    try:
        BILLING[kind].model_validate_json(encode(data))
    except ValidationError as error:
        fault = error.errors(include_url=False)[0]
        raise InvalidError(_thing(fault["loc"], data), fault["msg"]) from None
    return event


def _thing(where: tuple[int | str, ...], data: Mapping[str, Any]) -> str:
    """What a column told, by the place in the event that is at fault."""
    field = str(where[0]) if where else ""
    if field == "contact_points" and len(where) > 1:
        return str(data[field][where[1]]["channel"])
    return _COLUMNS.get(field, field)
