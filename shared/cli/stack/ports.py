"""Free local ports. Another process may take one before it is used; callers try again."""

import secrets
import socket

HOST = "127.0.0.1"

# Below the range from which systems take the ports of outgoing connections: else a client that
# keeps connecting to a server that is down may be given that very port, and the server finds it
# taken when it comes back.
RANGE = range(20_000, 32_000)


def free_ports(count: int) -> list[int]:
    """So many different ports that nobody listens on now."""
    found: list[int] = []
    for port in secrets.SystemRandom().sample(RANGE, len(RANGE)):
        if is_free(port):
            found.append(port)
        if len(found) == count:
            break
    return found


def is_free(port: int) -> bool:
    """Whether one could listen on this port now."""
    with socket.socket() as attempt:
        try:
            attempt.bind((HOST, port))
        except OSError:
            return False
    return True
