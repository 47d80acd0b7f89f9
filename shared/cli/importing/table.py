"""A delimited text file as a header and numbered rows, whatever program wrote it."""

import codecs
import csv
import io
from _csv import Reader
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

_DELIMITERS: Final = ",;\t|"
_WORKBOOK: Final = b"PK\x03\x04"
_CELL_LENGTH_MAX: Final = 131_072
_UTF16: Final = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


class FileError(ValueError):
    """A file that cannot be read as a table at all."""


@dataclass(frozen=True, slots=True)
class Row:
    """One record: the line that it begins on, and its cells; or why it could not be read."""

    line: int
    cells: tuple[str, ...]
    fault: str = ""


@dataclass(frozen=True, slots=True)
class Table:
    """A file's header and text, with what had to be guessed about it in `remarks`."""

    header: tuple[str, ...]
    delimiter: str
    text: str
    first_line: int
    """The line that the header stands on."""
    remarks: tuple[str, ...] = ()

    def rows(self) -> Iterator[Row]:
        """The records below the header; lines with nothing on them are left out."""
        reader = _reader(self.text, self.delimiter)
        line = 1
        while True:
            try:
                cells = next(reader, None)
            except csv.Error as error:
                yield Row(line, (), _fault(str(error), line, reader.line_num))
                line = reader.line_num + 1
                continue
            if cells is None:
                return
            if line > self.first_line and any(cell.strip() for cell in cells):
                yield Row(line, tuple(cell.strip() for cell in cells))
            line = reader.line_num + 1


def open_table(path: Path, *, encoding: str | None = None, delimiter: str | None = None) -> Table:
    """Read a file's header, and guess the encoding and delimiter that are not given.

    Raises `FileError` if it is empty, a workbook or not text, and `OSError` if it cannot be read.
    """
    raw = path.read_bytes()
    if raw.startswith(_WORKBOOK):
        raise FileError(f"{path}: this is a workbook; save the sheet as CSV first")
    text, remarks = _decode(raw, path, encoding)
    if "\0" in text:
        raise FileError(f"{path}: this is no text, there are zero bytes in it")
    first_line, header_line = next(
        ((n, line) for n, line in enumerate(io.StringIO(text), start=1) if _is_header(line)),
        (0, ""),
    )
    if not header_line:
        raise FileError(f"{path}: the file is empty; a line with the names of columns is expected")
    delimiter = delimiter or max(_DELIMITERS, key=lambda d: _cells_of(header_line, d))
    try:
        header = next(_reader(header_line, delimiter))
    except csv.Error as error:
        raise FileError(f"{path}:{first_line}: the header cannot be read: {error}") from None
    return Table(
        header=tuple(cell.strip() for cell in header),
        delimiter=delimiter,
        text=text,
        first_line=first_line,
        remarks=remarks,
    )


def _decode(raw: bytes, path: Path, encoding: str | None) -> tuple[str, tuple[str, ...]]:
    if encoding is not None:
        try:
            return raw.decode(encoding).removeprefix("\ufeff"), ()
        except (LookupError, UnicodeDecodeError) as error:
            raise FileError(f"{path}: not {encoding}: {error}") from None
    if raw.startswith(_UTF16):
        return raw.decode("utf-16", errors="replace"), ("read as UTF-16",)
    try:
        return raw.decode("utf-8-sig"), ()
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        remark = (
            f"line {line} is not UTF-8 (byte 0x{raw[error.start]:02x}), so the file was read as"
            " Windows-1252; --encoding says otherwise"
        )
    try:
        return raw.decode("cp1252"), (remark,)
    except UnicodeDecodeError:
        return raw.decode("latin-1"), (remark.replace("Windows-1252", "Latin-1"),)


def _is_header(line: str) -> bool:
    """The first line with something on it; spreadsheets may put `sep=;` above it."""
    return bool(line.strip(' \t\r\n,;|"')) and not line.casefold().startswith("sep=")


def _cells_of(line: str, delimiter: str) -> int:
    try:
        return len(next(_reader(line, delimiter)))
    except csv.Error:
        return 0


def _reader(text: str, delimiter: str) -> Reader:
    return csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)


def _fault(error: str, first: int, last: int) -> str:
    if "end of data" in error:
        return f"a quotation mark is opened and never closed: lines {first} to {last} are lost"
    if "field limit" in error or "field larger" in error:
        return f"a cell is longer than {_CELL_LENGTH_MAX} characters"
    return f"its quotation marks do not pair up ({error})"
