"""Scoring as one pure core: it folds the ledger's line, and says when a score has moved.

A score is about what is overdue. It goes out when an account first has something overdue, when it
moved materially, and once more when nothing is overdue any longer. Time reaches it through the
ledger (items fall overdue and change buckets there); of its own it wakes to judge promises.
"""

from collections.abc import Iterable
from datetime import date, datetime
from typing import Any, Final

from msgspec import Raw

from services.scoring.domain.behaviour import Behaviour
from services.scoring.domain.bookings import BOOKINGS, CASH, HALF_TOLD
from services.scoring.domain.configuration import Configured, InForce
from services.scoring.domain.features import taken
from services.scoring.domain.foretold import Foretold
from services.scoring.domain.promises import ORDERS, Promises, judge
from services.scoring.domain.reports import REPORTS
from services.scoring.domain.score import Score, has_moved, score_of, to_fact, to_remember
from services.scoring.domain.scorecard import Scorecard
from services.scoring.domain.segments import Segments
from services.scoring.domain.standing import SCORES_KEPT, Kept, Standing
from services.scoring.domain.watching import adjusted, mature, watch
from shared.configuration import Configuration
from shared.core import Document, Effects, Event, Party, Refusal
from shared.events.billing import ConfigPublished
from shared.events.ledger import InvoiceAdjusted, Moved, OnAccount
from shared.topics import COLLECTIONS_SCORES

SEGMENTS: Final = "segments"
"""The row of the figures that counts accounts by segment."""
CHANGES: Final = "segment_changes"
"""The row that counts changes, by ``from>to``."""


