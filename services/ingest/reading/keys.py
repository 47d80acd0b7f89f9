"""Who may read: the keys of the sources file that have the part `reading`."""

from dataclasses import replace
from typing import Final

from services.ingest.doors.events import source_of
from services.ingest.doors.rate import Rates
from services.ingest.doors.sources import Sources
from shared.runtime.doors import Handler, Problem, Request, Response

_READING: Final = "reading"
_PRIVATE: Final = {"cache-control": "private, no-store"}


class Readers:
    """Lets in who may read, as often as they may."""

    def __init__(self, sources: Sources | None, rates: Rates) -> None:
        """Without `sources` everyone may, as everyone may post then."""
        self._sources = sources
        self._rates = rates

    def admitting(self, handler: Handler) -> Handler:
        """`handler` for those who may: others get 401, 403 or 429 with the reason."""

        async def admitted(request: Request) -> Response:
            source = source_of(self._sources, request.headers)
            if source is not None:
                if _READING not in source.may:
                    raise Problem(403, "forbidden", "this key may not read", "authorization")
                self._rates.take(source, 1)
            answer = await handler(request)
            return replace(answer, headers={**answer.headers, **_PRIVATE})

        return admitted
