"""What every service is told from outside. Each has a subclass that names it and adds its own.

The environment is read with the prefix ``ARREARS_`` (``ARREARS_BATCH_MS=20``), but for names that
need none: ``KAFKA_BOOTSTRAP_SERVERS``, ``MONGODB_URI``, ``MONGODB_DATABASE`` and the ``KAFKA_…`` of
`shared.runtime.security`.
"""

from typing import Any, Literal

from pydantic import Field, NonNegativeFloat, PositiveFloat, PositiveInt
from pydantic_settings import SettingsConfigDict

from shared.runtime.security import KafkaSecurity
from shared.topics import PARTITIONS


class ServiceSettings(KafkaSecurity):
    """The settings of one service's process: frozen, and nothing unknown is taken."""

    model_config = SettingsConfigDict(
        env_prefix="ARREARS_", frozen=True, extra="forbid", populate_by_name=True
    )

    service: str = Field(description="which service this is: ingest, scoring, outreach or kpi")

    kafka_bootstrap_servers: str = Field(
        default="localhost:9092",
        validation_alias="KAFKA_BOOTSTRAP_SERVERS",
        description="host:port of some of Kafka's brokers, separated by commas",
    )
    mongodb_uri: str = Field(
        default="mongodb://localhost:27017/?replicaSet=rs0",
        validation_alias="MONGODB_URI",
        repr=False,  # it may have a password in it
        description="MongoDB, a replica set: transactions need one",
    )
    mongodb_database: str = Field(
        default_factory=lambda told: f"arrears_{told.get('service', '')}",
        validation_alias="MONGODB_DATABASE",
        description="the service's own database; default: arrears_<service>",
    )
    group_id: str = Field(
        default_factory=lambda told: f"arrears-{told.get('service', '')}",
        description="Kafka consumer group; default: arrears-<service>",
    )

    partitions: PositiveInt = Field(
        default=PARTITIONS,
        description="partitions of each topic; fixed when the topics are made, more is a migration",
    )
    replicas: PositiveInt | None = Field(
        default=None,
        description="copies of each topic; default: 3, or as many as there are brokers",
    )
    compression: Literal["none", "lz4"] = Field(
        default="none", description="how records are compressed on their way to Kafka"
    )

    batch_records_max: PositiveInt = Field(
        default=2_000, description="records that one poll brings at most"
    )
    batch_ms: PositiveFloat = Field(
        default=40.0, description="milliseconds of folding after which a batch is committed"
    )
    poll_ms: PositiveInt = Field(
        default=5,
        description="milliseconds that a poll waits; without traffic, latency is up to twice that",
    )
    pace_ms: NonNegativeFloat = Field(
        default=200.0,
        description="milliseconds from one small poll to the next where MongoDB is slow: fewer "
        "transactions, each with more in it; the first records after a rest do not wait (kpi: 250)",
    )
    pace_least_ms: NonNegativeFloat = Field(
        default=20.0,
        description="the same where MongoDB is fast; between the two it is 3.5 times what a "
        "commit takes (kpi: 250)",
    )
    cache_documents_max: PositiveInt = Field(
        default=200_000, description="documents of parties kept in memory"
    )
    chunk_wakes: PositiveInt = Field(
        default=1_000, description="parties woken by a tick in one transaction"
    )
    dead_letters_per_minute_max: PositiveInt = Field(
        default=1_000,
        description="more dead letters in a minute than this and the service stops: "
        "something is wrong that draining the topic would only hide",
    )

    session_timeout_ms: PositiveInt = Field(
        default=8_000,
        description="milliseconds after which Kafka gives a silent member's partitions to others",
    )
    publish_deadline_s: PositiveFloat = Field(
        default=10.0, description="seconds that Kafka may take before a publication is given up"
    )
    shutdown_deadline_s: PositiveFloat = Field(
        default=15.0, description="seconds to stop in order; then the process just ends"
    )
    tick_period_s: PositiveFloat = Field(
        default=60.0, description="seconds between two ticks of the clock (the door's alone)"
    )

    http_host: str = Field(default="127.0.0.1", description="address to listen on")
    http_port: int = Field(default=8000, ge=0, le=65535, description="port; 0 takes a free one")
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        default="info", description="the least that is logged"
    )
    log_format: Literal["json", "console"] = Field(
        default="json", description="json for machines, console for people"
    )

    def kafka_client(self) -> dict[str, Any]:
        """Keyword arguments for any aiokafka client. Reads the password file.

        Raises:
            OSError: a file cannot be read.
        """
        return {"bootstrap_servers": self.kafka_bootstrap_servers, **self.client_security()}
