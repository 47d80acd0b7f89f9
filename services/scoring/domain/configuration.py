"""What is configured by event: the model and the segments in force, and those to come."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Literal

from services.scoring.domain import written
from services.scoring.domain.features import FEATURES
from services.scoring.domain.learned import Learned, p_pay_of, points_of
from services.scoring.domain.logistic import KIND as LOGISTIC
from services.scoring.domain.logistic import Logistic
from services.scoring.domain.model import Model
from services.scoring.domain.reading import ModelError, Reading, document
from services.scoring.domain.scorecard import KIND as SCORECARD
from services.scoring.domain.scorecard import Scorecard
from services.scoring.domain.segments import Segments
from shared.configuration import Configuration, Published
from shared.core import Party
from shared.events.billing import ConfigPublished
from shared.events.scores import ShadowScore

Kind = Literal["model", "segments"]
_READ_MAX: Final = 64
CHALLENGERS_MAX: Final = 5
"""Each costs time at every score that goes out."""


@dataclass(frozen=True, slots=True)
class Challenger:
    """A trained model that is tried in shadow: its scores go out beside those in force."""

    logistic: Logistic

    def score(self, snapshot: Mapping[str, float], known: int) -> ShadowScore:
        """What it would have said."""
        estimate = self.logistic.estimate(snapshot, known)
        return written.ShadowScore(
            model=self.logistic.model,
            model_version=self.logistic.version,
            risk=points_of(estimate),
            p_pay=p_pay_of(estimate),
        )


@dataclass(frozen=True, slots=True)
class InForce:
    """What scores are made by."""

    model: Model
    segments: Segments
    challengers: tuple[Challenger, ...] = ()


@dataclass(frozen=True, slots=True)
class _Read:
    """What was read from two texts; it keeps them, so that their identities stay theirs."""

    model: Published | None
    segments: Published | None
    rules: InForce


class Configured:
    """Reads what is in force from a partition's own documents, each text once."""

    def __init__(self, scorecard: Scorecard, segments: Segments) -> None:
        """Start with what the service was started with; that holds until something is published."""
        self._shipped = InForce(scorecard, segments)
        self._scorecard = scorecard
        self._read: dict[tuple[int, int], _Read] = {}

    def in_force(self, shared: Party, at: datetime) -> InForce:
        """What holds at a moment."""
        model, segments = (
            shared.find(Configuration, "model"),
            shared.find(Configuration, "segments"),
        )
        if model is None and segments is None:
            return self._shipped
        by_model = model.in_force(at) if model else None
        by_segments = segments.in_force(at) if segments else None
        name = (id(by_model), id(by_segments))
        found = self._read.get(name)
        if found is None:
            if len(self._read) >= _READ_MAX:
                self._read.clear()
            found = self._read[name] = _Read(by_model, by_segments, self._of(by_model, by_segments))
        return found.rules

    def publish(self, shared: Party, told: ConfigPublished, *, now: datetime) -> bool:
        """Take a configuration, unless its number is not the highest so far; whether it was taken.

        What it replaces at `now` is forgotten. Raises `ModelError` if it cannot be used; then the
        one in force stays.
        """
        if told.kind not in ("model", "segments"):
            return False
        found = shared.find(Configuration, told.kind) or Configuration(told.kind)
        if found.is_stale(told):
            return False
        published = Published(told.number, told.from_, told.document)
        self._of(*((published, None) if told.kind == "model" else (None, published)))
        found.take(told, now=now)
        shared.keep(found)
        return True

    def _of(self, model: Published | None, segments: Published | None) -> InForce:
        shipped = self._shipped
        return InForce(
            read_model(model.document, self._scorecard) if model else shipped.model,
            Segments.from_document(segments.document) if segments else shipped.segments,
            _read_challengers(model.document) if model else (),
        )


def read_model(told: Mapping[str, Any], shipped: Scorecard) -> Model:
    """The model that a document is, by its `kind`; raises `ModelError`.

    A document that says no more than its kind, scorecard, is the one that came with the service.
    """
    fields = document(told).mapping()
    kind = fields["kind"].text() if "kind" in fields else SCORECARD
    if kind == LOGISTIC:
        return Learned.from_document(told, shipped.terms)
    if kind != SCORECARD:
        fields["kind"].fail(f"one of {SCORECARD}, {LOGISTIC} is expected")
    if not set(fields) - {"kind", "challengers"}:
        return shipped
    return Scorecard.from_document(told)


def _read_challengers(told: Mapping[str, Any]) -> tuple[Challenger, ...]:
    listed = told.get("challengers")
    if not listed:
        return ()
    rows = Reading(listed, "challengers").items()
    if len(rows) > CHALLENGERS_MAX:
        rows[CHALLENGERS_MAX].fail(f"at most {CHALLENGERS_MAX} challengers run at a time")
    return tuple(Challenger(_read_logistic(row)) for row in rows)


def _read_logistic(row: Reading) -> Logistic:
    told = {name: each.value for name, each in row.mapping().items()}
    try:
        return Logistic.from_document(told, FEATURES)
    except ModelError as fault:
        raise ModelError(f"{row.path}.{fault.path}", fault.why) from fault
