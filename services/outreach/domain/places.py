"""Where a debtor may be, as far as the clock is concerned."""

from collections.abc import Iterable
from functools import lru_cache
from typing import Final

_ONE_ZONE: Final = {
    "AT": "Europe/Vienna", "BE": "Europe/Brussels", "BG": "Europe/Sofia", "CH": "Europe/Zurich",
    "CN": "Asia/Shanghai", "CO": "America/Bogota", "CY": "Asia/Nicosia", "CZ": "Europe/Prague",
    "DE": "Europe/Berlin", "DK": "Europe/Copenhagen", "EE": "Europe/Tallinn",
    "FI": "Europe/Helsinki", "FR": "Europe/Paris", "GB": "Europe/London", "GR": "Europe/Athens",
    "HK": "Asia/Hong_Kong", "HR": "Europe/Zagreb", "HU": "Europe/Budapest", "IE": "Europe/Dublin",
    "IL": "Asia/Jerusalem", "IN": "Asia/Kolkata", "IT": "Europe/Rome", "JP": "Asia/Tokyo",
    "KR": "Asia/Seoul", "LI": "Europe/Vaduz", "LT": "Europe/Vilnius", "LU": "Europe/Luxembourg",
    "LV": "Europe/Riga", "MT": "Europe/Malta", "NL": "Europe/Amsterdam", "NO": "Europe/Oslo",
    "PL": "Europe/Warsaw", "RO": "Europe/Bucharest", "RS": "Europe/Belgrade",
    "SE": "Europe/Stockholm", "SG": "Asia/Singapore", "SI": "Europe/Ljubljana",
    "SK": "Europe/Bratislava", "TR": "Europe/Istanbul", "UA": "Europe/Kyiv",
    "AE": "Asia/Dubai", "ZA": "Africa/Johannesburg",
}  # fmt: skip
_MANY_ZONES: Final = {
    "AU": ("Australia/Sydney", "Australia/Brisbane", "Australia/Perth"),
    "BR": ("America/Sao_Paulo", "America/Noronha", "America/Rio_Branco"),
    "CA": ("America/St_Johns", "America/Toronto", "America/Vancouver"),
    "CL": ("America/Santiago", "Pacific/Easter"),
    "ES": ("Europe/Madrid", "Atlantic/Canary"),
    "ID": ("Asia/Jakarta", "Asia/Jayapura"),
    "MX": ("America/Cancun", "America/Mexico_City", "America/Tijuana"),
    "NZ": ("Pacific/Auckland", "Pacific/Chatham"),
    "PT": ("Europe/Lisbon", "Atlantic/Azores"),
    "US": ("America/New_York", "America/Los_Angeles", "America/Anchorage", "Pacific/Honolulu"),
}
"""The outermost zones of a country: what is inside the hours there is inside them in between."""


def zones_of(
    told: Iterable[str], point_zone: str, country: str, creditor_zone: str
) -> tuple[str, ...]:
    """All zones the debtor may be in: those told and the contact point's, else the country's.

    Where nothing at all is known, the creditor's own. Never empty, each zone once, sorted.
    """
    return _zones_of(tuple(told), point_zone, country, creditor_zone)


@lru_cache(maxsize=8192)
def _zones_of(
    told: tuple[str, ...], point_zone: str, country: str, creditor_zone: str
) -> tuple[str, ...]:
    zones = {*told, point_zone} - {""}
    if not zones and country in _ONE_ZONE:
        zones = {_ONE_ZONE[country]}
    if not zones:
        zones = set(_MANY_ZONES.get(country, (creditor_zone,)))
    return tuple(sorted(zones))
