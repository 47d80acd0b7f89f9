"""What an account owes as of a day, as known now or as it was known at a moment."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Final

from services.ingest.domain.account import Account
from services.ingest.domain.aging import past_due_days
from services.ingest.domain.credit import CreditNote
from services.ingest.domain.creditor import DEFAULT, creditor_of
from services.ingest.domain.invoice import Invoice, counts
from services.ingest.domain.ledger import Holding
from services.ingest.domain.payment import Payment
from shared.core import Party
from shared.money import text

FOR_EVER: Final = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class OpenItem:
    """One item with what is open of it at the end of the day; `open_amount` is a decimal string."""

    item_id: str
    invoice_id: str
    currency: str
    open_amount: str
    due_on: date
    past_due_days: int
    bucket: str


@dataclass(frozen=True, slots=True)
class Position:
    """An account at the end of a day. Cash and credit held are decimal strings by currency."""

    account_id: str
    creditor_id: str
    open_items: tuple[OpenItem, ...] = ()
    unapplied_cash: dict[str, str] = field(default_factory=dict)
    unapplied_credit: dict[str, str] = field(default_factory=dict)


def position(
    party: Party,
    account_id: str,
    day: date,
    shared: Party | None = None,
    *,
    known_at: datetime | None = None,
) -> Position | None:
    """The position at the end of `day`; None for an account that the party has not (any more).

    It is the sum of the entries that are effective by then: all of them, or with `known_at` those
    that had been taken when the clock ticked that moment. For the latest day `party` needs only
    what is not settled; for an earlier one the settled invoices, payments and credit notes too.
    `shared` has the creditors' configuration, of which the newest counts.
    """
    account = party.find(Account, account_id)
    if account is None or account.moved_to:
        return None
    creditor = creditor_of(shared, account.creditor_id, FOR_EVER) if shared else DEFAULT
    items: list[OpenItem] = []
    for invoice in party.all(Invoice):
        if invoice.account_id != account_id:
            continue
        for item in invoice.items:
            open_ = item.open_on(day, known_at)
            if open_ > 0:
                due_on = item.due_as_of(day, known_at)
                days = past_due_days(due_on, day)
                items.append(
                    OpenItem(
                        item_id=item.item_id,
                        invoice_id=invoice.invoice_id,
                        currency=invoice.currency,
                        open_amount=text(open_, invoice.currency),
                        due_on=due_on,
                        past_due_days=days,
                        bucket=creditor.aging.label(days),
                    )
                )
    cash = (payment for payment in party.all(Payment) if payment.account_id == account_id)
    credit = (note for note in party.all(CreditNote) if note.account_id == account_id)
    return Position(
        account_id=account_id,
        creditor_id=account.creditor_id,
        open_items=tuple(sorted(items, key=lambda found: (found.due_on, found.item_id))),
        unapplied_cash=_held(cash, day, known_at),
        unapplied_credit=_held(credit, day, known_at),
    )


def _held(sources: Iterable[Holding], day: date, known_at: datetime | None) -> dict[str, str]:
    """What was held at the end of a day, as decimal strings by currency."""
    amounts: dict[str, int] = {}
    for source in sources:
        held = source.unapplied - sum(entry.amount for entry in source.held)  # older than entries
        for entry in source.held:
            if counts(entry, day, known_at):
                held += entry.amount
        amounts[source.currency] = amounts.get(source.currency, 0) + held
    return {
        currency: text(amounts[currency], currency)
        for currency in sorted(amounts)
        if amounts[currency]
    }
