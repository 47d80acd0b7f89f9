"""What every model answers, whatever it is made of; and which one a document is."""

from datetime import date
from typing import NamedTuple, Protocol

from services.scoring.domain.behaviour import Behaviour
from services.scoring.domain.feature import AsOf
from services.scoring.domain.reference import Reference
from services.scoring.domain.terms import RiskBand, Terms
from shared.events.scores import Reason


class Assessment(NamedTuple):
    """What a model says of one account."""

    points: int
    """Risk: 0 (pays) to 100 (does not)."""
    band: RiskBand
    chance: int
    """That what is overdue is paid within 30 days, in ten-thousandths."""
    p_pay: dict[str, float]
    """The same for each horizon in days, as a probability."""
    parts: tuple[int, ...] = ()
    """What the points are made of, for the model's own use."""


class Lever(NamedTuple):
    """One way in which the risk would fall, and by how much."""

    feature: str
    observed: str
    points: int
    """By so many the risk would fall, all else the same."""
    target: str
    """What the feature would have to be."""


class Model(Protocol):
    """A model as read, and the terms that go with it."""

    @property
    def model(self) -> str:
        """Its name."""
        ...

    @property
    def version(self) -> str:
        """Its version: a text that changes with every change."""
        ...

    @property
    def terms(self) -> Terms:
        """Bands, confidence, what is material, priority."""
        ...

    @property
    def reference(self) -> Reference | None:
        """How its chances of thirty days lay where it learnt; None if it did not learn."""
        ...

    def see(self, behaviour: Behaviour, today: date) -> AsOf:
        """An account as this model sees it."""
        ...

    def assess(self, seen: AsOf) -> Assessment:
        """Risk and chances."""
        ...

    def reasons(self, seen: AsOf, assessment: Assessment) -> tuple[Reason, ...]:
        """What raises the risk most, with the values observed; three at most."""
        ...

    def levers(self, seen: AsOf, assessment: Assessment) -> list[Lever]:
        """What would lower the risk, the most telling first."""
        ...
