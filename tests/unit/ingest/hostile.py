"""Payloads gone wrong, as strangers and broken programs send them; the same seed, the same ones."""

import json
from collections.abc import Callable
from copy import deepcopy
from random import Random
from typing import Any, Final

VALUES: Final[tuple[Any, ...]] = (
    None, True, False, 0, -1, 1, 2**31, 2**63, 2**64, 10**15, 10**40, -(10**40), 0.1, 1e308, -0.0,
    "", " ", "0", "-1", "1e5", "NaN", "Infinity", "null", "x" * 201, "x" * 100_000, "\x00",
    "a\x1fb", "\u202e\u200b", "é" * 150, "\U0001f4b6", "2026-02-30", "9999-12-31", "0001-01-01",
    "9999-12-31T23:59:59-14:00", "0001-01-01T00:00:00+14:00", "2026-03-02T09:00:00Z", "1", "EUX",
    "usd", "EUR", "eur", "%00", "../../etc", "<script>", "'; --", "{}", [], {}, [[]], [None],
    {"id": None}, {"id": {"id": "x"}}, {"": ""}, ["x"] * 300, {"object": "event"},
    253_402_300_799, 253_401_999_999,
)  # fmt: skip
"""What is put in the place of a value."""

Mutation = Callable[[Random, bytes], bytes]


def mutated(random: Random, content: Any) -> bytes:  # noqa: ANN401 - any JSON
    """JSON with one to four things wrong with it, in its values, its shape or its bytes."""
    broken = deepcopy(content)
    for _ in range(random.randint(1, 4)):
        broken = _bent(random, broken)
    body = json.dumps(broken, ensure_ascii=random.random() < 0.5).encode("utf-8", "surrogatepass")
    return bytes_of(random, body) if random.random() < 0.3 else body


def bytes_of(random: Random, body: bytes) -> bytes:
    """Bytes with one thing wrong with them."""
    return random.choice(_ON_BYTES)(random, body)


def _bent(random: Random, content: Any) -> Any:  # noqa: ANN401 - any JSON
    """Change one place of a document, found by going down at random."""
    if not isinstance(content, dict | list) or not content or random.random() < 0.05:
        return deepcopy(random.choice(VALUES))
    place: Any = (
        random.choice(list(content))
        if isinstance(content, dict)
        else (random.randrange(len(content)))
    )
    below = content[place]
    if isinstance(below, dict | list) and below and random.random() < 0.8:
        content[place] = _bent(random, below)
        return content
    chance = random.random()
    if chance < 0.2:
        del content[place]
    elif chance < 0.3 and isinstance(content, dict):
        content[random.choice(("", "id", "object", "data", "x" * 300))] = below
    elif chance < 0.4:
        content[place] = [below]
    elif chance < 0.5:
        content[place] = str(below)
    elif chance < 0.55:
        content[place] = _deep(random.choice((50, 500, 5_000)))
    else:
        content[place] = deepcopy(random.choice(VALUES))
    return content


def _deep(levels: int) -> Any:  # noqa: ANN401 - any JSON
    found: Any = 0
    for _ in range(min(levels, 400)):
        found = [found]
    return found


def _cut(random: Random, body: bytes) -> bytes:
    return body[: random.randrange(len(body) + 1)]


def _flipped(random: Random, body: bytes) -> bytes:
    if not body:
        return b"\xff"
    broken = bytearray(body)
    for _ in range(random.randint(1, 8)):
        broken[random.randrange(len(broken))] = random.randrange(256)
    return bytes(broken)


def _added(random: Random, body: bytes) -> bytes:
    place = random.randrange(len(body) + 1)
    junk = random.choice(
        (
            b"\x00",
            b"\xef\xbb\xbf",
            b"}",
            b"]",
            b'"',
            b"\\ud800",
            b"\xed\xa0\x80",
            b"1e999",
            b"[" * 5_000,
        )
    )
    return body[:place] + junk + body[place:]


def _doubled(random: Random, body: bytes) -> bytes:
    first, last = sorted(random.randrange(len(body) + 1) for _ in range(2))
    return body[:last] + body[first:last] + body[last:]


def _other(random: Random, _body: bytes) -> bytes:
    return random.choice(
        (b"", b"null", b"[]", b"{}", b'""', b"0", b"NaN", b"\xff\xfe", random.randbytes(200))
    )


_ON_BYTES: Final[tuple[Mutation, ...]] = (_cut, _flipped, _added, _doubled, _other)


def headers_of(random: Random, headers: dict[str, str]) -> dict[str, str]:
    """Headers with one thing wrong with one of them, now and then; names stay in lower case."""
    if random.random() < 0.9:
        return headers
    name = random.choice(list(headers))
    value = headers[name]
    wrong = (
        "", value[:-1], value + "=", value.upper(), "é" + value, value * 2, value + ",v1=\xff",
        "t=,v1=", "t=99999999999999,v1=00", "a.b.c", "." * 300, value.replace("=", "", 1),
        value[: len(value) // 2] + "A" + value[len(value) // 2 :], "\x00",
    )  # fmt: skip
    return {**headers, name: random.choice(wrong)}
