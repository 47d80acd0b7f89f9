"""A ledger of several parties whose messages to one another stay under way until they are read."""

from datetime import UTC, datetime
from typing import Final

from services.ingest.domain.core import IngestCore
from services.ingest.domain.identity import Audit
from shared.core import Outgoing, Refusal
from shared.events.base import Fact
from shared.testing.line import Line
from shared.topics import BILLING_EVENTS

NOON: Final = datetime(2025, 3, 1, 12, tzinfo=UTC)


class Crossing:
    """A line that checks itself, and the records that it wrote to itself and has not read yet."""

    def __init__(self) -> None:
        self.line = Line(IngestCore(Audit(every=1, strict=True)))
        self.transit: list[Outgoing] = []

    def tell(self, *facts: Fact) -> list[Outgoing]:
        """Tell facts, and keep what crosses for later."""
        sent: list[Outgoing] = []
        for fact in facts:
            answer = self.line.tell(fact, time=NOON)
            assert not isinstance(answer, Refusal), answer
            sent += answer
        self._keep(sent)
        return sent

    def arrive(self) -> list[Outgoing]:
        """Read what crosses, and what was sent on after it, until nothing does."""
        told: list[Outgoing] = []
        while self.transit:
            sent = self.transit.pop(0)
            sent.data = type(sent.data).model_validate_json(sent.data.smallest())
            for _ in range(2):  # delivery is at least once; the core bears it too
                answer = self.line.follow(sent)
                assert not isinstance(answer, Refusal), answer
                told += answer
                self._keep(answer)
            further = self.line.go_on()
            told += further
            self._keep(further)
        return told

    def _keep(self, sent: list[Outgoing]) -> None:
        self.transit += [each for each in sent if each.topic == BILLING_EVENTS]
