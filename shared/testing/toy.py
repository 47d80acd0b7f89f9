"""A service in miniature, to try the shell with: it counts, tells, wakes, and fails on request.

What it folds into is sensitive to order (`Tally.trail` is a chain of hashes), so anything lost,
repeated or swapped shows in the state and in every fact that follows.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from hashlib import blake2b
from typing import ClassVar, Final

from pydantic import Field
from typing_extensions import override

from shared.core import Document, Effects, Event, NotLoaded, Party, Refusal
from shared.events.base import Fact, Instant
from shared.events.clock import ClockTicked
from shared.events.ledger import PartyParked, PartyUnparked
from shared.line.ports import Record
from shared.line.wiring import TICK, Wiring

EVENTS: Final = "toy.events"
COMMANDS: Final = "toy.commands"
LINE: Final = "toy.line"
FACTS: Final = "toy.facts"
DLQ: Final = "toy.dlq"
FACTS_DLQ: Final = "toy.facts.dlq"


class Misbehaviour(RuntimeError):
    """The defect of a core that a test asked for."""


# Their `type` is set by hand: a toy has no place in the registry of the contract.
class Added(Fact):
    """Add `amount`; open or change `items`, settle `closes`, reopen `reopens`; wake later.

    `fault` asks the core to misbehave: see `ToyCore`. `padding` makes the fact that follows large.
    """

    type: ClassVar[str] = "toy.added.v1"

    account_id: str
    amount: int = 1
    items: dict[str, int] = Field(default_factory=dict)
    closes: tuple[str, ...] = ()
    reopens: tuple[str, ...] = ()
    """Items that may be settled; they are asked for while the event is folded."""
    corrects: tuple[str, ...] = ()
    """Items that may be settled; `wants` names them beforehand, as it does the two above."""
    wake_in_s: tuple[int, ...] = ()
    wake_at: Instant | None = None
    padding: int = 0
    fault: str = ""


class Configured(Fact):
    """From `from_` on each event counts `factor` times; concerns all parties."""

    type: ClassVar[str] = "toy.configured.v1"
    broadcast: ClassVar[bool] = True

    number: int
    factor: int
    from_: Instant
    rouses: bool = True
    fault: str = ""


class Noted(Fact):
    """What an event led to."""

    type: ClassVar[str] = "toy.noted.v1"

    total: int
    trail: str
    entry: str = "added"
    padding: str = ""


@dataclass(slots=True)
class Tally(Document):
    """A party's head."""

    prefix: ClassVar[str] = "tally"

    total: int = 0
    count: int = 0
    trail: str = ""
    wakes: list[datetime] = field(default_factory=list)
    fault: str = ""
    """A fault that is to show at the next wake, and then at each."""
    broken: object = None
    """Holds what no JSON can, if asked to."""
    mended: bool = False
    """Whether the party was unparked: from then on none of its events has a fault."""


@dataclass(slots=True)
class Item(Document):
    """One of a party's pieces."""

    prefix: ClassVar[str] = "item"

    name: str = ""
    amount: int = 0
    done: bool = False

    @property
    @override
    def key(self) -> str:
        return self.name

    @property
    @override
    def settled(self) -> bool:
        return self.done


@dataclass(slots=True)
class Setting(Document):
    """The partition's own: the configuration in force, and the one to come."""

    prefix: ClassVar[str] = "setting"

    number: int = 0
    factor: int = 1
    coming: list[tuple[datetime, int, int]] = field(default_factory=list)
    ticks: int = 0
    broken: object = None


