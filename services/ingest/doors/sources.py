"""Who may come through the doors: one entry per billing system, from a file that is kept secret."""

import hmac
from collections.abc import Mapping
from datetime import tzinfo
from hashlib import sha256
from pathlib import Path
from typing import Annotated, Final, Literal, Self
from zoneinfo import ZoneInfo

import yaml
from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    PositiveFloat,
    PositiveInt,
    SecretStr,
    ValidationError,
    model_validator,
)

from shared.core import Event, Refusal
from shared.events import BILLING, COMMANDS, OUTCOMES
from shared.events.billing import ConfigPublished, ReferenceBound, ReferenceTold
from shared.events.billing.transfer import (
    AccountAbsorbed,
    AccountArrived,
    ChildOwed,
    TransferArrived,
)
from shared.events.fields import Id, TimeZone

Part = Literal["billing", "commands", "outcomes", "config", "reading"]
OURS: Final = frozenset(
    {TransferArrived.type, AccountAbsorbed.type, AccountArrived.type, ChildOwed.type}
)
"""What only ingest itself tells, from one partition to another."""
PARTS: Final[Mapping[Part, frozenset[str]]] = {
    "billing": frozenset(BILLING) - {ConfigPublished.type} - OURS,
    "commands": frozenset(COMMANDS),
    "outcomes": frozenset(OUTCOMES),
    "config": frozenset({ConfigPublished.type}),
    "reading": frozenset(),
}
"""What a key may be for. Configuration changes who is contacted, so it is a part of its own; a key
for reading alone tells nothing."""
UNAUTHORIZED: Final = "unauthorized"
"""The reason of a request that does not prove who sent it; it is answered and not kept."""
_ARREARS: Final = "arrears:"
DEFAULT_CREDITOR: Final = "default"
_KEY: Final = "^[0-9a-f]{64}$"


class SourcesError(ValueError):
    """The file of sources cannot be used; the text names the entry, the field and the reason."""


class Source(BaseModel):
    """One system that tells Arrears things over HTTP."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", use_attribute_docstrings=True, hide_input_in_errors=True
    )

    name: Annotated[str, Field(pattern="^[a-z0-9][a-z0-9_.-]{0,49}$")]
    """What it is called; of a webhook the last part of its path, and its events' `source`."""
    speaks_as: tuple[Annotated[str, Field(min_length=1, max_length=100)], ...] = ()
    """The CloudEvents `source` of its events, where that is another than its name."""
    kind: Literal["events", "stripe", "lago", "erpnext"] = "events"
    keys: tuple[Annotated[str, Field(pattern=_KEY)], ...] = ()
    """SHA-256 of its API keys, in hexadecimal; several while one is replaced."""
    secrets: tuple[SecretStr, ...] = ()
    """What its webhooks are signed with; several while one is replaced."""
    public_keys: tuple[str, ...] = ()
    """Lago's public keys (PEM), where its webhooks are signed as JWT."""
    may: tuple[Part, ...] = ("billing",)
    """What it may tell of, and whether it may read (`services.ingest.reading`)."""
    creditor_id: Id = DEFAULT_CREDITOR
    """Whose receivables a webhook tells of."""
    time_zone: TimeZone = "UTC"
    """The creditor's, in which a provider's instants become business dates."""
    tolerance_s: PositiveInt = 300
    """How far a signed moment may lie from ours, before or after."""
    per_second: PositiveFloat = 200.0
    """Events, or questions, per second that are taken in the long run."""
    burst: PositiveInt = 2_000
    """Events, or questions, that may come at once."""

    @property
    def zone(self) -> tzinfo:
        """The creditor's time zone."""
        return ZoneInfo(self.time_zone)

    @property
    def revealed(self) -> tuple[str, ...]:
        """The secrets, to check a signature with."""
        return tuple(secret.get_secret_value() for secret in self.secrets)

    @model_validator(mode="after")
    def _can_prove_itself(self) -> Self:
        if self.kind == "events" and not self.keys:
            raise ValueError("a source of events needs keys: the SHA-256 of each API key")
        if self.kind != "events" and not self.secrets and not self.public_keys:
            raise ValueError("a webhook needs secrets, or public_keys")
        if self.kind != "events" and self.speaks_as:
            raise ValueError("the events of a webhook bear its name")
        if any(name.startswith(_ARREARS) for name in self.speaks_as):
            raise ValueError("only Arrears itself speaks as arrears:…")
        if any(not secret for secret in self.revealed):
            raise ValueError("an empty secret protects nothing")
        return self

    def forbids(self, event: Event) -> Refusal | None:
        """Why this source may not tell an event, if so: each speaks for itself alone."""
        own = self.speaks_as or (self.name,)
        if event.source not in own:
            return Refusal("forbidden", f"this key is for the source {' or '.join(own)}", "source")
        if not any(event.type in PARTS[part] for part in self.may):
            return Refusal("forbidden", f"this key may not tell {event.type}", "type")
        told = event.data
        if isinstance(told, ReferenceBound | ReferenceTold):
            names = (told.reference, *(told.binds if isinstance(told, ReferenceTold) else ()))
            if not all(name.startswith(f"{event.source}#") for name in names):
                why = f"a reference of this source begins with {event.source}#"
                return Refusal("forbidden", why, "data.reference")
        return None


class Sources(BaseModel):
    """All sources, as the file has them."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    sources: tuple[Source, ...] = ()

    @model_validator(mode="after")
    def _told_apart(self) -> Self:
        names = [source.name for source in self.sources]
        keys = [key for source in self.sources for key in source.keys]
        if len(set(names)) < len(names):
            raise ValueError("two sources have the same name")
        if len(set(keys)) < len(keys):
            raise ValueError("two sources have the same key")
        return self

    def of_key(self, key: str) -> Source | None:
        """The source of an API key. All are compared, in constant time: none shows by how long."""
        digest = sha256(key.encode("utf-8", "surrogateescape")).hexdigest()
        found = None
        for source in self.sources:
            for known in source.keys:
                if hmac.compare_digest(known, digest):
                    found = source
        return found

    def webhooks(self) -> tuple[Source, ...]:
        """The sources that have a webhook."""
        return tuple(source for source in self.sources if source.kind != "events")


def load(path: Path) -> Sources:
    """Read the file of sources (YAML).

    Raises:
        SourcesError: it is not there, no YAML, or says something that cannot be used.
    """
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
        return Sources.model_validate(content)
    except (OSError, UnicodeDecodeError) as error:
        raise SourcesError(f"{path}: {error}") from None
    except yaml.YAMLError:
        raise SourcesError(f"{path}: not YAML") from None  # its words would quote the file
    except ValidationError as error:
        faults = error.errors(include_url=False, include_context=False, include_input=False)
        words = "; ".join(f"{'.'.join(map(str, f['loc']))}: {f['msg']}" for f in faults)
        raise SourcesError(f"{path}: {words}") from None
