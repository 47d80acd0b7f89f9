"""ISO 20022 bank statements (camt.053, camt.054) made into payments and reversals.

`read_statements` reads files against what is `Known`; the rest becomes unapplied cash.
"""

from shared.cli.importing.camt.matching import Known
from shared.cli.importing.camt.payments import SIZE_MAX, Received, contents, read_statements

__all__ = ["SIZE_MAX", "Known", "Received", "contents", "read_statements"]
