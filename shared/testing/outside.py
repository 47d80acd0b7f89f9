"""What comes to the toy's door from outside, and what shall become of it."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from shared.events.base import Fact
from shared.line.ports import Record
from shared.line.wiring import TICK
from shared.testing.log import Logged, MemoryLog
from shared.testing.toy import COMMANDS, EVENTS, Added, Configured, tick, told
from shared.topics import partition_of

Headers = list[tuple[str, bytes | None]]


@dataclass(frozen=True, slots=True)
class Sent:
    """An input; `value` is its own alone. `letter` is the reason on its dead letter, if any."""

    id: str
    value: bytes
    topic: str
    party: str = ""
    letter: str = ""
    unfit: bool = False
    """Whether it concerns all and no core can take it: a dead letter, and yet in every line."""


def headers(kind: str, id_: str, time: datetime, **more: str) -> Headers:
    """The headers of an event from outside."""
    attributes = {"specversion": "1.0", "id": id_, "source": "test", "type": kind}
    attributes |= {"time": time.isoformat(), **more}
    return [(f"ce_{name}", text.encode()) for name, text in attributes.items()]


@dataclass(slots=True)
class Outside:
    """Billing systems, people, clocks and strangers; `sent` is all but the clocks' ticks."""

    log: MemoryLog
    sent: list[Sent] = field(default_factory=list)
    _serial: int = 0

    def _next(self, prefix: str) -> str:
        self._serial += 1
        return f"{prefix}{self._serial}"

    def _send(self, record: Record, sent: Sent) -> None:
        self.log.append(record)
        self.sent.append(sent)

    def home(self, party: str) -> int:
        """The partition of a party."""
        return partition_of(party.encode(), self.log.partitions)

    def event(
        self,
        party: str,
        data: Mapping[str, Any],
        *,
        topic: str = EVENTS,
        letter: str = "",
        astray: bool = False,
    ) -> None:
        """An event of a party, perhaps on a partition that is not its own."""
        id_ = self._next("e")
        value = json.dumps({"account_id": f"account-{party}", "n": self._serial, **data}).encode()
        partition = (self.home(party) + astray) % self.log.partitions
        cover = headers(Added.type, id_, self.log.now, partitionkey=party)
        record = Record(topic, partition, party.encode(), value, cover)
        self._send(record, Sent(id_, value, topic, party, letter))

    def poison(self, partition: int, form: int) -> None:
        """Something that is no event of ours, in one of five forms."""
        id_ = self._next("p")
        mark = b"%d" % self._serial
        good, other = (headers(kind, id_, self.log.now) for kind in (Added.type, "x.v1"))
        whole = b'{"account_id": "a", "n": %b}' % mark
        forms: tuple[tuple[bytes, Headers, str], ...] = (
            (b"{" + mark, good, "malformed"),
            (b'{"n": %b}' % mark, good, "invalid"),
            (whole, other, "unknown_type"),
            (mark, [("ce_id", b"\xff\xfe"), ("x", None)], "malformed"),
            (whole, good[:-1], "invalid"),
        )
        value, cover, letter = forms[form]
        sent = Sent(id_, value, EVENTS, letter=letter)
        self._send(Record(EVENTS, partition, None, value, cover), sent)

    def again(self, which: int, *, changed: bool) -> None:
        """What came before comes again: the same, or an event of ours with other content."""
        before = self.sent[which % len(self.sent)]
        found = self._find(before)
        if found is None:
            return
        value = before.value
        if changed:
            if not before.party or before.letter or found.partition != self.home(before.party):
                return  # of two that are under way it is open which comes first
            id_ = self._next("n")
            value = json.dumps(json.loads(value) | {"n": id_, "amount": 99}).encode()
            self.sent.append(Sent(before.id, value, before.topic, before.party, "conflict"))
        self.log.append(Record(before.topic, found.partition, found.key, value, found.headers))

    def _find(self, sent: Sent) -> Logged | None:
        everything = (
            logged
            for partition in range(self.log.partitions)
            for logged in self.log.read(sent.topic, partition)
        )
        return next((logged for logged in everything if logged.value == sent.value), None)

    def configuration(self, partition: int, *, in_s: int, **data: Any) -> None:  # noqa: ANN401 - the fact's own fields
        """Something that concerns all, told to one partition."""
        id_ = self._next("c")
        from_ = self.log.now + timedelta(seconds=in_s)
        fact: Fact = Configured(number=self._serial, from_=from_, **data)
        record = told(fact, id=id_, time=self.log.now, partition=partition)
        unfit = bool(data.get("fault"))
        self._send(record, Sent(id_, record.value or b"", EVENTS, unfit=unfit))

    def ticks(self, after_s: float, *, clocks: int = 1) -> None:
        """Time goes on, and one or two clocks say so on every partition."""
        self.log.now += timedelta(seconds=after_s)
        for partition in list(range(self.log.partitions)) * clocks:
            self.log.append(tick(self.log.now, partition=partition))

    def false_tick(self, partition: int, *, stranger: bool) -> None:
        """A tick from someone else, or from the future."""
        id_ = self._next("f")
        at = self.log.now + timedelta(seconds=0 if stranger else 1000 + self._serial)
        cover = headers(TICK, id_, at, source="test" if stranger else "arrears:clock")
        value = json.dumps({"at": at.isoformat(), "n": self._serial}).encode()
        sent = Sent(id_, value, EVENTS, letter="untrusted_tick")
        self._send(Record(EVENTS, partition, None, value, cover), sent)

    @property
    def letters(self) -> set[tuple[bytes | None, bytes | None]]:
        """Values and reasons that shall be on dead letters."""
        refused = {(sent.value, sent.letter.encode()) for sent in self.sent if sent.letter}
        return refused | {(sent.value, b"invalid") for sent in self.sent if sent.unfit}

    @property
    def registered(self) -> set[str]:
        """The ids that shall be registered: of what was taken, or refused for good."""
        ids = {
            f"test\x1f{sent.id}"
            for sent in self.sent
            if sent.party and sent.letter != "not_yet_supported"
        }
        for partition in range(self.log.partitions):
            shared = {sent.id for sent in self.sent if sent.id.startswith("c")}
            ids |= {f"{partition}\x1ftest\x1f{id_}" for id_ in shared}
        return ids

    def taken(self, partition: int) -> list[str]:
        """The ids that shall be in a partition's line, each once."""
        return sorted(
            sent.id
            for sent in self.sent
            if not sent.letter and (not sent.party or self.home(sent.party) == partition)
        )

    @property
    def commands(self) -> set[str]:
        """The ids of what came by the topic that has no ticks of its own."""
        return {sent.id for sent in self.sent if sent.topic == COMMANDS}