class ScoringCore:
    """Scores accounts by the model in force; satisfies `shared.core.Core`."""

    documents: tuple[type[Document], ...] = (
        Behaviour, Standing, Kept, Promises, Foretold, Configuration,
    )  # fmt: skip

    def __init__(
        self, scorecard: Scorecard, segments: Segments, *, scores_kept: int = SCORES_KEPT
    ) -> None:
        """Score by this model and these segments, until others are published.

        Of each account the latest `scores_kept` scores can be read later; no score depends on them.
        """
        self._scores_kept = scores_kept
        self.scorecard = scorecard
        self.configured = Configured(scorecard, segments)

    def wants(self, event: Event) -> Iterable[tuple[type[Document], str]]:  # noqa: ARG002 - contract
        """Nothing: all that a score follows from is always at hand."""
        return ()

    def fold(self, party: Party, event: Event, effects: Effects) -> Refusal | None:
        """Add what the event says to the account's behaviour, and tell its score if that moved."""
        behaviour = self._book(party, event)
        waits = HALF_TOLD.get(event.type)
        if behaviour is None or (waits is not None and waits(event.data)):
            return None
        standing = party.find(Standing, behaviour.account_id)
        if (standing is not None and standing.watched) or behaviour.overdue_items() > 0:
            now = effects.now
            self._tell(
                party,
                behaviour,
                standing,
                effects,
                self.configured.in_force(effects.shared, now),
                today=max(behaviour.today, now.date()),
                moment=max(event.time, now),
            )
        return None

    def wake(self, party: Party, until: datetime, effects: Effects) -> None:
        """Judge the promises whose last day has passed, and what was foretold."""
        foretold = party.find(Foretold)
        if foretold is not None:
            mature(party, foretold, until, effects)
        promises = party.find(Promises)
        if promises is None:
            return
        for promise in promises.fall_due(until):
            behaviour = party.find(Behaviour, promise.account_id)
            if behaviour is not None:
                judge(promise, behaviour)
                party.keep(behaviour)
            party.keep(promises)

    def decide(self, party: Party, at: datetime, effects: Effects) -> None:
        """Look again at what is overdue: a verdict, a model or rules are new."""
        promises = party.find(Promises)
        if promises is not None and promises.judged:
            promises.judged, promises.judged_at = [], None
            party.keep(promises)
        rules = self.configured.in_force(effects.shared, at)
        for standing in party.all(Standing):
            behaviour = party.find(Behaviour, standing.account_id)
            if standing.watched and behaviour is not None:
                today = max(behaviour.today, at.date())
                self._tell(party, behaviour, standing, effects, rules, today=today, moment=at)

    def wake_at(self, party: Party) -> datetime | None:
        """When the next promise is to be judged, or what was foretold."""
        promises, foretold = party.find(Promises), party.find(Foretold)
        other = None if foretold is None else foretold.next_at()
        if promises is None:
            return other
        one = promises.next_at()
        return one if other is None else other if one is None else min(one, other)

    def share(self, event: Event, effects: Effects) -> bool:
        """Take a model or segments: all parties look again when they take effect."""
        if isinstance(event.data, ConfigPublished):
            return self.configured.publish(effects.shared, event.data, now=effects.now)
        return False

    def tick(self, at: datetime, effects: Effects) -> None:
        """Nothing."""

    def parked(self, party: Party, effects: Effects) -> None:
        """Nothing stands open: the line is passed on unscored until the party is unparked."""

    def unparked(self, party: Party, effects: Effects) -> None:
        """Nothing: nothing was withdrawn."""

    def _book(self, party: Party, event: Event) -> Behaviour | None:
        """Add what an event says; the account's behaviour, if that may have changed its score."""
        kind = event.type
        data: Any = event.data  # by its type, each function below knows what it is
        if (booking := BOOKINGS.get(kind)) is not None:
            behaviour = _told_by_the_ledger(party, data)
            booking(behaviour, data)
            if kind in CASH:
                _receive(party, data)
            elif kind == InvoiceAdjusted.type:
                adjusted(party, data)
            return party.keep(behaviour)
        report, order = REPORTS.get(kind), ORDERS.get(kind)
        if report is None and order is None:
            return None
        known = party.find(Behaviour, data.account_id)
        if known is None:
            return None  # only the ledger makes one, so that no stray command does
        if report is not None:
            report(known, data)
        if order is not None:
            order(party.keep(party.find(Promises) or Promises()), known, data, event.time)
        return party.keep(known)

    def _tell(
        self,
        party: Party,
        behaviour: Behaviour,
        standing: Standing | None,
        effects: Effects,
        rules: InForce,
        *,
        today: date,
        moment: datetime,
    ) -> None:
        model = rules.model
        score = score_of(behaviour, model, today)
        score.segment = rules.segments.of(score)
        if not has_moved(score, standing, model):
            return
        shadows = tuple(
            [each.score(taken(score.seen), behaviour.known) for each in rules.challengers]
        )
        fact = to_fact(score, model, scored_at=moment, shadows=shadows)
        now = party.keep(to_remember(score, fact, standing))
        value = fact.smallest()
        self._keep(party, now.number, fact.account_id, value)
        _count(effects, standing, score)
        watch(party, effects, score, fact, standing, reference=model.reference)
        effects.emit(
            fact,
            topic=COLLECTIONS_SCORES,
            subject=behaviour.account_id,
            entity=behaviour.account_id,
            time=moment,
            value=value,
        )

    def _keep(self, party: Party, number: int, account_id: str, sent: bytes) -> None:
        kept = Kept(number, account_id, Raw(sent), number % self._scores_kept)
        if number > self._scores_kept:
            party.overwrite(kept)
        else:
            party.keep(kept)


def _told_by_the_ledger(party: Party, data: OnAccount) -> Behaviour:
    """The behaviour of an account that the ledger names, a new one if it is the first time."""
    behaviour = party.find(Behaviour, data.account_id) or Behaviour(data.account_id)
    behaviour.creditor_id = data.creditor_id
    return behaviour


def _receive(party: Party, data: Moved) -> None:
    promises = party.find(Promises)
    if promises is not None and promises.open:
        promises.receive(data)
        party.keep(promises)


def _count(effects: Effects, before: Standing | None, score: Score) -> None:
    """Count accounts by segment, and changes: the figures are kept with the scores themselves."""
    old = "" if before is None else before.segment
    if old != score.segment:
        effects.add(SEGMENTS, score.segment, 1)
        if old:
            effects.add(SEGMENTS, old, -1)
            effects.add(CHANGES, f"{old}>{score.segment}", 1)
