"""XML from a stranger as a small tree: no document type, so no entities; bounded in every way."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final
from xml.parsers import expat

DEPTH_MAX: Final = 40
ELEMENTS_MAX: Final = 5_000_000
TEXT_CHARACTERS: Final = 20_000
"""Of one element; the longest of ISO 20022's texts has a few hundred."""


class XmlError(ValueError):
    """A document that is not taken; the text is the reason, with the line where it is known."""


@dataclass(slots=True)
class Element:
    """An element by its local name: the versions of a message differ in their namespace alone."""

    name: str
    line: int
    attributes: dict[str, str] = field(default_factory=dict)
    text: str = ""
    children: list["Element"] = field(default_factory=list)

    def all(self, *path: str) -> Iterator["Element"]:
        """The elements at a path below this one, in their order."""
        if not path:
            yield self
            return
        for child in self.children:
            if child.name == path[0]:
                yield from child.all(*path[1:])

    def find(self, *path: str) -> "Element | None":
        """The first of them."""
        return next(self.all(*path), None)

    def words(self, *path: str) -> str:
        """The text of the first of them, "" if there is none."""
        found = self.find(*path)
        return "" if found is None else found.text.strip()


class _Builder:
    """Builds the tree while the parser tells what it meets."""

    def __init__(self, parser: Any) -> None:  # noqa: ANN401 - expat's own type has no public name
        self.parser = parser
        self.open: list[Element] = []
        self.root: Element | None = None
        self.count = 0

    def start(self, name: str, attributes: dict[str, str]) -> None:
        self.count += 1
        if len(self.open) >= DEPTH_MAX:
            raise XmlError(f"line {self._line}: more than {DEPTH_MAX} elements deep")
        if self.count > ELEMENTS_MAX:
            raise XmlError(f"line {self._line}: more than {ELEMENTS_MAX} elements")
        element = Element(name.rpartition(" ")[2], self._line, attributes)
        if self.open:
            self.open[-1].children.append(element)
        else:
            self.root = element
        self.open.append(element)

    def end(self, _name: str) -> None:
        self.open.pop()

    def characters(self, text: str) -> None:
        element = self.open[-1]
        if len(element.text) + len(text) > TEXT_CHARACTERS:
            raise XmlError(f"line {self._line}: a text of more than {TEXT_CHARACTERS} characters")
        element.text += text

    def doctype(self, *_told: object) -> None:
        raise XmlError(f"line {self._line}: a document type is not taken, nor are entities")

    @property
    def _line(self) -> int:
        return int(self.parser.CurrentLineNumber)


def parse(content: bytes) -> Element:
    """The root of a document.

    Raises:
        XmlError: it is not well-formed, declares a document type, or is too deep or too large.
    """
    parser = expat.ParserCreate(namespace_separator=" ")
    parser.buffer_text = True
    builder = _Builder(parser)
    parser.StartElementHandler = builder.start
    parser.EndElementHandler = builder.end
    parser.CharacterDataHandler = builder.characters
    parser.StartDoctypeDeclHandler = builder.doctype
    parser.EntityDeclHandler = builder.doctype
    try:
        parser.Parse(content, True)  # noqa: FBT003 - expat takes no keywords
    except expat.ExpatError as error:
        raise XmlError(f"line {error.lineno}: not XML: {expat.ErrorString(error.code)}") from None
    except (LookupError, ValueError) as error:
        if isinstance(error, XmlError):
            raise
        raise XmlError(f"its encoding is not known: {error}") from None
    if builder.root is None:
        raise XmlError("there is no element in it")
    return builder.root
