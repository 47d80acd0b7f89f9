"""Segments: rules that put every account into exactly one part of the portfolio.

They are tried in the order they stand in, and the first that holds is the account's; the last has
no conditions, so that one always holds.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from operator import attrgetter
from typing import Any, Final

from services.scoring.domain.feature import Feature
from services.scoring.domain.features import read_feature
from services.scoring.domain.priority import RANK_MAX
from services.scoring.domain.reading import Reading, document
from services.scoring.domain.score import Score
from services.scoring.domain.terms import RISK_BANDS, RISK_MAX
from services.scoring.domain.traits import refuse_trait

Condition = Callable[[Score], bool]
SEGMENTS_MAX: Final = 50
"""Each is tried at every event of what is overdue, and has its own lines in the metrics."""
_NAME: Final = re.compile(r"[a-z0-9_-]{1,50}")

_WORDS: Final[Mapping[str, Callable[[Score], str]]] = {
    "band": attrgetter("assessment.band"),
    "lane": attrgetter("lane"),
    "confidence": attrgetter("confidence"),
    "creditor": attrgetter("seen.behaviour.creditor_id"),
}
"""What of a score may be asked to be one of some words."""
_KNOWN_WORDS: Final[Mapping[str, tuple[str, ...]]] = {
    "band": RISK_BANDS,
    "lane": ("quick_recovery", "protect_value"),
    "confidence": ("low", "medium", "high"),
}
_NUMBERS: Final[Mapping[str, tuple[Callable[[Score], int], int]]] = {
    "risk": (lambda score: score.assessment.points, RISK_MAX),
    "priority": (lambda score: score.priority, RANK_MAX),
}
"""What of a score may be asked to be in a range, and its highest value."""


@dataclass(frozen=True, slots=True)
class Range:
    """From `start` on and below `below`, as exact fractions; None leaves that side open."""

    start: tuple[int, int] | None
    below: tuple[int, int] | None

    def holds(self, numerator: int, denominator: int = 1) -> bool:
        """Whether ``numerator / denominator`` (the latter above zero) is in it."""
        start, below = self.start, self.below
        if start is not None and numerator * start[1] < start[0] * denominator:
            return False
        return below is None or numerator * below[1] < below[0] * denominator


@dataclass(frozen=True, slots=True)
class Segment:
    """One rule: its name, and the conditions that must all hold."""

    name: str
    conditions: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class Segments:
    """The rules in the order they are tried."""

    version: str
    rules: tuple[Segment, ...]

    @classmethod
    def from_document(cls, value: Mapping[str, Any]) -> "Segments":
        """Read the rules; raises `ModelError`, whose text begins with the path."""
        fields = document(value).fields(("version", "segments"))
        rules: list[Segment] = []
        rows = fields["segments"].items()
        if len(rows) > SEGMENTS_MAX:
            rows[SEGMENTS_MAX].fail(f"at most {SEGMENTS_MAX} segments are expected")
        for row in rows:
            rule = _read_rule(row, is_last=row is rows[-1])
            if any(rule.name == other.name for other in rules):
                row.mapping()["name"].fail("stands here twice")
            rules.append(rule)
        return cls(version=fields["version"].text(), rules=tuple(rules))

    def of(self, score: Score) -> str:
        """The segment of an account."""
        for rule in self.rules[:-1]:
            for condition in rule.conditions:
                if not condition(score):
                    break
            else:
                return rule.name
        return self.rules[-1].name


def _read_rule(row: Reading, *, is_last: bool) -> Segment:
    fields = row.fields(("name",), ("when",))
    name = fields["name"].text()
    if not _NAME.fullmatch(name):
        fields["name"].fail("small letters, digits, _ and -, at most 50, are expected")
    when = fields.get("when")
    if is_last and when is not None:
        when.fail("the last segment takes all the others left, so it has no conditions")
    if not is_last and when is None:
        row.fail("without conditions it takes every account, and only the last one may")
    if when is None:
        return Segment(name, ())
    conditions = when.mapping()
    if not conditions:
        when.fail("a condition is expected")
    return Segment(name, tuple(_read_condition(key, each) for key, each in conditions.items()))


def _read_condition(name: str, reading: Reading) -> Condition:
    if name == "tags":
        return _has_tag(frozenset(refuse_trait(each) for each in reading.items()))
    if name in _WORDS:
        return _is_one_of(_WORDS[name], _read_words(name, reading))
    if name in _NUMBERS:
        number, most = _NUMBERS[name]
        return _number_within(number, _read_range(reading, most))
    feature = read_feature(Reading(name, reading.path))
    return _feature_within(feature, _read_range(reading, None))


def _read_words(name: str, reading: Reading) -> frozenset[str]:
    known = _KNOWN_WORDS.get(name)
    words = reading.items()
    for each in words:
        if known and each.text() not in known:
            each.fail(f"one of {', '.join(known)} is expected")
    return frozenset(each.text() for each in words)


def _read_range(reading: Reading, most: int | None) -> Range:
    fields = reading.fields((), ("from", "below"))
    if not fields:
        reading.fail("from, below or both are expected")
    ends = {name: each.number() for name, each in fields.items()}
    for name, end in ends.items():
        if most is not None and not 0 <= end <= most + 1:
            fields[name].fail(f"a number from 0 to {most + 1} is expected")
    start, below = ends.get("from"), ends.get("below")
    if start is not None and below is not None and below <= start:
        fields["below"].fail("the range is empty")
    return Range(
        start=None if start is None else (start.numerator, start.denominator),
        below=None if below is None else (below.numerator, below.denominator),
    )


def _has_tag(tags: frozenset[str]) -> Condition:
    return lambda score: not tags.isdisjoint(score.seen.behaviour.tags)


def _is_one_of(word: Callable[[Score], str], words: frozenset[str]) -> Condition:
    return lambda score: word(score) in words


def _number_within(number: Callable[[Score], int], span: Range) -> Condition:
    return lambda score: span.holds(number(score))


def _feature_within(feature: Feature, span: Range) -> Condition:
    value, holds = feature.value, span.holds
    return lambda score: holds(*value(score.seen))
