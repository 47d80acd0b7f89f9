"""An invoice's schedule: which items are due when, and what of each is open once it changed."""

from dataclasses import dataclass
from datetime import date

from services.ingest.domain.invoice import Item


@dataclass(frozen=True, slots=True)
class Part:
    """One item as it shall be, in minor units."""

    item_id: str
    due_on: date
    amount: int


@dataclass(slots=True)
class Change:
    """What happens to one item. `adjusted` of its change is new or gone; the rest only moves."""

    item: Item
    part: Part
    is_new: bool
    opens: int
    adjusted: int = 0

    @property
    def delta(self) -> int:
        """How much more (or less) of the item is open."""
        return self.opens - self.item.open


def in_force(items: list[Item]) -> list[Item]:
    """The items that the schedule still has, by due date."""
    return sorted(
        (item for item in items if item.amount), key=lambda item: (item.due_on, item.item_id)
    )


def spread(items: list[Item], total: int) -> list[Part]:
    """A new total over the same items: more is due last; less is taken from what is due last.

    What is open goes first; only then is less asked of items than was paid on them.
    """
    amounts = {item.item_id: item.amount for item in items}
    change = total - sum(amounts.values())
    if change > 0:
        amounts[items[-1].item_id] += change
    for item in reversed(items):
        cut = min(-change, item.open, amounts[item.item_id]) if change < 0 else 0
        amounts[item.item_id] -= cut
        change += cut
    for item in reversed(items):
        cut = min(-change, amounts[item.item_id]) if change < 0 else 0
        amounts[item.item_id] -= cut
        change += cut
    return [Part(item.item_id, item.due_on, amounts[item.item_id]) for item in items]


def changes(items: list[Item], parts: list[Part], new: dict[str, Item]) -> tuple[list[Change], int]:
    """What a schedule of `parts` changes, and what was paid beyond it, in minor units.

    What is open follows the amounts; where more was paid on an item than it now asks for, the rest
    pays the others, oldest due first.
    """
    known = {item.item_id: item for item in items}
    wanted = {part.item_id for part in parts}
    gone = [
        Part(item.item_id, item.due_on, 0) for item in in_force(items) if item.item_id not in wanted
    ]
    found: list[Change] = []
    for part in [*gone, *parts]:
        item = known.get(part.item_id) or new[part.item_id]
        opens = item.open + part.amount - (item.amount if part.item_id in known else 0)
        found.append(Change(item, part, part.item_id not in known, opens))
    beyond = sum(-change.opens for change in found if change.opens < 0)
    for change in sorted(found, key=lambda change: (change.part.due_on, change.part.item_id)):
        paid = min(beyond, change.opens) if change.opens > 0 else 0
        change.opens = max(0, change.opens - paid)
        beyond -= paid
    _split(found)
    return found, beyond


def _split(found: list[Change]) -> None:
    """Say how much of each change is new or gone, latest due first; the rest sums to zero."""
    left = sum(change.delta for change in found)
    for change in sorted(
        found, key=lambda change: (change.part.due_on, change.part.item_id), reverse=True
    ):
        if left > 0 and change.delta > 0:
            change.adjusted = min(left, change.delta)
        elif left < 0 and change.delta < 0:
            change.adjusted = max(left, change.delta)
        left -= change.adjusted
