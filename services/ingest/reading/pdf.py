"""A statement as a PDF: A4, numbered pages, the table's header on each of them.

The fonts are embedded, as much of them as is used: Noto Sans (Latin, Greek, Cyrillic), and FiraGO
for what that lacks (Thai, Georgian …). What neither has is shown as a replacement character, and
scripts that are written from the right or joined are not set as they should be: the page of HTML
shows all of these in the reader's own fonts.
"""

from collections.abc import Iterator, Sequence
from functools import lru_cache
from io import BytesIO
from typing import Final

import pymupdf_fonts
from reportlab import rl_config
from reportlab.lib.pagesizes import A4
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import Canvas

from services.ingest.reading.sheet import COLUMNS, Part, Sheet

_FONTS: Final = {"regular": ("notos", "figo"), "bold": ("notosbo", "figbo")}
"""By weight, the codes of the fonts in the order in which they are asked for a character."""
_SIZE: Final = 8.5
_LEADING: Final = 12.0
_MARGIN: Final = 45.0
_WIDTH, _HEIGHT = A4
_INNER: Final = _WIDTH - 2 * _MARGIN
_GAP: Final = 6.0
_SHARES: Final = (0.11, 0.23, 0.27, 0.11, 0.14, 0.14)
"""Of the width, by column."""
_RIGHT: Final = (False, False, False, False, True, True)
_SUMS: Final = (0.5, 0.2)
_BODY_TOP: Final = _HEIGHT - _MARGIN - 2 * _LEADING
_BODY_BOTTOM: Final = _MARGIN + 2 * _LEADING
_HEADING_LINES_MAX: Final = 6
_NO_GLYPH: Final = "\ufffd"
_MINUS: Final = "\u2013"
"""As wide as a digit. Noto Sans has no sign of its own for it, and a second font takes as long to
embed as all the rest."""

Run = tuple[str, str]
"""A font's name, and characters that it has."""


def pdf(sheet: Sheet) -> bytes:
    """The PDF; the same sheet gives the same bytes."""
    rl_config.useA85 = 0  # text that only very old printers ask for: a quarter larger, and slow
    written = BytesIO()
    _Writer(Canvas(written, pagesize=A4, invariant=1, lang="en"), sheet).write()
    return written.getvalue()


class _Writer:
    """Writes from the top of a page to its bottom, and goes on on the next."""

    def __init__(self, canvas: Canvas, sheet: Sheet) -> None:
        self._canvas = canvas
        self._sheet = sheet
        self._number = 0
        self._y = 0.0
        self._header: Sequence[str] = ()

    def write(self) -> None:
        """Write all of it."""
        sheet = self._sheet
        self._canvas.setTitle(sheet.title)
        self._canvas.setSubject(sheet.period)
        self._begin()
        self._words(sheet.title, size=14, weight="bold")
        for word, value in (
            ("Customer", sheet.name), ("Creditor", sheet.creditor), ("Period", sheet.period),
        ):  # fmt: skip
            if value:
                self._words(f"{word}: {value}", size=10)
        self._words(sheet.as_known, size=_SIZE)
        for part in sheet.parts:
            self._part(part)
        if not sheet.parts:
            self._words("Nothing was owed or booked.", size=10)
        self._canvas.showPage()
        self._canvas.save()

    def _part(self, part: Part) -> None:
        self._y -= _LEADING
        self._words(part.currency, size=12, weight="bold")
        self._sums("From the opening to the closing balance", part.summary)
        self._words("Entries", size=_SIZE, weight="bold")
        self._header = COLUMNS
        self._row(COLUMNS, _SHARES, _RIGHT, weight="bold")
        for line in part.lines:
            self._row(line, _SHARES, _RIGHT)
        self._header = ()
        if not part.lines:
            self._words("None in this period.", size=_SIZE)
        self._y -= _LEADING / 2
        self._sums("What is open at the end, by age", part.aging)

    def _sums(self, caption: str, rows: Sequence[tuple[str, str]]) -> None:
        self._room(_LEADING * 3)
        self._words(caption, size=_SIZE, weight="bold")
        for number, row in enumerate(rows, start=1):
            weight = "bold" if number == len(rows) else "regular"
            self._row(row, _SUMS, (False, True), weight=weight)
        self._y -= _LEADING / 2

    def _row(
        self,
        cells: Sequence[str],
        shares: Sequence[float],
        right: Sequence[bool],
        *,
        weight: str = "regular",
    ) -> None:
        """A row of a table, as high as its longest cell."""
        wrapped = [
            wrap(
                cell.replace("-", _MINUS) if at_right else cell,
                share * _INNER - _GAP,
                weight,
                _SIZE,
            )
            for cell, share, at_right in zip(cells, shares, right, strict=True)
        ]
        height = _LEADING * max(map(len, wrapped))
        self._room(height)
        x = _MARGIN
        for lines, share, at_right in zip(wrapped, shares, right, strict=True):
            for number, line in enumerate(lines):
                y = self._y - number * _LEADING
                left = x + share * _INNER - _width(line, _SIZE) if at_right else x
                self._draw(line, left, y, _SIZE)
            x += share * _INNER
        self._y -= height
        under = self._y + _LEADING - 3
        self._canvas.line(_MARGIN, under, x, under)

    def _words(self, text: str, *, size: float, weight: str = "regular") -> None:
        """A paragraph; of one without end only the beginning."""
        lines = wrap(text, _INNER, weight, size)
        for line in lines[:_HEADING_LINES_MAX]:
            self._room(size * 1.4)
            self._draw(line, _MARGIN, self._y, size)
            self._y -= size * 1.4

    def _draw(self, line: Sequence[Run], x: float, y: float, size: float) -> None:
        for number, (font, piece) in enumerate(line, start=1):
            self._canvas.setFont(font, size)
            self._canvas.drawString(x, y, piece)
            if number < len(line):
                x += _widths(font, piece) * size

    def _room(self, height: float) -> None:
        """Go to the next page if what comes does not fit on this one."""
        if self._y - height + _LEADING >= _BODY_BOTTOM:
            return
        self._canvas.showPage()
        self._begin()
        if self._header:
            header, self._header = self._header, ()
            self._row(header, _SHARES, _RIGHT, weight="bold")
            self._header = header

    def _begin(self) -> None:
        """Begin a page, with its running head and its number."""
        self._number += 1
        self._y = _BODY_TOP
        self._canvas.setLineWidth(0.3)
        self._canvas.setStrokeGray(0.75)
        head = f"{self._sheet.title}, {self._sheet.period}"
        if self._number > 1:
            self._draw(wrap(head, _INNER, "regular", 7.5)[0], _MARGIN, _HEIGHT - _MARGIN, 7.5)
        number = runs(f"Page {self._number}", "regular")
        self._draw(number, _WIDTH - _MARGIN - _width(number, 7.5), _MARGIN, 7.5)


