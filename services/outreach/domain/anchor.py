"""What may be asked for: the collectable amount of each item, and the anchor that follows."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date

from services.outreach.domain.account import Account, Anchor
from services.outreach.domain.docket import Docket
from services.outreach.domain.hold import Hold, gravest, on_day
from services.outreach.domain.item import Item


@dataclass(slots=True)
class Claim:
    """What is withheld on one day: all, whole items, or parts of them (minor units by item id)."""

    blanket: Hold | None = None
    whole: list[Hold] = field(default_factory=list)
    parts: dict[str, int] = field(default_factory=dict)
    part_of: dict[str, Hold] = field(default_factory=dict)

    def held_by(self, item: Item) -> Hold | None:
        """The hold to name for an item, if one holds it or a part of it."""
        if self.blanket is not None:
            return self.blanket
        whole = gravest(hold for hold in self.whole if hold.names(item))
        return whole or self.part_of.get(item.item_id)

    def collectable(self, item: Item) -> int:
        """Open less disputed and held, in minor units."""
        if self.blanket is not None:
            return 0
        for hold in self.whole:
            if hold.names(item):
                return 0
        return max(0, item.open_minor - self.parts.get(item.item_id, 0))


def claim_on(account: Account, items: Iterable[Item], day: date) -> Claim:
    """What is withheld from `items` on `day`; a disputed part is of the oldest items first."""
    holds = on_day(account.holds, day) if account.holds else []
    if not holds:
        return Claim()
    claim = Claim(
        blanket=gravest(hold for hold in holds if hold.blanket),
        whole=[hold for hold in holds if not hold.blanket and hold.amount_minor is None],
    )
    parts = [hold for hold in holds if hold.amount_minor is not None]
    oldest_first = sorted(items, key=lambda item: item.rank) if parts else ()
    for hold in parts:
        left = hold.amount_minor or 0
        for item in oldest_first:
            if left > 0 and item.currency == hold.currency and hold.names(item):
                taken = min(left, item.open_minor)
                left -= taken
                claim.parts[item.item_id] = claim.parts.get(item.item_id, 0) + taken
                claim.part_of.setdefault(item.item_id, hold)
    return claim


def settle_anchor(docket: Docket, account: Account, day: date) -> None:
    """Derive the anchor anew: the oldest item whose collectable balance is above the tolerance.

    Where holds leave nothing to ask for, it is the oldest that would be asked for but for them.
    """
    account.stale = False
    items = docket.items(account) if account.owes else []
    tolerance = docket.policy.tolerance_minor
    claim = claim_on(account, items, day)
    oldest = best = None
    first = first_of_best = (date.max, "")
    for item in items:
        limit = tolerance.get(item.currency, 0)
        if item.open_minor <= limit:
            continue
        rank = item.rank
        if oldest is None or rank < first:
            oldest, first = item, rank
        if (best is None or rank < first_of_best) and claim.collectable(item) > limit:
            best, first_of_best = item, rank
    if best is not None:
        account.anchor = Anchor(best.item_id, best.due_on)
    elif oldest is not None:
        hold = claim.held_by(oldest)
        account.anchor = Anchor(oldest.item_id, oldest.due_on, hold.reason if hold else "")
    else:
        account.anchor = None


def consider(docket: Docket, account: Account, item: Item) -> bool:
    """An item was opened or grew: whether it may have become the anchor.

    Without holds that can be told from the item alone; with them the anchor is derived anew.
    """
    if account.stale:
        return True
    if account.holds:
        account.forget_anchor(docket.soon)
        docket.party.keep(account)
        return True
    if item.open_minor <= docket.policy.tolerance_minor.get(item.currency, 0):
        return False
    anchor = account.anchor
    if anchor is not None and (anchor.due_on, anchor.item_id) < item.rank:
        return False
    account.anchor = Anchor(item.item_id, item.due_on)
    docket.party.keep(account)
    return True
