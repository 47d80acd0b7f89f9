"""Withdrawing a task: at once, when money, an objection or a STOP makes it wrong."""

from services.outreach.domain.account import Account
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
    if state != "made":
        free(docket, task)
    return task


def free(docket: Docket, task: Task) -> None:
    """Take a contact that did not come about out of the log, and let those look who waited."""
    log = docket.log()
    log.free(task.task_id)
    docket.party.keep(log)
    for account in docket.accounts():
        if account.waits_for_cap:
            account.look(docket.soon)
            docket.party.keep(account)


def miss(docket: Docket, account: Account, task: Task) -> Item | None:
    """Note on the anchor that no channel carried a task out."""
    item = docket.item(account, task.anchor_id)
    if item is not None and task.case_id == (item.case_id if task.case_id else ""):
        item.misses[task.step] = item.misses.get(task.step, 0) + 1
        docket.party.keep(item)
    return item
