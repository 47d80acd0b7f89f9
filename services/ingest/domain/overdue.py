"""What time does to items: they fall overdue and grow through the aging buckets."""

from datetime import date, datetime

from services.ingest.domain import written
from services.ingest.domain.account import Account, Head
from services.ingest.domain.aging import day_of, past_due_days, start_of
from services.ingest.domain.closing import state
from services.ingest.domain.creditor import Creditor, creditor_of, edition_number
from services.ingest.domain.invoice import SEPARATOR, Invoice, Item
from services.ingest.domain.standing import Age, change
from shared.core import Effects, Party
from shared.events import ledger as facts
from shared.topics import COLLECTIONS_LEDGER

Wake = tuple[datetime, str, str, str, date]
"""Moment, account, invoice, item and the day that begins: in this order they are told."""


def wake(party: Party, until: datetime, effects: Effects) -> None:
    """Tell all that fell overdue or changed bucket up to `until`, each at the start of its day."""
    head = party.find(Head)
    if head is None:
        return
    edition = edition_number(effects.shared, until)
    calendars = {
        account.account_id: _Calendar(party, account, until, effects)
        for account in party.all(Account)
    }
    due: list[tuple[Wake, Invoice, Item]] = []
    for invoice in party.all(Invoice):
        due += calendars[invoice.account_id].due(invoice, anew=edition != head.edition)
    for (moment, _, _, _, day), invoice, item in sorted(due, key=lambda found: found[0]):
        calendars[invoice.account_id].age(invoice, item, day, moment)
    moments = [calendar.first for calendar in calendars.values() if calendar.first is not None]
    head.wake = min(moments, default=None)
    head.edition = edition
    party.keep(head)


class _Calendar:
    """One account's days up to a moment."""

    __slots__ = ("_account", "_creditor", "_effects", "_first", "_party", "_today", "_until")

    def __init__(self, party: Party, account: Account, until: datetime, effects: Effects) -> None:
        self._party = party
        self._account = account
        self._effects = effects
        self._until = until
        self._creditor: Creditor = creditor_of(effects.shared, account.creditor_id, until)
        self._today = day_of(until, self._creditor.time_zone)
        self._first: date | None = None

    @property
    def first(self) -> datetime | None:
        """When the first of the items seen wakes next."""
        return start_of(self._first, self._creditor.time_zone) if self._first else None

    def due(self, invoice: Invoice, *, anew: bool) -> list[tuple[Wake, Invoice, Item]]:
        """The wakes of an invoice's items up to today; with `anew` by buckets just in force."""
        found: list[tuple[Wake, Invoice, Item]] = []
        for item in invoice.items:
            if not item.open:
                continue
            if anew:
                self._reschedule(invoice, item)
            if item.wakes_on is not None and item.wakes_on <= self._today:
                found += self._wakes(invoice, item)
            day = item.wakes_on
            if day is not None and (self._first is None or day < self._first):
                self._first = day
        return found

    def _wakes(self, invoice: Invoice, item: Item) -> list[tuple[Wake, Invoice, Item]]:
        """The wakes of an item up to today; it is put down for the next one after that."""
        found: list[tuple[Wake, Invoice, Item]] = []
        day, zone = item.wakes_on, self._creditor.time_zone
        while day is not None and day <= self._today:
            name = (start_of(day, zone), invoice.account_id, invoice.invoice_id, item.item_id, day)
            found.append((name, invoice, item))
            day = self._creditor.aging.next_on(item.due_on, day)
        item.wakes_on = day
        self._party.keep(invoice)
        return found

    def age(self, invoice: Invoice, item: Item, day: date, moment: datetime) -> None:
        """Begin `day` for an item: overdue if it was not yet, and in its bucket."""
        days = past_due_days(item.due_on, day)
        fell = not item.overdue
        if fell:
            item.overdue = True
            if item.first_overdue_on is None or day < item.first_overdue_on:
                item.first_overdue_on = day
            overdue = state(
                written.InvoiceOverdue,
                self._account,
                invoice,
                item,
                overdue_on=day,
                past_due_days=days,
            )
            self._emit(overdue, invoice, item, moment)
        self._into_bucket(invoice, item, day, moment, fell=fell)

    def _reschedule(self, invoice: Invoice, item: Item) -> None:
        """Put an overdue item where buckets that have just come into force say it belongs."""
        if item.overdue:
            self._into_bucket(invoice, item, self._today, self._until)
            item.wakes_on = self._creditor.aging.next_on(item.due_on, self._today)
            self._party.keep(invoice)

    def _into_bucket(
        self, invoice: Invoice, item: Item, day: date, moment: datetime, *, fell: bool = False
    ) -> None:
        days = past_due_days(item.due_on, day)
        bucket = self._creditor.aging.label(days)
        before = None if fell else Age(item.bucket, item.due_on)
        after = Age(bucket, item.due_on)
        change(
            self._party,
            self._account,
            invoice.currency,
            self._effects,
            before=(before, item.open),
            after=(after, item.open),
        )
        if bucket == item.bucket:
            return
        changed = state(
            written.InvoiceBucketChanged,
            self._account,
            invoice,
            item,
            previous=item.bucket,
            bucket=bucket,
            past_due_days=days,
            changed_on=day,
        )
        item.bucket = bucket
        self._emit(changed, invoice, item, moment)

    def _emit(self, fact: facts.ItemState, invoice: Invoice, item: Item, moment: datetime) -> None:
        names = (invoice.account_id, invoice.invoice_id, item.item_id)
        self._effects.emit(
            fact,
            topic=COLLECTIONS_LEDGER,
            subject=invoice.account_id,
            entity=SEPARATOR.join(names),
            time=moment,
        )
