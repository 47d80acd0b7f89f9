"""Scoring as one pure core: it folds the ledger's facts, and says when a score has moved.

A score is about what is overdue. It goes out when an account first has something overdue, when it
moved materially, and once more when nothing is overdue any longer. Time reaches it through the
ledger (items fall overdue and change buckets there), so it has no wakes of its own.
"""

from collections.abc import Iterable
from datetime import datetime

from services.scoring.domain.behaviour import Behaviour
from services.scoring.domain.bookings import BOOKINGS
from services.scoring.domain.score import has_moved, score_of, to_fact, to_remember
from services.scoring.domain.scorecard import Scorecard
from shared.core import Document, Effects, Event, Party, Refusal
from shared.events.ledger import OnAccount, PaymentApplied, PaymentReversed
from shared.topics import COLLECTIONS_SCORES


class ScoringCore:
    """Scores accounts by one scorecard; satisfies `shared.core.Core`."""

    documents: tuple[type[Document], ...] = (Behaviour,)

    def __init__(self, scorecard: Scorecard) -> None:
        """Score by this model, from the first event on."""
        self.scorecard = scorecard

    def wants(self, event: Event) -> Iterable[tuple[type[Document], str]]:  # noqa: ARG002 - contract
        """Nothing: an account's behaviour is never settled, so it is always at hand."""
        return ()

    def fold(self, party: Party, event: Event, effects: Effects) -> Refusal | None:
        """Add what the fact says to the account's behaviour, and tell its score if that moved."""
        booking = BOOKINGS.get(event.type)
        if booking is None or not isinstance(event.data, OnAccount):
            return None
        account_id = event.data.account_id
        behaviour = party.find(Behaviour, account_id) or Behaviour(account_id)
        booking(behaviour, event.data)
        party.keep(behaviour)
        is_watched = behaviour.told is not None or behaviour.overdue_items() > 0
        if is_watched and not _is_half_told(event.data):
            self._tell(behaviour, event.data, max(event.time, effects.now), effects)
        return None

    def wake(self, party: Party, until: datetime, effects: Effects) -> None:
        """Nothing: the ledger's facts bring time."""

    def decide(self, party: Party, at: datetime, effects: Effects) -> None:
        """Nothing: a score is told where it moves."""

    def wake_at(self, party: Party) -> datetime | None:  # noqa: ARG002 - contract
        """Never."""
        return None

    def share(self, event: Event, effects: Effects) -> bool:  # noqa: ARG002 - contract
        """Nothing: the model is the one that the service was started with."""
        return False

    def tick(self, at: datetime, effects: Effects) -> None:
        """Nothing."""

    def parked(self, party: Party, effects: Effects) -> None:
        """Nothing stands open: the line is passed on unscored until the party is unparked."""

    def _tell(
        self, behaviour: Behaviour, about: OnAccount, moment: datetime, effects: Effects
    ) -> None:
        card = self.scorecard
        score = score_of(behaviour, card, max(behaviour.today, effects.now.date()))
        if not has_moved(score, behaviour.told, card.material):
            return
        behaviour.told = to_remember(score)
        effects.emit(
            to_fact(score, behaviour, card, creditor_id=about.creditor_id, scored_at=moment),
            topic=COLLECTIONS_SCORES,
            subject=behaviour.account_id,
            entity=behaviour.account_id,
            time=moment,
        )


def _is_half_told(fact: OnAccount) -> bool:
    """Whether cash closed an item here, or its reversal reopened one.

    Then `invoice.settled` or `invoice.reopened` follows, and the score waits for that.
    """
    if isinstance(fact, PaymentApplied | PaymentReversed):
        for entry in fact.entries:
            closed = entry.kind == "collected" and not entry.open_amount.strip("0.")
            if closed or (entry.kind == "reversed" and entry.open_amount == entry.amount):
                return True
    return False
