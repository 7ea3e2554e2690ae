"""Times by the hundred thousand: columns that are written in one way are read as arrays, not cell by cell.

Whatever does not fit one of these ways to the last cell is left to `templates.times`; both give the same values.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from templates.cells import all_of, plain_array
from templates.tables import Column

FIRST_YEAR, LAST_YEAR = 1950, 2150
_epoch_day = date(1970, 1, 1).toordinal()


@dataclass(frozen=True, slots=True, kw_only=True)
class Times:
    """A column as local seconds since 1970-01-01 00:00 (NaN: empty, unreadable or not decided).

    `absolute` marks values that carried an offset and are UTC already; `clock` holds seconds of the day where a cell
    has no date; `dated` marks cells without a time of day. `order` is "ymd", "dmy", "mdy" or None when open;
    `unclear` says that day and month could be either way round, `mixed` that both orders were seen.
    """

    values: np.ndarray
    bad: np.ndarray
    absolute: np.ndarray
    clock: np.ndarray
    dated: np.ndarray
    order: str | None
    unclear: bool
    mixed: bool


def in_bulk(column: Column, *, order: str | None) -> Times | None:
    """The column's times, or None when it is not written in one of the simple ways throughout."""
    del order
    if isinstance(column, pa.ChunkedArray):
        return _iso(column)
    return _stamps(column) if all_of(column, (datetime, date)) else None


def _iso(column: pa.ChunkedArray) -> Times | None:
    """The quick way for a million rows of 2026-01-05 08:00:00."""
    try:
        stamps = pc.cast(column, pa.timestamp("us"))
    except pa.ArrowInvalid:
        return None
    ticks, valid = plain_array(pc.cast(stamps, pa.int64()), np.int64)
    values = np.where(valid, ticks / 1e6, np.nan)
    first = next((text for text in column[:50].to_pylist() if text), "")
    return _fixed(values, dated=":" not in first)


def _stamps(column: Column) -> Times | None:
    """The quick way for a sheet's column of real dates without offsets."""
    if any(isinstance(cell, datetime) and cell.tzinfo is not None for cell in column[:50]):
        return None  # no spreadsheet has offsets; JSON gives texts
    whole = set(map(type, column)) <= {datetime, date}
    cells = column if whole else [cell if isinstance(cell, date) else None for cell in column]
    stamps = np.array(cells, dtype="datetime64[us]")
    values = np.where(np.isnat(stamps), np.nan, stamps.astype(np.int64) / 1e6)
    known = values[~np.isnan(values)]
    return _fixed(values, dated=bool((known % 86400 == 0).all()))


def _fixed(values: np.ndarray, *, dated: bool) -> Times:
    """Times whose order is beyond doubt."""
    nothing = np.zeros(len(values), dtype=bool)
    low, high = (86400.0 * (date(year, 1, 1).toordinal() - _epoch_day) for year in (FIRST_YEAR, LAST_YEAR))
    outside = (values < low) | (values > high)
    return Times(
        values=np.where(outside, np.nan, values),
        bad=outside,
        absolute=nothing,
        clock=np.full(len(values), np.nan),
        dated=~np.isnan(values) if dated else nothing,
        order="ymd",
        unclear=False,
        mixed=False,
    )
