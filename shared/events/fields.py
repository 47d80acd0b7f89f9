"""The types of fields that come from outside, and how a fault names the field it is in.

All of them are pydantic-core schemas: a value is checked without a call into Python, but for time
zones. What one field cannot know alone (an amount and its currency) a model checks once, whole.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Annotated, Any, Final, Never
from zoneinfo import available_timezones

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, GetJsonSchemaHandler
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, InitErrorDetails, PydanticCustomError, ValidationError
from pydantic_core.core_schema import (
    chain_schema,
    custom_error_schema,
    date_schema,
    json_or_python_schema,
    literal_schema,
    str_schema,
)

from shared.events.base import Fact
from shared.money import AMOUNT_PATTERN, EXPONENTS

_COUNTRIES: Final = (
    "AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR"
    " BS BT BV BW BY BZ CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ"
    " EC EE EG EH ER ES ET FI FJ FK FM FO FR GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW"
    " GY HK HM HN HR HT HU ID IE IL IM IN IO IQ IR IS IT JE JM JO JP KE KG KH KI KM KN KP KR KW KY"
    " KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME MF MG MH MK ML MM MN MO MP MQ MR MS MT MU MV"
    " MW MX MY MZ NA NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM PN PR PS PT PW PY"
    " QA RE RO RS RU RW SA SB SC SD SE SG SH SI SJ SK SL SM SN SO SR SS ST SV SX SY SZ TC TD TF TG"
    " TH TJ TK TL TM TN TO TR TT TV TW TZ UA UG UM US UY UZ VA VC VE VG VI VN VU WF WS XK YE YT ZA"
    " ZM ZW"
)
"""ISO 3166-1 alpha-2, and XK, which banks and billing systems use for Kosovo."""


@dataclass(frozen=True, slots=True, eq=False)
class _Core:
    """Gives an annotated type its own pydantic-core schema, and what JSON Schema says of it."""

    schema: CoreSchema
    shown: JsonSchemaValue

    def __get_pydantic_core_schema__(self, _source: object, _handler: object) -> CoreSchema:
        return self.schema

    def __get_pydantic_json_schema__(
        self, _schema: CoreSchema, _handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        return dict(self.shown)


def _one_of(codes: Iterable[str], meaning: str) -> CoreSchema:
    return custom_error_schema(
        literal_schema(sorted(codes)),
        custom_error_type="code",
        custom_error_message=f"Input should be {meaning}",
    )


def _time_zone(name: str) -> str:
    if name not in _zones():
        raise PydanticCustomError("time_zone", "Input should be an IANA time zone")
    return name


def _zones(found: list[frozenset[str]] = []) -> frozenset[str]:  # noqa: B006 - the list is the cache
    if not found:
        found.append(frozenset(available_timezones()))
    return found[0]


_AMOUNT: Final = str_schema(pattern=AMOUNT_PATTERN, strict=True)
_ABOVE_ZERO: Final = custom_error_schema(
    str_schema(pattern="[1-9]"),
    custom_error_type="amount_zero",
    custom_error_message="Input should be above zero",
)
_DATE_PATTERN: Final = "^[0-9]{4}-[0-9]{2}-[0-9]{2}$"
_DATE: Final = json_or_python_schema(
    json_schema=chain_schema(
        [str_schema(pattern=_DATE_PATTERN, strict=True), date_schema(strict=False)]
    ),
    python_schema=date_schema(strict=True),
)

Id = Annotated[str, Field(min_length=1, max_length=200, pattern=r"^[^\x00-\x1f\x7f]+$")]
"""A name that others gave: 1 to 200 characters, none of them a control character."""
Label = Annotated[str, Field(max_length=200, pattern=r"^[^\x00-\x1f\x7f]*$")]
"""A short text on one line, which may be empty."""
Text = Annotated[str, Field(max_length=4_000)]
"""Words for people, at most 4,000 characters."""
Url = Annotated[str, Field(max_length=2_000, pattern=r"^https?://[^\x00-\x20\x7f]+$")]
Language = Annotated[str, Field(max_length=35, pattern=r"^[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*$")]
"""A BCP 47 tag."""
Number = Annotated[int, Field(ge=0, le=2**63 - 1)]
"""A whole number that the store can hold."""
Percent = Annotated[str, Field(pattern=r"^[0-9]{1,2}(\.[0-9]{1,4})?$")]
TimeZone = Annotated[str, AfterValidator(_time_zone)]
"""An IANA name."""
Amount = Annotated[
    str,
    _Core(
        chain_schema([_AMOUNT, _ABOVE_ZERO]),
        {"type": "string", "pattern": AMOUNT_PATTERN, "not": {"pattern": "^[0.]*$"}},
    ),
]
"""A decimal string above zero; its currency stands beside it or is the document's."""
Total = Annotated[str, _Core(_AMOUNT, {"type": "string", "pattern": AMOUNT_PATTERN})]
"""A decimal string that may be zero."""
Currency = Annotated[
    str,
    _Core(
        _one_of(EXPONENTS, "an ISO 4217 currency code in capitals"),
        {"type": "string", "pattern": "^[A-Z]{3}$", "description": "An ISO 4217 code."},
    ),
]
Country = Annotated[
    str,
    _Core(
        _one_of(_COUNTRIES.split(), "an ISO 3166 country code of two capitals"),
        {"type": "string", "pattern": "^[A-Z]{2}$", "description": "An ISO 3166-1 code."},
    ),
]
BusinessDate = Annotated[
    date, _Core(_DATE, {"type": "string", "format": "date", "pattern": _DATE_PATTERN})
]
"""A day of the creditor's calendar, as YYYY-MM-DD (never a number of seconds in disguise)."""

STRICT: Final = ConfigDict(frozen=True, extra="ignore", strict=True, use_attribute_docstrings=True)
"""For what comes from outside: a number is no string, a string is no boolean."""
STRICT_ALIASED: Final = ConfigDict(**STRICT, populate_by_name=True, serialize_by_alias=True)
"""As `STRICT`, for models with a field whose name on the wire is a word of Python (`from`)."""


class Told(Fact):
    """What somebody outside told us: checked strictly."""

    model_config = STRICT


class Part(BaseModel):
    """A piece of what somebody outside told us."""

    model_config = STRICT


def refuse(told: BaseModel, *where: str | int, why: str) -> Never:
    """Fail the validation of `told` at the field `where`, for a rule that spans several fields."""
    value: Any = told
    for step in where:
        value = value[step] if isinstance(step, int) else getattr(value, step)
    error = PydanticCustomError("rule", "{why}", {"why": why})
    raise ValidationError.from_exception_data(
        type(told).__name__, [InitErrorDetails(type=error, loc=where, input=value)]
    )


def check_places(told: BaseModel, currency: str, *where: str | int, amount: str | None) -> None:
    """Refuse an amount with more decimal places than its currency has (zeros are no excess)."""
    if amount is None:
        return
    fraction = amount.partition(".")[2]
    digits = EXPONENTS[currency]
    if len(fraction) > digits and fraction[digits:].strip("0"):
        refuse(told, *where, why=f"{currency} has {digits} decimal places")


def ten_thousandths(amount: str) -> int:
    """An amount in units of 0.0001, in which sums are exact whatever the currency."""
    whole, _, fraction = amount.partition(".")
    return int(whole + fraction.ljust(4, "0"))
