"""What scoring is told from outside."""

from pydantic import Field

from shared.runtime.settings import ServiceSettings


class ScoringSettings(ServiceSettings):
    """The settings of scoring: the shell's."""

    service: str = Field(default="scoring", description="which service this is")
    http_port: int = Field(default=8002, ge=0, le=65535, description="port; 0 takes a free one")
