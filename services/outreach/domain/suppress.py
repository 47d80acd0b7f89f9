"""Telling that a contact was due and was not made: once for each step and reason."""

from datetime import date, datetime

from services.outreach.domain.account import Account
from services.outreach.domain.docket import Docket
from services.outreach.domain.item import Item
from services.outreach.domain.permission import Refused
from services.outreach.domain.policy import Step
from services.outreach.domain.record import decision
from shared.events.outreach import ContactSuppressed


def suppress(
    docket: Docket,
    account: Account,
    item: Item,
    step: Step,
    refused: Refused,
    *,
    day: date,
    at: datetime,
) -> None:
    """Say why a step's contact was not made, unless it was said of this anchor and case before."""
    case_id = account.case.case_id if account.case else ""
    about = f"{case_id}|{item.item_id}"
    if account.said_of != about:
        account.said_of, account.said = about, []
    words = f"{step.name}|{refused.reason}"
    if words in account.said:
        return
    account.said.append(words)
    docket.tell(
        account,
        ContactSuppressed(
            account_id=account.account_id,
            creditor_id=account.creditor_id,
            case_id=case_id,
            channel=refused.channel or step.channels[0],
            step=step.name,
            reason=refused.reason,
            until=refused.until,
            decision=decision(
                docket,
                account,
                item,
                step.name,
                rules=refused.rules,
                zones=(),
                day=day,
                at=at,
                earliest=refused.until,
            ),
        ),
        entity=words,
    )
