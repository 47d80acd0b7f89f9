"""Addresses that said STOP, whichever account they belong to. Only digests are kept."""

from dataclasses import dataclass, field
from functools import lru_cache
from hashlib import sha256
from typing import ClassVar

from typing_extensions import override

from shared.core import Document, Party


@lru_cache(maxsize=8192)
def digest(address: str) -> str:
    """SHA-256 of the address in lower case, in hexadecimal."""
    return sha256(address.strip().lower().encode()).hexdigest()


@dataclass(slots=True)
class SuppressedAddresses(Document):
    """Digests of one channel that begin alike, each with its reason: many documents, each small."""

    prefix: ClassVar[str] = "suppressed"

    shelf: str
    reasons: dict[str, str] = field(default_factory=dict)

    @property
    @override
    def key(self) -> str:
        """Channel and first two digits of the digest."""
        return self.shelf


def suppress(shared: Party, channel: str, address_digest: str, reason: str) -> None:
    """Note that an address is never to be used again on a channel."""
    found = address_digest.lower()
    shelf = f"{channel}:{found[:2]}"
    addresses = shared.find(SuppressedAddresses, shelf) or SuppressedAddresses(shelf)
    if found not in addresses.reasons:
        addresses.reasons[found] = reason
        shared.keep(addresses)


def is_suppressed(shared: Party, channel: str, address_digest: str) -> bool:
    """Whether an address said STOP on a channel."""
    addresses = shared.find(SuppressedAddresses, f"{channel}:{address_digest[:2]}")
    return addresses is not None and address_digest in addresses.reasons
