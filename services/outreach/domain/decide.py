"""Deciding, at a tick: is a step due, may it be done, and a record of the answer either way."""

from datetime import date, datetime, timedelta

from services.outreach.domain.account import Account
from services.outreach.domain.agenda import agenda_of, start_of_step
from services.outreach.domain.anchor import settle_anchor
from services.outreach.domain.docket import Docket
from services.outreach.domain.item import Item
from services.outreach.domain.permission import Permitted, Refused, held_back, permit
from services.outreach.domain.policy import Step
from services.outreach.domain.release import release
from services.outreach.domain.stage import tell_stage
from services.outreach.domain.statement import Statement, statement
from services.outreach.domain.suppress import suppress

ON_REQUEST = "on_request"
"""The step of a contact that a person asked for."""


def decide_account(docket: Docket, account: Account, at: datetime) -> None:
    """Look at one account: release a task, or say why not, and set when to look again."""
    account.look_at = None
    account.waits_for_cap = False
    day = docket.day(account, at)
    if account.rules_seen != docket.in_force.seen:
        account.rules_seen = docket.in_force.seen
        account.stale = True
    if account.stale:
        settle_anchor(docket, account, day)
    if docket.in_force.changes_at is not None:
        account.look(docket.in_force.changes_at)
    if account.task is None:
        _wanted(docket, account, day, at)
    if account.task is None and account.anchor is not None:
        item = docket.item(account, account.anchor.item_id)
        if item is not None:
            _step(docket, account, item, day, at)
    tell_stage(docket, account)


def _step(docket: Docket, account: Account, item: Item, day: date, at: datetime) -> None:
    """Take the step that is due, or give it up, until one waits, is released, or none is due."""
    while True:
        found = agenda_of(docket, account, item, day)
        moment = start_of_step(docket, account, found)
        if moment is not None:
            account.look(moment)
        if found.step is None:
            return
        refused = _try(docket, account, item, found.step, day=day, at=at)
        if refused is None:
            for step in found.missed:
                superseded = Refused("superseded", ("superseded",))
                suppress(docket, account, item, step, superseded, day=day, at=at)
                item.passed[step.name] = day
                docket.party.keep(item)
            return
        suppress(docket, account, item, found.step, refused, day=day, at=at)
        if not refused.final:
            account.waits_for_cap = refused.reason == "cap"
            if refused.until is not None:
                account.look(refused.until)
            return
        item.passed[found.step.name] = day
        docket.own(account, item)


def _try(
    docket: Docket, account: Account, item: Item, step: Step, *, day: date, at: datetime
) -> Refused | None:
    """Release the step's task; None if that was done, else why not."""
    refused = held_back(docket, account, pre_due=step.offset_days <= 0)
    if refused is not None:
        return refused
    if docket.tried(account, item, step.name).misses >= docket.policy.attempts_max:
        return Refused("no_answer_from_channel", ("attempts",), final=True)
    covered = _statement_for(docket, account, step, day)
    answer = permit(docket, account, step, covered.amounts, at)
    if isinstance(answer, Refused):
        return answer
    release(docket, account, item, step, covered=covered, permitted=answer, day=day, at=at)
    return None


def _statement_for(docket: Docket, account: Account, step: Step, day: date) -> Statement:
    """All that is overdue; before the due date, all that will be due within the step's days."""
    ahead_days = -step.offset_days if step.offset_days <= 0 else -1
    return statement(docket, account, day + timedelta(days=ahead_days), day)


def _wanted(docket: Docket, account: Account, day: date, at: datetime) -> None:
    """Make the contact that a person asked for, if it is its time, within the same limits."""
    wanted = account.wanted
    if wanted is None:
        return
    if wanted.channel not in docket.policy.channels:
        account.wanted = None
        return
    if wanted.not_before is not None and wanted.not_before > at:
        account.look(wanted.not_before)
        return
    item = docket.item(account, account.anchor.item_id) if account.anchor else None
    if item is None:
        account.wanted = None
        return
    like = agenda_of(docket, account, item, day)
    step = (like.step or like.next_step or docket.policy.steps[-1]).on_request(
        ON_REQUEST, wanted.channel
    )
    covered = statement(docket, account, max(item.due_on, day - timedelta(days=1)), day)
    answer: Permitted | Refused | None = held_back(docket, account, pre_due=False)
    answer = answer or permit(docket, account, step, covered.amounts, at)
    if isinstance(answer, Permitted):
        account.wanted = None
        release(docket, account, item, step, covered=covered, permitted=answer, day=day, at=at)
        return
    suppress(docket, account, item, step, answer, day=day, at=at)
    if answer.until is not None:
        account.waits_for_cap = answer.reason == "cap"
        account.look(answer.until)
    elif answer.final:
        account.wanted = None
