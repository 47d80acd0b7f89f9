"""A PDF document as it is written: pages of text and lines. pydyf puts the file together."""

from collections.abc import Sequence
from io import BytesIO

from pydyf import PDF, Array, Dictionary, Stream, String

from services.ingest.reading.embedding import Glyphs, common, embed
from services.ingest.reading.lettering import Run

_GREY = (0.75, 0.75, 0.75)
_THIN = 0.3


class Document:
    """Takes text and lines for the page at hand, and pages one by one."""

    def __init__(self, *, title: str, subject: str, size: tuple[float, float]) -> None:
        """Begin with an empty page; `size` is that of all pages, in points."""
        self._pdf = PDF()
        self._pdf.info.update(Title=_told(title), Subject=_told(subject))
        self._pdf.catalog["Lang"] = String("en")
        self._pdf.catalog["ViewerPreferences"] = Dictionary({"DisplayDocTitle": "true"})
        self._pdf.pages["MediaBox"] = Array([0, 0, *size])
        self._glyphs: dict[str, Glyphs] = {}
        self._begin()

    def _begin(self) -> None:
        self._page = Stream(compress=True)
        self._page.begin_text()
        self._at = (0.0, 0.0)
        """Where the latest line of text begins: the next one is told from there."""
        self._font = ("", 0.0)
        self._rules: list[tuple[float, float, float]] = []

    def show(self, line: Sequence[Run], x: float, y: float, size: float) -> None:
        """Write a line of text from a point on, which is at its left end on its base line."""
        before, self._at = self._at, (round(x, 2), round(y, 2))
        self._page.move_text_to(self._at[0] - before[0], self._at[1] - before[1])
        for code, piece in line:
            glyphs = self._glyphs.get(code)
            if glyphs is None:
                glyphs = self._glyphs[code] = Glyphs(code, common(code))
            numbers = "".join([glyphs[character] for character in piece])
            if self._font != (code, size):
                self._font = code, size
                self._page.set_font_size(code, size)
            self._page.show_text(f"<{numbers}>")

    def rule(self, left: float, right: float, y: float) -> None:
        """Draw a thin grey line from left to right."""
        self._rules.append((round(left, 2), round(right, 2), round(y, 2)))

    def turn(self) -> None:
        """The page is finished: begin the next one."""
        page = self._page
        page.end_text()
        page.set_line_width(_THIN)
        page.set_color_rgb(*_GREY, stroke=True)
        for left, right, y in self._rules:
            page.move_to(left, y)
            page.line_to(right, y)
        page.stroke()
        self._pdf.add_object(page)
        told = {"Type": "/Page", "Parent": self._pdf.pages.reference, "Contents": page.reference}
        self._pdf.add_page(Dictionary(told))
        self._begin()

    def file(self) -> bytes:
        """The file with all finished pages; the same pages give the same bytes."""
        fonts = {code: embed(self._pdf, code, seen.brought) for code, seen in self._glyphs.items()}
        self._pdf.pages["Resources"] = Dictionary({"Font": Dictionary(fonts)})
        written = BytesIO()
        self._pdf.write(written)
        return written.getvalue()


def _told(text: str) -> String:
    """A text outside of pages; half of a surrogate pair has no place in it."""
    return String(text.encode(errors="replace").decode())
