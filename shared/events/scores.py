"""What scoring adds to the line on `collections.scores`."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from shared.events.base import Fact, Instant


class Reason(BaseModel):
    """One attribute of a scorecard that raised the risk, with the value that was observed."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    code: str
    points: int
    observed: str


class ShadowScore(BaseModel):
    """What a challenger would have said in the place of the model in force."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    model: str
    model_version: str
    risk: int
    p_pay: dict[str, float]


class AccountScored(Fact, type="collections.account.scored.v1"):
    """How likely an account is to pay, and how soon it should be worked."""

    account_id: str
    creditor_id: str
    model: str
    model_version: str
    risk: int
    """0 (pays) to 100 (does not)."""
    band: Literal["A", "B", "C", "D", "E"]
    p_pay: dict[str, float]
    """Probability that the overdue amount is paid within 7, 14, 30 days (keys "7", "14", "30")."""
    confidence: Literal["low", "medium", "high"]
    currency: str
    overdue_amount: str
    open_amount: str
    oldest_past_due_days: int
    expected_recovery: str
    lane: Literal["quick_recovery", "protect_value"]
    priority: int
    """0 to 1,000; higher is worked first, within and across lanes."""
    reasons: tuple[Reason, ...]
    scored_at: Instant
    segment: str = ""
    """The part of the portfolio that the account is in by the rules in force."""
    features: dict[str, float] = Field(default_factory=dict)
    """What the model could see, as numbers by name; those that are 0 are left out."""
    features_hash: str = ""
    """16 hexadecimal digits over `features` (BLAKE2b of their names and numbers)."""
    challengers: tuple[ShadowScore, ...] = ()
