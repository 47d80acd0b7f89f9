"""What scoring adds to the line on `collections.scores`."""

from typing import Literal

from pydantic import BaseModel, ConfigDict

from shared.events.base import Fact, Instant


class Reason(BaseModel):
    """One attribute of a scorecard that raised the risk, with the value that was observed."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    code: str
    points: int
    observed: str


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
