"""Aging: what is open, by how long it has been past due; due today is current."""

from collections.abc import Iterable, Sequence
from datetime import date

from services.kpi.domain.cube import Line


def names(ends: Sequence[int]) -> tuple[str, ...]:
    """Names of the buckets that end so: (30, 60) gives current, 1-30, 31-60, 61+."""
    begins = [1, *(end + 1 for end in ends)]
    closed = (f"{begin}-{end}" for begin, end in zip(begins, ends, strict=False))
    return ("current", *closed, f"{begins[-1]}+")


def aging(lines: Iterable[Line], as_of: date, ends: Sequence[int]) -> dict[str, int]:
    """Minor units open at the end of a day by bucket, from the lines effective by then."""
    by_due: dict[date, int] = {}
    for line in lines:
        if line.due_on is not None:
            by_due[line.due_on] = by_due.get(line.due_on, 0) + line.amount
    buckets = names(ends)
    found = dict.fromkeys(buckets, 0)
    for due_on, amount in by_due.items():
        found[buckets[bucket(as_of, due_on, ends)]] += amount
    return found


def bucket(as_of: date, due_on: date, ends: Sequence[int]) -> int:
    """The place of the bucket: 0 for current, then 1 and on."""
    days = (as_of - due_on).days
    if days <= 0:
        return 0
    for place, end in enumerate(ends, start=1):
        if days <= end:
            return place
    return len(ends) + 1
