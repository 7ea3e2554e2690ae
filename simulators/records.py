"""What a plant exports: stops, production runs, equipment; columnar, and checked row by row.

A log is a frozen bundle of equally long NumPy columns: texts, and times in seconds since 1970-01-01 00:00 UTC
(NaN where the file's cell could not be read). A million rows are a few arrays, not a million objects; the row
objects `DowntimeEvent`, `ProductionCount` and `Equipment` are for people, samples and tests.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, Self

import numpy as np
from numpy.typing import NDArray

from simulators.line import ModelError
from simulators.reasons import StopKind, TextArray, kinds_of

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]

Severity = Literal["error", "warning", "note"]

FIRST_DATA_ROW = 2
"""The number a spreadsheet shows for the first row under a one-line header."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DowntimeEvent:
    """One stop of one station. `kind` empty: planned or not is told by `planned`, short or not by its length."""

    station: str
    start: float
    end: float
    reason: str = ""
    planned: bool = False
    kind: StopKind = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProductionCount:
    """Parts made and good parts between two times; `ideal_cycle` in seconds a part, where the file gives one."""

    station: str
    start: float
    end: float
    made: float
    good: float
    ideal_cycle: float | None = None
    product: str = ""


ProductionRun = ProductionCount


@dataclass(frozen=True, slots=True, kw_only=True)
class Equipment:
    """One row of the equipment list, in the order of the flow; None where the file says nothing."""

    station: str
    ideal_cycle: float | None = None
    cycle: float | None = None
    servers: int = 1
    buffer: int | None = 0
    scrap: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing about one row that the owner of the file should know.

    `row` is the number a spreadsheet shows (0: the whole table); `message` and `remedy` are English, the pages show
    the text of `code` filled with `params`.
    """

    severity: Severity
    code: str
    row: int
    column: str
    message: str
    remedy: str
    params: Mapping[str, object] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """The shape of `findings` in `mingsuan read --json`, with the parameters of the text."""
        return {
            "severity": self.severity,
            "code": self.code,
            "row": self.row,
            "column": self.column,
            "message": self.message,
            "remedy": self.remedy,
            "params": dict(self.params),
        }


def _texts(values: object, size: int) -> TextArray:
    if values is None:
        return np.full(size, "", dtype=np.str_)
    return np.asarray(values).astype(np.str_)


def _floats(values: object, size: int, missing: float = np.nan) -> FloatArray:
    if values is None:
        return np.full(size, missing, dtype=np.float64)
    return np.asarray(values).astype(np.float64)


def _same_length(table: str, columns: Mapping[str, NDArray[Any]]) -> None:
    sizes = {name: int(column.shape[0]) if column.ndim == 1 else -1 for name, column in columns.items()}
    if len(set(sizes.values())) > 1 or -1 in sizes.values():
        raise ModelError(
            f"the columns of a {table} must be one-dimensional and equally long: {sizes}",
            code="columns_unequal",
            place=table,
            remedy="Give one value for each row in every column.",
            table=table,
        )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class StopLog:
    """Downtime events as columns: `station`, `start`, `end`, `reason`, `kind`, and `row` of the file."""

    station: TextArray
    start: FloatArray
    end: FloatArray
    reason: TextArray
    kind: TextArray
    row: IntArray

    def __post_init__(self) -> None:
        _same_length("stop log", self.columns())

    def __len__(self) -> int:
        return int(self.station.shape[0])

    def __iter__(self) -> Iterator[DowntimeEvent]:
        for i in range(len(self)):
            kind: Any = str(self.kind[i])
            yield DowntimeEvent(
                station=str(self.station[i]),
                start=float(self.start[i]),
                end=float(self.end[i]),
                reason=str(self.reason[i]),
                planned=kind == "planned",
                kind=kind,
            )

    def columns(self) -> dict[str, NDArray[Any]]:
        """The columns by name, as they are (not copied)."""
        return {name: getattr(self, name) for name in ("station", "start", "end", "reason", "kind", "row")}

    def where(self, keep: NDArray[np.bool_] | IntArray) -> Self:
        """The rows that a mask or an index array picks."""
        return type(self)(**{name: column[keep] for name, column in self.columns().items()})

    @classmethod
    def of(cls, events: Iterable[DowntimeEvent]) -> Self:
        """A log from row objects; rows are numbered as a spreadsheet would."""
        rows = list(events)
        return cls.from_columns(
            {
                "station": np.array([e.station for e in rows], dtype=np.str_),
                "started_at": np.array([e.start for e in rows], dtype=np.float64),
                "ended_at": np.array([e.end for e in rows], dtype=np.float64),
                "reason": np.array([e.reason for e in rows], dtype=np.str_),
                "kind": np.array([e.kind or ("planned" if e.planned else "") for e in rows], dtype=np.str_),
            }
        )

    @classmethod
    def from_columns(cls, columns: Mapping[str, Any]) -> Self:
        """A log from the columns that a mapped file gives, by field name.

        `station` and `started_at` must be there, and `ended_at` or `duration_s` (both: the end wins, the duration
        fills its gaps). Optional: `reason`, `kind` (planned, setup, breakdown, minor; else told from the words in it),
        `planned` (true or false), `row`.

        Raises:
            ModelError: a needed column is missing (`column_missing`), or the columns differ in length.
        """
        _need("stop log", columns, "station", "started_at")
        if "ended_at" not in columns and "duration_s" not in columns:
            _need("stop log", columns, "ended_at")
        size = len(columns["started_at"])
        start = _floats(columns["started_at"], size)
        end = _floats(columns.get("ended_at"), size)
        if "duration_s" in columns:
            end = np.where(np.isnan(end), start + _floats(columns["duration_s"], size), end)
        reason = _texts(columns.get("reason"), size)
        kind = kinds_of(_texts(columns.get("kind"), size))
        if "planned" in columns:
            planned = _floats(columns["planned"], size, 0.0)
            kind = np.where((kind == "") & (planned == 1.0), "planned", kind)
        return cls(
            station=_texts(columns["station"], size),
            start=start,
            end=end,
            reason=reason,
            kind=np.where(kind == "", kinds_of(reason), kind).astype(np.str_),
            row=_rows(columns, size),
        )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class CountLog:
    """Production runs or counts as columns; `ideal_cycle` is seconds a part, NaN where unknown."""

    station: TextArray
    start: FloatArray
    end: FloatArray
    made: FloatArray
    good: FloatArray
    ideal_cycle: FloatArray
    product: TextArray
    row: IntArray

    def __post_init__(self) -> None:
        _same_length("production log", self.columns())

    def __len__(self) -> int:
        return int(self.station.shape[0])

    def columns(self) -> dict[str, NDArray[Any]]:
        """The columns by name, as they are (not copied)."""
        names = ("station", "start", "end", "made", "good", "ideal_cycle", "product", "row")
        return {name: getattr(self, name) for name in names}

    def where(self, keep: NDArray[np.bool_] | IntArray) -> Self:
        """The rows that a mask or an index array picks."""
        return type(self)(**{name: column[keep] for name, column in self.columns().items()})

    @classmethod
    def of(cls, counts: Iterable[ProductionCount]) -> Self:
        """A log from row objects; rows are numbered as a spreadsheet would."""
        rows = list(counts)
        ideal = [np.nan if c.ideal_cycle is None else c.ideal_cycle for c in rows]
        return cls.from_columns(
            {
                "station": np.array([c.station for c in rows], dtype=np.str_),
                "started_at": np.array([c.start for c in rows], dtype=np.float64),
                "ended_at": np.array([c.end for c in rows], dtype=np.float64),
                "made": np.array([c.made for c in rows], dtype=np.float64),
                "good": np.array([c.good for c in rows], dtype=np.float64),
                "ideal_cycle_s": np.array(ideal, dtype=np.float64),
                "product": np.array([c.product for c in rows], dtype=np.str_),
            }
        )

    @classmethod
    def from_columns(cls, columns: Mapping[str, Any]) -> Self:
        """A log from mapped columns: `station`, `started_at`, `ended_at` or `duration_s`, `made`, `good` or `scrap`.

        Optional: `ideal_cycle_s`, `product`, `row`. Without `good` and `scrap` the good parts are NaN (unknown).

        Raises:
            ModelError: a needed column is missing, or the columns differ in length.
        """
        _need("production log", columns, "station", "started_at", "made")
        if "ended_at" not in columns and "duration_s" not in columns:
            _need("production log", columns, "ended_at")
        size = len(columns["started_at"])
        start = _floats(columns["started_at"], size)
        end = _floats(columns.get("ended_at"), size)
        if "duration_s" in columns:
            end = np.where(np.isnan(end), start + _floats(columns["duration_s"], size), end)
        made = _floats(columns["made"], size)
        good = _floats(columns.get("good"), size)
        if "good" not in columns and "scrap" in columns:
            good = made - _floats(columns["scrap"], size)
        return cls(
            station=_texts(columns["station"], size),
            start=start,
            end=end,
            made=made,
            good=good,
            ideal_cycle=_floats(columns.get("ideal_cycle_s"), size),
            product=_texts(columns.get("product"), size),
            row=_rows(columns, size),
        )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class EquipmentList:
    """The machines in the order of the flow; NaN where the file says nothing, buffer -1 for unlimited."""

    station: TextArray
    ideal_cycle: FloatArray
    cycle: FloatArray
    servers: IntArray
    buffer: IntArray
    scrap: FloatArray
    row: IntArray

    def __post_init__(self) -> None:
        _same_length("equipment list", self.columns())

    def __len__(self) -> int:
        return int(self.station.shape[0])

    def __iter__(self) -> Iterator[Equipment]:
        for i in range(len(self)):
            yield Equipment(
                station=str(self.station[i]),
                ideal_cycle=_known(self.ideal_cycle[i]),
                cycle=_known(self.cycle[i]),
                servers=int(self.servers[i]),
                buffer=None if self.buffer[i] < 0 else int(self.buffer[i]),
                scrap=_known(self.scrap[i]),
            )

    def columns(self) -> dict[str, NDArray[Any]]:
        """The columns by name, as they are (not copied)."""
        names = ("station", "ideal_cycle", "cycle", "servers", "buffer", "scrap", "row")
        return {name: getattr(self, name) for name in names}

    def where(self, keep: NDArray[np.bool_] | IntArray) -> Self:
        """The rows that a mask or an index array picks."""
        return type(self)(**{name: column[keep] for name, column in self.columns().items()})

    @classmethod
    def of(cls, machines: Iterable[Equipment]) -> Self:
        """A list from row objects; rows are numbered as a spreadsheet would."""
        rows = list(machines)
        return cls(
            station=np.array([m.station for m in rows], dtype=np.str_),
            ideal_cycle=np.array([np.nan if m.ideal_cycle is None else m.ideal_cycle for m in rows], dtype=np.float64),
            cycle=np.array([np.nan if m.cycle is None else m.cycle for m in rows], dtype=np.float64),
            servers=np.array([m.servers for m in rows], dtype=np.int64),
            buffer=np.array([-1 if m.buffer is None else m.buffer for m in rows], dtype=np.int64),
            scrap=np.array([np.nan if m.scrap is None else m.scrap for m in rows], dtype=np.float64),
            row=np.arange(len(rows), dtype=np.int64) + FIRST_DATA_ROW,
        )

    @classmethod
    def from_columns(cls, columns: Mapping[str, Any]) -> Self:
        """A list from mapped columns: `station`; optional `ideal_cycle_s`, `cycle_s`, `servers`, `buffer`, `scrap`.

        Empty cells of `servers` become 1 and of `buffer` 0.

        Raises:
            ModelError: `station` is missing, or the columns differ in length.
        """
        _need("equipment list", columns, "station")
        size = len(columns["station"])
        servers, buffer = _floats(columns.get("servers"), size), _floats(columns.get("buffer"), size)
        return cls(
            station=_texts(columns["station"], size),
            ideal_cycle=_floats(columns.get("ideal_cycle_s"), size),
            cycle=_floats(columns.get("cycle_s"), size),
            servers=np.where(np.isnan(servers), 1.0, servers).astype(np.int64),
            buffer=np.where(np.isnan(buffer), 0.0, np.where(np.isinf(buffer), -1.0, buffer)).astype(np.int64),
            scrap=_floats(columns.get("scrap"), size),
            row=_rows(columns, size),
        )


def _known(value: float) -> float | None:
    return None if np.isnan(value) else float(value)


def _rows(columns: Mapping[str, Any], size: int) -> IntArray:
    if "row" in columns:
        return np.asarray(columns["row"]).astype(np.int64)
    return np.arange(size, dtype=np.int64) + FIRST_DATA_ROW


def _need(table: str, columns: Mapping[str, Any], *names: str) -> None:
    for name in names:
        if name not in columns:
            raise ModelError(
                f"the {table} has no column for {name!r}",
                code="column_missing",
                place=table,
                remedy=f"Say which column of the file holds {name!r}.",
                table=table,
                column=name,
            )
