"""What time alone does to an account: tasks expire, holds begin and end, promises are judged."""

from datetime import datetime

from services.outreach.domain.account import Account
from services.outreach.domain.docket import Docket
from services.outreach.domain.holds import begin, expire
from services.outreach.domain.promises import fall_due
from services.outreach.domain.withdraw import miss, put_away


def pass_moment(docket: Docket, account: Account, moment: datetime) -> None:
    """Note all that has come to pass for an account by `moment`."""
    if account.task is not None and account.task.expires_at <= moment:
        task = put_away(docket, account, "missed")
        if task is not None:
            miss(docket, account, task)
    for hold in account.holds:
        if not hold.begun and hold.begins_at <= moment:
            begin(docket, account, hold)
    for promise in account.promises:
        if promise.state == "open" and promise.judge_at <= moment:
            fall_due(docket, account, promise)
    for hold in account.holds:
        if not hold.ended and hold.ends_at is not None and hold.ends_at <= moment:
            expire(docket, account, hold)
    account.book()
