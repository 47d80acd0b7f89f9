"""Fonts as a PDF brings them: cut to the glyphs that it shows, which are named by numbers.

ISO 32000-1: composite fonts whose characters are glyph numbers (9.7, Identity-H), with the way back
to Unicode for those who search and copy (9.10.3).
"""

import zlib
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from pydyf import PDF, Array, Dictionary, Stream

from services.ingest.reading.lettering import FIRST, font

_COMMON: Final = "".join(map(chr, range(32, 127))) + "·–"
"""What every file brings of a font that is asked first, so that most files bring the same."""
_CHARS_AT_ONCE: Final = 100
"""Of a map to Unicode (Adobe technical note 5411)."""
_SYMBOLIC: Final = 4
"""The font's glyphs are named by nothing but their numbers."""


@dataclass(frozen=True, slots=True)
class _Subset:
    """A part of a font as it is embedded: its glyphs in the order of their numbers, from 1 on."""

    file: bytes
    """Compressed."""
    length: int
    to_unicode: bytes
    """Compressed."""
    widths: Array


class Glyphs(dict[str, str]):
    """The numbers of a font's characters as hexadecimal digits, given as they are used.

    Characters that look the same in the font have one number.
    """

    def __init__(self, code: str, begun: "Glyphs | None" = None) -> None:
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


@lru_cache(maxsize=8)
def common(code: str) -> Glyphs:
    """The numbers of what every file brings of a font."""
    glyphs = Glyphs(code)
    for character in _COMMON if code in FIRST else "":
        glyphs[character]
    return glyphs


def embed(pdf: PDF, code: str, characters: str) -> bytes:
    """Add a font with these characters to a file; the reference to it."""
    face, part = font(code).face, _subset(code, characters)
    name = f"/ARREAR+{face.name.decode()}"
    told = {
        "Type": "/FontDescriptor", "FontName": name, "Flags": _SYMBOLIC,
        "FontBBox": Array(face.bbox), "ItalicAngle": face.italicAngle, "Ascent": face.ascent,
        "Descent": face.descent, "CapHeight": face.capHeight, "StemV": face.stemV,
        "FontFile2": _compressed(pdf, part.file, Length1=part.length),
    }  # fmt: skip
    system = {"Registry": "(Adobe)", "Ordering": "(Identity)", "Supplement": 0}
    descendant = {
        "Type": "/Font", "Subtype": "/CIDFontType2", "BaseFont": name,
        "CIDToGIDMap": "/Identity", "CIDSystemInfo": Dictionary(system),
        "FontDescriptor": _added(pdf, told), "W": Array([1, part.widths]),
    }  # fmt: skip
    whole = {
        "Type": "/Font", "Subtype": "/Type0", "BaseFont": name, "Encoding": "/Identity-H",
        "DescendantFonts": Array([_added(pdf, descendant)]),
        "ToUnicode": _compressed(pdf, part.to_unicode),
    }  # fmt: skip
    return _added(pdf, whole)


def _added(pdf: PDF, told: dict[str, object]) -> bytes:
    """Add a dictionary; the reference to it."""
    added = Dictionary(told)
    pdf.add_object(added)
    reference: bytes = added.reference
    return reference


def _compressed(pdf: PDF, content: bytes, **told: int) -> bytes:
    """Add a stream that is compressed already; the reference to it."""
    added = Stream([content], {"Filter": "/FlateDecode", **told})
    pdf.add_object(added)
    reference: bytes = added.reference
    return reference


@lru_cache(maxsize=64)
def _subset(code: str, characters: str) -> _Subset:
    """The part of a font that has these characters, in their order; most files have the same."""
    told = font(code)
    file: bytes = told.face.makeSubset([*map(ord, characters)])
    return _Subset(
        file=zlib.compress(file),
        length=len(file),
        to_unicode=zlib.compress(_to_unicode(characters)),
        widths=Array([round(told.widths[character]) for character in characters]),
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
