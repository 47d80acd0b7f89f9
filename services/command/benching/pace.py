"""How fast a service went, by its own log: each batch leaves one line."""

import json
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

STAGES: Final = ("load", "fold", "commit", "publish")


@dataclass(frozen=True, slots=True)
class Pace:
    """What happened between the end of the first batch and the end of the last.

    The first batch itself does not count: it has the start in it. `stages` has the seconds spent on
    each part of the batches.
    """

    events: int
    seconds: float
    batches: int
    started: datetime
    ended: datetime
    stages: dict[str, float] = field(default_factory=dict)

    @property
    def per_second(self) -> float:
        """Records a second."""
        return self.events / self.seconds if self.seconds else 0.0


def pace(log: str) -> Pace:
    """The pace that a service's log tells.

    Raises:
        ValueError: it has fewer than two batches with events.
    """
    batches = [batch for batch in _batches(log.splitlines()) if batch["events"]]
    if len(batches) < 2:  # noqa: PLR2004 - a pace is between two moments
        raise ValueError("fewer than two batches were logged")
    started, ended = (datetime.fromisoformat(batches[at]["timestamp"]) for at in (0, -1))
    stages: Counter[str] = Counter()
    for batch in batches[1:]:
        stages.update({stage: batch[f"{stage}_ms"] / 1000 for stage in STAGES})
    return Pace(
        events=sum(batch["events"] for batch in batches[1:]),
        seconds=(ended - started).total_seconds(),
        batches=len(batches) - 1,
        started=started,
        ended=ended,
        stages=dict(stages),
    )


def _batches(lines: Iterable[str]) -> Iterator[dict[str, Any]]:
    for line in lines:
        if '"batch.done"' in line:
            yield json.loads(line)
