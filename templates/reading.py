"""What we understand of a file, before anything is stored: fields, units, facts and findings for each table."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from simulators.records import Finding
from templates.catalogue import STORED_NAME
from templates.tables import RawTable
from templates.typed import completed, typed_columns


@dataclass(frozen=True, slots=True, kw_only=True)
class ColumnReading:
    """One column: the field it holds (None: nobody needs it, it is dropped), its unit and how sure we are (0 to 1).

    `why` is the evidence in a stable word: "header", "values", "both", "you" (confirmed by a person), "".
    `others` are further fields it could be, best first, for the choice on the page.
    """

    header: str
    field: str | None
    unit: str
    confidence: float
    why: str = ""
    others: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Dropped:
    """A column that is not stored, and why: "not_needed" or "personal"."""

    header: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TableReading:
    """One table understood. `kind` is one of the contract's kinds or None (unknown, still listed).

    `typed` holds the columns of the proposed (or confirmed) mapping, as `apply` gives them; `decimal_comma` is what the
    file's separator suggests.
    """

    name: str
    place: str
    kind: str | None
    columns: tuple[ColumnReading, ...]
    facts: Mapping[str, object]
    dropped: tuple[Dropped, ...]
    raw: RawTable
    typed: Mapping[str, np.ndarray]
    timezone: str
    date_order: str | None = None
    decimal_comma: bool = False
    findings: tuple[Finding, ...] = ()

    def apply(self, mapping: Mapping[str, str] | None = None) -> dict[str, np.ndarray]:
        """The typed columns by field, ready for `simulators.records`; columns without a field are left out.

        `mapping` is header to field as a person confirmed it ("" drops a column); None takes what we propose.
        Times are float epoch seconds, durations float seconds, numbers floats (NaN where a cell is empty or cannot
        be read), yes/no fields floats 1/0/NaN, names and texts object arrays of `str` with "" for empty. "row" holds
        the spreadsheet's row numbers (int64). Field `scrap_share` comes as `scrap` (see `simulators.records`).
        """
        proposed = {column.header: column.field for column in self.columns if column.field}
        if mapping is None or {key: name for key, name in mapping.items() if name} == proposed:
            return dict(self.typed)
        places = {header: k for k, header in enumerate(self.raw.headers)}
        choices = [(name, places[header]) for header, name in mapping.items() if name and header in places]
        typed = typed_columns(
            self.raw,
            choices,
            timezone=self.timezone,
            date_order=self.date_order,
            decimal_comma=self.decimal_comma,
            clocks=self.kind == "calendar",
        )
        return completed(self.kind, typed.columns)

    def unit_by_field(self) -> dict[str, str]:
        """What unit each stored field was written in, for the lineage of a number."""
        return {STORED_NAME.get(c.field, c.field): c.unit for c in self.columns if c.field}

    def to_json(self) -> dict[str, object]:
        """The table's part of the contract's "JSON of read"."""
        return {
            "name": self.name,
            "page_or_sheet": self.place,
            "kind": self.kind,
            "columns": [
                {"header": c.header, "field": c.field, "unit": c.unit, "confidence": c.confidence} for c in self.columns
            ],
            "facts": dict(self.facts),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Understanding:
    """All tables of a file. `to_json()` is the contract's "JSON of read"."""

    file: str
    sha256: str
    facts: Mapping[str, object]
    tables: tuple[TableReading, ...]
    findings: tuple[Finding, ...] = field(default=())

    def to_json(self) -> dict[str, object]:
        """Plain JSON values only, keys as in the contract; each finding also carries the `params` of its sentence."""
        return {
            "file": self.file,
            "sha256": self.sha256,
            "facts": dict(self.facts),
            "tables": [table.to_json() for table in self.tables],
            "findings": [one.to_json() for one in self.findings],
        }
