"""What came of it, against what must: a row for each thing that is checked."""

import json
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Final, NamedTuple

from deploy.composecheck import story
from deploy.composecheck.compose import Compose, docker
from deploy.composecheck.http import get
from deploy.composecheck.machine import PUBLISHED
from deploy.composecheck.ordeal import KILLED, Ordeal, in_command_image

SERVICES: Final = ("ingest", "scoring", "outreach", "kpi")
TICK: Final = "clock.ticked.v1"
WATCHED_S: Final = 60.0
"""Prometheus looks and evaluates each 15 s."""
TOPICS: Final = {
    "collections.ledger": ("collections.ledger",),
    "collections.scores": ("collections.scores",),
    "outreach.activity": ("outreach.activity",),
    "outreach.tasks": tuple(f"outreach.tasks.{c}" for c in ("email", "sms", "phone", "letter")),
}
"""The topics of each file that `arrears simulate` writes."""
LETTERS: Final = tuple(f"{service}.dlq" for service in SERVICES)


class Row(NamedTuple):
    """One thing that was checked."""

    what: str
    good: bool
    found: str


def all_rows(compose: Compose, ordeal: Ordeal) -> Iterator[Row]:
    """Every row that can be told while the containers run."""
    yield from came_back(ordeal)
    yield from facts(compose, ordeal)
    yield figures(ordeal.undisturbed)
    yield by_hand(ordeal.rounds)
    yield from watched()
    yield from images(compose)
    yield replica_set(compose)
    yield from command_line(compose)


def came_back(ordeal: Ordeal) -> Iterator[Row]:
    """Each container was killed once, and came back."""
    for service in KILLED:
        found = [one for one in ordeal.restarts if one.service == service]
        good = len(found) == 1 and found[0].by_itself
        told = "was not killed" if not found else f"healthy again {found[0].seconds:.0f} s later"
        if found and not found[0].by_itself:
            told = "Docker did not start it again"
        yield Row(f"SIGKILL {service}", good, told)


def facts(compose: Compose, ordeal: Ordeal) -> Iterator[Row]:
    """What stands in Kafka is what the undisturbed run wrote: nothing lost, nothing else."""
    found = read_ids(compose)
    for name, topics in TOPICS.items():
        file = ordeal.undisturbed / f"{name}.jsonl"
        must = {
            event["id"]
            for line in file.read_text(encoding="utf-8").splitlines()
            if (event := json.loads(line))["type"] != TICK
        }
        here = sum((found[topic] for topic in topics), Counter())
        lost, other = must - here.keys(), here.keys() - must
        repeated = sum(here.values()) - len(here)
        told = f"{len(must):,} events, {len(lost)} lost, {len(other)} too many"
        again = f"; {repeated} delivered twice under the same id" if repeated else ""
        yield Row(f"{name}: as undisturbed", bool(must) and not lost and not other, told + again)
    letters = sum(sum(found[topic].values()) for topic in LETTERS)
    yield Row("dead letters: none", letters == 0, str(letters))


def read_ids(compose: Compose) -> dict[str, "Counter[str]"]:
    """How often each event's id stands in each topic, ticks left out.

    Raises:
        Failed: they cannot be read.
    """
    topics = [*LETTERS, *(topic for group in TOPICS.values() for topic in group)]
    program = Path(__file__).with_name("reader.py")
    said = compose(
        *in_command_image(program.parent, "python", f"/story/{program.name}", "kafka:9092", *topics)
    )
    found: dict[str, Counter[str]] = {topic: Counter() for topic in topics}
    for line in said.splitlines():
        topic, _, name = line.partition(" ")
        if topic in found:
            found[topic][name] += 1
    return found


def figures(expected: Path) -> Row:
    """All figures that KPI answers are those of the undisturbed run."""
    must = json.loads((expected / "kpi.json").read_text(encoding="utf-8"))
    found = get("kpi", f"/v1/kpis?as_of={must['as_of']}")
    found.pop("complete")
    wrong = sorted(name for name in must if must[name] != found.get(name))
    told = "all equal" if not wrong else f"different: {', '.join(wrong)}"
    return Row("KPI: figures as undisturbed", not wrong, told)


