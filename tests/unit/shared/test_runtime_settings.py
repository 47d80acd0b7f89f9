"""Settings: what the environment says, under which name, and what is refused."""

from pathlib import Path

import pytest
from pydantic import Field, ValidationError

from shared.runtime.settings import ServiceSettings


class IngestSettings(ServiceSettings):
    service: str = Field(default="ingest", description="this service")


def test_database_and_group_are_the_services_own() -> None:
    """A service that is told nothing has a database and a consumer group of its own name."""
    settings = IngestSettings()

    assert ("arrears_ingest", "arrears-ingest") == (settings.mongodb_database, settings.group_id)


def test_names_everyone_knows_need_no_prefix(monkeypatch: pytest.MonkeyPatch) -> None:
    """KAFKA_BOOTSTRAP_SERVERS and MONGODB_… are read as they are, our own with ARREARS_."""
    monkeypatch.setenv("KAFKA_BOOTSTRAP_SERVERS", "kafka:9092")
    monkeypatch.setenv("MONGODB_URI", "mongodb://mongo")
    monkeypatch.setenv("MONGODB_DATABASE", "books")
    monkeypatch.setenv("ARREARS_BATCH_RECORDS_MAX", "7")

    settings = IngestSettings()

    assert "kafka:9092" == settings.kafka_bootstrap_servers
    assert ("mongodb://mongo", "books") == (settings.mongodb_uri, settings.mongodb_database)
    assert 7 == settings.batch_records_max


@pytest.mark.parametrize("field", ServiceSettings.model_fields)
def test_every_setting_says_what_it_is(field: str) -> None:
    """Each setting has a description, from which its documentation is made."""
    assert ServiceSettings.model_fields[field].description


def test_unknown_and_changed_settings_are_refused() -> None:
    """A misspelled setting is an error, and none changes while the service runs."""
    with pytest.raises(ValidationError, match="extra_forbidden"):
        IngestSettings.model_validate({"batch_record_max": 1})

    with pytest.raises(ValidationError, match="frozen"):
        setattr(IngestSettings(), "http_port", 1)  # noqa: B010 - the type checker knows it as well


@pytest.mark.parametrize("field", ["partitions", "batch_ms", "session_timeout_ms"])
def test_nothing_is_zero(field: str) -> None:
    """A batch of no records and the like are refused."""
    with pytest.raises(ValidationError, match="greater_than"):
        IngestSettings.model_validate({field: 0})


def test_a_database_password_is_not_shown() -> None:
    """The database's address may have a password in it: it is not in the settings' text."""
    settings = IngestSettings(mongodb_uri="mongodb://me:secret@mongo")

    assert "secret" not in repr(settings)


def test_open_line_needs_no_credentials() -> None:
    """By default the line is open, and no credentials are sent."""
    settings = IngestSettings(kafka_bootstrap_servers="kafka:9092")

    assert {
        "bootstrap_servers": "kafka:9092",
        "security_protocol": "PLAINTEXT",
    } == settings.kafka_client()
    assert settings.broker_security() is None


def test_passwords_do_not_go_over_an_open_line(tmp_path: Path) -> None:
    """SASL without TLS is refused, unless someone says aloud that it is meant."""
    told = {
        "kafka_security_protocol": "SASL_PLAINTEXT",
        "kafka_sasl_username": "ingest",
        "kafka_sasl_password_file": tmp_path / "password",
    }

    with pytest.raises(ValidationError, match="open line"):
        IngestSettings.model_validate(told)
    IngestSettings.model_validate({**told, "kafka_sasl_plaintext_allowed": True})


def test_sasl_without_a_user_is_refused() -> None:
    """SASL needs a user and a file with the password."""
    with pytest.raises(ValidationError, match="needs kafka_sasl_username"):
        IngestSettings(kafka_security_protocol="SASL_SSL")


@pytest.mark.parametrize("mechanism", ["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"])
def test_credentials_reach_both_libraries(tmp_path: Path, mechanism: str) -> None:
    """Aiokafka and FastStream are told the same user and the password of the file, over TLS."""
    password = tmp_path / "password"
    password.write_text("secret\n")
    settings = IngestSettings.model_validate(
        {
            "kafka_security_protocol": "SASL_SSL",
            "kafka_sasl_mechanism": mechanism,
            "kafka_sasl_username": "ingest",
            "kafka_sasl_password_file": password,
        }
    )

    client = settings.kafka_client()
    broker = settings.broker_security()

    assert (mechanism, "ingest", "secret") == (
        client["sasl_mechanism"],
        client["sasl_plain_username"],
        client["sasl_plain_password"],
    )
    assert client["ssl_context"].check_hostname
    assert broker is not None
    assert broker.use_ssl
    assert ("ingest", "secret") == (
        getattr(broker, "username", ""),
        getattr(broker, "password", ""),
    )
