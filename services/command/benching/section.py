"""A run's results as a section of docs/benchmarks.md."""

from collections.abc import Callable, Mapping
from io import StringIO
from typing import Any, Final

from rich.console import Console

WIDTH: Final = 110
"""Of the tables, in characters."""


def section(
    told: Mapping[str, Any],
    arguments: str,
    show: Callable[[Console], None],
    *,
    width: int = WIDTH,
    kafka: bool = True,
) -> str:
    """What `show` prints, under the command and the machine; without `kafka`, that took no part."""
    on = told["machine"]
    console = Console(record=True, width=width, file=StringIO(), no_color=True)
    show(console)
    versions = [f"Python {on['python']}", f"MongoDB {on['mongodb']}"]
    if kafka:
        versions.insert(1, f"Kafka {on['kafka']}")
    return (
        f"\n## {told['at'][:10]}: `arrears bench{arguments}`\n\n"
        f"{on['cores']} cores ({on['processor']}), {on['system']},"
        f" {', '.join(versions)}; load before it began: {on['load'][0]}.\n\n"
        f"```text\n{console.export_text().rstrip()}\n```\n"
    )
