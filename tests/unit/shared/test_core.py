"""Core: the documents of a party, and what a fold leaves behind."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import ClassVar

import pytest
from typing_extensions import override

from shared.core import Document, Effects, NotLoaded, Party
from shared.events.clock import ClockTicked

AT = datetime(2024, 4, 1, tzinfo=UTC)


@dataclass(slots=True)
class Item(Document):
    """An item that is settled once nothing is open."""

    prefix: ClassVar[str] = "item"

    item_id: str
    open_amount: int = 0

    @property
    @override
    def key(self) -> str:
        return self.item_id

    @property
    @override
    def settled(self) -> bool:
        return self.open_amount == 0


def test_only_what_is_kept_is_written() -> None:
    """Taking a document from the store is no change; keeping one is."""
    party = Party("P", [Item("a", 5), Item("b", 7)])

    party.keep(Item("c", 1))

    assert [("item", "c")] == list(party.changed)
    assert 3 == party.count()
    assert ["a", "b", "c"] == [item.item_id for item in party.all(Item)]


def test_a_settled_document_that_nobody_wanted_is_a_defect() -> None:
    """A document that was not loaded must never be taken for one that does not exist."""
    party = Party("P")

    assert party.find(Item, "a") is None
    with pytest.raises(NotLoaded):
        party.settled(Item, "a")

    party.know("item", "a")
    assert party.settled(Item, "a") is None


def test_settled_documents_are_let_go_after_a_commit() -> None:
    """Memory holds what is open; what was known of settled ones is forgotten with them."""
    party = Party("P", [Item("open", 5), Item("closed", 0)])
    party.know("item", "gone")

    party.saved()

    assert ["open"] == [item.item_id for item in party.all(Item)]
    assert not party.changed
    assert not party.knows("item", "closed")
    assert not party.knows("item", "gone")


def test_a_fact_carries_its_cause_and_party() -> None:
    """What a core emits is told by the context that the shell set."""
    effects = Effects(now=AT, shared=Party(""), cause="event-1", party="P", woken=True)

    effects.emit(ClockTicked(at=AT), topic="t", subject="A", entity="e", time=AT)

    (outgoing,) = effects.out
    assert ("event-1", "P", True) == (outgoing.cause, outgoing.party, outgoing.woken)


def test_numbers_of_a_cube_add_up() -> None:
    """The same cell twice is one sum."""
    effects = Effects(now=AT, shared=Party(""))

    effects.add("row", "cell", 5)
    effects.add("row", "cell", -2)

    assert {("row", "cell"): 3} == effects.cells
