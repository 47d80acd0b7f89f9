"""How a service proves to Kafka who it is, and how it knows Kafka."""

import ssl
from pathlib import Path
from typing import Any, Literal

from faststream.security import BaseSecurity, SASLPlaintext, SASLScram256, SASLScram512
from pydantic import Field, model_validator
from pydantic_settings import BaseSettings

_SASL = {"PLAIN": SASLPlaintext, "SCRAM-SHA-256": SASLScram256, "SCRAM-SHA-512": SASLScram512}


class KafkaSecurity(BaseSettings):
    """The settings of the connection to Kafka that every service has."""

    kafka_security_protocol: Literal["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"] = Field(
        default="PLAINTEXT",
        validation_alias="KAFKA_SECURITY_PROTOCOL",
        description="how the connection is protected, in Kafka's words",
    )
    kafka_ca_file: Path | None = Field(
        default=None,
        validation_alias="KAFKA_CA_FILE",
        description="who may vouch for the broker: certificates (PEM); default: the system's",
    )
    kafka_sasl_mechanism: Literal["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"] = Field(
        default="SCRAM-SHA-512",
        validation_alias="KAFKA_SASL_MECHANISM",
        description="how the password is proved",
    )
    kafka_sasl_username: str = Field(
        default="",
        validation_alias="KAFKA_SASL_USERNAME",
        description="the user that this service is",
    )
    kafka_sasl_password_file: Path | None = Field(
        default=None,
        validation_alias="KAFKA_SASL_PASSWORD_FILE",
        description="file with the password; a password is never in the environment",
    )
    kafka_sasl_plaintext_allowed: bool = Field(
        default=False,
        validation_alias="KAFKA_SASL_PLAINTEXT_ALLOWED",
        description="allow SASL_PLAINTEXT: passwords over an open line, for a test",
    )

    @model_validator(mode="after")
    def _is_safe(self) -> "KafkaSecurity":
        if not self.kafka_security_protocol.startswith("SASL"):
            return self
        if not self.kafka_sasl_username or self.kafka_sasl_password_file is None:
            raise ValueError("SASL needs kafka_sasl_username and kafka_sasl_password_file")
        open_line = self.kafka_security_protocol == "SASL_PLAINTEXT"
        if open_line and not self.kafka_sasl_plaintext_allowed:
            raise ValueError(
                "SASL_PLAINTEXT sends credentials over an open line: use SASL_SSL, "
                "or set kafka_sasl_plaintext_allowed for a test"
            )
        return self

    def client_security(self) -> dict[str, Any]:
        """Keyword arguments for an aiokafka client. Reads the password file.

        Raises:
            OSError: a file cannot be read.
        """
        options: dict[str, Any] = {"security_protocol": self.kafka_security_protocol}
        if self.kafka_security_protocol.endswith("SSL"):
            options["ssl_context"] = self._ssl_context()
        if self.kafka_security_protocol.startswith("SASL"):
            options["sasl_mechanism"] = self.kafka_sasl_mechanism
            options["sasl_plain_username"] = self.kafka_sasl_username
            options["sasl_plain_password"] = self._password()
        return options

    def broker_security(self) -> BaseSecurity | None:
        """The same for a FastStream broker; None on an open line. Reads the password file.

        Raises:
            OSError: a file cannot be read.
        """
        protected = self.kafka_security_protocol.endswith("SSL")
        context = self._ssl_context() if protected else None
        if self.kafka_security_protocol.startswith("SASL"):
            kind = _SASL[self.kafka_sasl_mechanism]
            return kind(
                self.kafka_sasl_username, self._password(), ssl_context=context, use_ssl=protected
            )
        return BaseSecurity(ssl_context=context) if protected else None

    def _ssl_context(self) -> ssl.SSLContext:
        return ssl.create_default_context(cafile=self.kafka_ca_file)

    def _password(self) -> str:
        if self.kafka_sasl_password_file is None:  # the validator has refused this
            raise ValueError("no kafka_sasl_password_file")
        return self.kafka_sasl_password_file.read_text("utf-8").rstrip("\r\n")
