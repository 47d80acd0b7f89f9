"""The store that the reading bench fills: as ingest itself would have it."""

from datetime import UTC, datetime, time

from services.command.benching import library
from services.ingest.domain.core import IngestCore
from services.ingest.domain.creditor import DEFAULT
from services.ingest.domain.identity import unsound
from services.ingest.domain.reckoning import Reckoning
from services.ingest.domain.standing import Standing
from shared.core import Party
from shared.line.parties import DocumentCodec


def test_a_copied_account_is_sound_and_its_own() -> None:
    """Its rows are read by ingest's codec, add up, and name the account that they were made for."""
    rows = library._ordinary().rows()

    copies = list(library._copies(rows, "bench-000042"))

    codec = DocumentCodec(IngestCore.documents)
    party = Party("bench-000042", map(codec.document, copies))
    assert [row.key for row in copies] == [document.key for document in map(codec.document, copies)]
    assert not any(library._PROTOTYPE in f"{row.text}{row.key}{row.listed}" for row in copies)
    assert all(row.listed == codec.document(row).listed for row in copies)
    assert "" == unsound(party)
    reckoning = Reckoning("bench-000042", library.TODAY, DEFAULT.aging)
    for row in copies:
        reckoning.add(codec.document(row))
    balance = reckoning.balances()["EUR"]
    assert (20_000, 2, 10_000) == (balance.open, balance.items, balance.overdue)
    assert [1] == [len(standing.due) for standing in party.all(Standing)]


def test_the_day_of_the_measurement_has_begun() -> None:
    """What is overdue by then is announced: no wake is left for it."""
    account = library._ordinary()
    account.rows()

    wake = account.core.wake_at(account.party)

    assert wake is not None
    assert wake > datetime.combine(library.TODAY, time(), UTC)
