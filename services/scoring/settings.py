"""What scoring is told from outside."""

from pathlib import Path

from pydantic import Field, PositiveFloat

from services.scoring.domain.standing import SCORES_KEPT, SCORES_KEPT_MAX
from shared.runtime.settings import ServiceSettings


class ScoringSettings(ServiceSettings):
    """The settings of scoring: the shell's, and the texts it starts with."""

    service: str = Field(default="scoring", description="which service this is")
    http_port: int = Field(default=8002, ge=0, le=65535, description="port; 0 takes a free one")
    scorecard: Path | None = Field(
        default=None, description="a scorecard's YAML file; default: the one inside"
    )
    segments: Path | None = Field(
        default=None, description="the segments' YAML file; default: the one inside"
    )
    scores_kept: int = Field(
        default=SCORES_KEPT,
        ge=1,
        le=SCORES_KEPT_MAX,
        description="how many of its latest scores are kept of each account, to be read",
    )
    gauges_period_s: PositiveFloat = Field(
        default=15.0, description="seconds between two updates of segments and drift in the metrics"
    )
