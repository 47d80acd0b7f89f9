"""What each fact of the ledger and of the activity adds to the cube: one function per type."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from services.kpi.domain.cells import Kind, label, row
from shared.core import Effects
from shared.events.ledger import (
    DisputeOpened,
    DisputeResolved,
    Entry,
    InvoiceAdjusted,
    InvoiceOpened,
    InvoiceOverdue,
    InvoiceReopened,
    InvoiceSettled,
    Moved,
    PaymentApplied,
    PaymentRefunded,
    PaymentReversed,
    PaymentUnapplied,
)
from shared.events.outreach import (
    CaseClosed,
    CaseOpened,
    ContactAttempted,
    ContactCancelled,
    ContactRequested,
    ContactSuppressed,
    PromiseBroken,
    PromiseCancelled,
    PromiseFact,
    PromiseKept,
    PromiseMade,
    PromisePartiallyKept,
    PromiseRescheduled,
)
from shared.money import minor

OTHER: Final = "/other"
"""Ends the kind of an entry on an invoice that does not count as sales."""


@dataclass(slots=True)
class Page:
    """Where one event is written: the creditor's rows of the day on which it became known."""

    effects: Effects
    creditor_id: str
    recorded_on: str
    happened_on: date
    """The creditor's day of the event's time, for what has no business date."""

    def sum(
        self, kind: Kind, currency: str, on: date, cell: str, amount: int, *, times: int = 1
    ) -> None:
        """Add an amount in minor units, and count it; -1 `times` takes back what was counted."""
        name = row(kind, self.creditor_id, currency, on, self.recorded_on)
        self.effects.add(name, cell, amount)
        self.effects.add(name, f"{cell}|n", times)

    def count(self, kind: Kind, cell: str) -> None:
        """Count one more of something that has no amount."""
        name = row(kind, self.creditor_id, "", self.happened_on, self.recorded_on)
        self.effects.add(name, f"{cell}|n", 1)


def _moved(page: Page, fact: Moved) -> None:
    for entry in fact.entries:
        amount = minor(entry.amount, fact.currency)
        page.sum("money", fact.currency, entry.effective_on, _cell_of(entry), amount)


def _cell_of(entry: Entry) -> str:
    """The kind, the days issued and due; where it undoes a payment, the days late undone."""
    issued = entry.issued_on.isoformat() if entry.issued_on else ""
    due = entry.due_on.isoformat() if entry.due_on else ""
    kind = entry.kind if entry.sales else f"{entry.kind}{OTHER}"
    if entry.kind == "reversed" and entry.days_late is not None:
        return f"{kind}|{issued}|{due}|{entry.days_late}"
    return f"{kind}|{issued}|{due}"


def _settled(page: Page, fact: InvoiceSettled) -> None:
    to_pay = (fact.settled_on - fact.issued_on).days
    cell = f"{fact.by}|{to_pay}|{fact.days_late}"
    page.sum("settled", fact.currency, fact.settled_on, cell, minor(fact.amount, fact.currency))


def _reopened(page: Page, fact: InvoiceReopened) -> None:
    """Take the settlement that is undone back out of the day that it stood on."""
    on = fact.settled_on
    if on is None:
        return
    cell = f"{fact.settled_by}|{(on - fact.issued_on).days}|{(on - fact.due_on).days}"
    page.sum("settled", fact.currency, on, cell, -minor(fact.amount, fact.currency), times=-1)


def _overdue(page: Page, fact: InvoiceOverdue) -> None:
    amount = minor(fact.open_amount, fact.currency)
    page.sum("overdue", fact.currency, fact.overdue_on, "placed", amount)


def _dispute_opened(page: Page, fact: DisputeOpened) -> None:
    if fact.moved:
        return  # it was counted where it was opened
    amount = minor(fact.amount, fact.currency) if fact.amount else 0
    page.sum("dispute", fact.currency, fact.opened_on, "opened", amount)


def _dispute_resolved(page: Page, fact: DisputeResolved) -> None:
    if fact.moved:
        return
    amount = minor(fact.amount, fact.currency) if fact.amount else 0
    cell = f"resolved|{fact.resolved_on.isoformat()}|{fact.outcome}"
    page.sum("dispute", fact.currency, fact.opened_on, cell, amount)


def _requested(page: Page, fact: ContactRequested) -> None:
    page.count("contact", f"requested|{label(fact.channel)}|{label(fact.step)}")


def _cancelled(page: Page, fact: ContactCancelled) -> None:
    page.count("contact", f"cancelled|{label(fact.channel)}|{label(fact.reason)}")


def _suppressed(page: Page, fact: ContactSuppressed) -> None:
    page.count("contact", f"suppressed|{label(fact.channel)}|{label(fact.step)}|{fact.reason}")


def _attempted(page: Page, fact: ContactAttempted) -> None:
    channel = label(fact.channel)
    what = "attempted" if fact.direction == "outbound" else "inbound"
    page.count("contact", f"{what}|{channel}|{label(fact.outcome)}")
    if fact.right_party and what == "attempted":
        page.count("contact", f"right_party|{channel}")
    if fact.conversation:
        page.count("contact", f"conversation|{channel}")
    if fact.cost is not None:
        spent = minor(fact.cost.amount, fact.cost.currency)
        page.sum("cost", fact.cost.currency, page.happened_on, channel, spent)


def _promise(state: str) -> Callable[[Page, PromiseFact], None]:
    def count(page: Page, fact: PromiseFact) -> None:
        on = fact.promised_on if state == "made" else fact.due_on
        page.sum("promise", fact.currency, on, state, minor(fact.amount, fact.currency))
        if received := minor(fact.received, fact.currency):
            page.sum("promise", fact.currency, on, f"received|{state}", received)

    return count


def _case_opened(page: Page, fact: CaseOpened) -> None:
    page.count("case", f"opened|{label(fact.policy)}")


def _case_closed(page: Page, fact: CaseClosed) -> None:
    page.count("case", f"closed|{fact.reason}")


COUNTINGS: Final[Mapping[str, Callable[[Page, Any], None]]] = {
    InvoiceOpened.type: _moved,
    InvoiceAdjusted.type: _moved,
    PaymentApplied.type: _moved,
    PaymentUnapplied.type: _moved,
    PaymentRefunded.type: _moved,
    PaymentReversed.type: _moved,
    InvoiceSettled.type: _settled,
    InvoiceReopened.type: _reopened,
    InvoiceOverdue.type: _overdue,
    DisputeOpened.type: _dispute_opened,
    DisputeResolved.type: _dispute_resolved,
    ContactRequested.type: _requested,
    ContactCancelled.type: _cancelled,
    ContactSuppressed.type: _suppressed,
    ContactAttempted.type: _attempted,
    PromiseMade.type: _promise("made"),
    PromiseKept.type: _promise("kept"),
    PromisePartiallyKept.type: _promise("partially_kept"),
    PromiseBroken.type: _promise("broken"),
    PromiseCancelled.type: _promise("cancelled"),
    PromiseRescheduled.type: _promise("rescheduled"),
    CaseOpened.type: _case_opened,
    CaseClosed.type: _case_closed,
}
"""By type; what else is on the two lines moves no figure."""
