"""HTTP doors: what they take, what they refuse, and with which words."""

import asyncio
from collections.abc import AsyncIterator

import httpx
import pytest
from prometheus_client import CollectorRegistry

from shared.runtime.doors import Door, Handler, Problem, Request, Response, answer
from shared.runtime.health import routes
from shared.runtime.metrics import ShellMetrics
from shared.runtime.producer import PublishUnavailable

pytestmark = pytest.mark.asyncio


async def _echo(request: Request) -> Response:
    return answer(
        {
            "path": request.path,
            "query": request.query,
            "type": request.headers.get("content-type", ""),
            "body": request.body.decode(),
        },
        202,
    )


def _door(handler: Handler = _echo, **limits: float) -> Door:
    return Door(handler, name="/events", **{"body_bytes_max": 100, **limits})  # type: ignore[arg-type] # limits are int or float


def _client(app: object) -> httpx.AsyncClient:
    return httpx.AsyncClient(
        transport=httpx.ASGITransport(app=app),  # type: ignore[arg-type] # our ASGI types are narrower
        base_url="http://door",
    )


async def test_a_request_is_read_whole() -> None:
    """A handler gets path, query, headers and body; its answer is sent as it is."""
    async with _client(_door()) as client:
        answered = await client.post(
            "/events?a=1", content=b"hello", headers={"Content-Type": "text/plain"}
        )

    assert 202 == answered.status_code
    assert {"path": "/events", "query": "a=1", "type": "text/plain", "body": "hello"} == (
        answered.json()
    )


async def test_other_methods_are_refused() -> None:
    """A door that takes POST says so to a GET."""
    async with _client(_door()) as client:
        answered = await client.get("/events")

    assert (405, "POST") == (answered.status_code, answered.headers["allow"])


async def test_a_body_that_is_too_large_is_refused() -> None:
    """101 bytes where 100 are allowed: 413, and why."""
    async with _client(_door()) as client:
        answered = await client.post("/events", content=b"x" * 101)

    assert 413 == answered.status_code
    assert {"reason": "oversize", "field": "", "detail": "the body may have 100 bytes at most"} == (
        answered.json()
    )


async def test_a_body_of_unknown_length_is_refused_as_it_comes() -> None:
    """Who does not say how much comes is cut off where it is too much."""
    drawn = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal drawn
        for _ in range(1_000):
            drawn += 1
            yield b"x" * 60

    async with _client(_door()) as client:
        answered = await client.post("/events", content=endless())

    assert 413 == answered.status_code
    assert 10 > drawn


async def test_a_problem_is_said_in_json() -> None:
    """A handler's `Problem` becomes its status and {reason, field, detail}."""

    async def refuse(_: Request) -> Response:
        raise Problem(422, "invalid", "no such currency", "data.currency")

    async with _client(_door(refuse)) as client:
        answered = await client.post("/events")

    assert 422 == answered.status_code
    assert {"reason": "invalid", "field": "data.currency", "detail": "no such currency"} == (
        answered.json()
    )


async def test_without_kafka_it_asks_to_come_again() -> None:
    """What Kafka does not take is not accepted: 503, with the time to come back."""

    async def away(_: Request) -> Response:
        raise PublishUnavailable("Kafka did not take the record in 10 s")

    async with _client(_door(away)) as client:
        answered = await client.post("/events")

    assert (503, "5") == (answered.status_code, answered.headers["retry-after"])
    assert "unavailable" == answered.json()["reason"]


async def test_who_takes_too_long_is_not_waited_for() -> None:
    """A handler that does not come back within the deadline: 503."""

    async def sleepy(_: Request) -> Response:
        await asyncio.sleep(60)
        return Response()

    async with _client(_door(sleepy, deadline_s=0.05)) as client:
        answered = await client.post("/events")

    assert 503 == answered.status_code


async def test_a_slow_body_is_not_waited_for() -> None:
    """A client that sends nothing for longer than the deadline: 408."""

    async def slow() -> AsyncIterator[bytes]:
        yield b"x"
        await asyncio.sleep(0.3)
        yield b"x"

    async with _client(_door(deadline_s=0.05)) as client:
        answered = await client.post("/events", content=slow())

    assert 408 == answered.status_code


async def test_too_many_are_turned_away() -> None:
    """One is handled, two wait, the other seven are told to come again in a second."""
    go_on = asyncio.Event()
    at_once = 0
    most = 0

    async def slow(_: Request) -> Response:
        nonlocal at_once, most
        at_once += 1
        most = max(most, at_once)
        await go_on.wait()
        at_once -= 1
        return Response(202)

    async with _client(_door(slow, working_max=1, waiting_max=2)) as client:
        asked = [asyncio.create_task(client.post("/events")) for _ in range(10)]
        turned_away, inside = set[asyncio.Task[httpx.Response]](), set(asked)
        while len(turned_away) < 7:
            done, inside = await asyncio.wait(inside, return_when=asyncio.FIRST_COMPLETED)
            turned_away |= done
        go_on.set()
        answered = [await one for one in asked]

    assert [202] * 3 + [429] * 7 == sorted(one.status_code for one in answered)
    assert {"1"} == {one.headers["retry-after"] for one in answered if one.status_code == 429}
    assert 1 == most


async def test_a_defect_tells_nothing_of_its_inside() -> None:
    """An exception that nobody foresaw is a 500 without its text, and the door stays open."""

    async def broken(_: Request) -> Response:
        raise RuntimeError("secret")

    async with _client(_door(broken, working_max=1, waiting_max=0)) as client:
        first = await client.post("/events")
        second = await client.post("/events")

    assert (500, 500) == (first.status_code, second.status_code)
    assert "secret" not in first.text


async def test_requests_are_counted() -> None:
    """Each request is counted under its path and status, and none stays inside."""
    registry = CollectorRegistry()
    metrics = ShellMetrics(registry, "ingest")
    door = Door(_echo, name="/events", body_bytes_max=10, metrics=metrics)

    async with _client(door) as client:
        await client.post("/events", content=b"x")
        await client.post("/events", content=b"x" * 11)

    def counted(status: str) -> float | None:
        labels = {"service": "ingest", "path": "/events", "status": status}
        return registry.get_sample_value("collections_door_requests_total", labels)

    assert (1, 1) == (counted("202"), counted("413"))
    assert 0 == registry.get_sample_value("collections_door_waiting", {"service": "ingest"})


async def test_health_says_why_not() -> None:
    """/livez is always well; /readyz names the reasons; /metrics shows the registry."""
    reasons = ["no partitions were assigned yet"]
    registry = CollectorRegistry()
    ShellMetrics(registry, "ingest").ready.set(0)
    health = dict(routes(lambda: reasons, registry))

    async with _client(health["/livez"]) as client:
        assert 200 == (await client.get("/livez")).status_code
    async with _client(health["/readyz"]) as client:
        waiting = await client.get("/readyz")
        reasons.clear()
        ready = await client.get("/readyz")
    async with _client(health["/metrics"]) as client:
        shown = await client.get("/metrics")

    assert 503 == waiting.status_code
    assert {"ready": False, "reasons": ["no partitions were assigned yet"]} == waiting.json()
    assert (200, {"ready": True, "reasons": []}) == (ready.status_code, ready.json())
    assert "collections_ready" in shown.text
