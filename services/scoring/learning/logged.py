"""Samples from the log itself: what was said of each account, in force and in shadow.

It reads the line of `collections.scores` as it was written, so that what is judged is what stood in
the events, and outcomes mature from the same line.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from pydantic import BaseModel
from pydantic_core import to_json

from services.scoring.domain.logistic import LATE
from services.scoring.domain.predictor import KNOWN
from services.scoring.domain.promises import Promised
from services.scoring.learning.outcomes import Outcomes
from services.scoring.learning.sample import Sample
from shared.core import Event
from shared.events.base import REGISTRY, Instant
from shared.events.scores import AccountScored, ShadowScore
from shared.money import minor


class _Envelope(BaseModel):
    time: Instant


class Logged:
    """Takes structured CloudEvents of `collections.scores` one by one, in order."""

    def __init__(self) -> None:
        """Start with nothing read."""
        self.outcomes = Outcomes()
        self._seen: set[tuple[str, str]] = set()
        self._weekly: dict[tuple[str, int, int], Sample] = {}
        self._latest: dict[str, AccountScored] = {}
        self._promised: dict[tuple[str, str], Sample] = {}

    def tell(self, event: Mapping[str, Any]) -> None:
        """Note what one event of the line says; a type that is not known says nothing.

        One with the source and id of another was sent twice, as topics are at least once: it counts
        once. Copies of a broadcast, and ticks, of several partitions are the same to it anyway.

        Raises:
            ValueError: it is no event of the line; the text names the field.
        """
        known = REGISTRY.get(str(event.get("type")))
        if known is None or self._is_again(event):
            return
        time = _Envelope.model_validate_json(to_json({"time": event.get("time")})).time
        data = known.model_validate_json(to_json(event.get("data")))
        if isinstance(data, AccountScored):
            self._score(data)
        party = str(event.get("partitionkey", ""))
        promised = self.outcomes.tell(Event("", "", known.type, "", party, time, data, b""))
        if promised is not None:
            self._promise(promised, time)

    def _is_again(self, event: Mapping[str, Any]) -> bool:
        name = (str(event.get("source", "")), str(event.get("id", "")))
        if name in self._seen:
            return True
        if name[1]:
            self._seen.add(name)
        return False

    def samples(self) -> list[Sample]:
        """The first score of each account in each week, with the outcomes known by now."""
        found = list(self._weekly.values())
        for sample in found:
            self.outcomes.judge_money(sample)
        return found

    def promised(self) -> list[Sample]:
        """Each promise with the score that its account had then, and what became of it.

        An account that was never overdue had none: its promises say nothing of any score.
        """
        for (_, promise_id), sample in self._promised.items():
            self.outcomes.judge_promise(sample, promise_id)
        return list(self._promised.values())

    def _promise(self, promised: Promised, at: datetime) -> None:
        name = (promised.account_id, promised.promise_id)
        score = self._latest.get(promised.account_id)
        if score is not None and name not in self._promised:
            self._promised[name] = _sample(score, at, promised.amount, promised.currency)

    def _score(self, fact: AccountScored) -> None:
        self._latest[fact.account_id] = fact
        year, week, _ = fact.scored_at.isocalendar()
        amount = minor(fact.overdue_amount, fact.currency)
        if amount <= 0 or (fact.account_id, year, week) in self._weekly:
            return
        sample = _sample(fact, fact.scored_at, amount, fact.currency)
        self._weekly[fact.account_id, year, week] = sample


def _sample(fact: AccountScored, at: datetime, amount: int, currency: str) -> Sample:
    return Sample(
        at=at,
        account_id=fact.account_id,
        segment=fact.segment,
        currency=currency,
        known=int(fact.features.get(KNOWN, 0)),
        amount=amount,
        snapshot=fact.features,
        scores={
            f"{fact.model} {fact.model_version}": _said(fact),
            **{f"{each.model} {each.model_version}": _said(each) for each in fact.challengers},
        },
    )


def _said(score: AccountScored | ShadowScore) -> dict[str, float]:
    paid = {f"paid_{horizon}": chance for horizon, chance in score.p_pay.items()}
    return {LATE: score.risk / 100, **paid}
