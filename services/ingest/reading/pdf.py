"""A statement as a PDF: A4, numbered pages, the table's header on each of them.

What the fonts lack is shown as a replacement character, and scripts that are written from the right
or joined are not set as they should be: the page of HTML shows all of these in the reader's own
fonts.
"""

from collections.abc import Sequence
from typing import Final

from services.ingest.reading.document import Document
from services.ingest.reading.lettering import runs, width, wrap
from services.ingest.reading.sheet import COLUMNS, Part, Sheet

_SIZE: Final = 8.5
_LEADING: Final = 12.0
_MARGIN: Final = 45.0
_WIDTH: Final = 595.28
_HEIGHT: Final = 841.89
"""A4, in points."""
_INNER: Final = _WIDTH - 2 * _MARGIN
_GAP: Final = 6.0
_SHARES: Final = (0.11, 0.23, 0.27, 0.11, 0.14, 0.14)
"""Of the width, by column."""
_RIGHT: Final = (False, False, False, False, True, True)
_SUMS: Final = (0.5, 0.2)
_BODY_TOP: Final = _HEIGHT - _MARGIN - 2 * _LEADING
_BODY_BOTTOM: Final = _MARGIN + 2 * _LEADING
_HEADING_LINES_MAX: Final = 6
_MINUS: Final = "\u2013"
"""As wide as a digit. Noto Sans has no sign of its own for it, and a second font takes as long to
embed as all the rest."""


def pdf(sheet: Sheet) -> bytes:
    """The PDF; the same sheet gives the same bytes."""
    document = Document(title=sheet.title, subject=sheet.period, size=(_WIDTH, _HEIGHT))
    _Writer(document, sheet).write()
    return document.file()


class _Writer:
    """Writes from the top of a page to its bottom, and goes on on the next."""

    def __init__(self, document: Document, sheet: Sheet) -> None:
        self._document = document
        self._sheet = sheet
        self._number = 0
        self._y = 0.0
        self._header: Sequence[str] = ()

    def write(self) -> None:
        """Write all of it."""
        sheet = self._sheet
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
        self._document.turn()

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
                left = x + share * _INNER - width(line, _SIZE) if at_right else x
                self._document.show(line, left, y, _SIZE)
            x += share * _INNER
        self._y -= height
        under = self._y + _LEADING - 3
        self._document.rule(_MARGIN, x, under)

    def _words(self, text: str, *, size: float, weight: str = "regular") -> None:
        """A paragraph; of one without end only the beginning."""
        lines = wrap(text, _INNER, weight, size)
        for line in lines[:_HEADING_LINES_MAX]:
            self._room(size * 1.4)
            self._document.show(line, _MARGIN, self._y, size)
            self._y -= size * 1.4

    def _room(self, height: float) -> None:
        """Go to the next page if what comes does not fit on this one."""
        if self._y - height + _LEADING >= _BODY_BOTTOM:
            return
        self._document.turn()
        self._begin()
        if self._header:
            header, self._header = self._header, ()
            self._row(header, _SHARES, _RIGHT, weight="bold")
            self._header = header

    def _begin(self) -> None:
        """Begin a page, with its running head and its number."""
        self._number += 1
        self._y = _BODY_TOP
        head = f"{self._sheet.title}, {self._sheet.period}"
        if self._number > 1:
            line = wrap(head, _INNER, "regular", 7.5)[0]
            self._document.show(line, _MARGIN, _HEIGHT - _MARGIN, 7.5)
        number = runs(f"Page {self._number}", "regular")
        self._document.show(number, _WIDTH - _MARGIN - width(number, 7.5), _MARGIN, 7.5)
