"""Watches the scoring core at work, and takes samples of what it knows: the service's own features.

It is a core around the core, so that training sees exactly what the service would have seen, event
by event, and nothing of what came later.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime

from services.scoring.domain.behaviour import Behaviour
from services.scoring.domain.core import ScoringCore
from services.scoring.domain.features import snapshot
from services.scoring.domain.logistic import LATE, Estimate, Logistic
from services.scoring.domain.model import Model
from services.scoring.domain.promises import Promised
from services.scoring.domain.score import score_of
from services.scoring.learning.outcomes import Outcomes
from services.scoring.learning.sample import Sample
from shared.core import Document, Effects, Event, Party, Refusal
from shared.events.ledger import InvoiceOpened
from shared.money import minor


def name_of(model: Model | Logistic) -> str:
    """How reports name a model: name and version."""
    return f"{model.model} {model.version}"


def answers(estimate: Estimate) -> dict[str, float]:
    """What a trained model says of each target, as probabilities."""
    paid = {f"paid_{horizon}": chance / 10_000 for horizon, chance in estimate.paid.items()}
    return {LATE: estimate.late / 10_000, **paid}


def _said(model: Model, behaviour: Behaviour, today: date) -> Mapping[str, float]:
    """What a model in force says: for lateness its points (no probability, but an order)."""
    found = model.assess(model.see(behaviour, today))
    paid = {f"paid_{horizon}": chance for horizon, chance in found.p_pay.items()}
    return {LATE: found.points / 100, **paid}


class Observer:
    """A scoring core that takes notes; satisfies `shared.core.Core`."""

    documents: tuple[type[Document], ...]

    def __init__(self, core: ScoringCore, models: Sequence[Logistic] = ()) -> None:
        """Watch this core; what its scorecard and `models` say is noted with each sample."""
        self.core = core
        self._models = models
        self.documents = core.documents
        self.outcomes = Outcomes()
        self.issued: list[tuple[Sample, str]] = []
        """A sample for each item at its issue, with the item's id."""
        self._promised: dict[tuple[str, str], Sample] = {}
        """A sample for each promise as it was made, by account and promise."""
        self.weekly: list[Sample] = []
        """A sample of each account with something overdue, at the begin of each week."""

    def fold(self, party: Party, event: Event, effects: Effects) -> Refusal | None:
        """As the core does; then note what it says."""
        refusal = self.core.fold(party, event, effects)
        if refusal is None:
            promised = self.outcomes.tell(event)
            if promised is not None:
                self._promise(party, promised, max(event.time, effects.now), effects.shared)
            if isinstance(event.data, InvoiceOpened):
                self._issue(party, event.data, max(event.time, effects.now), effects.shared)
        return refusal

    def week(self, parties: Iterable[Party], at: datetime, shared: Party) -> None:
        """Take a sample of all accounts with something overdue, as of a tick.

        `shared` holds the partition's configuration, as for the core.
        """
        for party in parties:
            for behaviour in party.all(Behaviour):
                currency = behaviour.currency()
                if currency and behaviour.owed[currency].overdue.amount > 0:
                    amount = behaviour.owed[currency].overdue.amount
                    self.weekly.append(self._sample(behaviour, at, amount, shared))

    def samples(self) -> tuple[list[Sample], list[Sample]]:
        """The samples at issue and those of the weeks, each with the outcomes known by now."""
        for sample, item_id in self.issued:
            self.outcomes.judge_item(sample, item_id)
        for sample in self.weekly:
            self.outcomes.judge_money(sample)
        return [sample for sample, _ in self.issued], self.weekly

    def promised(self) -> list[Sample]:
        """The samples of promises, each with the outcome known by now."""
        for (_, promise_id), sample in self._promised.items():
            self.outcomes.judge_promise(sample, promise_id)
        return list(self._promised.values())

    def _promise(self, party: Party, promised: Promised, at: datetime, shared: Party) -> None:
        behaviour = party.find(Behaviour, promised.account_id)
        name = (promised.account_id, promised.promise_id)
        if behaviour is None or name in self._promised:
            return
        sample = self._sample(behaviour, at, promised.amount, shared)
        sample.currency = promised.currency
        self._promised[name] = sample

    def _issue(self, party: Party, fact: InvoiceOpened, at: datetime, shared: Party) -> None:
        behaviour = party.find(Behaviour, fact.account_id)
        if behaviour is None or fact.opening or fact.due_on < max(behaviour.today, at.date()):
            return
        amount = minor(fact.amount, fact.currency)
        self.issued.append((self._sample(behaviour, at, amount, shared), fact.item_id))

    def _sample(self, behaviour: Behaviour, at: datetime, amount: int, shared: Party) -> Sample:
        rules = self.core.configured.in_force(shared, at)
        today = max(behaviour.today, at.date())
        known = snapshot(behaviour, today)
        sample = Sample(
            at=at,
            account_id=behaviour.account_id,
            segment=rules.segments.of(score_of(behaviour, rules.model, today)),
            currency=behaviour.currency(),
            known=behaviour.known,
            amount=amount,
            snapshot=known,
        )
        for model in (self.core.scorecard, rules.model):
            sample.scores[name_of(model)] = _said(model, behaviour, today)
        for logistic in (*self._models, *(each.logistic for each in rules.challengers)):
            sample.scores[name_of(logistic)] = answers(logistic.estimate(known, behaviour.known))
        return sample

    def wants(self, event: Event) -> Iterable[tuple[type[Document], str]]:
        """As the core."""
        return self.core.wants(event)

    def wake(self, party: Party, until: datetime, effects: Effects) -> None:
        """As the core."""
        self.core.wake(party, until, effects)

    def decide(self, party: Party, at: datetime, effects: Effects) -> None:
        """As the core."""
        self.core.decide(party, at, effects)

    def wake_at(self, party: Party) -> datetime | None:
        """As the core."""
        return self.core.wake_at(party)

    def share(self, event: Event, effects: Effects) -> bool:
        """As the core."""
        return self.core.share(event, effects)

    def tick(self, at: datetime, effects: Effects) -> None:
        """As the core."""
        self.core.tick(at, effects)

    def parked(self, party: Party, effects: Effects) -> None:
        """As the core."""
        self.core.parked(party, effects)

    def unparked(self, party: Party, effects: Effects) -> None:
        """As the core."""
        self.core.unparked(party, effects)
