"""A story for tests of outreach: a debtor, a small ledger that speaks as ingest would, and time."""

# ruff: noqa: ANN401 - the fields of facts are handed on as they come

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any, TypeVar

from services.outreach.domain.account import Account
from services.outreach.domain.core import OutreachCore
from services.outreach.domain.policy import Policy
from services.outreach.sources import read_policy
from shared.core import Outgoing, Refusal
from shared.events import ledger, outreach
from shared.events.base import REGISTRY, Fact
from shared.events.billing import AccountProfile, ConfigPublished, ContactPoint
from shared.money import minor, text
from shared.testing.line import Line
from shared.topics import OUTREACH_ACTIVITY

F = TypeVar("F", bound=Fact)
CREDITOR = "default"
EMAIL = ContactPoint(id="e1", channel="email", address="debtor@example.com")
SMS = ContactPoint(id="s1", channel="sms", address="+4915112345")
PHONE = ContactPoint(id="p1", channel="phone", address="+4930123456")
LETTER = ContactPoint(id="l1", channel="letter", address="1 Main Street, Springfield")
DEFAULT = read_policy()


def utc(words: str, *, year: int = 2026) -> datetime:
    """A moment as "03-09 08:00" or "2025-03-09 08:00", in UTC."""
    day, _, clock = words.partition(" ")
    whole = day if day.count("-") == 2 else f"{year}-{day}"
    return datetime.fromisoformat(f"{whole} {clock or '00:00'}").replace(tzinfo=UTC)


def on(words: str) -> date:
    """A day as "03-09" or "2025-03-09"."""
    return utc(words).date()


def always_open(**changes: Any) -> dict[str, Any]:
    """A policy document with one step a day after the due date, no limits and no closed hours."""
    hours = {"hours": ["00:00", "24:00"], "consent": "opt_out"}
    week = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
    return {
        "format": "policy/1",
        "name": "open",
        "version": "1",
        "channels": {name: hours | {"weekdays": week} for name in ("email", "sms", "phone")},
        "steps": [step("first", 1)],
    } | changes


def step(name: str, offset_days: int, *channels: str, **more: Any) -> dict[str, Any]:
    """One step of a policy document."""
    words = {"subject": "{amount}", "body": "{name} {items}"}
    return {
        "name": name,
        "offset_days": offset_days,
        "channels": list(channels or ("email",)),
        "tone": "plain",
        "texts": {"en": words},
    } | more


@dataclass
class Bill:
    """An item as the small ledger has it."""

    account_id: str
    item_id: str
    due_on: date
    currency: str
    open_minor: int
    overdue: bool = False


