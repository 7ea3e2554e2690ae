"""Rows that programs push: what each may hold, as a JSON Schema and as the check that reads a million of them.

Both are made of the same declarations, `KINDS`. Rows arrive as JSON, NDJSON or CSV in pieces of any size; each piece is
read when it comes and before the next one is asked for, so that a sender goes no faster than we read, and only typed
columns stay in memory. A row that cannot be taken is named by its number and left out; the others go on.
"""

from __future__ import annotations

import math
import re
from array import array
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from templates.personal import masked, personal_kind

Form = Literal["name", "text", "time", "seconds", "count", "truth"]

LONGEST_NAME, LONGEST_TEXT = 200, 2000
LONGEST_ROW = 64 * 1024
"""Bytes of one row, as it is written."""
MOST_ROWS = 1_000_000
MOST_PROBLEMS = 200
"""How many rejected rows are named one by one; all are counted."""
LONGEST_SECONDS = 366 * 86_400.0
MOST_PARTS = 1e12

TIME = r"^(19|20)\d\d-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d{1,6})?([Zz]|[+-]\d\d:\d\d)$"
_time = re.compile(TIME.removesuffix("$") + r"\Z", re.ASCII)

_SCHEMAS: Mapping[str, Mapping[str, Any]] = {
    "name": {"type": "string", "minLength": 1, "maxLength": LONGEST_NAME, "pattern": r"\S"},
    "text": {"type": "string", "maxLength": LONGEST_TEXT},
    "time": {"type": "string", "format": "date-time", "pattern": TIME, "examples": ["2026-03-31T14:05:00+08:00"]},
    "seconds": {"type": "number", "minimum": 0, "maximum": LONGEST_SECONDS},
    "count": {"type": "number", "minimum": 0, "maximum": MOST_PARTS},
    "truth": {"type": "boolean"},
}


class BodyError(ValueError):
    """The whole body cannot be read, not only a row of it."""

    def __init__(self, message: str, *, code: str, remedy: str = "", place: str = "", **params: object) -> None:
        super().__init__(message)
        self.code = code
        self.place = place
        self.remedy = remedy
        self.params = params


