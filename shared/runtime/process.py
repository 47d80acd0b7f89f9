"""One service as a process: FastStream's ASGI app around it, routes, signals, watchdog."""

import asyncio
import importlib.metadata
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Final

from faststream.asgi import AsgiFastStream, AsyncAPIRoute
from prometheus_client import PlatformCollector, ProcessCollector
from typing_extensions import override

from shared.runtime.asyncapi import asyncapi
from shared.runtime.health import routes as health
from shared.runtime.logging import set_up_logging
from shared.runtime.serve import run
from shared.runtime.service import Service
from shared.runtime.watchdog import Watchdog

SESSIONS_WITHOUT_PROGRESS: Final = 3
Route = tuple[str, Any]
Hook = Callable[[], Awaitable[None]]


class Ended(Exception):
    """The service ends itself, for the reason that was logged."""


class Guard(Watchdog):
    """The watchdog of one service: it also notices when the service gives up by itself."""

    service: Service

    @override
    async def run(self) -> None:
        """Watch until cancelled; raises `Stalled` or `Ended`."""
        watching = asyncio.create_task(self._feed())
        dog = asyncio.create_task(super().run())
        over = asyncio.create_task(self.service.over.wait())
        tasks = {watching, dog, over}
        try:
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
            raise Ended(self.service.stopped_because)
        finally:
            for task in tasks:
                task.cancel()

    async def _feed(self) -> None:
        """Tell the watchdog how it stands, twice a second."""
        observer = self.service.observer
        seen = observer.progressed_at
        while True:
            await asyncio.sleep(0.5)
            self.behind(await self.service.behind())
            if observer.progressed_at != seen or observer.troubles:
                seen = observer.progressed_at
                self.progress()


def run_service(
    service: Service,
    *,
    routes: Sequence[Route] = (),
    after_startup: Sequence[Hook] = (),
    on_shutdown: Sequence[Hook] = (),
) -> int:
    """Run until told to end; the process's exit code."""
    settings = service.settings
    set_up_logging(
        service=service.wiring.service, level=settings.log_level, form=settings.log_format
    )
    version = importlib.metadata.version("arrears")
    service.metrics.built(version, "")
    ProcessCollector(registry=service.registry)  # CPU and memory, where the system tells (Linux)
    PlatformCollector(registry=service.registry)
    guard = Guard(
        patience_s=SESSIONS_WITHOUT_PROGRESS * settings.session_timeout_ms / 1000,
        metrics=service.metrics,
    )
    guard.service = service

    async def build() -> AsgiFastStream:
        return build_app(
            service, version=version, routes=routes, after=after_startup, before_end=on_shutdown
        )

    return run(
        build,
        host=settings.http_host,
        port=settings.http_port,
        deadline_s=settings.shutdown_deadline_s,
        watchdog=guard,
    )


def build_app(
    service: Service,
    *,
    version: str,
    routes: Sequence[Route],
    after: Sequence[Hook],
    before_end: Sequence[Hook],
) -> AsgiFastStream:
    """The ASGI app: health, metrics, AsyncAPI, and the service's own routes."""
    return AsgiFastStream(
        service.broker,
        asgi_routes=[
            *health(service.unready, service.registry),
            *routes,
        ],
        on_startup=[service.start],
        after_startup=list(after),
        on_shutdown=list(before_end),
        after_shutdown=[service.stop],
        specification=asyncapi(service.wiring, version=version, group_id=service.settings.group_id),
        asyncapi_path=AsyncAPIRoute(
            "/docs/asyncapi", asyncapi_json_path="/docs/asyncapi.json", try_it_out_path=None
        ),
        logger=None,
    )
