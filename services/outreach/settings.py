"""What outreach is told from outside."""

from pathlib import Path

from pydantic import Field

from shared.runtime.settings import ServiceSettings


class OutreachSettings(ServiceSettings):
    """The settings of outreach: the shell's."""

    service: str = Field(default="outreach", description="which service this is")
    http_port: int = Field(default=8003, ge=0, le=65535, description="port; 0 takes a free one")
    policies: Path | None = Field(
        default=None, description="a policy's YAML file or its folder; default: the one inside"
    )