def wrap(text: str, width: float, weight: str, size: float) -> list[list[Run]]:
    """The text in lines that are no wider than `width` points, broken at spaces where it can be."""
    if _text_width(text, weight, size) <= width:
        return [runs(text.rstrip(" "), weight)]
    lines: list[str] = []
    line = ""
    for word in _words_of(text):
        if line and _text_width(line + word.rstrip(" "), weight, size) > width:
            lines.append(line.rstrip(" "))
            line = ""
        while _text_width(word.rstrip(" "), weight, size) > width and len(word) > 1:
            fits = _fitting(word, width, weight, size)
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


def _fitting(word: str, width: float, weight: str, size: float) -> int:
    """How many characters of a word fit a line: one at least."""
    low, high = 1, len(word)
    while low < high:
        middle = (low + high + 1) // 2
        if _text_width(word[:middle], weight, size) <= width:
            low = middle
        else:
            high = middle - 1
    return low


def _text_width(text: str, weight: str, size: float) -> float:
    return _width(runs(text, weight), size)


def _width(line: Sequence[Run], size: float) -> float:
    return sum(_widths(font, piece) for font, piece in line) * size


@lru_cache(maxsize=16_384)
def _widths(font: str, piece: str) -> float:
    """The width of some characters at size 1: the same words come again and again."""
    return float(pdfmetrics.stringWidth(piece, font, 1.0))


@lru_cache(maxsize=4_096)
def runs(text: str, weight: str) -> list[Run]:
    """The text cut where another font must be taken; `_NO_GLYPH` for what none has."""
    fonts = _fonts(weight)
    found: list[Run] = []
    for character in text:
        has = [font for font in fonts if ord(character) in font.face.charToGlyph]
        name = str((has or fonts)[0].fontName)
        shown = character if has else _NO_GLYPH
        if found and found[-1][0] == name:
            found[-1] = (name, found[-1][1] + shown)
        else:
            found.append((name, shown))
    return found


@lru_cache(maxsize=len(_FONTS))
def _fonts(weight: str) -> tuple[TTFont, TTFont]:
    """The fonts of a weight; the first use takes a third of a second."""
    first, second = (
        TTFont(code, BytesIO(pymupdf_fonts.myfont(code)), asciiReadable=False)
        for code in _FONTS[weight]
    )
    for font in (first, second):
        pdfmetrics.registerFont(font)
    return first, second
