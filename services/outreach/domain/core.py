"""The core of outreach: from each kind of event, wake and decision to the rules that take it.

| event | what outreach does |
|---|---|
| collections.account.changed | knows the debtor; holds from blocks and statuses |
| collections.invoice.*, payment.* | items, the anchor, cases; withdraws what is paid or changed |
| collections.dispute.*, payment.scheduled/failed | holds |
| collections.account.scored | band and priority of what is decided next |
| collections.party.parked, .unparked | withdraws everything, contacts nobody; looks again |
| outreach.<command> | applied or refused |
| outreach.contact.<outcome> | attempts, steps taken, STOPs obeyed |
| billing.config.published, billing.address.suppressed | for all parties |
| a tick | bookkeeping, then one decision for each account that is to be looked at |
"""

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Final

from services.outreach.domain.account import Account, Profile
from services.outreach.domain.addresses import SuppressedAddresses, suppress
from services.outreach.domain.caps import ContactLog
from services.outreach.domain.configuration import Configured, publish
from services.outreach.domain.consent import Consents
from services.outreach.domain.decide import decide_account
from services.outreach.domain.docket import Docket
from services.outreach.domain.intake import HANDLERS, REOPENING, reopens
from services.outreach.domain.item import Item, item_key
from services.outreach.domain.orders import order, refuse
from services.outreach.domain.parking import park, unpark
from services.outreach.domain.policy import Policy
from services.outreach.domain.reported import report
from services.outreach.domain.stage import tell_stage
from services.outreach.domain.task import PastTask
from services.outreach.domain.wakes import pass_moment
from shared.configuration import Configuration
from shared.core import Document, Effects, Event, Party, Refusal
from shared.events.base import REGISTRY
from shared.events.billing import AddressSuppressed, ConfigPublished
from shared.events.commands import Command
from shared.events.ledger import PartyParked, PartyUnparked
from shared.events.outcomes import Outcome

_ACTED_ON: Final = frozenset(
    name
    for name, kind in REGISTRY.items()
    if issubclass(kind, (Command, Outcome, PartyParked, PartyUnparked))
)
"""The types that are acted on besides those of `HANDLERS`."""
_SELF: Final = "outreach"
_WANTING: Final = frozenset(
    name for name, kind in REGISTRY.items() if issubclass(kind, (Outcome, *REOPENING))
)
"""The types that name documents that may be settled (asking a model what it is takes longer)."""
_NO_TICK: Final = datetime(1970, 1, 1, tzinfo=UTC)


class OutreachCore:
    """Decides who is contacted; satisfies `shared.core.Core`.

    `policy` is in force until one is published. What is kept on the instance are parsed forms of
    what the partition's own documents say, never anything that those do not.
    """

    documents: tuple[type[Document], ...] = (
        Account, Profile, Item, PastTask, ContactLog, Consents, Configuration, SuppressedAddresses,
    )  # fmt: skip

    def __init__(self, policy: Policy) -> None:
        """Start with a policy that holds until another one is published."""
        self._configured = Configured(policy)

    def wants(self, event: Event) -> Iterable[tuple[type[Document], str]]:
        """The items that may reopen, with their steps and numbers; the task of an outcome."""
        if event.type not in _WANTING:
            return ()
        data = event.data
        if isinstance(data, Outcome):
            return ((PastTask, data.task_id),)
        if isinstance(data, REOPENING):
            return [(Item, item_key(data.account_id, item_id)) for item_id in reopens(data)]
        return ()

    def fold(self, party: Party, event: Event, effects: Effects) -> Refusal | None:
        """Fold one event. Nothing is refused to the line: commands are answered with a fact."""
        handler = HANDLERS.get(event.type)
        data = event.data
        if handler is None and event.type not in _ACTED_ON:
            return None
        now = effects.now
        if now == _NO_TICK or event.woken:
            now = max(now, event.time)
        docket = Docket(party, effects, self._configured.at(effects.shared, now), event.time, now)
        if handler is not None:
            handler(docket, data)
        elif isinstance(data, PartyParked):
            park(docket, by=data.service)
        elif isinstance(data, PartyUnparked):
            unpark(docket, by=data.service)
        elif isinstance(data, Command):
            self._command(docket, data)
        elif isinstance(data, Outcome):
            account = docket.account(data.account_id)
            if account is not None:
                name = event.type.removeprefix("outreach.contact.").removesuffix(".v1")
                report(docket, account, name, data)
                _close(docket, account)
        return None

    def wake(self, party: Party, until: datetime, effects: Effects) -> None:
        """Expire tasks, begin and end holds, judge promises, each at its own moment, in order."""
        while (account := _first_to_book(party, until)) is not None:
            moment = account.book_at or until
            in_force = self._configured.at(effects.shared, moment)
            docket = Docket(party, effects, in_force, moment, moment)
            pass_moment(docket, account, moment)
            _close(docket, account)

    def decide(self, party: Party, at: datetime, effects: Effects) -> None:
        """Decide for each account that is to be looked at, the most pressing first."""
        in_force = self._configured.at(effects.shared, at)
        docket = Docket(party, effects, in_force, at, at)
        due = [
            account
            for account in party.all(Account)
            if account.rules_seen != in_force.seen
            or (account.look_at is not None and account.look_at <= at)
        ]
        if len(due) > 1:
            due.sort(key=lambda one: (-one.priority, one.last_task_at or _NO_TICK, one.account_id))
        for account in due:
            decide_account(docket, account, at)
            party.keep(account)

    def wake_at(self, party: Party) -> datetime | None:
        """The first moment of any of the party's accounts."""
        first: datetime | None = None
        for account in party.all(Account):  # asked for after every event: plain loops are cheapest
            for moment in (account.look_at, account.book_at):
                if moment is not None and (first is None or moment < first):
                    first = moment
        return first

    def share(self, event: Event, effects: Effects) -> bool:
        """Take a configuration (all parties look again) or an address that said STOP."""
        data = event.data
        if isinstance(data, ConfigPublished):
            return publish(effects.shared, data, now=effects.now)
        if isinstance(data, AddressSuppressed):
            suppress(effects.shared, data.channel, data.address_digest, data.reason)
        return False

    def tick(self, at: datetime, effects: Effects) -> None:
        """Nothing is decided for a partition as a whole."""

    def parked(self, party: Party, effects: Effects) -> None:
        """Withdraw what stands open for a party whose events cannot be folded for now."""
        park(self._docket_now(party, effects), by=_SELF)

    def unparked(self, party: Party, effects: Effects) -> None:
        """What was withdrawn is looked at again, with the next tick, by what is known by then."""
        unpark(self._docket_now(party, effects), by=_SELF)

    def _docket_now(self, party: Party, effects: Effects) -> Docket:
        now = effects.now
        return Docket(party, effects, self._configured.at(effects.shared, now), now, now)

    def _command(self, docket: Docket, command: Command) -> None:
        account = docket.account(command.account_id)
        if account is None:
            unknown = Account(command.account_id)
            refuse(docket, unknown, command, "unknown_account", "account_id")
            return
        order(docket, account, command)
        _close(docket, account)


def _first_to_book(party: Party, until: datetime) -> Account | None:
    """The account that has something to note up to `until` before all others."""
    first: tuple[datetime, str] | None = None
    found = None
    for account in party.all(Account):
        moment = account.book_at
        if moment is None or moment > until:
            continue
        place = (moment, account.account_id)
        if first is None or place < first:
            first, found = place, account
    return found


def _close(docket: Docket, account: Account) -> None:
    tell_stage(docket, account)
    docket.party.keep(account)
