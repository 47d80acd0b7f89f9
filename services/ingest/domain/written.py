"""The facts that the ledger writes by the million: as in the contract, made without being checked.

Theirs are the fields of `shared.events.ledger`, which a type checker holds them to.
"""

from typing import Final

from shared.events import ledger as facts
from shared.events.quick import quick

Entry: Final = quick(facts.Entry)
InvoiceOpened: Final = quick(facts.InvoiceOpened, interned="kind")
InvoiceOverdue: Final = quick(facts.InvoiceOverdue)
InvoiceBucketChanged: Final = quick(facts.InvoiceBucketChanged)
InvoiceSettled: Final = quick(facts.InvoiceSettled)
InvoiceReopened: Final = quick(facts.InvoiceReopened)
InvoiceAdjusted: Final = quick(facts.InvoiceAdjusted)
PaymentApplied: Final = quick(facts.PaymentApplied)
PaymentUnapplied: Final = quick(facts.PaymentUnapplied)
PaymentRefunded: Final = quick(facts.PaymentRefunded)
PaymentReversed: Final = quick(facts.PaymentReversed)
