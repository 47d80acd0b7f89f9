"""What the figures were measured on; nothing that names the machine or a place on it."""

import os
import platform
from pathlib import Path
from typing import Any

from services.command.benching.place import Site
from shared.cli.stack import Stack
from shared.cli.stack.jars import KAFKA
from shared.runtime.store import MongoReader


async def machine(stack: Stack, site: Site) -> dict[str, Any]:
    """Cores, processor, versions, and how busy it was at the start (load of 1 and 5 minutes)."""
    reader = MongoReader(site.mongodb, "admin", owner="bench")
    try:
        mongodb = await reader.version()
    finally:
        await reader.stop()
    return {
        "cores": os.cpu_count(),
        "processor": _processor(),
        "system": platform.system(),
        "python": platform.python_version(),
        "kafka": "given" if stack.own_kafka is None else KAFKA.rpartition(":")[2],
        "mongodb": mongodb,
        "load": [round(load, 1) for load in os.getloadavg()[:2]],
    }


def _processor() -> str:
    """The processor's model, where the system tells."""
    told = Path("/proc/cpuinfo")
    if told.exists():
        for line in told.read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.machine()
