"""What a reader makes of a file: plain tables, or a refusal that says why.

A `RawTable` holds cells by column, headers already told from data; nothing in it has a meaning yet. Readers
(`templates.readers_*`) make these from hostile bytes and never raise anything but `FileRefused`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import TypeAlias

import numpy as np
import pyarrow as pa

from templates.node import DocumentError

Cell = str | float | int | bool | datetime | date | time | timedelta | None
"""One cell as the file holds it; an empty one is None or ""."""

Column: TypeAlias = pa.ChunkedArray | Sequence[Cell]
"""The cells of one column: an Arrow string column from a large text file (blanks are null), else a list of cells."""


class FileRefused(DocumentError):  # noqa: N818  # reads as what happened to the file
    """The file cannot be read as data. `code` is one of empty_file, scan, unreadable_font, password, macro, bomb,
    too_large, not_this_type, damaged."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Caps:
    """How much a reader takes before it refuses; bytes are real inflated bytes, never what a header claims."""

    file_bytes: int = 56 * 2**20
    inflated_bytes: int = 400 * 2**20
    members: int = 200
    rows: int = 1_200_000
    columns: int = 2_000
    cells: int = 24_000_000
    cell_chars: int = 32_767
    pages: int = 400
    sheets: int = 200
    entities: int = 200_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """What a reader saw and a person should know; becomes a finding (`templates.findings` holds the sentences)."""

    code: str
    row: int | None = None
    column: str = ""
    params: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class RawTable:
    """One table of a file: `columns[i]` are the cells under `headers[i]`; all columns have the same length.

    `rows[k]` is the number that a spreadsheet shows for data row k. Titles, headers, totals and footnotes are not
    among the data rows. `units[i]` is what a unit row said about a column, else "". `place` is the sheet's name or
    "page 3". Headers are unique: a second "Qty" is "Qty (2)".
    """

    name: str
    place: str
    headers: tuple[str, ...]
    columns: tuple[Column, ...]
    rows: np.ndarray
    units: tuple[str, ...] = ()
    title: str = ""
    kind: str | None = None
    facts: Mapping[str, object] = field(default_factory=dict)
    notes: tuple[Note, ...] = ()

    def __post_init__(self) -> None:
        if len(self.headers) != len(self.columns) or any(len(column) != len(self.rows) for column in self.columns):
            raise ValueError("a table's columns must match its headers and its row numbers")

    def __len__(self) -> int:
        return len(self.rows)


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """A file as tables. `facts` are those of the contract that the reader knows (bytes, pages, encoding, ...)."""

    name: str
    sha256: str
    facts: Mapping[str, object]
    tables: tuple[RawTable, ...]
    notes: tuple[Note, ...] = ()
