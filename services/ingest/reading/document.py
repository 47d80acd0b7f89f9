"""A PDF file, written directly: pages of text and lines, in embedded fonts.

ISO 32000-1: objects (7.3), file structure (7.5), text (9.4), fonts whose characters are glyph
numbers (9.7, Identity-H) with the way back to Unicode for those who search and copy (9.10.3).
"""

import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from services.ingest.reading.lettering import FIRST, Run, font

_COMMON: Final = "".join(map(chr, range(32, 127))) + "·–"
"""What every file brings of a font that is asked first, so that most files bring the same."""
_CHARS_AT_ONCE: Final = 100
"""Of a map to Unicode (Adobe technical note 5411)."""


@dataclass(frozen=True, slots=True)
class _Subset:
    """A part of a font as it is embedded: its glyphs in the order of their numbers, from 1 on."""

    file: bytes
    """Compressed."""
    length: int
    to_unicode: bytes
    """Compressed."""
    widths: str


class _Glyphs(dict[str, str]):
    """The numbers of a font's characters as hexadecimal digits, given as they are used.

    Characters that look the same in the font have one number.
    """

    def __init__(self, code: str, begun: "_Glyphs | None" = None) -> None:
        """None yet, or those that another has."""
        super().__init__(begun or ())
        self._glyph_of = font(code).face.charToGlyph
        self._numbers = {self._glyph_of[ord(one)]: number for one, number in self.items()}
        self.brought: str = begun.brought if begun else ""
        """A character for each number, the first one's first."""

    def __missing__(self, character: str) -> str:
        """Give the next number."""
        glyph = self._glyph_of[ord(character)]
        number = self._numbers.get(glyph)
        if number is None:
            self.brought += character
            number = self._numbers[glyph] = f"{len(self.brought):04X}"
        self[character] = number
        return number


class Document:
    """Takes text and lines for the page at hand, and pages one by one."""

    def __init__(self, *, title: str, subject: str, size: tuple[float, float]) -> None:
        """Begin with an empty page; `size` is that of all pages, in points."""
        self._info = f"<</Title {_text(title)}/Subject {_text(subject)}>>".encode()
        self._size = size
        self._glyphs: dict[str, _Glyphs] = {}
        self._pages: list[bytes] = []
        self._shown: list[str] = []
        self._ruled: list[str] = []

    def show(self, line: Sequence[Run], x: float, y: float, size: float) -> None:
        """Write a line of text from a point on, which is at its left end on its base line."""
        self._shown.append(f"1 0 0 1 {x:.2f} {y:.2f} Tm")
        for code, piece in line:
            glyphs = self._glyphs.get(code)
            if glyphs is None:
                glyphs = self._glyphs[code] = _Glyphs(code, _common(code))
            numbers = "".join([glyphs[character] for character in piece])
            self._shown.append(f"/{code} {size:g} Tf<{numbers}>Tj")

    def rule(self, left: float, right: float, y: float) -> None:
        """Draw a thin grey line from left to right."""
        self._ruled.append(f"{left:.2f} {y:.2f} m {right:.2f} {y:.2f} l")

    def turn(self) -> None:
        """The page is finished: begin the next one."""
        ruled = ("0.3 w 0.75 G", *self._ruled, "S") if self._ruled else ()
        content = "\n".join(("BT", *self._shown, "ET", *ruled))
        self._pages.append(zlib.compress(content.encode()))
        self._shown, self._ruled = [], []

    def file(self) -> bytes:
        """The file with all finished pages; the same pages give the same bytes."""
        objects = [b"", b"", self._info]  # the first two come last: they name the others
        fonts = "".join(
            f"/{code} {_embed(objects, code, glyphs.brought)} 0 R"
            for code, glyphs in self._glyphs.items()
        )
        kids = []
        for page in self._pages:
            content = _add(objects, _stream(page))
            told = f"<</Type/Page/Parent 2 0 R/Contents {content} 0 R>>"
            kids.append(f"{_add(objects, told.encode())} 0 R")
        across, up = self._size
        objects[0] = (
            b"<</Type/Catalog/Pages 2 0 R/Lang(en)/ViewerPreferences<</DisplayDocTitle true>>>>"
        )
        objects[1] = (
            f"<</Type/Pages/Count {len(kids)}/Kids[{' '.join(kids)}]"
            f"/MediaBox[0 0 {across:.2f} {up:.2f}]/Resources<</Font<<{fonts}>>>>>>"
        ).encode()
        return _assemble(objects)


