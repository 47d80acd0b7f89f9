"""What channels report: which outcome means that a contact was made, and what else follows."""

from dataclasses import dataclass, replace
from typing import Final

from services.outreach.domain.account import Account
from services.outreach.domain.agenda import replan
from services.outreach.domain.consents import revoke
from services.outreach.domain.docket import Docket
from services.outreach.domain.task import PastState, PastTask, Task
from services.outreach.domain.withdraw import count, free, miss, put_away, withdraw
from shared.events.outcomes import Outcome
from shared.events.outreach import ContactAttempted, Money


@dataclass(frozen=True, slots=True)
class Meaning:
    """What an outcome says: `made` the debtor was (or may have been) reached, so it counts.

    Calls that do not connect are left out of caps, as in 12 CFR 1006.14(b)(3)(ii); a ring without
    an answer counts. An outcome that is no `attempt` says that the channel did nothing.
    """

    made: bool
    attempt: bool = True
    address_invalid: bool = False
    revokes: bool = False


MEANINGS: Final = {
    "sent": Meaning(made=True),
    "delivered": Meaning(made=True),
    "failed": Meaning(made=False),
    "bounced": Meaning(made=False, address_invalid=True),
    "no_answer": Meaning(made=True),
    "busy": Meaning(made=False),
    "voicemail": Meaning(made=True),
    "answered": Meaning(made=True),
    "replied": Meaning(made=True),
    "opted_out": Meaning(made=True, revokes=True),
    "complained": Meaning(made=True, revokes=True),
    "expired": Meaning(made=False, attempt=False),
}


def report(docket: Docket, account: Account, name: str, told: Outcome) -> None:
    """Take an outcome in, late or not, of a task that is known or not."""
    meaning = MEANINGS[name]
    if told.party == "wrong":
        meaning = replace(meaning, address_invalid=True)
    if meaning.attempt:
        docket.tell(account, _attempted(account, name, told), entity=f"{told.task_id}|{name}")
    state: PastState = "made" if meaning.made else "missed"
    if account.task is not None and account.task.task_id == told.task_id:
        task = put_away(docket, account, state)
        if task is not None:
            _mark(docket, account, task, meaning)
    elif (past := docket.past_task(told.task_id)) is not None and _is_news(past, state, meaning):
        _correct(docket, account, past.task, past.state, meaning)
        past.state = state
        docket.party.keep(past)
    if meaning.revokes:
        revoke(docket, account, told.channel, at=told.occurred_at, source=name)
    replan(docket, account)
    docket.party.keep(account)


def _is_news(past: PastTask, state: PastState, meaning: Meaning) -> bool:
    """Whether a closed task turns out otherwise; of those made, only a bounce says so."""
    if past.state == state:
        return False
    return past.state != "made" or meaning.address_invalid


def _mark(docket: Docket, account: Account, task: Task, meaning: Meaning) -> None:
    """Note what became of a task with the item that it was anchored at."""
    day = docket.day(account, task.not_before)
    item = docket.item(account, task.anchor_id)
    if meaning.address_invalid:
        profile = docket.profile(account)
        if profile is not None:
            profile.invalid[task.address_digest] = day
            docket.party.keep(profile)
    elif not meaning.made:
        miss(docket, account, task)
    if meaning.made:
        account.last_step = task.step
        if item is not None and task.case_id in ("", item.case_id):
            item.made[task.step] = day
            docket.own(account, item)


def _correct(
    docket: Docket, account: Account, task: Task, state: PastState, meaning: Meaning
) -> None:
    """A closed task turns out otherwise: a contact thought missed was made, or the reverse."""
    if meaning.made:
        count(docket, account, task)
        _mark(docket, account, task, meaning)
        if account.task is not None and account.task.step == task.step:
            withdraw(docket, account, "superseded")
    elif state == "made":
        free(docket, task)
        item = docket.item(account, task.anchor_id)
        if item is not None and item.made.pop(task.step, None) is not None:
            docket.party.keep(item)
        _mark(docket, account, task, meaning)
    elif meaning.address_invalid:
        _mark(docket, account, task, meaning)


def _attempted(account: Account, name: str, told: Outcome) -> ContactAttempted:
    cost = told.cost
    return ContactAttempted(
        account_id=account.account_id,
        creditor_id=account.creditor_id,
        task_id=told.task_id,
        channel=told.channel,
        outcome=name,
        right_party=None if told.party is None else told.party == "right",
        conversation=told.conversation,
        collector=told.collector,
        team=told.team,
        cost=None if cost is None else Money(currency=cost.currency, amount=cost.amount),
        attempted_at=told.occurred_at,
    )
