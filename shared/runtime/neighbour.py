"""Whether someone of a name is in this network: how the clock knows that a history is replayed."""

import asyncio
import ipaddress
import socket
from collections.abc import Sequence
from typing import Any, Final

TRIES: Final = 3
PAUSE_S: Final = 0.5
Place = tuple[Any, Any, int, str, tuple[Any, ...]]
"""As `socket.getaddrinfo` tells it: the last part begins with the address."""


async def is_there(host: str) -> bool:
    """Whether a name leads to an address of a private network; it does not if it is empty.

    In a network of containers a name is there as long as its container runs, from before its
    process has started until after it has ended however it did. A name server that errs is asked
    again; a public address is that of a provider who answers to any name.
    """
    if not host:
        return False
    loop = asyncio.get_running_loop()
    name = host if "." in host else f"{host}."  # not `host.example.com`, if that is where we are
    for attempt in range(TRIES):
        try:
            found = await loop.getaddrinfo(name, None, type=socket.SOCK_STREAM)
        except socket.gaierror as failure:
            if failure.errno == socket.EAI_NONAME:
                return False
            if attempt + 1 < TRIES:
                await asyncio.sleep(PAUSE_S)
        else:
            return is_private(found)
    return False


def is_private(found: Sequence[Place]) -> bool:
    """Whether one of the places that a name leads to is in a private network."""
    return any(ipaddress.ip_address(place[0]).is_private for *_, place in found)
