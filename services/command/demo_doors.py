"""Whom to work first, and where to look further: every service's doors, with an account to try."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final
from urllib.parse import quote

from rich.console import Console
from rich.table import Table

from services.command.fleet import Fleet

FIRST: Final = 5
_EVERYWHERE: Final = ("/docs/asyncapi", "/metrics", "/readyz")
_OWN: Final[Mapping[str, Sequence[str]]] = {
    "ingest": (
        "/v1/overdue",
        "/v1/account/position?account_id={account}",
        "/v1/account/statement?account_id={account}&format=html",
        "/docs/openapi",
    ),
    "scoring": ("/v1/worklist", "/v1/scores?account_id={account}"),
    "kpi": ("/v1/kpis", "/v1/progress"),
}
_POSTED: Final = ("/v1/events",)


def worked_first(fleet: Fleet) -> list[dict[str, Any]]:
    """The head of the worklist.

    Raises:
        OSError: scoring does not answer.
    """
    found: list[dict[str, Any]] = fleet.get("scoring", f"/v1/worklist?limit={FIRST}")["accounts"]
    return found


def paths(service: str, account: str | None) -> Iterator[str]:
    """A service's doors that can be read, those about one account only if one is given."""
    for path in (*_OWN.get(service, ()), *_EVERYWHERE):
        if "{account}" not in path:
            yield path
        elif account is not None:
            yield path.format(account=quote(account, safe=""))


def show_worklist(console: Console, rows: Sequence[Mapping[str, Any]]) -> None:
    """Print whom to work first, and why he is there."""
    if not rows:
        console.print("nobody has anything overdue")
        return
    table = Table(title="whom to work first", title_justify="left")
    for name in ("account", "lane", "band"):
        table.add_column(name, no_wrap=True)
    for name in ("overdue", "days", "expected"):
        table.add_column(name, justify="right", no_wrap=True)
    table.add_column("segment")
    for row in rows:
        table.add_row(
            row["account_id"],
            row["lane"].partition("_")[0],
            row["band"],
            f"{row['overdue_amount']} {row['currency']}",
            str(row["oldest_past_due_days"]),
            row["expected_recovery"],
            row["segment"].replace("_", " "),
        )
    console.print(table)


def show_addresses(
    console: Console, fleet: Fleet, services: Sequence[str], account: str | None
) -> None:
    """Print where to look further, whole, so that they can be clicked."""
    console.print("addresses", style="italic")
    for name in services:
        posted = [f"{path} (POST)" for path in _POSTED] if name == "ingest" else []
        for path in (*posted, *paths(name, account)):
            console.print(f"  {fleet.url(name, path)}", highlight=False, soft_wrap=True)
