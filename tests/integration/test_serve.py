"""A FastStream service on the real broker as a process: HTTP, consuming, and an end in order."""

import asyncio
import re
import signal
import sys
from asyncio.subprocess import PIPE, STDOUT

import httpx
import pytest

from shared.cli.stack import Stack
from shared.testing.consuming import until, write
from shared.testing.kafka import fresh_topics

pytestmark = [pytest.mark.stack, pytest.mark.asyncio]

PROGRAM = """
import asyncio, sys
from faststream import AckPolicy
from faststream.asgi import AsgiFastStream
from faststream.kafka import KafkaBroker
from prometheus_client import CollectorRegistry
from shared.runtime.health import routes
from shared.runtime.logging import set_up_logging
from shared.runtime.metrics import ShellMetrics
from shared.runtime.raw import raw_decoder, raw_parser
from shared.runtime.serve import run

async def build():
    registry = CollectorRegistry()
    metrics = ShellMetrics(registry, "test")
    broker = KafkaBroker(sys.argv[1], apply_types=False, logger=None, consumer_only=True,
                         allow_auto_create_topics=False)
    got = []

    @broker.subscriber(sys.argv[2], group_id=sys.argv[2], batch=True, batch_timeout_ms=10,
                       auto_offset_reset="earliest", ack_policy=AckPolicy.MANUAL,
                       parser=raw_parser, decoder=raw_decoder, no_reply=True)
    async def handle(records):
        await asyncio.sleep(1)
        got.extend(records)
        metrics.ready.set(1)

    def reasons():
        return [] if got else ["nothing came yet"]

    async def after():
        print("had", len(got), flush=True)

    return AsgiFastStream(broker, asgi_routes=routes(reasons, registry), logger=None,
                          asyncapi_path="/docs/asyncapi", after_shutdown=[after])

set_up_logging(service="test")
sys.exit(run(build, host="127.0.0.1", port=0, deadline_s=10))
"""


async def test_a_service_lives_and_ends_in_order(stack: Stack) -> None:
    """It answers at once, is ready when it works, and finishes the batch in hand before it ends."""
    [topic] = await fresh_topics(stack.kafka_bootstrap)
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", PROGRAM, stack.kafka_bootstrap, topic, stdout=PIPE, stderr=STDOUT
    )
    assert process.stdout is not None
    said = b""
    try:
        while b"service.started" not in said:
            line = await process.stdout.readline()
            assert line, said
            said += line
        found = re.search(rb"127\.0\.0\.1:(\d+)", said)
        assert found, said
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{found[1].decode()}") as client:
            before = await client.get("/readyz")
            await write(stack.kafka_bootstrap, topic, "a", "b")

            async def is_ready() -> bool:
                return (await client.get("/readyz")).status_code == 200

            await until(is_ready)
            ready = await client.get("/readyz")
            shown = [await client.get(path) for path in ("/livez", "/metrics", "/docs/asyncapi")]
        await write(stack.kafka_bootstrap, topic, "in hand")
        await asyncio.sleep(0.5)
        process.send_signal(signal.SIGTERM)
        said += await process.stdout.read()
        code = await process.wait()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()

    assert (503, ["nothing came yet"]) == (before.status_code, before.json()["reasons"])
    assert {"ready": True, "reasons": []} == ready.json()
    assert [200, 200, 200] == [answer.status_code for answer in shown]
    assert 'collections_ready{service="test"} 1.0' in shown[1].text
    assert b"had 3" in said, said.decode()
    assert 0 == code, said.decode()
