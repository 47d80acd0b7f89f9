"""What two runs wrote, compared: by party, in order, whatever the partitions, pace and retries.

A run is compared as structured CloudEvents. What says when and how often something was written
(sequence, recorded time) is left out; what it says of the business is not.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from pydantic import BaseModel

from shared import envelope
from shared.line.ports import Record
from shared.testing.reading import header

_COMPARED: Final = (
    "id",
    "source",
    "type",
    "subject",
    "partitionkey",
    "time",
    "causationid",
    "woken",
)
_SHOWN: Final = 5

Line = list[str]


@dataclass(slots=True)
class Writing:
    """What a run wrote into one topic (or several that belong together)."""

    parties: dict[str, Line] = field(default_factory=dict)
    """Each party's events in order."""
    common: dict[int, Line] = field(default_factory=dict)
    """What concerns all parties (ticks, configuration), by partition, in order."""

    def add(self, event: Mapping[str, Any], partition: int) -> None:
        """Take the next event; the tasks of each channel are a line of their own."""
        told = {name: event[name] for name in _COMPARED if event.get(name)}
        text = json.dumps({**told, "data": event["data"]}, sort_keys=True)
        party = event.get("partitionkey")
        if party:
            channel = event["data"].get("channel", "")
            self.parties.setdefault(f"{party} {channel}".strip(), []).append(text)
        else:
            self.common.setdefault(partition, []).append(text)


def of_events(events: Iterable[Mapping[str, Any]]) -> Writing:
    """What a simulation wrote: it has one partition."""
    writing = Writing()
    for event in events:
        writing.add(event, 0)
    return writing


def of_records(records: Iterable[Record]) -> Writing:
    """What services wrote to Kafka, each record once (see `once`)."""
    writing = Writing()
    for record in records:
        event = envelope.structured(record.key or None, record.value or b"", record.headers)
        writing.add(event, record.partition)
    return writing


def differences(expected: Writing, actual: Writing) -> list[str]:
    """The first few differences in words; empty where both say the same.

    Every partition of `actual` must have all that concerns all parties, in the same order.
    """
    found: list[str] = []
    for party in sorted(expected.parties.keys() | actual.parties.keys()):
        here, there = expected.parties.get(party, []), actual.parties.get(party, [])
        if here != there:
            found.append(f"{party}: {_first_difference(here, there)}")
    common = expected.common.get(0, [])
    for partition, line in sorted(actual.common.items()):
        if line != common:
            found.append(f"partition {partition}: {_first_difference(common, line)}")
    return found if len(found) <= _SHOWN else [*found[:_SHOWN], f"and {len(found) - _SHOWN} more"]


def _first_difference(expected: Sequence[str], actual: Sequence[str]) -> str:
    for number, (here, there) in enumerate(zip(expected, actual, strict=False)):
        if here != there:
            return f"event {number} of {len(expected)}:\n  expected {here}\n  actual   {there}"
    shorter, longer = sorted((expected, actual), key=len)
    which = "more" if longer is actual else "missing"
    return f"{len(longer) - len(shorter)} {which}, first {longer[len(shorter)]}"


@dataclass(frozen=True, slots=True)
class Once:
    """A topic's records without their repetitions, and what is wrong with how they came."""

    records: list[Record]
    repeated: int
    faults: list[str]


def once(records: Iterable[Record]) -> Once:
    """Each record of an internal topic once, by (topic, partition, sequence).

    A fault is a repetition that is not the same bytes, a sequence that is left out, and one whose
    first appearance is not in order.
    """
    seen: dict[tuple[str, int, int], Record] = {}
    last: dict[tuple[str, int], int] = {}
    kept: list[Record] = []
    faults: list[str] = []
    repeated = 0
    for record in records:
        spot = (record.topic, record.partition)
        sequence = int(header(record, "ce_sequence") or 0)
        known = seen.get((*spot, sequence))
        if known is not None:
            repeated += 1
            if known != record:
                faults.append(f"{spot}: sequence {sequence} came twice with other bytes")
            continue
        if sequence != last.get(spot, 0) + 1:
            faults.append(f"{spot}: sequence {sequence} follows {last.get(spot, 0)}")
        last[spot] = sequence
        seen[(*spot, sequence)] = record
        kept.append(record)
    return Once(kept, repeated, faults)


def said(value: object) -> object:
    """All that a fact says, with the types of its values; it may be a struct of its model."""
    if isinstance(value, BaseModel):
        model = value.__class__
        return model, {name: said(getattr(value, name)) for name in model.model_fields}
    if isinstance(value, tuple):
        return [said(each) for each in value]
    return type(value), value
