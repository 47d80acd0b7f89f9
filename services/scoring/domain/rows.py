"""The rows of a scorecard: how many points of risk each value of a feature gives."""

from bisect import bisect_right
from collections.abc import Callable
from dataclasses import dataclass

from services.scoring.domain.bands import Bands, read_bands
from services.scoring.domain.feature import PRIOR, AsOf, Feature, Prior, Value
from services.scoring.domain.features import read_feature
from services.scoring.domain.reading import Reading
from services.scoring.domain.terms import RISK_MAX


@dataclass(frozen=True, slots=True)
class Row:
    """One feature's points, and those it gives while too few outcomes are known."""

    feature: Feature
    bands: Bands[int]
    points_of: Callable[[AsOf], int]
    """Those of an account."""
    least: int
    known_min: int
    """With fewer known outcomes, the points are `points_unknown`."""
    points_unknown: int

    def best(self) -> str:
        """The band with the least points, in words."""
        place = self.bands.meanings.index(self.least)
        unit = self.feature.unit
        bounds = []
        if place:
            bounds.append(f"from {self.bands.ends[place - 1] / self.bands.parts:g}")
        if place < len(self.bands.ends):
            bounds.append(f"below {self.bands.ends[place] / self.bands.parts:g}")
        return f"{' and '.join(bounds)} {unit}" if bounds else "any"


def read_prior(reading: Reading) -> Prior:
    """Read the prior; raises `ModelError`."""
    fields = reading.fields(("late_percent", "weight"))
    percent = fields["late_percent"].number()
    if not 0 <= percent <= 100:  # noqa: PLR2004 - a percentage
        fields["late_percent"].fail("a percentage from 0 to 100 is expected")
    late = percent / 100 * fields["weight"].whole(0, 10**6)
    prior = Prior(late.numerator, late.denominator, fields["weight"].whole(0, 10**6))
    return PRIOR if prior == PRIOR else prior


def read_rows(reading: Reading) -> tuple[Row, ...]:
    """Read the features and their points, together at most 100; raises `ModelError`."""
    rows: list[Row] = []
    for item in reading.items():
        fields = item.fields(("name", "bands"), ("unknown",))
        feature = read_feature(fields["name"])
        if any(row.feature is feature for row in rows):
            fields["name"].fail("stands here twice")
        rows.append(_read_row(feature, fields["bands"], fields.get("unknown")))
    if sum(_most(row) for row in rows) > RISK_MAX:
        reading.fail(f"the highest points of all features together exceed {RISK_MAX}")
    return tuple(rows)


def _read_row(feature: Feature, bands: Reading, unknown: Reading | None) -> Row:
    points = read_bands(bands, "points", lambda reading: reading.whole(0, RISK_MAX))
    known_min = points_unknown = 0
    if unknown is not None:
        fields = unknown.fields(("below", "points"))
        known_min = fields["below"].whole(1, 10**6)
        points_unknown = fields["points"].whole(0, RISK_MAX)
    return Row(
        feature=feature,
        bands=points,
        points_of=_points_of(feature.value, points),
        least=min(points.meanings),
        known_min=known_min,
        points_unknown=points_unknown,
    )


def _points_of(value: Callable[[AsOf], Value], bands: Bands[int]) -> Callable[[AsOf], int]:
    """What `bands` say of a feature, in one step: it is asked at every event of what is overdue."""
    ends, parts, points = bands.ends, bands.parts, bands.meanings

    def points_of(seen: AsOf) -> int:
        numerator, denominator = value(seen)
        return points[bisect_right(ends, numerator * parts // denominator)]

    return points_of


def _most(row: Row) -> int:
    return max(row.points_unknown, *row.bands.meanings)
