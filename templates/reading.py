"""What we understand of a file, before anything is stored: fields, units, facts and findings for each table."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from templates.findings import Finding
from templates.tables import RawTable


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
    """One table understood. `kind` is one of the contract's kinds or None (unknown, still listed)."""

    name: str
    place: str
    kind: str | None
    columns: tuple[ColumnReading, ...]
    facts: Mapping[str, object]
    dropped: tuple[Dropped, ...]
    raw: RawTable
    timezone: str
    date_order: str | None = None
    findings: tuple[Finding, ...] = ()

    def apply(self, mapping: Mapping[str, str] | None = None) -> dict[str, np.ndarray]:
        """The typed columns by field, ready for `simulators.records`; columns without a field are left out.

        `mapping` is header to field as a person confirmed it ("" drops a column); None takes what we propose.
        Times are float epoch seconds, durations float seconds, numbers floats (NaN where a cell is empty or cannot
        be read), yes/no fields floats 1/0/NaN, names and texts `str` object arrays with "" for empty. "row" holds
        the spreadsheet's row numbers (int64).
        """
        raise RuntimeError("being written")

    def confirmed(
        self,
        mapping: Mapping[str, str],
        *,
        kind: str | None = None,
        units: Mapping[str, str] | None = None,
        date_order: str | None = None,
    ) -> TableReading:
        """The reading again with what a person said: header to field, header to unit, "dmy" or "mdy"."""
        raise RuntimeError("being written")


@dataclass(frozen=True, slots=True, kw_only=True)
class Understanding:
    """All tables of a file. `to_json()` is the contract's "JSON of read"."""

    file: str
    sha256: str
    facts: Mapping[str, object]
    tables: tuple[TableReading, ...]
    findings: tuple[Finding, ...] = field(default=())

    def to_json(self) -> dict[str, object]:
        """Plain JSON values only, keys as in the contract."""
        raise RuntimeError("being written")
