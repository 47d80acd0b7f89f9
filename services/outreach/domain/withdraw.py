"""Withdrawing a task: at once, when money, an objection or a STOP makes it wrong."""

from services.outreach.domain.account import Account
from services.outreach.domain.caps import Contact
from services.outreach.domain.docket import Docket
from services.outreach.domain.item import Item
from services.outreach.domain.task import PastState, Task
from shared.events.outreach import ContactCancelled
from shared.topics import OUTREACH_ACTIVITY, OUTREACH_TASKS


def withdraw(docket: Docket, account: Account, reason: str) -> None:
    """Cancel the open task, if there is one: a channel that has not acted on it must not."""
    task = account.task
    if task is None:
        return
    fact = ContactCancelled(
        account_id=account.account_id,
        creditor_id=account.creditor_id,
        task_id=task.task_id,
        channel=task.channel,
        reason=reason,
        cancelled_at=docket.time,
    )
    for topic, entity in (
        (OUTREACH_TASKS[task.channel], task.task_id),
        (OUTREACH_ACTIVITY, f"{task.task_id}|activity"),
    ):
        docket.tell(account, fact, entity=entity, topic=topic)
    put_away(docket, account, "cancelled")


def put_away(docket: Docket, account: Account, state: PastState) -> Task | None:
    """Close the open task; unless it was made it no longer counts, and others may go first."""
    past = account.close_task(state)
    if past is None:
        return None
    task = docket.party.keep(past).task
    account.book()
    account.look(docket.soon)
    docket.party.keep(account)
    if state == "made":
        count(docket, account, task)
    else:
        free(docket, task)
    return task


def count(docket: Docket, account: Account, task: Task) -> None:
    """Let a closed task that was made go on counting for the party's caps."""
    log = docket.log()
    contact = Contact(task.task_id, account.account_id, task.channel, task.not_before)
    log.reserve(contact, keep_days=docket.policy.remembers_days)
    docket.party.keep(log)


def free(docket: Docket, task: Task) -> None:
    """A contact did not come about: it counts no more, and those look who waited for it."""
    log = docket.log()
    if log.free(task.task_id):
        docket.party.keep(log)
    for account in docket.accounts():
        if account.waits_for_cap:
            account.look(docket.soon)
            docket.party.keep(account)


def miss(docket: Docket, account: Account, task: Task) -> Item | None:
    """Note on the anchor that no channel carried a task out."""
    item = docket.item(account, task.anchor_id)
    if item is not None and task.case_id in ("", item.case_id):
        tries = docket.tried(account, item, task.step)
        tries.misses += 1
        if tries is account.tries:
            docket.party.keep(account)
        else:
            item.misses[task.step] = tries.misses
            docket.party.keep(item)
    return item
