"""May this contact be made now? A column of guards, each with the refusal that it names."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from services.outreach.domain.account import Account
from services.outreach.domain.agenda import zones_for
from services.outreach.domain.caps import Contact, exhausted
from services.outreach.domain.docket import Docket
from services.outreach.domain.hours import opening, shut
from services.outreach.domain.policy import Policy, Step
from services.outreach.domain.recipient import Reachable, Unreachable, reach
from shared.events.outreach import SuppressionReason

_ROUNDS_MAX: Final = 32
_REACHED: Final = ("contact_point", "consent", "address")


@dataclass(slots=True)
class Refused:
    """A contact that is not made, and why.

    With `until` it may be asked for again then; with `final` never: the step is passed. With
    neither, some event has to change what it rests on.
    """

    reason: SuppressionReason
    rules: tuple[str, ...]
    channel: str = ""
    until: datetime | None = None
    final: bool = False


@dataclass(slots=True)
class Permitted:
    """A contact that is lawful now, with whom and in which time zones."""

    reachable: Reachable
    zones: tuple[str, ...]
    rules: tuple[str, ...]


def held_back(docket: Docket, account: Account, *, pre_due: bool) -> Refused | None:
    """The guards that look at the account alone."""
    if docket.log().parked_by:
        return Refused("parked", ("parked",))
    anchor = account.anchor
    if anchor is not None and anchor.held_by:
        return Refused(_HELD[anchor.held_by], (f"hold.{anchor.held_by}",))
    profile = docket.profile(account)
    if pre_due and profile is not None and profile.account.autopay:
        return Refused("hold_autopay", ("autopay",), final=True)
    return None


def permit(
    docket: Docket, account: Account, step: Step, amounts: dict[str, int], at: datetime
) -> Permitted | Refused:
    """The guards that look at the amounts, the channel, the hours and the caps, in this order."""
    rules: tuple[str, ...] = ("holds", "minimum")
    if not any(amounts.values()):
        return Refused("paid", ("collectable",))
    if not _reaches(step.minimum_minor, amounts):
        return Refused("below_minimum", rules)
    found = reach(docket, account, step.channels)
    rules += _REACHED
    if isinstance(found, Unreachable):
        return Refused(found.reason, rules, found.channel, final=True)
    zones = zones_for(docket, account, found.point.time_zone or "")
    log = docket.contacts()
    policy = docket.policy
    window = policy.channels[found.channel].window
    rules += (f"hours.{found.channel}",)
    closed = shut(window, at, zones)
    if closed:
        until = earliest(policy, log, found.channel, at, zones)
        return _refused(closed, rules, found.channel, until)
    limit = exhausted(log, policy, found.channel, at, zones)
    if limit is not None:
        until = earliest(policy, log, found.channel, at, zones)
        return _refused("cap", (*rules, limit.rule), found.channel, until)
    return Permitted(found, zones, rules + policy.cap_names)


def earliest(
    policy: Policy, log: Sequence[Contact], channel: str, at: datetime, zones: Sequence[str]
) -> datetime | None:
    """The first moment from `at` on that hours and caps both allow; None if there is none.

    It is the least fixed point of both: waiting out a cap may end in another's closed hours.
    """
    window = policy.channels[channel].window  # type: ignore[index]  # a channel of the policy
    moment: datetime | None = at
    for _ in range(_ROUNDS_MAX):
        start = moment
        moment = None if moment is None else opening(window, moment, zones)
        if moment is None:
            return None
        limit = exhausted(log, policy, channel, moment, zones)
        if limit is not None:
            moment = limit.until
        if moment == start:
            return moment
    return None


def _refused(
    reason: SuppressionReason, rules: tuple[str, ...], channel: str, until: datetime | None
) -> Refused:
    if until is None:
        return Refused("not_lawful", rules, channel, final=True)
    return Refused(reason, rules, channel, until=until)


def _reaches(minimum: dict[str, int], amounts: dict[str, int]) -> bool:
    return any(owed > 0 and owed >= minimum.get(currency, 0) for currency, owed in amounts.items())


_HELD: Final[dict[str, SuppressionReason]] = {
    "dispute": "hold_dispute",
    "promise": "hold_promise",
    "plan": "hold_plan",
    "hardship": "hold_hardship",
    "breathing_space": "hold_breathing_space",
    "legal": "hold_legal",
    "autopay": "hold_autopay",
    "block": "hold_block",
    "manual": "hold_manual",
}