@dataclass
class Story:
    """One line through outreach. Times are "MM-DD hh:mm" of 2026, UTC, unless they say the year."""

    policy: Policy = DEFAULT
    reload: bool = True
    line: Line = field(init=False)
    bills: dict[tuple[str, str], Bill] = field(default_factory=dict)
    clock: datetime = field(default_factory=lambda: datetime(2025, 1, 1, tzinfo=UTC))
    told: int = 0

    def __post_init__(self) -> None:
        self.line = Line(OutreachCore(self.policy), reload=self.reload)

    def tell(self, fact: Fact, *, time: datetime | None = None, **more: Any) -> list[Outgoing]:
        """Fold one event at the story's time."""
        sent = self.line.tell(fact, time=time or self.clock, **more)
        assert not isinstance(sent, Refusal), sent
        return sent

    def at(self, words: str) -> "Story":
        """Let the clock come to a moment, without a tick."""
        self.clock = utc(words)
        return self

    def tick(self, words: str | datetime) -> list[Outgoing]:
        """A tick: what fell overdue by then is told first, then outreach decides."""
        self.clock = words if isinstance(words, datetime) else utc(words)
        sent: list[Outgoing] = []
        for bill in sorted(self.bills.values(), key=lambda bill: (bill.due_on, bill.item_id)):
            if bill.due_on == date.max:
                continue
            begins = datetime.combine(bill.due_on, datetime.min.time(), UTC) + timedelta(days=1)
            if not bill.overdue and bill.open_minor and begins <= self.clock:
                bill.overdue = True
                fact = ledger.InvoiceOverdue(
                    **self._state(bill), overdue_on=begins.date(), past_due_days=1
                )
                sent += self.tell(fact, time=begins, woken=True)
        return sent + self.line.tick(self.clock)

    def hourly(self, first: str, last: str) -> list[Outgoing]:
        """A tick each hour, both ends included."""
        moment, sent = utc(first), []
        while moment <= utc(last):
            sent += self.tick(moment)
            moment += timedelta(hours=1)
        return sent

    def debtor(
        self, *points: ContactPoint, account: str = "A", party: str = "", **more: Any
    ) -> None:
        """Who the debtor is; with no contact point named, an email address."""
        profile = AccountProfile(contact_points=points or (EMAIL,), **more)
        fact = ledger.AccountChanged(
            account_id=account, creditor_id=CREDITOR, party_id=party or account, account=profile
        )
        self.tell(fact, party=party or account)

    def bill(
        self, item: str, amount: str, due: str, *, account: str = "A", currency: str = "EUR"
    ) -> list[Outgoing]:
        """An invoice of one item."""
        bill = Bill(account, item, on(due), currency, minor(amount, currency))
        self.bills[account, item] = bill
        entry = self._entry(bill, "billed", bill.open_minor)
        return self.tell(
            ledger.InvoiceOpened(**self._state(bill), number=f"No {item}", entries=(entry,))
        )

    def bring_forward(
        self, item: str, due: str, *, as_of: str, contacts: int | None, account: str = "A"
    ) -> list[Outgoing]:
        """A balance of 100 euros that was open when Arrears took over, with its history."""
        bill = Bill(account, item, on(due), "EUR", 100_00, overdue=on(due) < on(as_of))
        self.bills[account, item] = bill
        entry = self._entry(bill, "opening", bill.open_minor).model_copy(
            update={"effective_on": on(as_of)}
        )
        first_overdue_on = bill.due_on + timedelta(days=1) if bill.overdue else None
        return self.tell(
            ledger.InvoiceOpened(
                **self._state(bill),
                number=f"No {item}",
                entries=(entry,),
                opening=True,
                contacts=contacts,
                first_overdue_on=first_overdue_on,
            )
        )

    def pay(
        self, item: str, amount: str, *, account: str = "A", received: str = ""
    ) -> list[Outgoing]:
        """Cash for one item, all of which it takes."""
        return self._book("collected", item, amount, account=account, received=received)

    def write_off(
        self, item: str, amount: str, *, account: str = "A", reason: str = "", by: Any = "write_off"
    ) -> list[Outgoing]:
        """An item is given up, or what money left of it; `by` is what settled it for the ledger."""
        return self._book("written_off", item, amount, account=account, reason=reason, by=by)

    def bounce(self, item: str, amount: str, *, account: str = "A") -> list[Outgoing]:
        """A payment that never came: its item reopens."""
        bill = self.bills[account, item]
        was_closed = bill.open_minor == 0
        paid = minor(amount, bill.currency)
        bill.open_minor += paid
        self.told += 1
        sent = self.tell(
            ledger.PaymentReversed(
                account_id=account,
                creditor_id=CREDITOR,
                currency=bill.currency,
                reversal_id=f"rev-{self.told}",
                payment_id="p",
                amount=amount,
                reason="bounced",
                reversed_on=self.clock.date(),
                entries=(self._entry(bill, "reversed", paid),),
            )
        )
        if was_closed:
            sent += self.tell(
                ledger.InvoiceReopened(
                    **self._state(bill),
                    reason="reversed",
                    reopened_on=self.clock.date(),
                    first_overdue_on=bill.due_on + timedelta(days=1) if bill.overdue else None,
                )
            )
        return sent

    def report(
        self, name: str, task: str, *, channel: str = "email", **more: Any
    ) -> list[Outgoing]:
        """A channel's outcome."""
        kind: Any = REGISTRY[f"outreach.contact.{name}.v1"]
        fact = kind(
            **{"account_id": "A", "task_id": task, "channel": channel, "occurred_at": self.clock}
            | more
        )
        return self.tell(fact)

    def publish(self, kind: str, number: int, since: str, document: dict[str, Any]) -> None:
        """A configuration, in force from the first tick at or after `since`."""
        told = {"kind": kind, "number": number, "from": utc(since), "document": document}
        self.tell(ConfigPublished.model_validate(told))

    def account(self, account: str = "A", party: str = "") -> Account:
        """The account's head, as stored."""
        found = self.line.party(party or account).find(Account, account)
        assert found is not None
        return found

    def _book(
        self,
        kind: Any,
        item: str,
        amount: str,
        *,
        account: str,
        received: str = "",
        reason: str = "",
        by: Any = "cash",
    ) -> list[Outgoing]:
        bill = self.bills[account, item]
        cut = minor(amount, bill.currency)
        bill.open_minor -= cut
        self.told += 1
        day = on(received) if received else self.clock.date()
        about: dict[str, Any] = {
            "account_id": account,
            "creditor_id": CREDITOR,
            "currency": bill.currency,
            "entries": (self._entry(bill, kind, -cut),),
        }
        if kind == "collected":
            fact: Fact = ledger.PaymentApplied(
                **about,
                payment_id=f"p-{self.told}",
                origin="received",
                amount=amount,
                received_on=day,
            )
        else:
            fact = ledger.InvoiceAdjusted(
                **about,
                kind=kind,
                item_id=item,
                invoice_id=item,
                effective_on=day,
                reason=reason,
            )
        sent = self.tell(fact)
        if bill.open_minor == 0:
            sent += self.tell(
                ledger.InvoiceSettled(
                    **self._state(bill),
                    by=by,
                    settled_on=day,
                    days_late=0,
                    was_overdue=bill.overdue,
                )
            )
        return sent

    def _state(self, bill: Bill) -> dict[str, Any]:
        return {
            "account_id": bill.account_id,
            "creditor_id": CREDITOR,
            "item_id": bill.item_id,
            "invoice_id": bill.item_id,
            "currency": bill.currency,
            "amount": text(max(bill.open_minor, 1), bill.currency),
            "open_amount": text(bill.open_minor, bill.currency),
            "issued_on": min(bill.due_on, self.clock.date()),
            "due_on": bill.due_on,
        }

    def _entry(self, bill: Bill, kind: Any, amount_minor: int) -> ledger.Entry:
        return ledger.Entry(
            kind=kind,
            amount=text(amount_minor, bill.currency),
            effective_on=self.clock.date(),
            item_id=bill.item_id,
            invoice_id=bill.item_id,
            due_on=bill.due_on,
            open_amount=text(bill.open_minor, bill.currency),
        )


def facts(sent: Iterable[Outgoing], kind: type[F]) -> list[F]:
    """The facts of one kind that went to the activity."""
    return [
        each.data
        for each in sent
        if isinstance(each.data, kind) and each.topic == OUTREACH_ACTIVITY
    ]


def contacts(sent: Iterable[Outgoing]) -> list[tuple[str, str]]:
    """Step and channel of each contact that was requested."""
    return [(each.step, each.channel) for each in facts(sent, outreach.ContactRequested)]


def suppressed(sent: Iterable[Outgoing]) -> list[tuple[str, str]]:
    """Step and reason of each contact that was suppressed."""
    return [(each.step, each.reason) for each in facts(sent, outreach.ContactSuppressed)]


def cancelled(sent: Iterable[Outgoing]) -> list[str]:
    """The reason of each cancellation."""
    return [each.reason for each in facts(sent, outreach.ContactCancelled)]


def stages(sent: Iterable[Outgoing]) -> list[str]:
    """The stages that were told, in order."""
    return [each.stage for each in facts(sent, outreach.AccountStatusChanged)]


def only_task(sent: Iterable[Outgoing]) -> outreach.ContactRequested:
    """The one contact that was requested."""
    (task,) = facts(sent, outreach.ContactRequested)
    return task
