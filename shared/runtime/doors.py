"""What every HTTP door is made of: plain ASGI, bounded in size, in number and in time.

A door answers quickly or says no: 413 to a body that is too large, 429 when too many wait, 503 when
Kafka does not take it in time. Every no is JSON: {reason, field, detail}.
"""

import asyncio
import json
from collections.abc import Awaitable, Callable, Collection, Mapping, MutableMapping
from dataclasses import dataclass, field
from typing import Any, Final

from shared.runtime.logging import logger
from shared.runtime.metrics import ShellMetrics
from shared.runtime.producer import PublishUnavailable

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
Asgi = Callable[[Scope, Receive, Send], Awaitable[None]]

RETRY_AFTER_S: Final = {429: 1, 503: 5}
"""When to come back, by status."""

log = logger(__name__)


@dataclass(frozen=True, slots=True)
class Request:
    """A request that was read whole; the names of headers are in lower case."""

    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class Response:
    """What a door answers."""

    status: int = 200
    body: bytes = b""
    content_type: str = "application/json"
    headers: Mapping[str, str] = field(default_factory=dict)

    async def send(self, send: Send) -> None:
        """Send it (ASGI)."""
        headers = {
            "content-type": self.content_type,
            "content-length": str(len(self.body)),
            **self.headers,
        }
        encoded = [
            (name.encode("latin-1"), text.encode("latin-1")) for name, text in headers.items()
        ]
        await send({"type": "http.response.start", "status": self.status, "headers": encoded})
        await send({"type": "http.response.body", "body": self.body})


def answer(content: object, status: int = 200) -> Response:
    """A JSON answer."""
    return Response(status, json.dumps(content, ensure_ascii=False).encode())


class Problem(Exception):
    """A no, with its HTTP status: `reason` from a closed list, `field` if it is about one."""

    def __init__(
        self,
        status: int,
        reason: str,
        detail: str,
        field: str = "",
        *,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(detail)
        self.status, self.reason, self.detail, self.field = status, reason, detail, field
        self.headers = headers or {}

    def response(self) -> Response:
        """The answer that says it."""
        content = {"reason": self.reason, "field": self.field, "detail": self.detail}
        again = RETRY_AFTER_S.get(self.status)
        body = json.dumps(content, ensure_ascii=False).encode()
        headers = {} if again is None else {"retry-after": str(again)}
        return Response(self.status, body, headers={**headers, **self.headers})


Handler = Callable[[Request], Awaitable[Response]]


class Door:
    """An ASGI app around one handler; give it to `AsgiFastStream` as a route."""

    def __init__(
        self,
        handler: Handler,
        *,
        name: str,
        methods: Collection[str] = ("POST",),
        body_bytes_max: int,
        working_max: int = 64,
        waiting_max: int = 256,
        deadline_s: float = 15.0,
        metrics: ShellMetrics | None = None,
    ) -> None:
        """Make a door.

        Args:
            handler: answers one request; may raise `Problem` and `PublishUnavailable`.
            name: the path, for the metrics.
            methods: the HTTP methods that are answered.
            body_bytes_max: a larger body gets 413.
            working_max: how many requests are handled at the same time.
            waiting_max: how many more may wait for that; the next one gets 429.
            deadline_s: seconds for reading the body, and again for handling it.
            metrics: where to count.
        """
        self._handler = handler
        self._name = name
        self._methods = frozenset(methods)
        self._body_bytes_max = body_bytes_max
        self._working = asyncio.Semaphore(working_max)
        self._inside = 0
        self._inside_max = working_max + waiting_max
        self._deadline_s = deadline_s
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request (ASGI)."""
        self._inside += 1
        try:
            response = await self._answer(scope, receive)
        finally:
            self._inside -= 1
            if self._metrics:
                self._metrics.door_waiting.set(self._inside)
        if self._metrics:
            self._metrics.door_requests.of(self._name, response.status).inc()
        await response.send(send)

    async def _answer(self, scope: Scope, receive: Receive) -> Response:
        try:
            return await self._handle(scope, receive)
        except Problem as problem:
            return problem.response()
        except PublishUnavailable as failure:
            return Problem(503, "unavailable", str(failure)).response()
        except Exception:
            log.exception("door.defect", door=self._name)
            return Problem(500, "defect", "a defect of ours, which is being told to us").response()

    async def _handle(self, scope: Scope, receive: Receive) -> Response:
        if scope["method"] not in self._methods:
            allowed = ", ".join(sorted(self._methods))
            return Response(405, b"", headers={"allow": allowed})
        if self._inside > self._inside_max:
            raise Problem(429, "busy", "too many requests are waiting")
        headers = {
            name.decode("latin-1").lower(): text.decode("latin-1")
            for name, text in scope["headers"]
        }
        try:
            async with asyncio.timeout(self._deadline_s):
                body = await self._read(headers, receive)
        except TimeoutError as late:
            raise Problem(408, "slow", "the body did not come in time") from late
        request = Request(
            method=scope["method"],
            path=scope["path"],
            query=scope.get("query_string", b"").decode("latin-1"),
            headers=headers,
            body=body,
        )
        try:
            async with asyncio.timeout(self._deadline_s), self._working:
                return await self._handler(request)
        except TimeoutError as late:
            raise Problem(503, "unavailable", "it was not taken in time") from late

    async def _read(self, headers: Mapping[str, str], receive: Receive) -> bytes:
        told = headers.get("content-length", "0")
        if told.isdigit() and int(told) > self._body_bytes_max:
            raise self._too_large()
        parts, size, more = [], 0, True
        while more:
            message = await receive()
            if message["type"] == "http.disconnect":
                raise Problem(400, "cut_off", "the request ended before its body did")
            part: bytes = message.get("body", b"")
            size += len(part)
            if size > self._body_bytes_max:
                raise self._too_large()
            parts.append(part)
            more = message.get("more_body", False)
        return b"".join(parts)

    def _too_large(self) -> Problem:
        return Problem(413, "oversize", f"the body may have {self._body_bytes_max} bytes at most")


def reading_doors(handlers: Mapping[str, Handler], metrics: ShellMetrics) -> list[tuple[str, Asgi]]:
    """Doors by their paths that only read: GET, without a body."""
    return [
        (path, Door(handler, name=path, methods=("GET",), body_bytes_max=0, metrics=metrics))
        for path, handler in handlers.items()
    ]
