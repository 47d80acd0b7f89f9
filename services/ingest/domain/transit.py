"""What is on its way from one account's books to another's."""

from hashlib import blake2b
from typing import Final

from services.ingest.domain.invoice import SEPARATOR
from services.ingest.domain.ledger import Ledger
from shared.core import Outgoing
from shared.events.base import Fact
from shared.topics import BILLING_EVENTS

_ID_CHARACTERS: Final = 200


def send(ledger: Ledger, fact: Fact, to_account: str, name: str) -> None:
    """Publish for another account, by way of the line from outside.

    It is forwarded from here to the partition that the account lives on; until it is folded there,
    what it carries is in transit. Its id follows from the cause, both accounts and `name`.
    """
    ledger.effects.out.append(
        Outgoing(
            topic=BILLING_EVENTS,
            subject=to_account,
            party=to_account,
            data=fact,
            time=ledger.time,
            entity=SEPARATOR.join((ledger.account.account_id, to_account, name)),
            woken=False,
            cause=ledger.effects.cause,
        )
    )


def printable(name: str) -> str:
    """An id that may come from outside again: without control characters, 200 at most."""
    plain = name.replace(SEPARATOR, ":")
    if len(plain) <= _ID_CHARACTERS:
        return plain
    return f"{plain[:150]}:{blake2b(name.encode(), digest_size=16).hexdigest()}"
