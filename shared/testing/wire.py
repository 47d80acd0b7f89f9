"""A wire to a server that can be cut at a chosen message, before or after it is delivered."""

import asyncio
import contextlib
from types import TracebackType
from typing import Self

_CHUNK = 1 << 20


class Wire:
    """Forwards connections to one TCP server, until it is told to lose something."""

    def __init__(self, host: str, port: int) -> None:
        """Lead to `host` and `port`; use it as an async context manager."""
        self.port = 0
        self.lost = 0
        """How often something was lost so far."""
        self.sent: list[bytes] = []
        """What came to be forwarded, in the pieces in which it came."""
        self._to = (host, port)
        self._word = b""
        self._requests = self._answers = 0
        self._pumps: set[asyncio.Task[None]] = set()
        self._server: asyncio.Server | None = None

    def lose(self, word: bytes, *, requests: int = 0, answers: int = 0) -> None:
        """Cut the connections of the next messages that have `word`.

        So many `requests` are not delivered; then so many `answers` to delivered ones are lost.
        """
        self._word, self._requests, self._answers = word, requests, answers

    async def __aenter__(self) -> Self:
        """Listen on a free local port."""
        self._server = await asyncio.start_server(self._connected, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close everything."""
        if self._server is not None:
            self._server.close()
        for pump in self._pumps:
            pump.cancel()
        await asyncio.gather(*self._pumps, return_exceptions=True)

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        pump = asyncio.ensure_future(self._serve(reader, writer))
        self._pumps.add(pump)
        pump.add_done_callback(self._pumps.discard)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            there, back = await asyncio.open_connection(*self._to)
        except OSError:
            writer.close()
            return
        returning = asyncio.ensure_future(_pump(there, writer))
        try:
            while chunk := await reader.read(_CHUNK):
                self.sent.append(chunk)
                if self._word and self._word in chunk and self._requests + self._answers:
                    self.lost += 1
                    if self._requests:
                        self._requests -= 1
                        return
                    self._answers -= 1
                    returning.cancel()
                    await asyncio.gather(returning, return_exceptions=True)
                    back.write(chunk)
                    await there.read(_CHUNK)
                    return
                back.write(chunk)
                await back.drain()
        except OSError:
            return
        finally:
            returning.cancel()
            writer.close()
            back.close()


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError):
        while chunk := await reader.read(_CHUNK):
            writer.write(chunk)
            await writer.drain()
    writer.close()
