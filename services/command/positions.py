"""Each account's position: what ingest says it owes, and where outreach has it."""

from collections.abc import Iterator
from dataclasses import asdict
from datetime import date
from typing import Any

from services.ingest.domain.account import Account
from services.ingest.domain.position import position
from services.outreach.domain.standing import standing
from shared.core import Party
from shared.simulation import Stage


def positions(ingest: Stage, outreach: Stage, day: date) -> Iterator[dict[str, Any]]:
    """One JSON-shaped object per account, by party and account id, as of the end of `day`."""
    known = {party.id: party for party in outreach.parties()}
    for party in ingest.parties():
        for account in sorted(party.all(Account), key=lambda one: one.account_id):
            place = position(party, account.account_id, day, ingest.lane.shared)
            if place is not None:
                seen = standing(known.get(party.id, Party(party.id)), account.account_id, day)
                yield {"party_id": party.id, **asdict(place), **seen}
