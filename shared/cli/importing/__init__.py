"""Files of other programs made into files of events.

`read_file` does it for CSV, with a `Mapping` that says what the columns mean; `detect_mapping`
finds the mapping by the header.
"""

from shared.cli.importing.csvfile import Import, read_file
from shared.cli.importing.mapping import Mapping, MappingError, detect_mapping, load_mapping
from shared.cli.importing.table import FileError

__all__ = [
    "FileError",
    "Import",
    "Mapping",
    "MappingError",
    "detect_mapping",
    "load_mapping",
    "read_file",
]
