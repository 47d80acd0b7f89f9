"""The report on models: how each did on outcomes that matured, beside the others and baselines."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, NamedTuple

from services.scoring.domain.logistic import HEADS, LATE
from services.scoring.learning.comparison import SLICE_MIN, compare, gains
from services.scoring.learning.drift import Reference, reference, weekly
from services.scoring.learning.resampling import RESAMPLES, SEED
from services.scoring.learning.sample import KEPT, TARGETS, Sample, thinned

KIND: Final = "model-report"
ROWS_MAX: Final = 10_000
"""Of weekly samples, whole weeks of about so many are judged."""


@dataclass(frozen=True, slots=True)
class Told:
    """What is known of a model besides its scores."""

    name: str
    digest: str = ""
    """Of its document; empty for what came with the service."""
    until: datetime | None = None
    """The moment that ended what it has learnt from."""
    references: Mapping[str, Reference] | None = None
    """Its chances at training, by target."""
    claims_lateness: bool = True


@dataclass(frozen=True, slots=True)
class Question:
    """What a report is to answer."""

    champion: str
    models: Sequence[Told]
    begin: datetime
    """Samples from here on are judged."""
    resamples: int = RESAMPLES


class Taken(NamedTuple):
    """Samples by the moment they were taken at: items at issue, whole weeks, promises made."""

    issued: Sequence[Sample]
    weekly: Sequence[Sample]
    promised: Sequence[Sample]

    def of(self, target: str) -> Sequence[Sample]:
        """The samples that a target is judged on."""
        if target == LATE:
            return self.issued
        return self.promised if target == KEPT else thinned(self.weekly, ROWS_MAX)


def make_report(taken: Taken, question: Question) -> dict[str, Any]:
    """The report as a JSON document; a model that has not scored all samples is left out.

    Samples that lie before a model's `until` are judged with it too, but the report says so: what
    a model has learnt from tells nothing of how it will do.
    """
    parts = {
        target: [sample for sample in taken.of(target) if sample.at >= question.begin]
        for target in TARGETS
    }
    everything = [sample for part in parts.values() for sample in part]
    taking_part = [
        told for told in question.models if all(told.name in each.scores for each in everything)
    ]
    names = [told.name for told in taking_part]
    return {
        "kind": KIND,
        "begin": question.begin.isoformat(),
        "until": max((sample.at for sample in everything), default=question.begin).isoformat(),
        "champion": question.champion,
        "resamples": question.resamples,
        "seed": SEED,
        "models": [_told(told, question.begin) for told in taking_part],
        "left_out": [told.name for told in question.models if told.name not in names],
        "targets": {
            target: _target(part, target, taking_part, question) for target, part in parts.items()
        },
        "drift": {
            target: {told.name: _drift(part, target, told) for told in taking_part}
            for target, part in parts.items()
            if target in HEADS
        },
    }


def _target(
    part: Sequence[Sample], target: str, models: Sequence[Told], question: Question
) -> dict[str, Any]:
    judged = [sample for sample in part if target in sample.outcomes]
    if len(judged) < SLICE_MIN:
        return {"samples": len(judged), "slices": {}, "gains": {}}
    names = [told.name for told in models]
    return {
        "samples": len(judged),
        "slices": compare(
            judged,
            target,
            names,
            unclaimed=[told.name for told in models if not told.claims_lateness],
            resamples=question.resamples,
        ),
        "gains": {
            name: gains(judged, target, question.champion, name, question.resamples)
            for name in names
            if name != question.champion and question.champion in names
        },
    }


def _told(told: Told, begin: datetime) -> dict[str, Any]:
    return {
        "name": told.name,
        "digest": told.digest,
        "learnt_until": told.until.isoformat() if told.until else None,
        "judged_on_what_it_learnt": told.until is not None and told.until > begin,
    }


def _drift(part: Sequence[Sample], target: str, told: Told) -> list[dict[str, Any]]:
    """Against the chances at training; where those are not known, against the first quarter."""
    if not part:
        return []
    then = (told.references or {}).get(target)
    if then is None:
        ordered = sorted(part, key=lambda sample: sample.at)
        first = ordered[: max(1, len(ordered) // 4)]
        then = reference([sample.scores[told.name][target] for sample in first])
    return weekly(part, target, told.name, then)
