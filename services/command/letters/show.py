"""Dead letters as people read them, on 80 columns. What others wrote cannot steer a terminal."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from rich.table import Table
from rich.text import Text

from services.command.letters.letter import Letter, Place
from services.command.letters.plan import MEANINGS, REDRIVABLE, Cause, Judged

_SHOWN_FEW: Final = 2
_NAME_CHARACTERS: Final = 60
_MESSAGE_CHARACTERS: Final = 300
VALUE_CHARACTERS: Final = 500
_CHARACTER_BYTES: Final = 4
_NO_FINGERPRINT: Final = "none"


def clean(text: str, characters: int) -> str:
    """Text from outside, on one line: what no screen shows is escaped, the rest is cut off."""
    shown = "".join(c if c.isprintable() else ascii(c)[1:-1] for c in text[: characters + 1])
    return shown if len(shown) <= characters else f"{shown[: characters - 1]}…"


def table(causes: Sequence[Cause]) -> Table:
    """What there is, a row for each fingerprint."""
    shown = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False, expand=True)
    shown.add_column("fingerprint", no_wrap=True, width=16)
    shown.add_column("letters", justify="right", no_wrap=True)
    shown.add_column("reason, field, type, sources", ratio=1, overflow="fold")
    shown.add_column("first, last (UTC)", no_wrap=True, width=17)
    for cause in causes:
        redrivable = cause.standings[REDRIVABLE]
        what = [
            f"{clean(cause.reason, _NAME_CHARACTERS)} {clean(cause.field, _NAME_CHARACTERS)}",
            *(few(told) for told in (cause.types, cause.sources) if set(told) != {""}),
        ]
        shown.add_row(
            Text(f"{cause.fingerprint or _NO_FINGERPRINT}\n{redrivable:,} redrivable"),
            Text(f"{cause.letters:,}"),
            Text("\n".join(what)),
            Text(f"{cause.first:%Y-%m-%d %H:%M}\n{cause.last:%Y-%m-%d %H:%M}"),
        )
    return shown


def few(names: Mapping[str, int]) -> str:
    """The most frequent names, and how many others there are."""
    most = [name for name, _ in Counter(names).most_common(_SHOWN_FEW)]
    told = ", ".join(clean(name, _NAME_CHARACTERS) or "unknown" for name in most)
    rest = len(names) - len(most)
    return f"{told} and {rest:,} more" if rest else told


def as_json(cause: Cause) -> dict[str, Any]:
    """A cause, for scripts."""
    return {
        "fingerprint": cause.fingerprint,
        "letters": cause.letters,
        "redrivable": cause.standings[REDRIVABLE],
        "still_refused": cause.still_refused,
        "standings": dict(sorted(cause.standings.items())),
        "reason": cause.reason,
        "field": cause.field,
        "types": dict(cause.types.most_common()),
        "sources": dict(cause.sources.most_common()),
        "first": cause.first.isoformat(),
        "last": cause.last.isoformat(),
    }


def letter_lines(judged: Judged) -> Iterator[str]:
    """One letter, without its bytes: where it lies, whose it is, what is wrong, how it stands."""
    letter, standing = judged
    yield f"{_place(letter.place)}, {letter.at:%Y-%m-%d %H:%M:%S} UTC"
    yield f"  from    {_place(letter.origin)}"
    for name in ("source", "id", "type", "field"):
        if told := getattr(letter, name):
            yield f"  {name:<7} {clean(told, _MESSAGE_CHARACTERS)}"
    yield f"  why     {letter.reason}: {clean(letter.message, _MESSAGE_CHARACTERS)}"
    again = ", but this version refuses it too" if letter.still_refused else ""
    yield f"  now     {standing}{f': {MEANINGS[standing]}' if standing in MEANINGS else again}"


def value_line(letter: Letter, value: bytes | None) -> str:
    """A letter's value, cut off; what is no text is only counted."""
    if value is None:
        return "  value   none"
    size = len(value)
    try:
        text = value.decode()
    except UnicodeDecodeError:
        return f"  value   {size:,} bytes that are no UTF-8"
    told = "where it came from, " if letter.omitted else ""
    return f"  value   ({told}{size:,} bytes) {clean(text, VALUE_CHARACTERS)}"


def of_them_refused(number: int) -> str:
    """How many of the letters that can be sent would come back; "" if none would."""
    return f", {number:,} of them refused by this version too" if number else ""


def counts(standings: Mapping[str, int], *, sent: str, still_refused: int = 0) -> Iterator[str]:
    """How many letters are or were sent, and how many not, and why."""
    yield f"{standings.get(sent, 0):>9,}  {sent}{of_them_refused(still_refused)}"
    for name, meaning in MEANINGS.items():
        if number := standings.get(name, 0):
            yield f"{number:>9,}  {name}: {meaning}"


def _place(place: Place) -> str:
    topic = clean(place.topic, _NAME_CHARACTERS) or "nowhere"
    no_topic = place.partition < 0 or topic.startswith("/")
    return topic if no_topic else f"{topic}, partition {place.partition}, {place.offset}"