class CellError(ValueError):
    """One cell cannot be taken; `code` finds the words."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """One field of a row."""

    name: str
    form: Form
    about: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RowKind:
    """One kind of row: the fields it must hold, one of a group, and what it may hold besides."""

    name: str
    needed: tuple[Cell, ...]
    one_of: tuple[Cell, ...]
    optional: tuple[Cell, ...]

    @property
    def cells(self) -> tuple[Cell, ...]:
        return (*self.needed, *self.one_of, *self.optional)

    def schema(self) -> dict[str, Any]:
        """The JSON Schema of one row; fields beyond it are dropped, and listed in the answer."""
        return {
            "type": "object",
            "required": [cell.name for cell in self.needed],
            "anyOf": [
                {"required": [cell.name], "properties": {cell.name: {"not": {"type": "null"}}}} for cell in self.one_of
            ],
            "properties": {cell.name: self._schema(cell) for cell in self.cells},
        }

    def _schema(self, cell: Cell) -> dict[str, Any]:
        """One field; null says as much as leaving it out."""
        schema = {**_SCHEMAS[cell.form], "description": cell.about}
        return schema if cell in self.needed else {**schema, "type": [schema["type"], "null"]}


_STATION = Cell(name="station", form="name", about="name of the machine, always spelt the same")
_START = Cell(name="started_at", form="time", about="when it began, with its offset from UTC")
_UNTIL = (
    Cell(name="ended_at", form="time", about="when it ended; not before it began"),
    Cell(name="duration_s", form="seconds", about="how long it lasted, where there is no end"),
)
_MORE = (
    Cell(name="product", form="name", about="what was being made"),
    Cell(name="order", form="name", about="number of the order"),
    Cell(name="shift", form="name", about="name of the shift"),
)

KINDS: Mapping[str, RowKind] = {
    "stops": RowKind(
        name="stops",
        needed=(_STATION, _START),
        one_of=_UNTIL,
        optional=(
            Cell(name="reason", form="text", about="why; telephone numbers and the like are masked"),
            Cell(name="kind", form="text", about="planned, setup, breakdown or minor; else told from the reason"),
            Cell(name="planned", form="truth", about="whether the stop was planned"),
            Cell(name="code", form="name", about="code of the fault"),
            *_MORE,
        ),
    ),
    "counts": RowKind(
        name="counts",
        needed=(_STATION, _START, Cell(name="made", form="count", about="parts made, good and bad")),
        one_of=_UNTIL,
        optional=(
            Cell(name="good", form="count", about="good parts among them"),
            Cell(name="scrap", form="count", about="bad parts among them"),
            Cell(name="ideal_cycle_s", form="seconds", about="seconds a part at best"),
            *_MORE,
        ),
    ),
}


# --- one cell --------------------------------------------------------------------------------------------------------


def _name(value: object) -> str:
    if not isinstance(value, str):
        raise CellError("not_text")
    if not value.strip():
        raise CellError("empty")
    return _words(value, LONGEST_NAME)


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise CellError("not_text")
    return masked(_words(value, LONGEST_TEXT))


def _words(value: str, most: int) -> str:
    if len(value) > most:
        raise CellError("too_long")
    try:
        value.encode()
    except UnicodeEncodeError:  # half of a surrogate pair, which no file can hold
        raise CellError("not_text") from None
    return value.replace("\x00", "").strip()


def _moment(value: object) -> float:
    if not isinstance(value, str) or not _time.match(value):
        raise CellError("not_a_time")
    try:
        return datetime.fromisoformat(value.upper()).timestamp()
    except (ValueError, OverflowError):
        raise CellError("not_a_time") from None


def _seconds(value: object) -> float:
    return _number(value, LONGEST_SECONDS)


def _count(value: object) -> float:
    return _number(value, MOST_PARTS)


def _number(value: object, most: float) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value):
        raise CellError("not_a_number")
    if not 0 <= value <= most:
        raise CellError("out_of_range")
    return float(value)


def _truth(value: object) -> float:
    if not isinstance(value, bool):
        raise CellError("not_yes_or_no")
    return float(value)


_READ: Mapping[str, Callable[[object], Any]] = {
    "name": _name,
    "text": _text,
    "time": _moment,
    "seconds": _seconds,
    "count": _count,
    "truth": _truth,
}


# --- columns ---------------------------------------------------------------------------------------------------------


class _Texts:
    """A growing column of texts, each different one kept once."""

    def __init__(self) -> None:
        self.codes, self.words = array("I"), {"": 0}

    def add(self, value: str | None) -> None:
        self.codes.append(self.words.setdefault(value or "", len(self.words)))

    def column(self) -> NDArray[Any]:
        return np.array(list(self.words), dtype=object)[np.frombuffer(self.codes, dtype=np.uint32)]


class _Numbers:
    """A growing column of numbers."""

    def __init__(self) -> None:
        self.values = array("d")

    def add(self, value: float | None) -> None:
        self.values.append(math.nan if value is None else value)

    def column(self) -> NDArray[Any]:
        return np.array(self.values, dtype=np.float64)


@dataclass(slots=True)
class Rows:
    """What was read so far: typed columns of the rows that were taken, and what is wrong with the others."""

    kind: RowKind
    read: int = 0
    rejected: int = 0
    problems: list[dict[str, Any]] = field(default_factory=list)
    unknown: dict[str, None] = field(default_factory=dict)
    _columns: dict[str, _Texts | _Numbers] = field(default_factory=dict)
    _needed: frozenset[str] = frozenset()

    def __post_init__(self) -> None:
        self._needed = frozenset(cell.name for cell in self.kind.needed)
        for cell in self.kind.cells:
            self._columns[cell.name] = _Texts() if cell.form in {"name", "text"} else _Numbers()

    @property
    def accepted(self) -> int:
        return self.read - self.rejected

    def add(self, row: object) -> None:
        """Check one row and keep it, or say what is wrong with it."""
        self.read += 1
        if self.read > MOST_ROWS:
            raise BodyError(
                f"more than {MOST_ROWS} rows in one call", code="too_many_rows", remedy="Send them in several calls."
            )
        if not isinstance(row, Mapping):
            self.reject("", "not_an_object")
            return
        found: dict[str, Any] = {}
        for cell in self.kind.cells:
            value = row.get(cell.name)
            if value is None:  # null says nothing, as a field that is left out
                if cell.name in self._needed:
                    self.reject(cell.name, "missing")
                    return
                continue
            try:
                found[cell.name] = _READ[cell.form](value)
            except CellError as error:
                self.reject(cell.name, error.code)
                return
        self._keep(row, found)

    def _keep(self, row: Mapping[str, Any], found: dict[str, Any]) -> None:
        if not any(cell.name in found for cell in self.kind.one_of):
            self.reject(self.kind.one_of[0].name, "missing")
            return
        if found.get("ended_at", math.inf) < found["started_at"]:
            self.reject("ended_at", "ends_before_start")
            return
        for name in row:
            if name not in self._columns and len(self.unknown) < 100:
                self.unknown[str(name)[:100]] = None
        for name, column in self._columns.items():
            column.add(found.get(name))

    def reject(self, name: str, code: str) -> None:
        """Leave the row out that was read last."""
        self.rejected += 1
        if len(self.problems) < MOST_PROBLEMS:
            self.problems.append({"row": self.read, "field": name, "code": code})

    def columns(self) -> tuple[dict[str, NDArray[Any]], dict[str, str]]:
        """Return the columns that hold anything, and those that are dropped with the reason."""
        dropped = dict.fromkeys(self.unknown, "not_needed")
        kept: dict[str, NDArray[Any]] = {}
        for name, column in self._columns.items():
            if isinstance(column, _Texts):
                filled = [word for word in column.words if word]
                if not filled:
                    continue
                if name not in self._needed and personal_kind("", filled[:200]):
                    dropped[name] = "personal"
                    continue
                kept[name] = column.column()
            elif any(not math.isnan(value) for value in column.values):
                kept[name] = column.column()
        return kept, dropped


# --- tables ---------------------------------------------------------------------------------------------------------


def after(columns: Mapping[str, NDArray[Any]], older: Mapping[str, NDArray[Any]]) -> dict[str, NDArray[Any]]:
    """Return the rows of `older` and then those of `columns`; a field that one side lacks is empty there."""
    sizes = (_size(older), _size(columns))
    found: dict[str, NDArray[Any]] = {}
    for name in dict.fromkeys((*older, *columns)):
        if name == "row":
            continue
        parts = [table.get(name) for table in (older, columns)]
        texts = any(part is not None and part.dtype.kind in "OU" for part in parts)
        filled = [
            part if part is not None else (np.full(size, "", object) if texts else np.full(size, np.nan))
            for part, size in zip(parts, sizes, strict=True)
        ]
        found[name] = np.concatenate([part.astype(object) if texts else part for part in filled])
    found["row"] = np.arange(1, sum(sizes) + 1, dtype=np.int64)
    return found


def facts_of(kind: str, columns: Mapping[str, NDArray[Any]]) -> dict[str, Any]:
    """Return how much there is: rows, machines, first and last time, as in the JSON of `read`."""
    begins = columns["started_at"]
    known = begins[~np.isnan(begins)]
    facts: dict[str, Any] = {"rows": len(begins), "machines": len(set(columns["station"]))}
    if len(known):
        facts["first"], facts["last"] = (
            datetime.fromtimestamp(float(at), UTC).isoformat() for at in (known.min(), known.max())
        )
    if kind == "counts":
        facts["net_quantity"] = float(np.nansum(columns["made"]))
    return facts


def _size(columns: Mapping[str, NDArray[Any]]) -> int:
    return next((len(values) for values in columns.values()), 0)


def words_for(problems: Iterable[Mapping[str, Any]], text: Callable[[str], str]) -> list[dict[str, Any]]:
    """Return the problems with their sentences; `text` finds them by key."""
    return [{**one, "message": text(f"api.row_{one['code']}")} for one in problems]
