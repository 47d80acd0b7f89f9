"""What ingest is told from outside."""

from pydantic import Field, PositiveInt

from shared.runtime.settings import ServiceSettings


class IngestSettings(ServiceSettings):
    """Ingest's settings: the shell's, its clock and its HTTP door."""

    service: str = Field(default="ingest", description="which service this is")
    http_port: int = Field(default=8001, ge=0, le=65535, description="port; 0 takes a free one")
    clock: bool = Field(
        default=True,
        description="tell the time on every partition; off while a history is replayed",
    )
    door_body_bytes_max: PositiveInt = Field(
        default=1_048_576, description="a larger request gets 413"
    )
    door_working_max: PositiveInt = Field(
        default=64, description="requests at the door that are handled at the same time"
    )
    door_waiting_max: PositiveInt = Field(
        default=256, description="requests that may wait for that; the next one gets 429"
    )
