"""The facts that scoring writes: as in the contract, made without being checked.

Theirs are the fields of `shared.events.scores`, which a type checker holds them to. Each value has
the type it needs, from texts that were read strictly.
"""

from typing import Final

from shared.events import scores as facts
from shared.events.quick import quick

Reason: Final = quick(facts.Reason)
ShadowScore: Final = quick(facts.ShadowScore)
AccountScored: Final = quick(facts.AccountScored)
