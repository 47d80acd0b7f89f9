"""Where the demo says to look further: each door is there."""

import io

import httpx
import pytest
from rich.console import Console

from services.command.demo_doors import paths, show_addresses, show_worklist, worked_first
from services.command.fleet import Fleet
from services.command.service import SERVICES


def answered(fleet: Fleet, service: str, path: str) -> tuple[int, str]:
    """Status and body of a GET, whatever the status."""
    answer = httpx.get(fleet.url(service, path), timeout=20)
    return answer.status_code, answer.text


@pytest.mark.stack
@pytest.mark.timeout(120)
@pytest.mark.parametrize("service", SERVICES)
def test_every_door_that_is_shown_answers(fleet: Fleet, service: str) -> None:
    """Those of an account nobody has named say so; none is merely not there."""
    found = {path: answered(fleet, service, path) for path in paths(service, "no/body & co")}

    for path, (status, body) in found.items():
        unknown = "account_id=" in path and status == 404 and "unknown_account" in body
        assert status == 200 or unknown, (path, status, body[:200])


def test_without_an_account_only_what_needs_none_is_shown() -> None:
    """An example that leads nowhere is none."""
    assert not [path for path in paths("ingest", None) if "account" in path]
    assert "/v1/scores?account_id=A%2F1" in list(paths("scoring", "A/1"))


def test_the_worklist_is_a_table_with_the_first_ones() -> None:
    """Amounts with their currency, and no column cut at 80; or that nobody owes anything."""
    row = {
        "account_id": "A-1", "lane": "quick_recovery", "band": "B", "overdue_amount": "12.50",
        "currency": "EUR", "oldest_past_due_days": 31, "expected_recovery": "9.10",
        "segment": "slow payers",
    }  # fmt: skip
    shown, empty = Console(file=io.StringIO(), width=80), Console(file=io.StringIO())

    show_worklist(shown, [row])
    show_worklist(empty, [])

    text = shown.file.getvalue()  # type: ignore[attr-defined] # it is the StringIO from above
    told = ("A-1", "quick", "12.50 EUR", "31", "9.10", "slow payers")
    assert [] == [part for part in told if part not in text]
    assert "nobody has anything overdue" in empty.file.getvalue()  # type: ignore[attr-defined] # as above


@pytest.mark.stack
@pytest.mark.timeout(120)
def test_the_worklist_is_shown_as_scoring_tells_it(fleet: Fleet) -> None:
    """Every row that scoring's door answers with has what the table shows."""
    console = Console(file=io.StringIO(), width=120)

    found = worked_first(fleet)
    show_worklist(console, found)

    told = console.file.getvalue()  # type: ignore[attr-defined] # it is the StringIO from above
    assert [] == [row for row in found if row["account_id"] not in told]


@pytest.mark.stack
@pytest.mark.timeout(120)
def test_addresses_are_whole(fleet: Fleet) -> None:
    """No table cuts them: they are there to be clicked."""
    console = Console(file=io.StringIO(), width=40)

    show_addresses(console, fleet, SERVICES, "A-1")

    told = console.file.getvalue()  # type: ignore[attr-defined] # it is the StringIO from above
    assert f"  {fleet.url('ingest', '/v1/events')} (POST)\n" in told
    assert fleet.url("ingest", "/v1/account/statement?account_id=A-1&format=html") in told
