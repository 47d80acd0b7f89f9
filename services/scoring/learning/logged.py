"""Samples from the log itself: what was said of each account, in force and in shadow.

It reads the line of `collections.scores` as it was written, so that what is judged is what stood in
the events, and outcomes mature from the same line.
"""

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel
from pydantic_core import to_json

from services.scoring.domain.logistic import LATE
from services.scoring.domain.predictor import KNOWN
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
        self._weekly: dict[tuple[str, int, int], Sample] = {}

    def tell(self, event: Mapping[str, Any]) -> None:
        """Note what one event of the line says; a type that is not known says nothing.

        Raises:
            ValueError: it is no event of the line; the text names the field.
        """
        known = REGISTRY.get(str(event.get("type")))
        if known is None:
            return
        time = _Envelope.model_validate_json(to_json({"time": event.get("time")})).time
        data = known.model_validate_json(to_json(event.get("data")))
        if isinstance(data, AccountScored):
            self._score(data)
        party = str(event.get("partitionkey", ""))
        self.outcomes.tell(Event("", "", known.type, "", party, time, data, b""))

    def samples(self) -> list[Sample]:
        """The first score of each account in each week, with the outcomes known by now."""
        found = list(self._weekly.values())
        for sample in found:
            self.outcomes.judge_money(sample)
        return found

    def _score(self, fact: AccountScored) -> None:
        year, week, _ = fact.scored_at.isocalendar()
        amount = minor(fact.overdue_amount, fact.currency)
        if amount <= 0 or (fact.account_id, year, week) in self._weekly:
            return
        self._weekly[fact.account_id, year, week] = Sample(
            at=fact.scored_at,
            account_id=fact.account_id,
            segment=fact.segment,
            currency=fact.currency,
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