@dataclass(slots=True)
class ToyCore:
    """Folds into `Tally` and `Item`s, tells of it on `topic`.

    A party that was unparked has no faults any more, as if the core had been mended.

    Faults of an event: "raise" at once, "raise_late" when half is done, "wants" while asked what it
    needs, "refuse", "refuse_redrivable", "unwritable" (a document that no JSON can hold), "ask" for
    the same document for ever; "wake", "decide", "stuck", "naive" show at the next wake; "parked"
    raises at once and again while the party is parked. Of a configuration: "raise", "unwritable",
    and "tick" which raises at each tick.
    """

    topic: str = LINE
    documents: tuple[type[Document], ...] = (Tally, Item, Setting)

    def wants(self, event: Event) -> Iterable[tuple[type[Document], str]]:
        """The items that the event changes, but for those it reopens."""
        data = event.data
        if isinstance(data, Added):
            if data.fault == "wants":
                raise Misbehaviour("wants")
            return [(Item, name) for name in (*data.corrects, *data.items, *data.closes)]
        return ()

    def fold(self, party: Party, event: Event, effects: Effects) -> Refusal | None:
        """Count the event, and what it says of items."""
        data = event.data
        tally = party.find(Tally) or Tally()
        if not isinstance(data, Added):
            self._chain(party, tally, f"{event.type} {event.id}")
            return None
        fault = "" if tally.mended and not data.fault.startswith("refuse") else data.fault
        if fault == "refuse":
            return Refusal("invalid", "as asked", "data.fault")
        if fault == "refuse_redrivable":
            return Refusal("not_yet_supported", "as asked", redrivable=True)
        if fault in {"raise", "parked"}:
            tally.fault = fault
            party.keep(tally)
            raise Misbehaviour(fault)
        if fault == "ask":
            raise NotLoaded("item", "never enough")
        known = [
            party.settled(Item, name) if name in data.reopens else party.find(Item, name)
            for name in (*data.reopens, *data.corrects)
        ]
        self._items(party, data, [item for item in known if item is not None])
        setting = effects.shared.find(Setting) or Setting()
        tally.total += data.amount * setting.factor
        tally.wakes = sorted({*tally.wakes, *_wakes(event.time, data)})
        tally.fault = fault or tally.fault
        if fault == "unwritable":
            tally.broken = object()
        self._chain(party, tally, event.id)
        effects.add("totals", party.id, data.amount * setting.factor)
        self._tell(party, tally, effects, at=event.time, padding="x" * data.padding)
        if fault == "raise_late":
            raise Misbehaviour(fault)
        return None

    def _items(self, party: Party, data: Added, known: list[Item]) -> None:
        for item in known:
            item.done = False
            item.amount += data.amount
            party.keep(item)
        for name, amount in data.items.items():
            item = party.find(Item, name) or Item(name=name)
            item.amount += amount
            party.keep(item)
        for name in data.closes:
            open_item = party.find(Item, name)
            if open_item is not None:
                open_item.done = True
                party.keep(open_item)

    def wake(self, party: Party, until: datetime, effects: Effects) -> None:
        """Tell of each wake, at its own time."""
        tally = party.find(Tally)
        if tally is None:
            return
        if tally.fault == "wake":
            raise Misbehaviour("wake")
        if tally.fault == "stuck":
            return
        due = [moment for moment in tally.wakes if moment <= until]
        tally.wakes = tally.wakes[len(due) :]
        for moment in due:
            self._chain(party, tally, f"wake {moment.isoformat()}")
            self._tell(party, tally, effects, at=moment, entry="woken")

    def decide(self, party: Party, at: datetime, effects: Effects) -> None:
        """Tell that the party was looked at."""
        tally = party.find(Tally)
        if tally is None:
            return
        if tally.fault == "decide":
            raise Misbehaviour("decide")
        setting = effects.shared.find(Setting) or Setting()
        self._chain(party, tally, f"decide {at.isoformat()} {setting.factor}")
        self._tell(party, tally, effects, at=at, entry="decided")

    def wake_at(self, party: Party) -> datetime | None:
        """The first of the wakes asked for."""
        tally = party.find(Tally)
        if tally is None or not tally.wakes:
            return None
        return tally.wakes[0].replace(tzinfo=None) if tally.fault == "naive" else tally.wakes[0]

    def share(self, event: Event, effects: Effects) -> bool:
        """Note a configuration; it is in force from the first tick that is not before it."""
        data = event.data
        if not isinstance(data, Configured):
            return False
        setting = effects.shared.find(Setting) or Setting()
        setting.coming.append((data.from_, data.number, data.factor))
        setting.coming.sort()
        effects.shared.keep(setting)
        if data.fault == "raise":
            raise Misbehaviour("share")
        setting.broken = object() if data.fault == "unwritable" else data.fault or setting.broken
        return data.rouses

    def tick(self, at: datetime, effects: Effects) -> None:
        """Count ticks, and put in force what was to come."""
        setting = effects.shared.find(Setting) or Setting()
        setting.ticks += 1
        while setting.coming and setting.coming[0][0] <= at:
            _, number, factor = setting.coming.pop(0)
            if number > setting.number:
                setting.number, setting.factor = number, factor
        effects.shared.keep(setting)
        if setting.broken == "tick":
            raise Misbehaviour("tick")

    def parked(self, party: Party, effects: Effects) -> None:
        """Tell that what stood open is withdrawn."""
        tally = party.find(Tally) or Tally()
        tally.wakes = []
        self._chain(party, tally, f"parked {effects.cause}")
        self._tell(party, tally, effects, at=effects.now, entry="withdrawn")
        if tally.fault == "parked" or effects.cause.startswith("parked"):
            raise Misbehaviour("parked")

    def unparked(self, party: Party, effects: Effects) -> None:
        """Be as if the core had been mended, for this party."""
        tally = party.find(Tally) or Tally()
        tally.fault, tally.mended = "", True
        self._chain(party, tally, f"unparked {effects.now.isoformat()}")

    def _chain(self, party: Party, tally: Tally, step: str) -> None:
        tally.count += 1
        tally.trail = blake2b(f"{tally.trail}|{step}".encode(), digest_size=8).hexdigest()
        party.keep(tally)

    def _tell(
        self,
        party: Party,
        tally: Tally,
        effects: Effects,
        *,
        at: datetime,
        entry: str = "added",
        padding: str = "",
    ) -> None:
        fact = Noted(total=tally.total, trail=tally.trail, entry=entry, padding=padding)
        effects.emit(fact, topic=self.topic, subject=party.id, entity=entry, time=at)


