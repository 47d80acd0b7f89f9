"""All features of an account by name, and the snapshot of them: what a model may know, and no more.

Every feature is a pure function of the account as of a moment (`AsOf`) and looks back only: it
reads what the account's line has told so far. They speak of one currency, that of the score
(`Behaviour.currency`). None is a trait of a person, or stands for one (docs/scoring.md).
"""

from collections.abc import Mapping
from datetime import date
from hashlib import blake2b
from typing import Final

from msgspec.json import Encoder

from services.scoring.domain.behaviour import Behaviour
from services.scoring.domain.feature import PRIOR, AsOf, Feature, Snapshot
from services.scoring.domain.features_dealt import DEALT
from services.scoring.domain.features_owed import OWED
from services.scoring.domain.features_paid import PAID
from services.scoring.domain.reading import Reading
from services.scoring.domain.traits import refuse_trait

PLACES: Final = 4
"""Decimal places of a number in a snapshot."""

FEATURES: Final[Mapping[str, Feature]] = {
    feature.name: feature for feature in (*OWED, *PAID, *DEALT)
}
_ZEROS: Final = dict.fromkeys(FEATURES, 0.0)
_ALL: Final = tuple(
    (each.name, each.value, float(each.low), float(each.high)) for each in FEATURES.values()
)
_UNDEALT: Final = _ALL[: -len(DEALT)]
"""Most accounts never promised, objected or were called: then all the others are 0."""
_SORTED: Final = Encoder(order="sorted")
_WHOLE: Final = 10**PLACES
_TIES: Final = 32
"""Of a fraction halfway between two roundings the denominator is a multiple of this."""
_SMALL: Final = 10**11


def snapshot(behaviour: Behaviour, today: date) -> Snapshot:
    """Every feature as of the business day `today`, within its bounds, with `PLACES` places.

    The late share is drawn towards `PRIOR`, whatever the model in force: so a snapshot means the
    same in every log.
    """
    return {**_ZEROS, **_noted(AsOf(behaviour, today))}


def taken(seen: AsOf) -> Snapshot:
    """The snapshot of an account as of a moment, without what is 0; it is taken once."""
    found = seen.snapshot
    if found is None:
        same = seen.prior is PRIOR
        found = seen.snapshot = _noted(seen if same else AsOf(seen.behaviour, seen.today))
    return found


def _noted(seen: AsOf) -> Snapshot:
    found: Snapshot = {}
    for name, value, low, high in _ALL if seen.behaviour.was_dealt_with() else _UNDEALT:
        numerator, denominator = value(seen)
        if not numerator:
            continue
        if not _WHOLE % denominator:  # it has no more places
            number = numerator / denominator
        else:
            number = rounded(numerator, denominator)
        if not low <= number <= high:
            number = low if number < low else high
        if number:
            found[name] = number
    return found


def rounded(numerator: int, denominator: int) -> float:
    """``round(numerator / denominator, PLACES)``, mostly in a third of the time.

    A fraction that is no tie is further from one than its quotient (2**-53 of it) from itself, if
    its numerator is below ``2**53 / (2 * _WHOLE)``: then whole numbers round as `round` does.
    """
    if denominator % _TIES and -_SMALL < numerator < _SMALL:
        return (2 * _WHOLE * numerator + denominator) // (2 * denominator) / _WHOLE
    return round(numerator / denominator, PLACES)


def digest(taken: Mapping[str, float]) -> str:
    """16 hexadecimal digits that tell a snapshot from any other; zeros count as missing.

    BLAKE2b (RFC 7693) of its JSON: an object in the order of names, without spaces, each number
    written as it is in the event.
    """
    told = taken
    if not all(taken.values()):
        told = {name: number for name, number in taken.items() if number}
    return blake2b(_SORTED.encode(told), digest_size=8).hexdigest()


def read_feature(reading: Reading) -> Feature:
    """The feature that a model or a segment names; raises `ModelError` (a trait has its own)."""
    feature = FEATURES.get(refuse_trait(reading))
    if feature is None:
        reading.fail(f"not a feature; known are {', '.join(FEATURES)}")
    return feature
