"""Statements as HTML and PDF: whole, escaped, and with a header on every page."""

import re
import struct
from html.parser import HTMLParser
from io import BytesIO
from itertools import pairwise
from typing import cast

from hypothesis import given, settings
from hypothesis import strategies as st
from pypdf import PdfReader
from pypdf.generic import DictionaryObject, PdfObject, StreamObject
from reportlab.pdfbase.ttfonts import TTFontFace, TTFontParser
from typing_extensions import override

from services.ingest.reading.document import Document
from services.ingest.reading.embedding import _subset
from services.ingest.reading.lettering import font, runs, wrap
from services.ingest.reading.page import page
from services.ingest.reading.pdf import pdf
from services.ingest.reading.sheet import COLUMNS, Part, Sheet

HOSTILE = """<script>alert(1)</script>"'&amp;<img src=x onerror=y>"""
SUMS = (("Opening balance", "0.00"), ("Closing balance", "-1.50"))


def part(lines: int, reference: str = "R", currency: str = "EUR") -> Part:
    """A currency's part with so many lines."""
    rows = tuple(
        ("2026-01-31", "Invoice", f"{reference} {n}", "2026-02-28", "-1.50", f"{n}.00")
        for n in range(lines)
    )
    return Part(currency, SUMS, rows, (("Not due", "0.00"), ("Balance", "-1.50")))


def sheet(*parts: Part, name: str = "Ödegård Ελλάς Київ") -> Sheet:
    """A statement of such parts."""
    return Sheet("A-1", name, "Acme", "2026-01-01 to 2026-01-31", "True up to now.", parts)


