"""The services by name, as subcommands are told of them."""

from typing import Final, Literal, get_args

Service = Literal["ingest", "scoring", "outreach", "kpi"]
SERVICES: Final[tuple[Service, ...]] = get_args(Service)
