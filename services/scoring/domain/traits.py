"""What is not used to score anybody: traits of persons, and what stands for one.

A model or a segment that names one is refused, whatever it wants it for. The reasons, and what the
features are made of instead, are in docs/scoring.md.
"""

import re
from collections.abc import Mapping
from typing import Final

from services.scoring.domain.reading import Reading

TRAITS: Final[Mapping[str, tuple[str, ...]]] = {
    "age": ("age", "birth", "birthdate", "birthday", "born", "dob", "young", "elderly"),
    "sex": ("sex", "gender", "male", "female", "woman", "women", "man", "men", "salutation"),
    "name": ("name", "firstname", "surname", "lastname", "forename", "initials"),
    "place": (
        "postcode", "postal", "plz", "zip", "zipcode", "address", "street", "city", "locality",
        "region", "neighbourhood", "neighborhood", "geo", "latitude", "longitude", "ip",
    ),
    "origin": (
        "race", "ethnicity", "ethnic", "colour", "color", "nationality", "citizenship", "migrant",
        "immigrant", "language",
    ),
    "belief": ("religion", "religious", "belief", "faith", "political", "union"),
    "family": (
        "marital", "married", "divorced", "widowed", "spouse", "children", "family", "pregnant",
        "pregnancy",
    ),
    "health": ("disability", "disabled", "health", "illness", "genetic", "sexual", "orientation"),
    "standing": ("education", "school", "occupation"),
    "contact": ("email", "phone", "photo"),
}  # fmt: skip
"""By trait, the words that name it or stand for it."""
_TRAIT_OF: Final = {word: trait for trait, words in TRAITS.items() for word in words}
_PARTS: Final = re.compile(r"[a-z]+")
_HUMP: Final = re.compile(r"(?<=[a-z])(?=[A-Z])")


def trait_in(name: str) -> str:
    """The word of a trait that `name` has as a part (``customer_age``, ``postalCode``), or ""."""
    parts: list[str] = _PARTS.findall(_HUMP.sub(" ", name).lower())
    return next((part for part in parts if part in _TRAIT_OF), "")


def refuse_trait(reading: Reading) -> str:
    """The text of `reading`; raises `ModelError` where it names a trait."""
    name = reading.text()
    if word := trait_in(name):
        trait = _TRAIT_OF[word]
        reading.fail(f"names a personal trait or what stands for one ({word}: {trait}); not used")
    return name