def _assemble(objects: Sequence[bytes]) -> bytes:
    """The objects, and where each of them begins."""
    parts = [b"%PDF-1.4\n%\xe2\xe3\xcf\xd3\n"]
    place, places = len(parts[0]), []
    for number, told in enumerate(objects, start=1):
        places.append(b"%010d 00000 n \n" % place)
        parts.append(b"%d 0 obj\n%b\nendobj\n" % (number, told))
        place += len(parts[-1])
    count = len(objects) + 1
    parts.append(b"xref\n0 %d\n0000000000 65535 f \n%b" % (count, b"".join(places)))
    parts.append(b"trailer\n<</Size %d/Root 1 0 R/Info 3 0 R>>\nstartxref\n" % count)
    parts.append(b"%d\n%%%%EOF\n" % place)
    return b"".join(parts)


def _add(objects: list[bytes], told: bytes) -> int:
    """Add an object; its number."""
    objects.append(told)
    return len(objects)


def _stream(content: bytes, more: str = "") -> bytes:
    """A stream that is compressed already."""
    head = f"<</Length {len(content)}/Filter/FlateDecode{more}>>stream\n"
    return b"%b%b\nendstream" % (head.encode(), content)


def _text(text: str) -> str:
    """A text outside of pages, as UTF-16 (7.9.2.2); half of a surrogate pair has no place in it."""
    return f"<FEFF{text.encode('utf-16-be', errors='replace').hex().upper()}>"


def _embed(objects: list[bytes], code: str, characters: str) -> int:
    """Add what a font needs; the number of the font itself."""
    face, part = font(code).face, _subset(code, characters)
    name = f"ARREAR+{face.name.decode()}"
    file = _add(objects, _stream(part.file, f"/Length1 {part.length}"))
    to_unicode = _add(objects, _stream(part.to_unicode))
    symbolic = 4  # its glyphs are named by nothing but their numbers
    box = " ".join(f"{edge:g}" for edge in face.bbox)
    told = (
        f"<</Type/FontDescriptor/FontName/{name}/Flags {symbolic}/FontBBox[{box}]"
        f"/ItalicAngle {face.italicAngle:g}/Ascent {face.ascent:g}/Descent {face.descent:g}"
        f"/CapHeight {face.capHeight:g}/StemV {face.stemV:g}/FontFile2 {file} 0 R>>"
    )
    descriptor = _add(objects, told.encode())
    told = (
        f"<</Type/Font/Subtype/CIDFontType2/BaseFont/{name}/CIDToGIDMap/Identity"
        "/CIDSystemInfo<</Registry(Adobe)/Ordering(Identity)/Supplement 0>>"
        f"/FontDescriptor {descriptor} 0 R/W[1[{part.widths}]]>>"
    )
    descendant = _add(objects, told.encode())
    told = (
        f"<</Type/Font/Subtype/Type0/BaseFont/{name}/Encoding/Identity-H"
        f"/DescendantFonts[{descendant} 0 R]/ToUnicode {to_unicode} 0 R>>"
    )
    return _add(objects, told.encode())


@lru_cache(maxsize=8)
def _common(code: str) -> _Glyphs:
    """The numbers of what every file brings of a font."""
    glyphs = _Glyphs(code)
    for character in _COMMON if code in FIRST else "":
        glyphs[character]
    return glyphs


@lru_cache(maxsize=64)
def _subset(code: str, characters: str) -> _Subset:
    """The part of a font that has these characters, in their order; most files have the same."""
    told = font(code)
    file: bytes = told.face.makeSubset([*map(ord, characters)])
    return _Subset(
        file=zlib.compress(file),
        length=len(file),
        to_unicode=zlib.compress(_to_unicode(characters)),
        widths=" ".join(f"{told.widths[character]:g}" for character in characters),
    )


def _to_unicode(characters: str) -> bytes:
    """The map from glyph numbers to characters."""
    pairs = [
        f"<{number:04X}><{character.encode('utf-16-be').hex().upper()}>"
        for number, character in enumerate(characters, start=1)
    ]
    blocks = [pairs[at : at + _CHARS_AT_ONCE] for at in range(0, len(pairs), _CHARS_AT_ONCE)]
    told = ["\n".join((f"{len(block)} beginbfchar", *block, "endbfchar", "")) for block in blocks]
    return _CMAP.format("".join(told)).encode()


_CMAP: Final = """\
/CIDInit /ProcSet findresource begin
12 dict begin
begincmap
/CIDSystemInfo <</Registry (Adobe) /Ordering (UCS) /Supplement 0>> def
/CMapName /Adobe-Identity-UCS def
/CMapType 2 def
1 begincodespacerange
<0000><FFFF>
endcodespacerange
{}endcmap
CMapName currentdict /CMap defineresource pop
end
end
"""
