"""A debtor's books are damaged, ingest parks it, they are mended, and it is unparked: for real.

In the end the books and figures are those of a run in which nothing happened.
"""

import asyncio
import contextlib
import json
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

import pymongo
import pytest

from services.command.fleet import Fleet, running_fleet
from shared.cli.eventfile import Line
from shared.cli.stack import Stack, running_stack
from shared.events.ledger import PartyParked, PartyUnparked
from shared.events.outreach import ContactRequested
from tests.runs import PARTITIONS, Real, Simulated, send, story

pytestmark = [pytest.mark.stack, pytest.mark.timeout(600)]

MONEY: Final = ("receivables", "overdue", "dso", "cei", "recovery")
DEBTOR: Final = "account-0009"
"""Late and often written to."""
SETTINGS: Final = {
    "ARREARS_CLOCK": "false",
    "ARREARS_PARTITIONS": str(PARTITIONS),
    "ARREARS_IDENTITY_CHECK_EVERY": "1",
    "ARREARS_IDENTITY_STRICT": "true",
}


@dataclass(slots=True)
class Here:
    """The services, what they are told, and the command line."""

    stack: Stack
    fleet: Fleet
    told: list[Line]

    def command(self, *words: str) -> tuple[int, str, str]:
        """Run `arrears parked`: its exit code, and what it says."""
        call = [sys.executable, "-m", "services.command", "parked", *words]
        ended = subprocess.run(
            call, capture_output=True, text=True, check=False, env=self._environment()
        )
        return ended.returncode, ended.stdout, ended.stderr

    def _environment(self) -> dict[str, str]:
        return {"COLUMNS": "80", "PATH": "/usr/bin:/bin", **self.stack.environment}

    def go_on(self, until: int) -> None:
        """Tell what comes before a line of the history, and wait until all is worked off."""
        now, self.told = self.told[:until], self.told[until:]
        asyncio.run(send(now, self.stack))
        ticks = [line.time for line in now if line.event["type"] == "clock.ticked.v1"]
        self.fleet.wait_through(ticks[-1].isoformat(), within_s=200)

    def unpark_at(self, until: int) -> tuple[int, str, str]:
        """Ask for the debtor to be unparked, and tell the history's next lines meanwhile."""
        found: list[tuple[int, str, str]] = []
        asking = threading.Thread(
            target=lambda: found.append(self.command("unpark", "ingest", DEBTOR))
        )
        asking.start()
        time.sleep(3)
        self.go_on(until)
        asking.join()
        return found[0]

    @contextlib.contextmanager
    def books(self) -> Iterator[Any]:
        """Ingest's documents, while it does not run."""
        self.fleet.servers["ingest"].ask_to_stop()
        self.fleet.servers["ingest"].stop()
        with pymongo.MongoClient[Any](self.stack.mongodb_uri) as client:
            yield client["arrears_ingest"]["documents"]
        self.fleet.launch("ingest", **SETTINGS)
        self.fleet.wait_ready()


def damage(books: Any, name: str, by: int) -> None:  # noqa: ANN401 - the driver's
    """Change what is booked on an invoice's first item, and not what is open on it."""
    invoice = json.loads(books.find_one({"_id": name})["d"])
    invoice["items"][0]["postings"][0]["amount"] += by
    books.update_one({"_id": name}, {"$set": {"d": json.dumps(invoice)}})


def test_the_books_are_as_if_nothing_had_happened(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Positions, money figures and the ledger's facts; and outreach kept silent meanwhile."""
    told = story(7, accounts=30, invoices=400, days=90)
    simulated = Simulated.of(told, tmp_path_factory.mktemp("simulated"))
    third = len(told) // 3
    with (
        running_stack(tmp_path_factory.mktemp("stack")) as stack,
        running_fleet(stack.environment, tmp_path_factory.mktemp("logs"), **SETTINGS) as fleet,
    ):
        here = Here(stack, fleet, list(told))
        here.go_on(third)
        with here.books() as books:
            name = books.find_one({"y": DEBTOR, "k": "invoice", "o": True})["_id"]
            damage(books, name, 1)
        here.go_on(third)
        listed = here.command("list")
        code, said, why = here.unpark_at(third // 4)
        again = here.command("list")
        with here.books() as books:
            damage(books, name, -1)
        mended = here.unpark_at(len(here.told) // 2)
        here.go_on(len(here.told))
        end = told[-1].time
        real = Real.of(stack, fleet.get("kpi", f"/v1/kpis?as_of={end.date()}"))
        left = here.command("list")

    assert (0, 0, (0, "0 parked\n", "")) == (listed[0], again[0], left)
    assert [] == [word for word in ("ingest", DEBTOR, "IdentityBroken") if word not in listed[1]]
    assert (1, "0 unparked, 1 still parked\n") == (code, said)
    assert f"{DEBTOR}: failed again: IdentityBroken: item " in why
    assert "failed again: IdentityBroken: item" in again[1]
    assert (0, "1 unparked, 0 still parked\n", "") == mended
    assert simulated.kpis()["receivables"] == real.kpis()["receivables"]
    assert simulated.letters() == real.letters()
    told_again, silent = ledger(real)
    assert ledger(simulated)[0] == told_again
    begin, end_ = silent
    assert [] == requested(real, begin, end_)
    assert 5 < len(requested(simulated, begin, end_))
    assert requested(real, end_, "9")


def ledger(run: Simulated | Real) -> tuple[dict[str, list[str]], list[str]]:
    """What was told of each party, with its time, in no order; and when parking began and ended."""
    facts: dict[str, list[str]] = {}
    parking: list[str] = []
    for party, line in run.writing("collections.ledger").parties.items():
        for event in map(json.loads, line):
            if event["type"] in {PartyParked.type, PartyUnparked.type}:
                parking.append(event["time"])
            else:
                text = json.dumps(event["data"], sort_keys=True)
                facts.setdefault(party, []).append(f"{event['type']} {event['time']} {text}")
    return {party: sorted(told) for party, told in facts.items()}, parking


def requested(run: Simulated | Real, begin: str, end: str) -> list[str]:
    """The times between two moments at which the debtor was to be written to."""
    lines = run.writing("outreach.activity").parties
    events = [json.loads(one) for name, line in lines.items() if DEBTOR in name for one in line]
    return [
        event["time"]
        for event in events
        if event["type"] == ContactRequested.type and begin < event["time"] < end
    ]
