"""Waking every party of a partition once, when a configuration takes effect."""

import json
from dataclasses import dataclass, field
from datetime import datetime


@dataclass(slots=True)
class Rousing:
    """Moments from which all parties are to be woken, and how far the one under way has come."""

    moments: list[datetime] = field(default_factory=list)
    after: str = ""
    """The last party woken by the rousing under way; "" before the first."""

    @classmethod
    def from_text(cls, text: str) -> "Rousing":
        """As stored with the cursor; empty text is none."""
        if not text:
            return cls()
        stored = json.loads(text)
        return cls([datetime.fromisoformat(moment) for moment in stored["at"]], stored["after"])

    def to_text(self) -> str:
        """As it is stored with the cursor."""
        if not self.moments:
            return ""
        moments = [moment.isoformat() for moment in self.moments]
        return json.dumps({"at": moments, "after": self.after})

    def ask(self, moment: datetime) -> None:
        """Wake everyone at the first tick that is not before `moment`, from the first party on."""
        self.moments.append(moment)
        self.after = ""

    def due(self, tick: datetime) -> bool:
        """Whether a tick is one that rouses."""
        return bool(self.moments) and any(moment <= tick for moment in self.moments)

    def done(self, tick: datetime) -> None:
        """All parties were woken at this tick."""
        if self.moments:
            self.moments = [moment for moment in self.moments if moment > tick]
        self.after = ""
