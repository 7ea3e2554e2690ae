"""How fit a table is to rest a verdict on: completeness, copies, impossible rows, overlaps, coverage of the calendar.

A needed field that is empty in more than a fifth of the rows, or more than a tenth of copies, allow no verdict.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from templates.catalogue import STORED_NAME, kinds

MOST_BLANK = 0.2
MOST_COPIES = 0.1
DAY = 86_400.0
WEIGHTS = {
    "blank": (40.0, MOST_BLANK),
    "copies": (20.0, MOST_COPIES),
    "impossible": (20.0, 0.1),
    "overlaps": (10.0, 0.2),
}
"""Points that each share takes at most, and the share at which it takes them all; the days without a record take 10."""

_IMPOSSIBLE = frozenset(
    {"log_end_before_start", "log_date_implausible", "log_date_unreadable", "log_end_missing", "log_station_missing",
     "negative", "time_unreadable", "duration_unreadable", "number_unreadable"}
)  # fmt: skip
_OVERLAP = "log_overlap"


@dataclass(frozen=True, slots=True, kw_only=True)
class Quality:
    """Shares are 0 to 1. `blank`: the emptiest needed field; `coverage`: days with a record among all days between the
    first and the last (None where the table has no times); `last`: epoch seconds of the last record.

    `reasons`: why no verdict rests on it, each with `code` (blanks or copies), `share`, and `fields` for blanks.
    """

    score: float
    rows: int
    blank: float
    copies: float
    impossible: float
    overlaps: float
    coverage: float | None
    longest_gap_days: int
    last: float | None
    reasons: tuple[Mapping[str, Any], ...]

    @property
    def verdict(self) -> bool:
        """Whether a verdict may rest on the table."""
        return not self.reasons

    def to_json(self) -> dict[str, Any]:
        """Plain JSON, with `verdict`."""
        return {**asdict(self), "reasons": [dict(one) for one in self.reasons], "verdict": self.verdict}


def quality_of(
    kind: str, columns: Mapping[str, NDArray[Any]], findings: Iterable[Mapping[str, Any]], *, copies: int | None = None
) -> Quality:
    """Judge a table by its stored columns and what was found wrong with its rows.

    `copies` is how many rows of the file are exact copies of others; None counts copies among the stored columns.
    """
    rows = len(next(iter(columns.values()), ()))
    blanks = _blanks(kind, columns)
    blank = max(blanks.values(), default=0.0)
    same = (count_copies(columns) if copies is None else copies) / max(rows, 1)
    impossible = _share(findings, _IMPOSSIBLE, rows)
    overlaps = _share(findings, {_OVERLAP}, rows)
    coverage, gap, last = _calendar(columns)
    lost = sum(
        points * min(share / full, 1.0)
        for (points, full), share in zip(WEIGHTS.values(), (blank, same, impossible, overlaps), strict=True)
    )
    reasons: list[Mapping[str, Any]] = []
    empty = {name: share for name, share in blanks.items() if share > MOST_BLANK}
    if empty:
        reasons.append({"code": "blanks", "fields": sorted(empty), "share": max(empty.values())})
    if same > MOST_COPIES:
        reasons.append({"code": "copies", "fields": [], "share": same})
    return Quality(
        score=round(100.0 - lost - 10.0 * (1.0 - (1.0 if coverage is None else coverage)), 1),
        rows=rows,
        blank=blank,
        copies=same,
        impossible=impossible,
        overlaps=overlaps,
        coverage=coverage,
        longest_gap_days=gap,
        last=last,
        reasons=tuple(reasons),
    )


def incomplete(kind: str, columns: Mapping[str, NDArray[Any]]) -> NDArray[np.bool_]:
    """The rows that lack a needed field."""
    rows = len(next(iter(columns.values()), ()))
    lacking = np.zeros(rows, dtype=bool)
    for empty in _empties(kind, columns).values():
        lacking |= empty
    return lacking


def count_copies(columns: Mapping[str, NDArray[Any]]) -> int:
    """How many rows are exact copies of earlier ones."""
    rows = len(next(iter(columns.values()), ()))
    return rows - len(first_of_each(columns))


def first_of_each(columns: Mapping[str, NDArray[Any]]) -> NDArray[np.int64]:
    """The places of the first row of each kind, in the order of the table."""
    names = [name for name in columns if name != "row"]
    if not names:
        return np.arange(0, dtype=np.int64)
    table = pa.table({name: _arrow(columns[name]) for name in names})
    table = table.append_column("\0place", pa.array(np.arange(len(table), dtype=np.int64)))
    firsts = table.group_by(names).aggregate([("\0place", "min")]).column("\0place_min")
    return np.sort(np.asarray(firsts.to_numpy(), dtype=np.int64))


def _arrow(values: NDArray[Any]) -> pa.Array:
    if values.dtype.kind in "OU":
        return pa.array(values.tolist(), type=pa.large_string())
    return pa.array(np.where(np.isnan(values), np.nan, values) if values.dtype.kind == "f" else values)


def _blanks(kind: str, columns: Mapping[str, NDArray[Any]]) -> dict[str, float]:
    return {name: float(empty.mean()) if len(empty) else 0.0 for name, empty in _empties(kind, columns).items()}


def _empties(kind: str, columns: Mapping[str, NDArray[Any]]) -> dict[str, NDArray[np.bool_]]:
    """Where each needed field is empty; of a group of which one is needed, where all of them are."""
    about = kinds().get(kind)
    if about is None:
        return {}
    found = {name: _is_empty(columns[name]) for name in map(_stored, about.needed) if name in columns}
    for group in about.one_of:
        there = [name for name in map(_stored, group) if name in columns]
        if there:
            empty = np.logical_and.reduce([_is_empty(columns[name]) for name in there])
            found["/".join(there)] = empty
    return found


def _stored(name: str) -> str:
    return STORED_NAME.get(name, name)


def _is_empty(values: NDArray[Any]) -> NDArray[np.bool_]:
    return np.asarray(values == "" if values.dtype.kind in "OU" else np.isnan(values), dtype=bool)


def _share(findings: Iterable[Mapping[str, Any]], codes: Iterable[str], rows: int) -> float:
    """The share of rows with one of these findings; a last finding of a code counts those that are not listed."""
    wanted = set(codes)
    listed: set[int] = set()
    more = 0
    for one in findings:
        if one["code"] not in wanted:
            continue
        if one.get("row"):
            listed.add(int(one["row"]))
        else:
            more += int(one.get("params", {}).get("count", 0) or 0)
    return min(max(len(listed), more) / max(rows, 1), 1.0)


def _calendar(columns: Mapping[str, NDArray[Any]]) -> tuple[float | None, int, float | None]:
    """The share of days with a record, the longest run of days without one, and the last moment."""
    start = columns.get("started_at", columns.get("date"))
    if start is None or start.dtype.kind != "f":
        return None, 0, None
    ends = [columns[name] for name in ("started_at", "ended_at", "date") if name in columns]
    known = start[~np.isnan(start)]
    if not len(known):
        return None, 0, None
    days = np.unique(np.floor(known / DAY).astype(np.int64))
    last = max(float(np.nanmax(values)) for values in ends if not np.isnan(values).all())
    span = int(days[-1] - days[0]) + 1
    gap = int(np.diff(days).max() - 1) if len(days) > 1 else 0
    return len(days) / span, gap, last