def _wakes(time: datetime, data: Added) -> list[datetime]:
    wakes = [time + timedelta(seconds=seconds) for seconds in data.wake_in_s]
    return wakes if data.wake_at is None else [*wakes, data.wake_at]


def told(
    data: Fact,
    *,
    id: str,  # noqa: A002 - the envelope's own word
    time: datetime,
    party: str = "",
    topic: str = EVENTS,
    partition: int = 0,
    source: str = "test",
) -> Record:
    """The record of an event from outside."""
    attributes = {
        "specversion": "1.0",
        "id": id,
        "source": source,
        "type": data.type,
        "time": time.isoformat(),
        "partitionkey": party,
    }
    headers = [(f"ce_{name}", text.encode()) for name, text in attributes.items() if text]
    return Record(topic, partition, party.encode() or None, data.smallest(), headers)


def tick(at: datetime, *, partition: int = 0, source: str = "arrears:clock") -> Record:
    """The record that says what time it is."""
    id_ = f"tick-{at.isoformat()}"
    return told(ClockTicked(at=at), id=id_, time=at, partition=partition, source=source)


_TAKEN: Final[dict[str, type[Fact]]] = {Added.type: Added, Configured.type: Configured}
_TICK: Final[dict[str, type[Fact]]] = {TICK: ClockTicked}

DOOR: Final = Wiring(
    service="toy",
    inputs=(EVENTS, COMMANDS),
    output=LINE,
    dead_letters=DLQ,
    accepted={EVENTS: _TAKEN | _TICK, COMMANDS: {Added.type: Added}},
    passed_on=frozenset({Added.type, Configured.type, TICK}),
    broadcasts=frozenset({Configured.type}),
    bound_by=frozenset({Added.type}),
    door=True,
    merged=True,
)
"""A door with two inputs in one line; all that it takes is passed on, so that its order shows."""

READER: Final = Wiring(
    service="toy-reader",
    inputs=(LINE,),
    output=FACTS,
    dead_letters=FACTS_DLQ,
    accepted={
        LINE: _TAKEN | _TICK | {kind.type: kind for kind in (Noted, PartyParked, PartyUnparked)}
    },
    passed_on=frozenset({TICK}),
    broadcasts=frozenset({Configured.type}),
)
"""A service downstream of the door."""
