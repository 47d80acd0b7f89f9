"""Where debtors are: their creditor, currency, calendar and how an address looks there.

Addresses are from ranges that are kept free for examples (example.org, the telephone regulators'
numbers for drama), so that nobody could be reached by them.
"""

from dataclasses import dataclass
from typing import Any, Final


@dataclass(frozen=True, slots=True)
class Place:
    """One country, as seen by the creditor that sells there."""

    creditor_id: str
    country: str
    currency: str
    zone: str
    """The debtors' IANA time zone."""
    languages: tuple[str, ...]
    localities: tuple[tuple[str, str, str], ...]
    """City, region (if the country needs one) and postal code."""
    company: str
    """What stands behind a company's name."""
    unit: int
    """Minor units of what one euro is about worth."""
    share: int
    """Of a hundred accounts."""
    phone: str = ""
    """A number range with `#` for each digit that is free; empty where no range is kept free."""
    mobile: str = ""

    @property
    def office_zone(self) -> str:
        """The creditor's IANA time zone."""
        return str(CREDITORS[self.creditor_id]["time_zone"])


PLACES: Final = (
    Place(
        "creditor-de", "DE", "EUR", "Europe/Berlin", ("de", "de", "de", "en"),
        (("Berlin", "", "10115"), ("Hamburg", "", "20095"), ("München", "", "80331")),
        "GmbH", 100, 30, "+493023125###", "+4917139200##",
    ),
    Place(
        "creditor-de", "AT", "EUR", "Europe/Vienna", ("de",),
        (("Wien", "", "1010"), ("Graz", "", "8010")),
        "GmbH", 100, 6,
    ),
    Place(
        "creditor-uk", "GB", "GBP", "Europe/London", ("en",),
        (("London", "ENG", "EC1A 1AA"), ("Cardiff", "WLS", "CF10 1AA"),
         ("Edinburgh", "SCT", "EH1 1AA")),
        "Ltd", 85, 24, "+442079460###", "+447700900###",
    ),
    Place(
        "creditor-us", "US", "USD", "America/New_York", ("en",),
        (("New York", "NY", "10001"), ("Boston", "MA", "02108"), ("Miami", "FL", "33101")),
        "Inc", 110, 15, "+120255501##", "+120255501##",
    ),
    Place(
        "creditor-us", "US", "USD", "America/Los_Angeles", ("en",),
        (("Los Angeles", "CA", "90001"), ("Seattle", "WA", "98101")),
        "Inc", 110, 8, "+121355501##", "+121355501##",
    ),
    Place(
        "creditor-jp", "JP", "JPY", "Asia/Tokyo", ("en",),
        (("Tokyo", "", "100-0001"), ("Osaka", "", "530-0001")),
        "KK", 160, 10,
    ),
    Place(
        "creditor-kw", "KW", "KWD", "Asia/Kuwait", ("en",),
        (("Kuwait City", "", "13001"),),
        "WLL", 330, 7,
    ),
)  # fmt: skip

CREDITORS: Final[dict[str, dict[str, Any]]] = {
    "creditor-de": {"time_zone": "Europe/Berlin", "currency": "EUR"},
    "creditor-uk": {"time_zone": "Europe/London", "currency": "GBP"},
    "creditor-us": {"time_zone": "America/New_York", "currency": "USD"},
    "creditor-jp": {"time_zone": "Asia/Tokyo", "currency": "JPY"},
    "creditor-kw": {"time_zone": "Asia/Kuwait", "currency": "KWD"},
}
"""The configuration of creditors that a history begins with."""
