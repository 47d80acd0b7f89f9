"""How long ingest's reading doors take, over real HTTP, with a large store behind them."""

import asyncio
import http.client
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from random import Random
from typing import Any, Final
from urllib.parse import urlencode

from rich.table import Table

from services.command.benching.library import MANY_OPEN, MANY_SETTLED, Library, fill
from services.command.benching.place import Site
from services.command.benching.spread import Spread, spread
from shared.cli.stack import StackError
from shared.runtime.clock import monotonic
from shared.runtime.store import MongoStore

TARGET_MS: Final = 20.0
_WARM: Final = 20
_SLOW: Final = 20
"""Samples of what is known to take long."""


@dataclass(frozen=True, slots=True)
class Case:
    """A question: its path and query (`{}` stands for an ordinary account), asked so often."""

    name: str
    path: str
    query: Mapping[str, str]
    samples: int = 0
    """0: as many as are asked for."""


def _of(account: str = "{}", **query: str) -> dict[str, str]:
    return {"account_id": account, **query}


CASES: Final = (
    Case("position", "/v1/account/position", _of()),
    Case("position 60 days ago", "/v1/account/position", _of(as_of="2025-12-02")),
    Case("items, open", "/v1/account/items", _of()),
    Case("items, all", "/v1/account/items", _of(state="all")),
    Case("entries", "/v1/account/entries", _of()),
    Case("statement of a quarter, JSON", "/v1/account/statement", _of(**{"from": "2025-11-01"})),
    Case(
        "statement of a quarter, HTML", "/v1/account/statement",
        _of(**{"from": "2025-11-01", "format": "html"}),
    ),
    Case(
        "statement of a quarter, PDF", "/v1/account/statement",
        _of(**{"from": "2025-11-01", "format": "pdf"}), 100,
    ),
    Case("overdue, largest first", "/v1/overdue", {}),
    Case("overdue, 1-30, oldest first", "/v1/overdue", {"bucket": "1-30", "order": "oldest"}),
    Case("position, many open", "/v1/account/position", _of(MANY_OPEN), _SLOW),
    Case("items, many open", "/v1/account/items", _of(MANY_OPEN)),
    Case("position, many settled", "/v1/account/position", _of(MANY_SETTLED)),
    Case("entries, many settled", "/v1/account/entries", _of(MANY_SETTLED)),
    Case(
        "six days of a month ago, many settled", "/v1/account/statement",
        _of(MANY_SETTLED, **{"from": "2025-12-28", "to": "2026-01-02"}), _SLOW,
    ),
    Case(
        "position 2 years ago, many settled", "/v1/account/position",
        _of(MANY_SETTLED, as_of="2024-03-01"), 1,
    ),
)  # fmt: skip


async def measure(
    site: Site, *, invoices: int, open_: int, settled: int, samples: int,
    told: Callable[[str], None],
) -> dict[str, Any]:  # fmt: skip
    """Fill the store, start ingest, and ask each question; milliseconds, by question."""
    store = MongoStore(site.mongodb, "arrears_ingest", owner="bench")
    await store.start()
    library = await fill(store, invoices=invoices, open_=open_, settled=settled, told=told)
    await store.stop()
    await site.launch("ingest")
    await site.ready()
    host = site.fleet.servers["ingest"].address
    found: dict[str, Any] = {}
    for case in CASES:
        told(case.name)
        times, size = await asyncio.to_thread(_ask, host, case, library, case.samples or samples)
        found[case.name] = {**_ms(times), "bytes": size}
    await site.stop()
    return {
        "asked": invoices,
        "invoices": library.invoices,
        "documents": library.rows,
        "open": open_,
        "settled": settled,
        "ms": found,
    }


def _ask(host: str, case: Case, library: Library, samples: int) -> tuple[Spread, int]:
    """Ask so often, one by one, on one connection: seconds, and the size of the last answer."""
    random = Random(7)  # noqa: S311 - which accounts are asked for, the same ones each time
    connection = http.client.HTTPConnection(host, timeout=60)
    times: list[float] = []
    size = 0
    for number in range(samples + min(_WARM, samples)):
        account = random.choice(library.accounts)
        query = {name: value.replace("{}", account) for name, value in case.query.items()}
        began = monotonic()
        connection.request("GET", f"{case.path}?{urlencode(query)}")
        answer = connection.getresponse()
        size = len(answer.read())
        if answer.status != http.client.OK:
            raise StackError(f"{case.name}: {answer.status}")
        if number >= min(_WARM, samples):
            times.append(monotonic() - began)
    connection.close()
    return spread(times), size


def _ms(times: Spread) -> dict[str, Any]:
    values = {"p50": times.p50, "p95": times.p95, "p99": times.p99, "most": times.most}
    return {"samples": times.count, **{name: round(1e3 * s, 1) for name, s in values.items()}}


def table(told: Mapping[str, Any]) -> Table:
    """The results as a table."""
    many = f"{told['open']:,} open, {told['settled']:,} settled ones"
    title = (
        f"ms for an answer, over {told['invoices']:,} invoices ({told['documents']:,} documents);"
        f" many: {many}; to reach: p99 below {TARGET_MS:.0f}"
    )
    shown = Table(title=title, title_justify="left")
    for number, name in enumerate(("", "samples", "p50", "p95", "p99", "most", "bytes")):
        shown.add_column(name, justify="right" if number else "left")
    for name, one in told["ms"].items():
        times = (f"{one[key]:.1f}" for key in ("p50", "p95", "p99", "most"))
        shown.add_row(name, str(one["samples"]), *times, f"{one['bytes']:,}")
    return shown
