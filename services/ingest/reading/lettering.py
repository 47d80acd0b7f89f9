"""The letters of a PDF: which font has them, how wide they are, where a line is broken.

Noto Sans (Latin, Greek, Cyrillic) is asked first, then FiraGO for what it lacks (Thai, Georgian …).
What neither has is shown as a replacement character.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from io import BytesIO
from typing import Any, Final

import pymupdf_fonts
from reportlab.pdfbase.ttfonts import TTFontFace

_FONTS: Final = {"regular": ("notos", "figo"), "bold": ("notosbo", "figbo")}
"""By weight, the codes of the fonts in the order in which they are asked for a character."""
FIRST: Final = frozenset(codes[0] for codes in _FONTS.values())
"""Those that are asked first."""
_NO_GLYPH: Final = "\ufffd"
_UNIT: Final = 1000
"""Widths are in thousandths of the size."""

Run = tuple[str, str]
"""A font's code, and characters that it has."""


@dataclass(frozen=True, slots=True)
class Font:
    """A font as it is read once: its tables, and the width of every character that it has."""

    face: Any
    """reportlab's `TTFontFace`, which has no types."""
    widths: Mapping[str, float]


@lru_cache(maxsize=2 * len(_FONTS))
def font(code: str) -> Font:
    """The font of a code; the first use takes a tenth of a second."""
    face = TTFontFace(BytesIO(pymupdf_fonts.myfont(code)))
    has = (one for one, glyph in face.charToGlyph.items() if glyph)  # 0 stands for what it lacks
    return Font(face, {chr(one): face.getCharWidth(one) for one in has})


def width(line: Sequence[Run], size: float) -> float:
    """The width of a line in points."""
    return sum(_width(code, piece) for code, piece in line) * size


@lru_cache(maxsize=16_384)
def _width(code: str, piece: str) -> float:
    """The width of some characters at size 1: the same words come again and again."""
    widths = font(code).widths
    return sum([widths[character] for character in piece]) / _UNIT


@lru_cache(maxsize=4_096)
def runs(text: str, weight: str) -> list[Run]:
    """The text cut where another font must be taken; `_NO_GLYPH` for what none has."""
    first, *others = _FONTS[weight]
    if font(first).widths.keys() >= set(text):
        return [(first, text)] if text else []
    found: list[Run] = []
    for character in text:
        has = [code for code in (first, *others) if character in font(code).widths]
        code = has[0] if has else first
        shown = character if has else _NO_GLYPH
        if found and found[-1][0] == code:
            found[-1] = (code, found[-1][1] + shown)
        else:
            found.append((code, shown))
    return found


def wrap(text: str, room: float, weight: str, size: float) -> list[list[Run]]:
    """The text in lines that are no wider than `room` points, broken at spaces where it can be."""
    if _text_width(text, weight, size) <= room:
        return [runs(text.rstrip(" "), weight)]
    lines: list[str] = []
    line = ""
    for word in _words_of(text):
        if line and _text_width(line + word.rstrip(" "), weight, size) > room:
            lines.append(line.rstrip(" "))
            line = ""
        while _text_width(word.rstrip(" "), weight, size) > room and len(word) > 1:
            fits = _fitting(word, room, weight, size)
            lines.append(word[:fits])
            word = word[fits:]  # noqa: PLW2901 - what is left of a word that is wider than a line
        line += word
    return [runs(each, weight) for each in (*lines, line.rstrip(" "))]


def _words_of(text: str) -> Iterator[str]:
    """The words, each with the space behind it."""
    begin = 0
    for place, character in enumerate(text):
        if character == " ":
            yield text[begin : place + 1]
            begin = place + 1
    if begin < len(text) or not text:
        yield text[begin:]


def _fitting(word: str, room: float, weight: str, size: float) -> int:
    """How many characters of a word fit a line: one at least."""
    low, high = 1, len(word)
    while low < high:
        middle = (low + high + 1) // 2
        if _text_width(word[:middle], weight, size) <= room:
            low = middle
        else:
            high = middle - 1
    return low


def _text_width(text: str, weight: str, size: float) -> float:
    return width(runs(text, weight), size)
