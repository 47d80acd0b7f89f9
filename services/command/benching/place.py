"""Where all is measured: a stack, and services that are started and ended on it."""

import asyncio
import json
import sys
import tempfile
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from services.command.benching.bare import Bare
from services.command.benching.usage import Usage, usage
from services.command.fleet import Fleet
from services.command.service import SERVICES
from services.ingest.wiring import WIRING as INGEST
from services.kpi.wiring import WIRING as KPI
from services.outreach.wiring import WIRING as OUTREACH
from services.scoring.wiring import WIRING as SCORING
from shared.cli.stack import StackError
from shared.line.ports import Cursor
from shared.runtime.clock import monotonic
from shared.runtime.producer import Publisher
from shared.runtime.store import MongoReader
from shared.topics import BILLING_EVENTS, PARTITIONS

WIRINGS: Final = (INGEST, SCORING, OUTREACH, KPI)
INPUTS: Final = {wiring.service: wiring.inputs for wiring in WIRINGS}
BARE_TOPIC: Final = "bench.bare"
PATIENCE_S: Final = 900.0
_TRIES: Final = 3
_SETTINGS: Final = {"ARREARS_CLOCK": "false", "ARREARS_DEAD_LETTERS_PER_MINUTE_MAX": "1000000"}


@dataclass(slots=True)
class Site:
    """The stack's addresses, the services that run now, and a publisher for what comes in."""

    kafka: str
    mongodb: str
    fleet: Fleet
    publisher: Publisher
    policy: Path
    """A policy that is always open, for where it is not the law that is measured."""
    begun: int = 0
    """How often the services began anew."""
    bare_runs: int = 0

    async def launch(self, *names: str, open_policy: bool = False) -> None:
        """Start services, without waiting until they have work; their HTTP answers."""
        more = {"ARREARS_POLICIES": str(self.policy)} if open_policy else {}
        for name in names:
            (self.fleet.folder / f"{name}.log").unlink(missing_ok=True)
            self._start(name, more)
        for name in names:
            for tries_left in reversed(range(_TRIES)):
                if await self._answers(name):
                    break
                if not tries_left:
                    raise StackError(f"{name} ended at its start:\n{self.log(name)[-2000:]}")
                self._start(name, more)  # its port was taken meanwhile

    def _start(self, name: str, settings: Mapping[str, str]) -> None:
        database = {"MONGODB_DATABASE": self._database(name)}
        self.fleet.launch(name, **_SETTINGS, **settings, **database)

    def _database(self, name: str) -> str:
        return f"arrears_{name}_{self.begun}"

    async def begin_anew(self) -> None:
        """Forget what the services, none of which runs, made of what came in.

        What they wrote to Kafka is deleted, and each has an empty database from now on.
        """
        written = {topic for wiring in WIRINGS for topic in wiring.written}
        async with self._admin() as admin:
            left = written.intersection(await admin.list_topics())
            await admin.delete_topics(sorted(left))
            while left:
                await asyncio.sleep(0.05)
                left = written.intersection(await admin.list_topics())
        self.begun += 1

    async def ready(self) -> None:
        """Wait until all that run are ready."""
        await asyncio.to_thread(self.fleet.wait_ready)

    async def stop(self) -> None:
        """End all services that run."""
        await asyncio.to_thread(self.fleet.stop_all)
        self.fleet.servers.clear()

    async def use(self, name: str) -> Usage:
        """What a service's process uses now."""
        return usage(await asyncio.to_thread(self.fleet.text, name, "/metrics"))

    async def uses(self, names: Iterable[str] = SERVICES) -> dict[str, Usage]:
        """What several use."""
        return {name: await self.use(name) for name in names}

    def log(self, name: str) -> str:
        """What a service has logged since its start."""
        return self.fleet.servers[name].said()

    async def ends(self, topics: Iterable[str]) -> dict[TopicPartition, int]:
        """The ends of topics, by partition."""
        consumer = AIOKafkaConsumer(bootstrap_servers=self.kafka)
        await consumer.start()
        try:
            spots = [
                TopicPartition(name, number) for name in topics for number in range(PARTITIONS)
            ]
            found: dict[TopicPartition, int] = await consumer.end_offsets(spots)
            return found
        finally:
            await consumer.stop()

    async def drained(self, name: str, ends: Mapping[TopicPartition, int]) -> None:
        """Wait until a service's cursors are at these ends.

        Raises:
            StackError: the service ended, or takes too long.
        """

        def there(cursors: Sequence[Cursor]) -> bool:
            at = {
                TopicPartition(topic, cursor.partition): offset
                for cursor in cursors
                for topic, offset in cursor.offsets.items()
            }
            return all(at.get(spot, 0) >= end for spot, end in ends.items())

        await self.wait(name, there, every_s=0.25)  # its log says when: no need to disturb it often

    async def passed(self, name: str, moment: datetime) -> float:
        """Wait until a service has passed a tick on every partition; when it had (monotonic)."""

        def there(cursors: Sequence[Cursor]) -> bool:
            return len(cursors) == PARTITIONS and all(
                cursor.watermarks and min(cursor.watermarks.values()) >= moment
                for cursor in cursors
            )

        return await self.wait(name, there)

    async def wait(
        self, name: str, there: Callable[[Sequence[Cursor]], bool], *, every_s: float = 0.05
    ) -> float:
        """Look at a service's cursors until they are there; when they were (monotonic seconds)."""
        reader = MongoReader(self.mongodb, self._database(name), owner="bench")
        end = monotonic() + PATIENCE_S
        try:
            while not there(await reader.cursors()):
                self.check(name, until=end)
                await asyncio.sleep(every_s)
            return monotonic()
        finally:
            await reader.stop()

    def check(self, name: str, *, until: float) -> None:
        """Raise `StackError` if a service has ended, or the moment (monotonic) is over."""
        if not self.fleet.servers[name].alive or monotonic() > until:
            lines = self.log(name).splitlines()[-5:]
            raise StackError(f"{name} does not get on:\n" + "\n".join(lines))

    async def bare(self) -> Bare:
        """Run the bare loop over all that billing.events has by now."""
        count = sum((await self.ends([BILLING_EVENTS])).values())
        self.bare_runs += 1
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "services.command.benching.bare",
            self.kafka, f"bench-bare-{self.bare_runs}", BILLING_EVENTS, BARE_TOPIC, str(count),
            stdout=asyncio.subprocess.PIPE,
        )  # fmt: skip
        answer, _ = await asyncio.wait_for(process.communicate(), PATIENCE_S)
        if process.returncode:
            raise StackError("the bare loop failed")
        return Bare(**json.loads(answer))

    async def make_bare_topic(self) -> None:
        """The topic that the bare loop writes to."""
        async with self._admin() as admin:
            await admin.create_topics([NewTopic(BARE_TOPIC, PARTITIONS, 1)])

    @asynccontextmanager
    async def _admin(self) -> AsyncIterator[AIOKafkaAdminClient]:
        """A client for the broker's topics, which is closed in the end."""
        admin = AIOKafkaAdminClient(bootstrap_servers=self.kafka)
        await admin.start()
        try:
            yield admin
        finally:
            await admin.close()

    async def _answers(self, name: str) -> bool:
        """Whether its HTTP comes to answer; not if the process ended."""
        while self.fleet.servers[name].alive:
            try:
                await self.use(name)
            except OSError:
                await asyncio.sleep(0.02)
            else:
                return True
        return False


@contextmanager
def site(kafka: str, mongodb: str, environment: Mapping[str, str], folder: Path) -> Iterator[Site]:
    """A site on a running stack; services that still run end with it."""
    fleet = Fleet(environment, folder)
    with tempfile.TemporaryDirectory() as policies:
        policy = Path(policies) / "open.yaml"
        policy.write_text(ALWAYS_OPEN, encoding="utf-8")
        publisher = Publisher({"bootstrap_servers": kafka}, deadline_s=120)
        try:
            yield Site(kafka, mongodb, fleet, publisher, policy)
        finally:
            fleet.stop_all()


ALWAYS_OPEN: Final = """\
format: policy/1
name: always_open
version: "1"
channels:
  email:
    hours: ["00:00", "24:00"]
    weekdays: [mon, tue, wed, thu, fri, sat, sun]
    consent: opt_out
    expires_hours: 48
steps:
  - name: reminder
    offset_days: 1
    channels: [email]
    tone: friendly
    texts:
      en: {subject: "{amount} is open", body: "Dear {name}, {items} {amount} {pay_url} {creditor}"}
"""
"""One step, on the first overdue day, at any hour, as often as it comes."""
