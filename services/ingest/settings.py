"""What ingest is told from outside."""

from pathlib import Path

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
    clock_waits_for: str = Field(
        default="",
        description="a host's name: while there is one in this network, the clock does not start, "
        "since a history is being replayed; empty: it starts at once",
    )
    identity_check_every: int = Field(
        default=1_000,
        ge=0,
        description="check the books on one event in so many: 1 each (to debug), 0 none",
    )
    identity_strict: bool = Field(
        default=False,
        description="park a party whose books do not add up, besides counting it (to debug)",
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
    sources_file: Path | None = Field(
        default=None,
        description="who may come through the doors, with keys and secrets (docs/http.md); "
        "without it POST /v1/events and what is read are open to all and there are no webhooks",
    )
