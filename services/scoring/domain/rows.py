"""The rows of a scorecard: how many points of risk each value of an attribute gives."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from services.scoring.domain.attributes import ATTRIBUTES, Attribute, Prior, Value
from services.scoring.domain.bands import Bands, read_bands
from services.scoring.domain.behaviour import Behaviour
from services.scoring.domain.reading import Reading

RISK_MAX: Final = 100
"""Risk goes from 0 to here."""


@dataclass(frozen=True, slots=True)
class Row:
    """One attribute's points, and those it gives while too few outcomes are known."""

    attribute: Attribute
    value: Callable[[Behaviour, Prior], Value]
    bands: Bands[int]
    least: int
    known_min: int
    points_unknown: int


def read_prior(reading: Reading) -> Prior:
    """Read the prior; raises `ModelError`."""
    fields = reading.fields(("late_percent", "weight"))
    percent = fields["late_percent"].number()
    if not 0 <= percent <= 100:  # noqa: PLR2004 - a percentage
        fields["late_percent"].fail("a percentage from 0 to 100 is expected")
    late = percent / 100 * fields["weight"].whole(0, 10**6)
    return Prior(
        late=late.numerator, parts=late.denominator, known=fields["weight"].whole(0, 10**6)
    )


def read_rows(reading: Reading) -> tuple[Row, ...]:
    """Read the attributes and their points, together at most 100; raises `ModelError`."""
    rows: list[Row] = []
    for item in reading.items():
        fields = item.fields(("name", "bands"), ("unknown",))
        attribute = ATTRIBUTES.get(fields["name"].text())
        if attribute is None:
            fields["name"].fail(f"not an attribute; known are {', '.join(ATTRIBUTES)}")
        if any(row.attribute is attribute for row in rows):
            fields["name"].fail("stands here twice")
        rows.append(_read_row(attribute, fields["bands"], fields.get("unknown")))
    if sum(_most(row) for row in rows) > RISK_MAX:
        reading.fail(f"the highest points of all attributes together exceed {RISK_MAX}")
    return tuple(rows)


def _read_row(attribute: Attribute, bands: Reading, unknown: Reading | None) -> Row:
    points = read_bands(bands, "points", lambda reading: reading.whole(0, RISK_MAX))
    known_min = points_unknown = 0
    if unknown is not None:
        fields = unknown.fields(("below", "points"))
        known_min = fields["below"].whole(1, 10**6)
        points_unknown = fields["points"].whole(0, RISK_MAX)
    return Row(
        attribute=attribute,
        value=attribute.value,
        bands=points,
        least=min(points.meanings),
        known_min=known_min,
        points_unknown=points_unknown,
    )


def _most(row: Row) -> int:
    return max(row.points_unknown, *row.bands.meanings)
