"""Parents that pay by rule: a child tells what it owes, its parent sends what it has to spare.

Both are messages between accounts, on whichever partitions these are. A report is what the child
knew when it made it; what had been sent by then and not come is taken off again, so that nothing
is paid for twice.
"""

from collections import Counter
from typing import ClassVar, Final

from msgspec import field
from typing_extensions import override

from services.ingest.domain.allocation import Told
from services.ingest.domain.allocation_rule import ORDERS, Found, open_items, spread
from services.ingest.domain.invoice import Invoice, Item, key_of
from services.ingest.domain.ledger import Ledger
from services.ingest.domain.payment import Payment
from services.ingest.domain.transfer import Route, send_cash
from services.ingest.domain.transit import printable, send
from shared.core import Compact
from shared.events.billing import ChildOwed, OwedItem, Received
from shared.money import minor, text

ITEMS_MAX: Final = 500
"""How many items a report tells at most, the first due first; the others follow when they are."""


class Child(Compact):
    """What a child owes as it told last, and the cash that was sent to it; minor units."""

    prefix: ClassVar[str] = "child"
    account_id: str
    child_id: str
    number: int = 0
    items: list[OwedItem] = field(default_factory=list)
    sent: dict[str, int] = field(default_factory=dict)
    received: dict[str, int] = field(default_factory=dict)

    @property
    @override
    def key(self) -> str:
        return key_of(self.account_id, self.child_id)


def report(ledger: Ledger) -> None:
    """Tell the parent what is open here; one that is none any more is told that nothing is."""
    account = ledger.account
    parent = account.profile.parent_account_id or "" if ledger.creditor.parents_pay else ""
    if parent == account.account_id:
        parent = ""
    if parent == account.reported_to and not (parent and ledger.touched):
        return
    account.reports += 1
    if account.reported_to and account.reported_to != parent:
        _tell(ledger, account.reported_to, (), leaves=True)
        account.from_parent = {}
    account.reported_to = parent
    ledger.party.keep(account)
    if parent:
        _tell(ledger, parent, _owed(ledger))


def hear(ledger: Ledger, told: ChildOwed) -> None:
    """Note what a child owes, and pay for it with what is held without a purpose."""
    child = ledger.party.find(Child, key_of(told.account_id, told.child_id))
    if child is None:
        child = Child(told.account_id, told.child_id)
    if told.number <= child.number:
        return
    child.number, child.items = told.number, list(told.items)
    child.received = {one.currency: minor(one.amount, one.currency) for one in told.received}
    if told.leaves:
        child.sent, child.received = {}, {}
    ledger.party.keep(child)
    ledger.sweep = True


def pay_for_children(ledger: Ledger) -> None:
    """Send held cash that nobody told the purpose of to the children, by the creditor's rule."""
    account_id = ledger.account.account_id
    children = [one for one in ledger.party.all(Child) if one.account_id == account_id]
    if not ledger.creditor.parents_pay or not children:
        return
    held = sorted(
        (
            payment
            for payment in ledger.party.all(Payment)
            if payment.unapplied and payment.by_rule and payment.account_id == account_id
        ),
        key=lambda payment: (payment.received_on, payment.payment_id),
    )
    for payment in held:
        if not open_items(ledger, payment.currency):
            _pay(ledger, payment, {one.child_id: one for one in children})


def _pay(ledger: Ledger, payment: Payment, children: dict[str, Child]) -> None:
    currency = payment.currency
    order = ORDERS.get(ledger.creditor.allocation)
    if order is None or ledger.account.account_id == ledger.creditor.suspense_account:
        return
    wanted = order([found for one in children.values() for found in _lacking(one, currency)])
    parts: dict[str, list[Told]] = {}
    sums: Counter[str] = Counter()
    for invoice, item, amount in spread(ledger, payment.unapplied, wanted):
        told = Told(invoice.invoice_id, item.item_id, text(amount, currency))
        parts.setdefault(invoice.account_id, []).append(told)
        sums[invoice.account_id] += amount
    for child_id, amount in sums.items():
        child = children[child_id]
        child.sent[currency] = child.sent.get(currency, 0) + amount
        ledger.party.keep(child)
        name = printable(f"child:{payment.payment_id}:{child.number}:{child.sent[currency]}")
        route = Route(child_id, name, payment.held_on)
        send_cash(ledger, route, payment, amount, told=parts[child_id], from_parent=True)


def _lacking(child: Child, currency: str) -> list[Found]:
    """The child's items in a currency, less what is on its way to them: to the first due first."""
    coming = child.sent.get(currency, 0) - child.received.get(currency, 0)
    found: list[Found] = []
    items = [one for one in child.items if one.currency == currency]
    for one in sorted(items, key=lambda one: (one.due_on, one.issued_on, one.invoice_id)):
        open_ = minor(one.amount, currency)
        taken = min(coming, open_)
        coming -= taken
        if open_ > taken:
            invoice = Invoice(
                child.child_id, one.invoice_id, "", currency, one.issued_on, sales=False, items=[]
            )
            item = Item(one.item_id, one.due_on, open_, open_ - taken, one.issued_on)
            found.append((invoice, item))
    return found


def _owed(ledger: Ledger) -> tuple[OwedItem, ...]:
    account_id = ledger.account.account_id
    items = [
        OwedItem(
            item_id=item.item_id,
            invoice_id=printable(invoice.invoice_id),
            issued_on=invoice.issued_on,
            due_on=item.due_on,
            currency=invoice.currency,
            amount=text(item.open, invoice.currency),
        )
        for invoice in ledger.party.all(Invoice)
        if invoice.account_id == account_id
        for item in invoice.items
        if item.open
    ]
    return tuple(sorted(items, key=lambda one: (one.due_on, one.invoice_id, one.item_id)))[
        :ITEMS_MAX
    ]


def _tell(
    ledger: Ledger, parent: str, items: tuple[OwedItem, ...], *, leaves: bool = False
) -> None:
    account = ledger.account
    received = tuple(
        Received(currency=name, amount=text(amount, name))
        for name, amount in sorted(account.from_parent.items())
    )
    owed = ChildOwed(
        account_id=parent,
        child_id=account.account_id,
        number=account.reports,
        creditor_id=account.creditor_id,
        received=received,
        items=items,
        leaves=leaves,
    )
    send(ledger, owed, parent, str(account.reports))
