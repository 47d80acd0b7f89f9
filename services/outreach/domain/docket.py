"""The docket: one party's documents in hand, with what holds now and where facts go."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime

from services.outreach.domain.account import Account, Profile, Tries
from services.outreach.domain.caps import Contact, ContactLog
from services.outreach.domain.configuration import Creditor, InForce
from services.outreach.domain.consent import Consents
from services.outreach.domain.days import day_of, start_of
from services.outreach.domain.item import Item, item_key
from services.outreach.domain.policy import Policy
from services.outreach.domain.task import PastTask
from shared.configuration import GRACE_DAYS_MAX
from shared.core import Effects, Party
from shared.events.base import Fact
from shared.topics import OUTREACH_ACTIVITY


@dataclass(slots=True)
class Docket:
    """All that folding one event, one wake or one decision works with.

    `time` is what facts are stamped with; `now` is the line's clock, which decisions go by.
    """

    party: Party
    effects: Effects
    in_force: InForce
    time: datetime
    now: datetime

    @property
    def policy(self) -> Policy:
        """The policy in force."""
        return self.in_force.policy

    @property
    def soon(self) -> datetime:
        """What to look at by the next tick is to be looked at from the latest one on.

        An event's own time may be anything; it says nothing of when something is done about it.
        """
        return self.effects.now

    def account(self, account_id: str) -> Account | None:
        """The head of an account, if it is known."""
        return self.party.find(Account, account_id)

    def accounts(self) -> Iterator[Account]:
        """All accounts of the party."""
        return self.party.all(Account)

    def profile(self, account: Account) -> Profile | None:
        """Who the debtor is."""
        return self.party.find(Profile, account.account_id)

    def item(self, account: Account, item_id: str) -> Item | None:
        """One item, if it is at hand."""
        return self.party.find(Item, item_key(account.account_id, item_id))

    def tried(self, account: Account, item: Item, step: str) -> Tries:
        """How often a step was tried on an item, to be looked at."""
        tries = account.tries
        if tries is not None and tries.step == step and tries.item_id == item.item_id:
            return tries
        return Tries(item.item_id, step, item.attempts.get(step, 0), item.misses.get(step, 0))

    def take_up(self, account: Account, item: Item, step: str) -> Tries:
        """As `tried`, to be counted on: it is the step in hand from now on."""
        tries = self.tried(account, item, step)
        if tries is not account.tries:
            last = None if account.tries is None else self.item(account, account.tries.item_id)
            if last is not None:
                self.own(account, last)
            account.tries = tries
        self.party.keep(account)
        return tries

    def own(self, account: Account, item: Item) -> None:
        """Keep an item, with the tries of it that the account had."""
        self.party.keep(item)
        tries = account.tries
        if tries is not None and tries.item_id == item.item_id:
            item.attempts[tries.step], item.misses[tries.step] = tries.attempts, tries.misses
            account.tries = None
            self.party.keep(account)

    def past_task(self, task_id: str) -> PastTask | None:
        """A closed task, if there was one of this id."""
        return self.party.find(PastTask, task_id)

    def items(self, account: Account) -> list[Item]:
        """The open items of an account."""
        name = account.account_id
        return [i for i in self.party.all(Item) if i.account_id == name and i.open_minor > 0]

    def owes(self, account: Account) -> bool:
        """Whether any item of an account is open (mostly the anchor is: no need to look on)."""
        anchor = None if account.anchor is None else self.item(account, account.anchor.item_id)
        if anchor is not None and anchor.open_minor > 0:
            return True
        name = account.account_id
        return any(i.open_minor > 0 and i.account_id == name for i in self.party.all(Item))

    def log(self) -> ContactLog:
        """The contact log of the party."""
        return self.party.find(ContactLog) or ContactLog()

    def contacts(self) -> list[Contact]:
        """The contacts that count for the party's caps, oldest first: open tasks among them."""
        made = self.log().contacts
        pending = {
            task.task_id: Contact(task.task_id, account.account_id, task.channel, task.not_before)
            for account in self.accounts()
            if (task := account.task) is not None
        }
        if not pending:
            return made
        counted = [contact for contact in made if contact.task_id not in pending]
        return sorted([*counted, *pending.values()], key=lambda contact: contact.at)

    def consents(self) -> Consents:
        """What the debtor agreed to or took back."""
        return self.party.find(Consents) or Consents()

    def creditor(self, account: Account) -> Creditor:
        """The account's creditor."""
        return self.in_force.creditor(account.creditor_id)

    def today(self, account: Account) -> date:
        """The creditor's business date now."""
        return day_of(self.now, self.creditor(account).time_zone)

    def day(self, account: Account, moment: datetime) -> date:
        """The creditor's business date at a moment."""
        return day_of(moment, self.creditor(account).time_zone)

    def start(self, account: Account, day: date) -> datetime:
        """The moment at which a day begins for the creditor."""
        return start_of(day, self.creditor(account).time_zone)

    def grace_days(self, account: Account) -> int:
        """The account's days of grace, else the creditor's, else the policy's."""
        profile = self.profile(account)
        told = None if profile is None else profile.account.grace_days
        if told is None:
            told = self.creditor(account).grace_days
        return self.policy.grace_days if told is None else min(told, GRACE_DAYS_MAX)

    def tell(
        self,
        account: Account,
        fact: Fact,
        *,
        entity: str,
        topic: str = OUTREACH_ACTIVITY,
        expires_at: datetime | None = None,
    ) -> None:
        """Send a fact about an account. A tick causes facts of many accounts: each is named."""
        self.effects.emit(
            fact,
            topic=topic,
            subject=account.account_id,
            entity=f"{account.account_id}\x1f{entity}",
            time=self.time,
            expires_at=expires_at,
        )
