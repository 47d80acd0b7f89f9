"""Releasing a contact: the task for the channel, its place in the contact log, its record."""

from datetime import date, datetime, timedelta

from services.outreach.domain.account import Account
from services.outreach.domain.docket import Docket
from services.outreach.domain.hours import closing
from services.outreach.domain.item import Item
from services.outreach.domain.permission import Permitted
from services.outreach.domain.policy import Step
from services.outreach.domain.record import decision
from services.outreach.domain.statement import Statement
from services.outreach.domain.task import Task, task_id
from services.outreach.domain.wording import language_of, render
from shared.events.outreach import ContactRequested
from shared.topics import OUTREACH_ACTIVITY, OUTREACH_TASKS


def release(
    docket: Docket,
    account: Account,
    item: Item,
    step: Step,
    *,
    covered: Statement,
    permitted: Permitted,
    day: date,
    at: datetime,
) -> None:
    """Hand a contact to its channel: good from now until its window closes.

    It counts for the caps from this moment (see `Docket.contacts`), before any channel has acted.
    """
    channel = permitted.reachable.channel
    rule = docket.policy.channels[channel]
    tries = docket.take_up(account, item, step.name)
    tries.attempts += 1
    case_id = account.case.case_id if account.case else ""
    account.task = Task(
        task_id=task_id(
            account_id=account.account_id,
            case_id=case_id,
            anchor_id=item.item_id,
            step=step.name,
            attempt=tries.attempts,
        ),
        channel=channel,
        contact_point_id=permitted.reachable.point.id,
        address_digest=permitted.reachable.address_digest,
        step=step.name,
        anchor_id=item.item_id,
        case_id=case_id,
        not_before=at,
        expires_at=min(
            closing(rule.window, at, permitted.zones), at + timedelta(hours=rule.expires_hours)
        ),
        due_until=covered.due_until,
        remaining=dict(covered.amounts),
    )
    account.book()
    _request(docket, account, item, step, covered=covered, permitted=permitted, day=day, at=at)


def _request(
    docket: Docket,
    account: Account,
    item: Item,
    step: Step,
    *,
    covered: Statement,
    permitted: Permitted,
    day: date,
    at: datetime,
) -> None:
    task = account.task
    assert task is not None  # noqa: S101 - it was released just now
    language = language_of(permitted.reachable.language, step.texts)
    to = permitted.reachable.recipient(language)
    lines, amounts = covered.lines(day), covered.money()
    subject, body = render(
        step.texts[language],
        language=language,
        name=to.name,
        creditor=docket.creditor(account).name,
        amounts=amounts,
        items=lines,
        total=len(covered.owed),
    )
    fact = ContactRequested(
        account_id=account.account_id,
        creditor_id=account.creditor_id,
        task_id=task.task_id,
        case_id=task.case_id,
        channel=task.channel,
        step=step.name,
        tone=step.tone,
        not_before=task.not_before,
        expires_at=task.expires_at,
        to=to,
        subject_line=subject,
        body=body,
        amounts=amounts,
        items=lines,
        items_total=len(covered.owed),
        priority=account.priority,
        decision=decision(
            docket,
            account,
            item,
            step.name,
            collectable=amounts,
            rules=permitted.rules,
            zones=permitted.zones,
            day=day,
            at=at,
            facts={"attempt": docket.tried(account, item, step.name).attempts},
        ),
    )
    for topic, entity in (
        (OUTREACH_TASKS[task.channel], task.task_id),
        (OUTREACH_ACTIVITY, f"{task.task_id}|activity"),
    ):
        docket.tell(account, fact, entity=entity, topic=topic, expires_at=task.expires_at)