class Seen(HTMLParser):
    """The elements and texts of a page, as a browser would have them."""

    def __init__(self, told: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[str] = []
        self.feed(told)

    @override
    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    @override
    def handle_data(self, data: str) -> None:
        self.texts.append(data)


def text_of(told: bytes) -> list[str]:
    """The text of each page of a PDF."""
    return [one.extract_text() for one in PdfReader(BytesIO(told), strict=True).pages]


def document(text: str) -> bytes:
    """A PDF with a line of text."""
    found = Document(title="", subject="", size=(100.0, 100.0))
    found.show(runs(text, "regular"), 0, 0, 10)
    found.turn()
    return found.file()


def within(told: PdfObject, *path: str | int) -> StreamObject:
    """A part of a PDF's object, references followed."""
    for step in path:
        told = cast("DictionaryObject", told)[step].get_object()  # type: ignore[assignment] # never None
    return cast("StreamObject", told)


def numbered(embedded: PdfObject) -> dict[int, str]:
    """What an embedded font says of its glyphs: the character of each number."""
    told = within(embedded, "/ToUnicode").get_data().decode()
    pairs = re.findall(r"<(\w{4})><(\w+)>", told.partition("endcodespacerange")[2])
    return {int(number, 16): bytes.fromhex(text).decode("utf-16-be") for number, text in pairs}


def outlines_of(embedded: PdfObject) -> list[bytes]:
    """The outlines of the glyphs that are embedded, by number."""
    path = ("/DescendantFonts", 0, "/FontDescriptor", "/FontFile2")
    file = within(embedded, *path).get_data()
    tables = TTFontParser(BytesIO(file))
    glyphs, places = tables.get_table("glyf"), tables.get_table("loca")
    begins = [2 * begin for (begin,) in struct.iter_unpack(">H", places)]
    return [glyphs[begin:end].rstrip(b"\0") for begin, end in pairwise(begins)]


def outline(face: TTFontFace, character: str) -> bytes:
    """A character's outline in the whole font."""
    number, begin = face.charToGlyph[ord(character)], face.get_table_pos("glyf")[0]
    glyph = face.get_chunk(
        begin + face.glyphPos[number], face.glyphPos[number + 1] - face.glyphPos[number]
    )
    return bytes(glyph).rstrip(b"\0")


def test_a_page_shows_what_came_from_outside_and_runs_none_of_it() -> None:
    """Names and references are text, whatever is in them; nothing is fetched from anywhere."""
    seen = Seen(page(sheet(part(3, HOSTILE), name=HOSTILE)))

    tags = {tag for tag, _ in seen.elements}
    assert not tags & {"script", "img", "link", "iframe", "object", "form"}
    assert not [one for _, one in seen.elements if {"src", "href", "style"} & one.keys()]
    assert HOSTILE in "".join(seen.texts)
    assert f"{HOSTILE} 2" in "".join(seen.texts)


def test_a_page_can_be_read_aloud() -> None:
    """Its language, a title, headers with their scope, a caption for every table."""
    seen = Seen(page(sheet(part(2))))

    assert ("html", {"lang": "en"}) in seen.elements
    tags = [tag for tag, _ in seen.elements]
    assert 1 == tags.count("title") == tags.count("h1") == tags.count("main")
    assert tags.count("table") == tags.count("caption") == 3
    scopes = [one.get("scope") for tag, one in seen.elements if tag == "th"]
    assert None not in scopes
    assert len(COLUMNS) == scopes.count("col")


def test_a_page_has_every_line() -> None:
    """Thousands of them, with true minus signs."""
    told = page(sheet(part(5_000), part(1, currency="JPY")))

    assert 5_001 == told.count("2026-01-31</td>")
    assert "−1.50" in told
    assert told.endswith("</html>\n")


def test_a_pdf_has_its_header_and_number_on_every_page() -> None:
    """And each line once, none lost between two pages."""
    pages = text_of(pdf(sheet(part(200))))

    assert len(pages) > 3
    for number, told in enumerate(pages, start=1):
        assert f"Page {number}" in told
        assert all(name in told for name in COLUMNS)
    lines = [int(one) for told in pages for one in re.findall(r"R (\d+)", told)]
    assert list(range(200)) == lines
    assert "Statement of account A-1" in pages[-1]


def test_a_pdf_of_common_words_brings_two_fonts() -> None:
    """Regular and bold, amounts below zero included: each more would take as long as both."""
    assert 2 == pdf(sheet(part(3), name="Ödegård")).count(b"/FontFile2")


def test_a_pdf_has_names_of_several_scripts() -> None:
    """In fonts that it brings along; what none of them has is shown as missing, not dropped."""
    told = text_of(pdf(sheet(part(1), name="Ödegård Ελλάς Київ ไทย 株")))[0]

    assert "Ödegård Ελλάς Київ" in told
    assert "ไทย" in told
    assert "\ufffd" in told


def test_a_pdf_shows_the_letters_that_it_says() -> None:
    """Each number is the glyph of its character; a space that does not break is a space."""
    told = document("–Aa\u00a0bЖ")

    (found,) = PdfReader(BytesIO(told), strict=True).pages
    assert "–Aa bЖ" == found.extract_text()
    embedded = within(found, "/Resources", "/Font", "/notos")
    number_of = {character: number for number, character in numbered(embedded).items()}
    outlines = outlines_of(embedded)
    whole = font("notos").face
    for character in "–AabЖ":
        assert outlines[number_of[character]] == outline(whole, character)


@given(st.text(max_size=40))
@settings(max_examples=50)
def test_a_pdf_can_be_read_whatever_is_in_it(text: str) -> None:
    """Its places are where it says that they are; no name of a customer breaks it."""
    told = pdf(Sheet(text, text, text, text, text, ()))

    (found,) = PdfReader(BytesIO(told), strict=True).pages
    assert "Nothing was owed or booked." in found.extract_text()


def test_most_pdfs_bring_the_same_part_of_a_font() -> None:
    """Which costs nothing then: what is in plain English is in it from the start."""
    pdf(sheet(part(3), name="Acme"))
    before = _subset.cache_info().misses

    pdf(sheet(part(4, reference="Quite [other] words & 7+5"), name="Zoe"))

    assert before == _subset.cache_info().misses


def test_the_same_statement_is_the_same_bytes() -> None:
    """No clock and no chance in it."""
    assert pdf(sheet(part(60))) == pdf(sheet(part(60)))


def test_nothing_at_all_is_said() -> None:
    """An account on which nothing was ever booked has a statement too."""
    assert "Nothing was owed" in page(sheet())
    assert "Nothing was owed" in text_of(pdf(sheet()))[0]


@given(st.text(max_size=300), st.sampled_from(["regular", "bold"]))
@settings(max_examples=200)
def test_wrapping_loses_nothing_but_spaces(text: str, weight: str) -> None:
    """However long a word is; and no line is empty but that of an empty text."""
    lines = wrap(text, 100.0, weight, 8.5)

    def plain(found: list[tuple[str, str]]) -> str:
        return "".join(piece for _, piece in found).replace(" ", "")

    assert plain(runs(text, weight)) == "".join(map(plain, lines))


@given(st.text(max_size=40), st.text(max_size=40))
@settings(max_examples=30)
def test_any_text_can_be_written(name: str, reference: str) -> None:
    """Control characters, surrogate-free Unicode, right to left: a page and a PDF come of it."""
    told = sheet(part(1, reference), name=name)

    assert pdf(told).startswith(b"%PDF")
    assert page(told).startswith("<!doctype html>")
