"""How one service hangs in the flow: its topics, what it takes from them and what it passes on."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from shared.events.base import Fact

TICK: Final = "clock.ticked.v1"
CLOCKS: Final = frozenset({"arrears:clock", "arrears:replay"})
"""The sources whose ticks are believed."""


@dataclass(frozen=True, slots=True)
class Wiring:
    """The wiring of one service; a table, read by the shell and shown in the service's app."""

    service: str
    inputs: tuple[str, ...]
    """Input topics; the first one carries the ticks that a merged line goes by."""
    output: str
    """The topic of the service's own line; "" where it has none."""
    dead_letters: str
    accepted: Mapping[str, Mapping[str, type[Fact]]]
    """Per input topic: the types that are taken, and their models."""
    passed_on: frozenset[str] = frozenset()
    """Types that go to `output` as bytes, in their place in the line."""
    broadcasts: frozenset[str] = frozenset()
    """Types that concern all parties: folded once per partition through `Core.share`."""
    bound_by: frozenset[str] = frozenset()
    """Types that bind an account to its party (a door's own; empty elsewhere)."""
    door: bool = False
    """Whether the inputs are foreign: ids are registered, ticks checked, records routed."""
    merged: bool = False
    """Whether the inputs form one line (by append time) or are each a line of their own."""
    stateless: bool = False
    """Whether the core keeps no documents of parties, so that none are loaded or written."""
    outputs: tuple[str, ...] = ()
    """Every topic that the service writes to besides `output` and `dead_letters`."""
    clock_sources: frozenset[str] = field(default=CLOCKS)

    @property
    def source(self) -> str:
        """The CloudEvents `source` of what the service publishes."""
        return f"arrears:{self.service}"

    @property
    def written(self) -> tuple[str, ...]:
        """Every topic that carries a sequence of this service."""
        return tuple(topic for topic in (self.output, *self.outputs) if topic)

    def clock_of(self, topic: str) -> str:
        """The input topic whose ticks are the time of `topic`."""
        return self.inputs[0] if self.merged else topic
