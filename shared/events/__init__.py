"""The contracts: every event's data, by the topic that carries it.

Input is checked strictly (`fields`); what Arrears writes is trusted to be well-formed.
"""

from typing import Final

from shared.events import billing, clock, commands, ledger, outcomes, outreach, scores
from shared.events.base import REGISTRY, Fact


def _of(module: str) -> dict[str, type[Fact]]:
    """The types whose models are defined in a module of this package, or below it."""
    prefix = f"{__name__}.{module}"
    return {
        name: model
        for name, model in REGISTRY.items()
        if model.__module__ == prefix or model.__module__.startswith(f"{prefix}.")
    }


BILLING: Final = _of("billing")
CLOCK: Final = _of("clock")
COMMANDS: Final = _of("commands")
OUTCOMES: Final = _of("outcomes")
LEDGER: Final = _of("ledger")
SCORES: Final = _of("scores")
ACTIVITY: Final = _of("outreach")
TASKS: Final[dict[str, type[Fact]]] = {
    model.type: model for model in (outreach.ContactRequested, outreach.ContactCancelled)
}
BROADCAST: Final[dict[str, type[Fact]]] = {
    model.type: model
    for model in (billing.ConfigPublished, billing.AddressSuppressed, billing.SourceCompleted)
}
"""What goes to every partition."""

_PARKING: Final[dict[str, type[Fact]]] = {
    model.type: model for model in (ledger.PartyParked, ledger.PartyUnparked)
}
_LINE: Final = LEDGER | COMMANDS | OUTCOMES | BROADCAST | CLOCK
ACCEPTED: Final[dict[str, dict[str, type[Fact]]]] = {
    "billing.events": BILLING | CLOCK,
    "outreach.commands": COMMANDS,
    "outreach.outcomes": OUTCOMES,
    "collections.ledger": _LINE,
    "collections.scores": _LINE | SCORES,
    "outreach.activity": ACTIVITY | CLOCK | _PARKING,
    **{f"outreach.tasks.{channel}": TASKS for channel in ("email", "sms", "phone", "letter")},
}
"""Which types a topic may carry, and the models of their data."""


def input_topic(event_type: str) -> str:
    """The topic on which Arrears is told of a type; what none has goes where it is refused."""
    if event_type in COMMANDS:
        return "outreach.commands"
    return "outreach.outcomes" if event_type in OUTCOMES else "billing.events"


__all__ = [
    "ACCEPTED",
    "ACTIVITY",
    "BILLING",
    "BROADCAST",
    "CLOCK",
    "COMMANDS",
    "LEDGER",
    "OUTCOMES",
    "REGISTRY",
    "SCORES",
    "TASKS",
    "Fact",
    "billing",
    "clock",
    "commands",
    "input_topic",
    "ledger",
    "outcomes",
    "outreach",
    "scores",
]
