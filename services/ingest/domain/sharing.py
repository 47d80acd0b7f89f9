"""One payment for invoices of several accounts, told anew: what goes where, and what comes back.

The account that received it keeps what is `meant` for others and what of that was `given`. Each of
them is told its own part of the set; what it had beyond that is called back, and goes on from here.
"""

from collections.abc import Mapping
from datetime import date

from services.ingest.domain.ledger import Ledger
from services.ingest.domain.payment import Payment, Sent
from services.ingest.domain.transfer import Route, send_cash
from services.ingest.domain.transit import printable, send
from shared.events.billing import Allocation, ItemTransferred, PaymentAllocated
from shared.money import minor, text


def split(told: PaymentAllocated) -> tuple[list[Allocation], dict[str, list[Allocation]]]:
    """The parts that are for the account's own invoices, and those for others', by account."""
    own: list[Allocation] = []
    others: dict[str, list[Allocation]] = {}
    for part in told.allocations:
        if part.account_id in (None, told.account_id):
            own.append(part)
        else:
            others.setdefault(part.account_id or "", []).append(part)
    return own, others


def cash_of(parts: list[Allocation], currency: str) -> int:
    """What some parts come to, in minor units of the payment's currency."""
    return sum(minor(part.payment_amount or part.amount, currency) for part in parts)


def tell_others(
    ledger: Ledger,
    payment: Payment,
    told: PaymentAllocated,
    others: Mapping[str, list[Allocation]],
) -> None:
    """Tell each account what is meant for it now, and call back what it has beyond that."""
    for account_id in sorted({*others, *payment.meant}):
        parts = others.get(account_id, [])
        cash = cash_of(parts, payment.currency)
        name = _name_there(payment, account_id)
        theirs = PaymentAllocated(
            account_id=account_id,
            payment_id=name,
            version=told.version,
            allocations=tuple(part.model_copy(update={"account_id": None}) for part in parts),
            allocated_on=told.allocated_on,
        )
        send(ledger, theirs, account_id, name)
        beyond = payment.given.get(account_id, 0) - cash
        if beyond > 0:
            back = ItemTransferred(
                transfer_id=printable(f"back:{payment.payment_id}:{told.version}:{account_id}"),
                from_account_id=account_id,
                to_account_id=payment.account_id,
                payment_id=name,
                amount=text(beyond, payment.currency),
                transferred_on=told.allocated_on,
            )
            send(ledger, back, account_id, name)
            payment.given[account_id] = cash
        payment.meant[account_id] = cash


def give(ledger: Ledger, payment: Payment, on: date) -> None:
    """Send what is held to the accounts that it is meant for, as far as it goes."""
    for account_id, meant in payment.meant.items():
        amount = min(meant - payment.given.get(account_id, 0), payment.unapplied)
        if amount > 0:
            payment.given[account_id] = payment.given.get(account_id, 0) + amount
            name = printable(f"paid:{payment.payment_id}:{payment.version}:{len(payment.held)}")
            send_cash(ledger, Route(account_id, name, on), payment, amount, told=[])


def came_back(payment: Payment, account_id: str, amount: int) -> int:
    """Note that cash which had gone to an account is here again: how much had come from here."""
    back = 0
    for one in payment.sent:
        if one.account_id == account_id:
            less = min(one.amount, amount - back)
            one.amount -= less
            back += less
    payment.sent = [one for one in payment.sent if one.amount]
    return back


def _name_there(payment: Payment, account_id: str) -> str:
    """What the payment is called on another account."""
    known: list[Sent] = [one for one in payment.sent if one.account_id == account_id]
    return known[-1].payment_id if known else printable(payment.payment_id)