def by_hand(rounds: list[story.Round]) -> Row:
    """The receivables are what a pocket calculator says."""
    opened = sum(one.count("invoice.issued") for one in rounds)
    paid = sum(one.count("payment.received") for one in rounds)
    must = f"{(opened - paid) * float(story.AMOUNT):.2f}"
    report = get("kpi", f"/v1/kpis?as_of={rounds[-1].last}")
    found = [part["amounts"]["gross"] for part in report["receivables"]]
    told = (
        f"{opened} invoices less {paid} payments of {story.AMOUNT}: {', '.join(found) or 'nothing'}"
    )
    return Row("KPI: receivables by hand", found == [must], told)


def watched() -> list[Row]:
    """What Prometheus shows, once it has scraped and evaluated after its own restart."""
    end = time.monotonic() + WATCHED_S
    while True:
        rows = list(seen_by_prometheus())
        if all(row.good for row in rows) or time.monotonic() > end:
            return rows
        time.sleep(1)


def seen_by_prometheus() -> Iterator[Row]:
    """Prometheus scrapes all four, and its rules are loaded and can be evaluated."""
    targets = get("prometheus", "/api/v1/targets")["data"]["activeTargets"]
    up = sorted(t["labels"]["service"] for t in targets if t["health"] == "up")
    yield Row("Prometheus: targets", up == sorted(SERVICES), f"up: {', '.join(up) or 'none'}")
    rules = [r for g in get("prometheus", "/api/v1/rules")["data"]["groups"] for r in g["rules"]]
    bad = [rule["name"] for rule in rules if rule["health"] != "ok"]
    told = f"{len(rules)} rules evaluated" if not bad else f"not ok: {', '.join(bad)}"
    yield Row("Prometheus: rules", bool(rules) and not bad, told)
    series = get("prometheus", "/api/v1/query?query=collections:line_age:seconds")["data"]["result"]
    having = sorted(one["metric"]["service"] for one in series)
    told = f"of {', '.join(having) or 'nobody'}"
    yield Row("Prometheus: lag in seconds", having == sorted(SERVICES), told)


def images(compose: Compose) -> Iterator[Row]:
    """Each image holds its own service only, runs as nobody in particular, and writes nothing."""
    for service in SERVICES:
        others = [other for other in (*SERVICES, "command") if other != service]
        program = (
            "import importlib.util, os; "
            f"inside = [s for s in {others} if importlib.util.find_spec('services.' + s)]; "
            "print(os.getuid(), os.access('/', os.W_OK), *inside)"
        )
        said = docker("exec", compose.container(service), "python", "-c", program).split()
        read_only = compose.inspect(service)["HostConfig"]["ReadonlyRootfs"]
        good = said[0] != "0" and said[1] == "False" and len(said) == 2 and read_only  # noqa: PLR2004 - nothing more
        told = f"user {said[0]}, {'read-only' if read_only else 'writable'}, "
        yield Row(
            f"image of {service}", good, told + f"other services inside: {said[2:] or 'none'}"
        )


def replica_set(compose: Compose) -> Row:
    """A second `up` finds the replica set as the first has made it."""
    compose("up", "-d", "--no-build")
    docker("wait", compose.container("mongo-init"))
    said = compose.said("mongo-init", lines=1000)
    initiated, found = said.count("is initiated"), said.count("is there already")
    program = "print(rs.conf().version, rs.conf().members.length)"
    asked = docker("exec", compose.container("mongo"), "mongosh", "--quiet", "--eval", program)
    good = initiated == 1 and found >= 1 and asked.split() == ["1", "1"]
    told = f"initiated {initiated} time, found {found} time, version and members {asked.strip()}"
    return Row("replica set: once and only once", good, told)


def command_line(compose: Compose) -> Iterator[Row]:
    """The container of the command line reaches Kafka and all stores, as the runbooks have it."""
    for words, must in (
        (("letters", "list"), "0 letters in ingest.dlq, 0 redrivable"),
        (("parked", "list"), "0 parked"),
    ):
        said = compose("run", "--rm", "-T", "arrears", *words).strip()
        yield Row(f"arrears {' '.join(words)}", said == must, said)


def ended(compose: Compose) -> Iterator[Row]:
    """SIGTERM reaches the services, and they end in order."""
    compose("stop", *SERVICES)
    for service in SERVICES:
        code = compose.inspect(service)["State"]["ExitCode"]
        yield Row(f"SIGTERM {service}", code == 0, f"exit code {code}")


def port_names() -> str:
    """The variables that choose ports, for the help."""
    return ", ".join(f"PUBLISH_{name}" for name in PUBLISHED)
