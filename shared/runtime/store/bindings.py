"""Which party and creditor an account belongs to: whoever says so first, and then its moves.

A move is written with all else that a batch changes (`statements`).
"""

import asyncio
from collections.abc import Iterable, Mapping
from typing import Any, Final

from motor.core import AgnosticCollection
from pymongo.errors import BulkWriteError

from shared.line.ports import Binding
from shared.runtime.store.names import Json

_DUPLICATE_KEY: Final = 11000
_UNSEEN_PAUSE_S: Final = 0.01
_AT_ONCE: Final = 1_000_000


async def bind(
    bindings: AgnosticCollection[Json], wanted: Mapping[str, Binding | None]
) -> dict[str, Binding]:
    """Bind the accounts that are not bound yet, and say how all are bound.

    No transaction: a binding stands by itself, and one that nobody comes to use does no harm.
    """
    bound = await _find(bindings, wanted)
    missing = {
        account: binding
        for account, binding in wanted.items()
        if binding is not None and account not in bound
    }
    while missing:
        lost = await _insert(bindings, missing)
        bound.update((account, missing[account]) for account in missing.keys() - lost)
        bound.update(await _find(bindings, lost))
        missing = {account: missing[account] for account in lost if account not in bound}
        if missing:
            # Another process has just bound them, and a majority does not know it yet.
            await asyncio.sleep(_UNSEEN_PAUSE_S)
    return bound


async def _find(bindings: AgnosticCollection[Json], accounts: Iterable[str]) -> dict[str, Binding]:
    names = list(accounts)
    if not names:
        return {}
    found = await bindings.find({"_id": {"$in": names}}).batch_size(_AT_ONCE).to_list(None)
    return {
        b["_id"]: Binding(party=b["party"], creditor=b["creditor"], number=b.get("number", 0))
        for b in found
    }


async def _insert(bindings: AgnosticCollection[Json], new: Mapping[str, Binding]) -> set[str]:
    """Insert what nobody has inserted before; the accounts for which someone has."""
    documents = [
        {"_id": account, "party": binding.party, "creditor": binding.creditor}
        for account, binding in new.items()
    ]
    try:
        await bindings.insert_many(documents, ordered=False)
    except BulkWriteError as error:
        details = error.details or {}
        refused: list[Any] = details.get("writeErrors", [])
        if details.get("writeConcernErrors") or any(
            one["code"] != _DUPLICATE_KEY for one in refused
        ):
            raise
        return {documents[one["index"]]["_id"] for one in refused}
    return set()
