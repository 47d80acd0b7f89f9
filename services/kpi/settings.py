"""What kpi is told from outside."""

from pydantic import Field, NonNegativeFloat, PositiveFloat

from shared.runtime.settings import ServiceSettings


class KpiSettings(ServiceSettings):
    """The settings of kpi: the shell's, at its own pace."""

    service: str = Field(default="kpi", description="which service this is")
    http_port: int = Field(default=8004, ge=0, le=65535, description="port; 0 takes a free one")
    pace_ms: NonNegativeFloat = Field(
        default=250.0,
        description="milliseconds from one small poll to the next at least; people read figures, "
        "and wait no longer for them than this",
    )
    pace_least_ms: NonNegativeFloat = Field(
        default=250.0, description="the same where MongoDB is fast"
    )
    gauges_period_s: PositiveFloat = Field(
        default=15.0, description="seconds between two updates of the figures in the metrics"
    )
