"""Names with a trait of persons in them are told from names of business."""

import pytest

from services.scoring.domain.reading import ModelError, Reading
from services.scoring.domain.traits import TRAITS, refuse_trait, trait_in


@pytest.mark.parametrize(
    ("name", "word"),
    [
        ("age", "age"),
        ("customer_age", "age"),
        ("Customer-Age", "age"),
        ("customerAge", "age"),
        ("postalCode", "postal"),
        ("postcode:80331", "postcode"),
        ("is_female", "female"),
        ("zip3", "zip"),
        ("average_days", ""),
        ("stage", ""),
        ("late_share", ""),
        ("passage", ""),
        ("key_account", ""),
    ],
)
def test_a_trait_is_found_as_a_word_and_not_within_one(name: str, word: str) -> None:
    """In any writing; `stage` and `average` are no ages."""
    assert word == trait_in(name)


@pytest.mark.parametrize("word", sorted({word for words in TRAITS.values() for word in words}))
def test_every_word_of_every_trait_is_refused(word: str) -> None:
    """With its path, the word and the trait it stands for."""
    with pytest.raises(ModelError) as fault:
        refuse_trait(Reading(f"debtor_{word}", "attributes[0].name"))

    assert "attributes[0].name" == fault.value.path
    assert f"({word}: " in str(fault.value)
