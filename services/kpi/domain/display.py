"""How a figure is shown: rounded half to even to the places of its unit, or null and why."""

from collections.abc import Mapping
from decimal import ROUND_HALF_EVEN, Context, Decimal
from typing import Any, Final

from services.kpi.domain.figures import Answer, Missing

DIGITS: Final[Mapping[str, int]] = {"days": 2, "percent": 2}
"""Decimal places by unit."""
_EXACT: Final = Context(prec=60, rounding=ROUND_HALF_EVEN)


def shown(answer: Answer, unit: str) -> dict[str, Any]:
    """A figure as JSON: ``{"value": 33.66, "unit": "days"}``, or value null with a reason."""
    if isinstance(answer, Missing):
        return {"value": None, "unit": unit, "reason": answer.reason}
    exact = _EXACT.divide(Decimal(answer.numerator), Decimal(answer.denominator))
    places = Decimal(1).scaleb(-DIGITS[unit])
    return {"value": float(exact.quantize(places, context=_EXACT)), "unit": unit}


def days(answer: Answer) -> dict[str, Any]:
    """A number of days."""
    return shown(answer, "days")


def percents(answer: Answer) -> dict[str, Any]:
    """A share of a hundred."""
    return shown(answer, "percent")
