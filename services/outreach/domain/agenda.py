"""Which step of the policy is due for an item, and when the next one will be."""

from bisect import bisect_right
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache

from services.outreach.domain.account import Account
from services.outreach.domain.days import NEVER, later, start_of
from services.outreach.domain.docket import Docket
from services.outreach.domain.history import take_in
from services.outreach.domain.hold import Spans, day_of_delinquency, delinquent_days, spans_of
from services.outreach.domain.hours import Window, opening_on
from services.outreach.domain.item import Item
from services.outreach.domain.places import zones_of
from services.outreach.domain.policy import Ladder, Policy, Step


@dataclass(slots=True)
class Agenda:
    """The step to take now, if one is due and not yet taken; what it leaves out; what is next."""

    step: Step | None = None
    missed: tuple[Step, ...] = ()
    next_step: Step | None = None
    next_on: date = NEVER


def agenda(policy: Policy, item: Item, day: date, *, spans: Spans, grace_days: int) -> Agenda:
    """Derive the step from the item's due date and `day` alone: nothing is chained from "now".

    Of several steps that are due only the latest counts; those before it that were never taken
    are `missed`. Steps before the due date are in time up to the due date itself.
    """
    overdue = day > item.due_on
    if overdue and policy.ladder is not None:
        return _on_ladder(policy.ladder, item, day, spans=spans, grace_days=grace_days)
    due: list[Step] = []
    upcoming, upcoming_on = None, NEVER
    for i, step in enumerate(policy.steps):
        if step.offset_days <= 0:
            if overdue:
                continue
            on = later(item.due_on, step.offset_days)
        else:
            on = day_of_delinquency(spans, item.due_on, step.offset_days, grace_days=grace_days)
        if step.after_previous_days is not None:
            before = item.closed_on(policy.steps[i - 1].name)
            wait = later(before, step.after_previous_days) if before else NEVER
            on = max(on, wait)
        if on <= day:
            due.append(step)
        elif on < upcoming_on:
            upcoming, upcoming_on = step, on
            if step.after_previous_days is None:
                break  # Those behind it fall due no earlier.
    latest = due[-1] if due else None
    if latest is None or item.closed_on(latest.name):
        return Agenda(next_step=upcoming, next_on=upcoming_on)
    missed = tuple(step for step in due[:-1] if not item.closed_on(step.name))
    return Agenda(latest, missed, upcoming, upcoming_on)


def _on_ladder(ladder: Ladder, item: Item, day: date, *, spans: Spans, grace_days: int) -> Agenda:
    """The same, looked up: each step falls due by its delinquent days alone."""
    reached = delinquent_days(spans, item.due_on, day, grace_days=grace_days)
    count = bisect_right(ladder.days, reached)
    upcoming, on = None, NEVER
    if count < len(ladder.steps):
        upcoming = ladder.steps[count]
        days = upcoming.offset_days
        on = day_of_delinquency(spans, item.due_on, days, grace_days=grace_days)
    if not count or item.closed_on(ladder.steps[count - 1].name):
        return Agenda(next_step=upcoming, next_on=on)
    due = ladder.steps[:count]
    missed = tuple([step for step in due[:-1] if not item.closed_on(step.name)])
    return Agenda(due[-1], missed, upcoming, on)


def agenda_of(docket: Docket, account: Account, item: Item, day: date) -> Agenda:
    """The agenda of an account's anchor, whose steps begin anew with each case."""
    spans = spans_of(account.holds, item) if account.holds else []
    grace_days = docket.grace_days(account)
    overdue = day > item.due_on
    if overdue and account.case is not None and account.case.case_id != item.case_id:
        docket.own(account, item)
        item.enter(account.case.case_id)
    if item.brought is not None and (account.case is not None or not overdue):
        take_in(docket.policy, item, item.brought, spans=spans, grace_days=grace_days)
        item.brought = None
        docket.party.keep(item)
    return agenda(docket.policy, item, day, spans=spans, grace_days=grace_days)


def zones_for(docket: Docket, account: Account, point_zone: str = "") -> tuple[str, ...]:
    """All time zones in which the debtor may be."""
    creditor_zone = docket.creditor(account).time_zone
    profile = docket.profile(account)
    if profile is None:
        return (creditor_zone,)
    known = profile.account
    return zones_of(known.time_zones or (), point_zone, known.country or "", creditor_zone)


def start_of_step(docket: Docket, account: Account, found: Agenda) -> datetime | None:
    """When the next step's contact day begins where the debtor is, and the creditor's day has."""
    if found.next_step is None or found.next_on >= NEVER:
        return None
    window = docket.policy.channels[found.next_step.channels[0]].window
    own = docket.creditor(account).time_zone
    return _begins(window, found.next_on, zones_for(docket, account), own)


@lru_cache(maxsize=8192)
def _begins(window: Window, day: date, zones: tuple[str, ...], own: str) -> datetime:
    return max(opening_on(window, day, zones), start_of(day, own))


def replan(docket: Docket, account: Account) -> None:
    """Set when the account is next to be looked at, after something that touched it."""
    account.look_at = docket.in_force.changes_at
    if account.stale or account.wanted is not None:
        account.look(docket.soon)
    if account.task is not None or account.stale or account.anchor is None:
        return
    item = docket.item(account, account.anchor.item_id)
    if item is None:
        account.forget_anchor(docket.soon)
        return
    found = agenda_of(docket, account, item, docket.today(account))
    moment = docket.soon if found.step is not None else start_of_step(docket, account, found)
    if moment is not None:
        account.look(moment)
