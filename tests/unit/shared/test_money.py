"""Money: decimal strings outside, whole minor units inside, nothing lost between the two."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.money import EXPONENTS, MoneyError, exponent, minor, share, text

CURRENCIES = st.sampled_from(sorted(EXPONENTS))


@pytest.mark.parametrize(
    ("amount", "currency", "units"),
    [
        ("1234.50", "EUR", 123450),
        ("1234.5", "EUR", 123450),
        ("1234", "EUR", 123400),
        ("1234", "JPY", 1234),
        ("1234.000", "JPY", 1234),
        ("1.234", "KWD", 1234),
        ("0.0001", "CLF", 1),
        ("-0.01", "EUR", -1),
        ("999999999999999.9999", "UYW", 9999999999999999999),
    ],
)
def test_an_amount_is_read_in_its_currencys_minor_units(
    amount: str, currency: str, units: int
) -> None:
    """ISO 4217 says how many decimal places a currency has; zeros beyond them are no excess."""
    assert units == minor(amount, currency)


@pytest.mark.parametrize(
    ("amount", "currency", "why"),
    [
        ("1.005", "EUR", "decimal places"),
        ("1.5", "JPY", "decimal places"),
        ("1", "eur", "unknown currency"),
        ("1", "XAU", "unknown currency"),
        ("1e3", "EUR", "not a decimal"),
        (" 1", "EUR", "not a decimal"),
        ("1_000", "EUR", "not a decimal"),
        ("\N{ARABIC-INDIC DIGIT ONE}", "EUR", "not a decimal"),
        (".5", "EUR", "not a decimal"),
        ("", "EUR", "not a decimal"),
        ("1\n", "EUR", "not a decimal"),
    ],
)
def test_what_is_no_amount_is_refused_with_its_reason(amount: str, currency: str, why: str) -> None:
    """Neither other scripts' digits nor exponents nor excess places are guessed at."""
    with pytest.raises(MoneyError, match=why):
        minor(amount, currency)


@given(units=st.integers(-(10**19), 10**19), currency=CURRENCIES)
def test_what_is_written_reads_back_the_same(units: int, currency: str) -> None:
    """`minor` undoes `text`, and the text always has the currency's own number of places."""
    written = text(units, currency)

    assert units == minor(written, currency)
    assert exponent(currency) == len(written.partition(".")[2])


@pytest.mark.parametrize(("units", "half"), [(5, 2), (7, 4), (-5, -2), (-7, -4), (1, 0), (3, 2)])
def test_a_tie_goes_to_the_even_neighbour(units: int, half: int) -> None:
    """So that many small shares do not drift in one direction."""
    assert half == share(units, 1, 2)


@given(
    units=st.integers(-(10**15), 10**15),
    numerator=st.integers(0, 10**6),
    denominator=st.integers(1, 10**6),
)
def test_a_share_is_the_nearest_whole_unit(units: int, numerator: int, denominator: int) -> None:
    """As exact fractions are rounded, half to even, for both signs."""
    assert round(Fraction(units * numerator, denominator)) == share(units, numerator, denominator)


def test_a_share_of_nothing_is_refused() -> None:
    """There is no zeroth part."""
    with pytest.raises(MoneyError):
        share(100, 1, 0)
