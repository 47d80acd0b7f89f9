"""What kpi is told from outside."""

from pydantic import Field, PositiveFloat

from shared.runtime.settings import ServiceSettings


class KpiSettings(ServiceSettings):
    """The settings of kpi: the shell's."""

    service: str = Field(default="kpi", description="which service this is")
    http_port: int = Field(default=8004, ge=0, le=65535, description="port; 0 takes a free one")
    gauges_period_s: PositiveFloat = Field(
        default=15.0, description="seconds between two updates of the figures in the metrics"
    )
