"""Accounts and invoices that exist to be measured: their events, as billing systems tell them."""

from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, time
from typing import Any, Final

from shared.cli.eventfile import stamp, structured, tick
from shared.cli.routing import records_of
from shared.line.ports import Record
from shared.topics import PARTITIONS

_SOURCE: Final = "arrears:bench"


def midnight(day: date) -> datetime:
    """When a day begins for the creditor of the probes, which keeps UTC."""
    return datetime.combine(day, time(), UTC)


def account(account_id: str, at: datetime) -> dict[str, Any]:
    """A company that can be reached by email."""
    point = {"id": "email", "channel": "email", "address": f"{account_id}@example.org"}
    data = {"name": account_id, "kind": "company", "country": "DE", "time_zones": ["UTC"],
            "language": "en", "contact_points": [point]}  # fmt: skip
    return _event("billing.account.updated.v1", account_id, account_id, at, data)


def invoice(account_id: str, number: int, due_on: date, at: datetime) -> dict[str, Any]:
    """100 euros, overdue from the day after `due_on`."""
    invoice_id = f"{account_id}-{number}"
    data = {"invoice_id": invoice_id, "issued_on": at.date().isoformat(), "amount": "100.00",
            "due_on": due_on.isoformat(), "currency": "EUR"}  # fmt: skip
    return _event("billing.invoice.issued.v1", invoice_id, account_id, at, data)


def payment(account_id: str, number: int, at: datetime) -> dict[str, Any]:
    """All of that invoice."""
    invoice_id = f"{account_id}-{number}"
    data = {"payment_id": f"{invoice_id}-P", "amount": "100.00", "currency": "EUR",
            "received_on": at.date().isoformat(),
            "allocations": [{"invoice_id": invoice_id, "amount": "100.00"}]}  # fmt: skip
    return _event("billing.payment.received.v1", f"{invoice_id}-P", account_id, at, data)


def records(events: Iterable[dict[str, Any]]) -> list[Record]:
    """Their records, in order."""
    return [one for event in events for one in records_of(event, partitions=PARTITIONS)]


def ticks(at: datetime) -> list[Record]:
    """A tick's records, one for each partition."""
    return list(records_of(tick(at).event, partitions=PARTITIONS))


def names(prefix: str, count: int) -> Iterator[str]:
    """Ids of accounts."""
    return (f"{prefix}-{number:06}" for number in range(count))


def _event(
    kind: str, name: str, account_id: str, at: datetime, data: dict[str, Any]
) -> dict[str, Any]:
    return structured(
        id=f"{name}-{kind.split('.')[2]}",
        source=_SOURCE,
        type=kind,
        subject=account_id,
        time=stamp(at),
        data={"account_id": account_id, **data},
    )
