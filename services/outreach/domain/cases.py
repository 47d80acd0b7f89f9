"""Cases: opened when something is overdue, closed when nothing is any more."""

from typing import Literal

from services.outreach.domain.account import Account, Case
from services.outreach.domain.docket import Docket
from services.outreach.domain.task import task_id
from shared.events.outreach import CaseClosed, CaseOpened


def settle_case(docket: Docket, account: Account, *, written_off: bool = False) -> None:
    """Open or close the case, as what is overdue now asks for."""
    if account.overdue_items and account.case is None:
        _open(docket, account)
    elif not account.overdue_items and account.case is not None:
        _close(docket, account, account.case, written_off=written_off)


def _open(docket: Docket, account: Account) -> None:
    account.cases += 1
    case_id = task_id(
        account_id=account.account_id,
        case_id=str(account.cases),
        anchor_id="",
        step="",
        attempt=0,
    )
    account.case = Case(case_id, docket.time)
    docket.party.keep(account)
    fact = CaseOpened(
        account_id=account.account_id,
        creditor_id=account.creditor_id,
        case_id=case_id,
        policy=docket.policy.name,
        opened_at=docket.time,
    )
    docket.tell(account, fact, entity=case_id)


def _close(docket: Docket, account: Account, case: Case, *, written_off: bool) -> None:
    reason: Literal["cured", "settled", "written_off"] = "cured"
    if written_off:
        reason = "written_off"
    elif not account.owes:
        reason = "settled"
    account.case = None
    account.last_step = ""
    docket.party.keep(account)
    fact = CaseClosed(
        account_id=account.account_id,
        creditor_id=account.creditor_id,
        case_id=case.case_id,
        reason=reason,
        opened_at=case.opened_at,
        closed_at=docket.time,
    )
    docket.tell(account, fact, entity=case.case_id)
