"""What became of promises, by the same rule that scoring's features judge them by."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from services.scoring.domain.behaviour import Behaviour
from services.scoring.domain.promises import ORDERS, Promised, Promises, is_kept
from services.scoring.learning.sample import KEPT, Outcome, Sample
from shared.core import Event
from shared.events.base import Fact
from shared.events.commands import PromiseMake, PromiseReschedule
from shared.events.ledger import PaymentApplied, PaymentReversed, PaymentUnapplied

_CASH: Final = (PaymentApplied, PaymentUnapplied, PaymentReversed)


@dataclass(slots=True)
class Verdicts:
    """All promises of a line: those open by account, and how the others ended."""

    open: dict[str, Promises] = field(default_factory=dict)
    judged: dict[tuple[str, str], Promised] = field(default_factory=dict)
    """By account and promise; of an id that was given twice, the first. Cancelled ones are gone."""

    def tell(self, event: Event, now: datetime) -> Promised | None:
        """Note what an event of the line says; the promise that was made by it, if one was.

        `now` is the time that the line has reached: first it is judged what fell due by then.
        """
        fact = event.data
        account_id: str = getattr(fact, "account_id", "")
        promises = self.open.get(account_id)
        if promises is not None:
            self._judge(promises, now)
            if isinstance(fact, _CASH):
                promises.receive(fact)
        if (order := ORDERS.get(event.type)) is None:
            return None
        promises = self.open.setdefault(account_id, Promises())
        name = _made_by(fact)
        was = promises.find(account_id, name)
        order(promises, Behaviour(account_id), fact, event.time)
        return promises.find(account_id, name) if was is None else None

    def judge(self, sample: Sample, promise_id: str, now: datetime | None) -> None:
        """Give a sample taken as a promise was made its outcome, if its last day has passed."""
        promises = self.open.get(sample.account_id)
        if promises is not None and now is not None:
            self._judge(promises, now)
        promised = self.judged.get((sample.account_id, promise_id))
        if promised is not None:
            sample.outcomes[KEPT] = Outcome(is_kept(promised), promised.judge_at)
            sample.collected[KEPT] = min(promised.received, promised.amount)

    def _judge(self, promises: Promises, now: datetime) -> None:
        for promised in promises.fall_due(now):
            self.judged.setdefault((promised.account_id, promised.promise_id), promised)


def _made_by(fact: Fact) -> str:
    if isinstance(fact, PromiseMake):
        return fact.promise_id
    return fact.new_promise_id if isinstance(fact, PromiseReschedule) else ""
