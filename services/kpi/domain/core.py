"""KPI as one pure core: it folds the ledger and the activity into cells, and keeps no party.

A cell belongs to the business day on which something happened and to the day on which it became
known: the creditor's day of the line's time. So "as known now" and "as reported on day D" are
sums over the same cells, both exact.
"""

from collections.abc import Iterable
from datetime import datetime

from services.kpi.domain.counting import COUNTINGS, Page
from services.kpi.domain.creditors import DEFAULT, Creditors, day_in
from shared.core import Document, Effects, Event, Party, Refusal
from shared.events.billing import ConfigPublished
from shared.events.ledger import OnAccount as OnLedger
from shared.events.outreach import OnAccount as OnActivity


class KpiCore:
    """Counts facts into the cube; satisfies `shared.core.Core`."""

    documents: tuple[type[Document], ...] = (Creditors,)

    def wants(self, event: Event) -> Iterable[tuple[type[Document], str]]:  # noqa: ARG002 - contract
        """Nothing: there are no parties here."""
        return ()

    def fold(self, party: Party, event: Event, effects: Effects) -> Refusal | None:  # noqa: ARG002 - contract
        """Add the fact to its cells."""
        counting = COUNTINGS.get(event.type)
        data = event.data
        if counting is not None and isinstance(data, OnLedger | OnActivity):
            creditors = effects.shared.find(Creditors)
            known = creditors.in_force if creditors is not None else {}
            zone = known.get(data.creditor_id, DEFAULT).time_zone
            line_time = max(effects.now, event.time) if event.woken else effects.now
            page = Page(
                effects=effects,
                creditor_id=data.creditor_id,
                recorded_on=day_in(zone, line_time).isoformat(),
                happened_on=day_in(zone, event.time),
            )
            counting(page, data)
        return None

    def wake(self, party: Party, until: datetime, effects: Effects) -> None:
        """Nothing: figures of a day are computed when they are read."""

    def decide(self, party: Party, at: datetime, effects: Effects) -> None:
        """Nothing."""

    def wake_at(self, party: Party) -> datetime | None:  # noqa: ARG002 - contract
        """Never."""
        return None

    def share(self, event: Event, effects: Effects) -> bool:
        """Keep the creditors' calendars; they are in force from a later tick on."""
        if isinstance(event.data, ConfigPublished) and event.data.kind == "creditors":
            creditors = effects.shared.find(Creditors) or Creditors()
            if creditors.announce(event.data):
                effects.shared.keep(creditors)
        return False

    def tick(self, at: datetime, effects: Effects) -> None:
        """Put a configuration into force whose moment has come."""
        creditors = effects.shared.find(Creditors)
        if creditors is not None and creditors.come_into_force(at):
            effects.shared.keep(creditors)

    def parked(self, party: Party, effects: Effects) -> None:
        """Nothing stands open."""

    def unparked(self, party: Party, effects: Effects) -> None:
        """Nothing: nothing was withdrawn."""
