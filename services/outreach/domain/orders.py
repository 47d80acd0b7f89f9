"""Commands: what people ask for, each applied or refused with a reason, never nothing."""

from collections.abc import Callable
from typing import Any, Final

from services.outreach.domain import orders_contacts, orders_holds
from services.outreach.domain.account import Account
from services.outreach.domain.docket import Docket
from services.outreach.domain.orders_holds import Refusal
from shared.events import commands as told
from shared.events.outreach import CommandApplied, CommandRefused


def order(docket: Docket, account: Account, command: told.Command) -> None:
    """Carry a command out, or refuse it without any change; say which."""
    carry_out = _ORDERS.get(type(command))
    refused: Refusal | None = ("not_yet_supported", "")
    if carry_out is not None:
        refused = carry_out(docket, account, command)
    if refused is None:
        applied = CommandApplied(**_about(account, command))
        docket.tell(account, applied, entity=command.command_id)
    else:
        refuse(docket, account, command, *refused)


def refuse(
    docket: Docket, account: Account, command: told.Command, reason: str, field: str = ""
) -> None:
    """Say why a command took no effect."""
    fact = CommandRefused(**_about(account, command), reason=reason, field=field)
    docket.tell(account, fact, entity=command.command_id)


def _about(account: Account, command: told.Command) -> dict[str, Any]:
    return {
        "account_id": command.account_id,
        "creditor_id": account.creditor_id,
        "command_id": command.command_id,
        "command": command.type.removeprefix("outreach.").removesuffix(".v1"),
        "user": command.user,
    }


_ORDERS: Final[dict[type[told.Command], Callable[[Docket, Account, Any], Refusal | None]]] = {
    told.PromiseMake: orders_holds.promise_make,
    told.PromiseCancel: orders_holds.promise_cancel,
    told.PromiseReschedule: orders_holds.promise_reschedule,
    told.HoldPlace: orders_holds.hold_place,
    told.HoldRelease: orders_holds.hold_release,
    told.ConsentSet: orders_contacts.consent_set,
    told.DisputeOpen: orders_holds.dispute_open,
    told.DisputeResolve: orders_holds.dispute_resolve,
    told.ContactRecord: orders_contacts.contact_record,
    told.ContactRequest: orders_contacts.contact_request,
    told.NoteAdd: orders_contacts.note_add,
}
