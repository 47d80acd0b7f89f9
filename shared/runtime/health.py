"""What the machinery around a service asks it: are you alive, are you ready, how are you?"""

from collections.abc import Callable, Sequence
from typing import Any

from prometheus_client import CollectorRegistry, make_asgi_app

from shared.runtime.doors import Asgi, Receive, Scope, Send, answer

Readiness = Callable[[], Sequence[str]]
"""Why the service does not do its work now; empty when it does."""


def routes(readiness: Readiness, registry: CollectorRegistry) -> list[tuple[str, Any]]:
    """/livez, /readyz and /metrics, for `AsgiFastStream(asgi_routes=…)`.

    /livez asks neither Kafka nor MongoDB: to restart all instances would not bring those back.
    """
    return [
        ("/livez", _live),
        ("/readyz", _ready(readiness)),
        ("/metrics", make_asgi_app(registry)),
    ]


async def _live(_scope: Scope, _receive: Receive, send: Send) -> None:
    await answer({"alive": True}).send(send)


def _ready(readiness: Readiness) -> Asgi:
    async def ready(_scope: Scope, _receive: Receive, send: Send) -> None:
        reasons = list(readiness())
        status = 503 if reasons else 200
        await answer({"ready": not reasons, "reasons": reasons}, status).send(send)

    return ready
