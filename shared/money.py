"""Money as whole minor units of an ISO 4217 currency; no floats, never two currencies in one sum.

The wire shows decimal strings ("1234.50"); inside, amounts are ``int`` minor units (123450).
The exponents are those of ISO 4217 (maintained by SIX), not those of any locale library:
CLDR shows fewer digits for a dozen currencies than the standard gives them.
"""

import re
from functools import lru_cache
from typing import Final

_TWO = (
    "AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BMD BND BOB BOV BRL BSD BTN BWP BYN BZD CAD"
    " CDF CHE CHF CHW CNY COP COU CRC CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS"
    " GIP GMD GTQ GYD HKD HNL HTG HUF IDR ILS INR IRR JMD KES KGS KHR KPW KYD KZT LAK LBP LKR"
    " LRD LSL MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MXV MYR MZN NAD NGN NIO NOK NPR NZD"
    " PAB PEN PGK PHP PKR PLN QAR RON RSD RUB SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC"
    " SYP SZL THB TJS TMT TOP TRY TTD TWD TZS UAH USD USN UYU UZS VED VES WST XCD XCG YER ZAR"
    " ZMW ZWG"
)
_ZERO = "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF"
_THREE = "BHD IQD JOD KWD LYD OMR TND"
_FOUR = "CLF UYW"

EXPONENTS: Final[dict[str, int]] = {
    code: exponent
    for exponent, codes in ((2, _TWO), (0, _ZERO), (3, _THREE), (4, _FOUR))
    for code in codes.split()
}
"""Digits after the decimal point, per ISO 4217 code of a currency that can be owed."""

AMOUNT_PATTERN: Final = r"^[0-9]{1,15}(\.[0-9]{1,4})?$"
_AMOUNT = re.compile(r"-?\d{1,40}(\.\d{1,4})?", re.ASCII)


class MoneyError(ValueError):
    """An amount or a currency that cannot be taken; its text names what is wrong."""


def exponent(currency: str) -> int:
    """Digits after the decimal point of ``currency``; raises `MoneyError` if it is unknown."""
    try:
        return EXPONENTS[currency]
    except KeyError:
        message = f"unknown currency {currency!r}: an ISO 4217 code in capitals is expected"
        raise MoneyError(message) from None


@lru_cache(maxsize=8_192)  # one event tells an amount several times
def minor(amount: str, currency: str) -> int:
    """Minor units of a decimal string: ``minor("12.5", "EUR") == 1250``.

    Raises `MoneyError` on an unknown currency, on text that is no plain decimal number and on more
    decimal places than the currency has (zeros beyond them are no excess).
    """
    digits = exponent(currency)
    if not _AMOUNT.fullmatch(amount):
        message = f"{amount[:40]!r} is not a decimal amount"
        raise MoneyError(message)
    whole, _, fraction = amount.partition(".")
    if len(fraction) > digits:
        if fraction[digits:].strip("0"):
            message = f"{amount} has more than the {digits} decimal places of {currency}"
            raise MoneyError(message)
        fraction = fraction[:digits]
    return int(whole + fraction.ljust(digits, "0"))


@lru_cache(maxsize=8_192)
def text(amount_minor: int, currency: str) -> str:
    """The decimal string of minor units, always with the currency's own number of places."""
    digits = exponent(currency)
    if digits == 0:
        return str(amount_minor)
    sign = "-" if amount_minor < 0 else ""
    whole = str(abs(amount_minor)).rjust(digits + 1, "0")
    return f"{sign}{whole[:-digits]}.{whole[-digits:]}"


def share(amount_minor: int, numerator: int, denominator: int) -> int:
    """``amount_minor * numerator / denominator`` in whole minor units, rounded half to even."""
    if denominator <= 0:
        message = "a share needs a denominator above zero"
        raise MoneyError(message)
    quotient, rest = divmod(amount_minor * numerator, denominator)
    twice = 2 * rest
    if twice > denominator or (twice == denominator and quotient % 2):
        quotient += 1
    return quotient
