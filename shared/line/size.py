"""How many bytes a record takes in Kafka: what is too large must be known before it is promised."""

from collections.abc import Sequence
from typing import Final

Headers = Sequence[tuple[str, bytes | None]]
_RECORD_BYTES: Final = 100
"""More than a batch with one record has besides its key, value and headers."""
_HEADER_BYTES: Final = 10
"""As much as the lengths of a header's name and value may take."""
_CHARACTER_BYTES: Final = 4
"""The most bytes of one character in UTF-8."""


def size_of(key: bytes | None, value: bytes | None, headers: Headers) -> int:
    """An upper bound of the bytes that a record takes in Kafka, alone in its batch."""
    size = _RECORD_BYTES + len(key or b"") + len(value or b"")
    for name, content in headers:
        size += _HEADER_BYTES + (len(name) if name.isascii() else len(name.encode()))
        if content:
            size += len(content)
    return size


def exceeds(limit: int, key: bytes | None, value: bytes | None, headers: Headers) -> bool:
    """Whether `size_of` is above `limit`; a rough sum answers it for nearly all records."""
    rough = len(key or b"") + len(value or b"")
    rough += sum(
        [
            _CHARACTER_BYTES * len(name) + (len(content) if content else 0) + _HEADER_BYTES
            for name, content in headers
        ]
    )
    return rough + _RECORD_BYTES > limit and size_of(key, value, headers) > limit
