"""Files of events: JSON Lines of structured CloudEvents, in the order of `time`.

Read and written line by line, so that a million of them need no more memory than a few.
"""

from shared.cli.eventfile.files import BadLine, UnsortedError, read, write
from shared.cli.eventfile.line import Line, encode, instant, lines, stamp, structured
from shared.cli.eventfile.ticks import TICK_SOURCE, TICK_TYPE, tick, with_ticks

__all__ = [
    "TICK_SOURCE",
    "TICK_TYPE",
    "BadLine",
    "Line",
    "UnsortedError",
    "encode",
    "instant",
    "lines",
    "read",
    "stamp",
    "structured",
    "tick",
    "with_ticks",
    "write",
]
