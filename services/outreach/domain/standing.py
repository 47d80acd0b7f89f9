"""Where an account stands on a day, for reports: no side effects, nothing decided."""

from datetime import date
from typing import Any

from services.outreach.domain.account import Account, Profile
from services.outreach.domain.hold import delinquent_days, spans_of
from services.outreach.domain.item import Item
from shared.core import Party


def standing(party: Party, account_id: str, day: date, *, grace_days: int = 0) -> dict[str, Any]:
    """Delinquent days of the oldest open item, holds, case and stage; JSON-shaped.

    `grace_days` is the policy's; the account's own comes first. Unknown accounts have `stage` "".
    """
    account = party.find(Account, account_id)
    if account is None:
        return {"delinquent_days": 0, "holds": [], "case": None, "stage": ""}
    profile = party.find(Profile, account_id)
    if profile is not None and profile.account.grace_days is not None:
        grace_days = profile.account.grace_days
    items = (i for i in party.all(Item) if i.account_id == account_id and i.open_minor > 0)
    oldest = min(items, key=lambda item: item.rank, default=None)
    days = 0
    if oldest is not None:
        spans = spans_of(account.holds, oldest)
        days = delinquent_days(spans, oldest.due_on, day, grace_days=grace_days)
    return {
        "delinquent_days": days,
        "holds": [
            {
                "hold_id": hold.hold_id,
                "reason": hold.reason,
                "starts_on": hold.starts_on.isoformat(),
                "ends_on": None if hold.ends_on is None else hold.ends_on.isoformat(),
                "item_ids": hold.item_ids,
                "invoice_ids": hold.invoice_ids,
            }
            for hold in account.holds
            if hold.on(day)
        ],
        "case": None
        if account.case is None
        else {
            "case_id": account.case.case_id,
            "opened_at": account.case.opened_at.isoformat().replace("+00:00", "Z"),
            "step": account.last_step,
        },
        "stage": account.stage.stage,
    }
