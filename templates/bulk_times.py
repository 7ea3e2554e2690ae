"""Times by the hundred thousand: columns that are written in one way are read as arrays, not cell by cell.

Whatever does not fit one of these ways to the last cell is left to `templates.times`; both give the same values.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import date, datetime

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from templates.cells import all_of, plain_array
from templates.tables import Column

DAY = 86400.0
FIRST_YEAR, LAST_YEAR = 1950, 2150
_epoch_day = date(1970, 1, 1).toordinal()
_days_written = (
    *(rf"(?P<a>\d{{4}})[{sep}](?P<b>\d{{1,2}})[{sep}](?P<c>\d{{1,2}})" for sep in "-/."),
    *(rf"(?P<a>\d{{1,2}})[{sep}](?P<b>\d{{1,2}})[{sep}](?P<c>\d{{4}}|\d{{2}})" for sep in "-/."),
)
_hour, _half = r"[ T]+(?P<h>\d{1,2}):(?P<mi>\d{2})", r" ?(?P<half>[AaPp])[Mm]"
_clocks = ("", _hour, rf"{_hour}:(?P<s>\d{{2}})", rf"{_hour}{_half}", rf"{_hour}:(?P<s>\d{{2}}){_half}")
_ways = tuple(f"^{day}{clock}$" for day in _days_written for clock in _clocks)


@dataclass(frozen=True, slots=True, kw_only=True)
class Times:
    """A column as local seconds since 1970-01-01 00:00 (NaN: empty, unreadable or not decided).

    `absolute` marks values that carried an offset and are UTC already; `clock` holds seconds of the day where a cell
    has no date; `dated` marks cells without a time of day. `order` is "ymd", "dmy", "mdy" or None when open;
    `unclear` says that day and month could be either way round, `mixed` that both orders were seen,
    `yearless` that cells name no year and none was given.
    """

    values: np.ndarray
    bad: np.ndarray
    absolute: np.ndarray
    clock: np.ndarray
    dated: np.ndarray
    order: str | None
    unclear: bool
    mixed: bool
    yearless: bool = False


def in_bulk(column: Column, *, order: str | None) -> Times | None:
    """The column's times, or None when it is not written in one of the simple ways throughout."""
    if isinstance(column, pa.ChunkedArray):
        return _iso(column) or _parted(column, order)
    return _stamps(column) if all_of(column, (datetime, date)) else None


def _parted(column: pa.ChunkedArray, order: str | None) -> Times | None:
    """2026/1/5 8:00:00, 05.01.2026 08:00 or 1/5/26 8:00 AM: the first cells show the way, all must keep to it."""
    first = next((text for text in column[:100].to_pylist() if text), "")
    way = next((way for way in _ways if re.match(way, first)), None)
    if way is None:
        return None
    whole = column.combine_chunks()
    here = plain_array(whole.is_valid().cast(pa.int8()), np.int8)[0] == 1
    parts = pc.call_function("extract_regex", [whole.drop_null()], pc.ExtractRegexOptions(way))
    if parts.null_count:
        return None
    numbers = {name: _group(parts, name) for name in re.compile(way).groupindex if name != "half"}
    hour = numbers.get("h", np.zeros(len(parts), dtype=np.int64))
    real = np.ones(len(parts), dtype=bool)
    if "(?P<half>" in way:
        real &= (hour >= 1) & (hour <= 12)
        hour = hour % 12 + 12 * _afternoon(parts)
    minute, second = numbers.get("mi", 0 * hour), numbers.get("s", 0 * hour)
    clock = hour * 3600.0 + minute * 60.0 + second
    real &= (minute < 60) & (second < 61) & (clock <= DAY)
    a, b, c = numbers["a"], numbers["b"], numbers["c"]
    seen: str | None = "ymd"
    unclear = mixed = False
    if "(?P<c>\\d{4}|\\d{2})" in way:
        day_first, month_first = bool((a > 12).any()), bool((b > 12).any())
        mixed = day_first and month_first
        dots = "[.]" in way
        seen = None if mixed else "dmy" if day_first or (dots and not month_first) else "mdy" if month_first else None
        unclear = seen is None and not mixed and bool((a != b).any())
        if mixed or unclear:
            return None  # cell by cell then: which of them are in doubt must be said
        c = np.where(c < 100, np.where(c < 70, c + 2000, c + 1900), c)
        a, b, c = (c, b, a) if (seen or order) == "dmy" else (c, a, b)
    days, exists = _days(a, b, c)
    values = np.full(len(here), np.nan)
    values[here] = np.where(exists & real, days * DAY + clock, np.nan)
    dated = here if "(?P<h>" not in way else np.zeros(len(here), dtype=bool)
    return replace(_fixed(values, dated=False), bad=here & np.isnan(values), dated=dated, order=seen)


def _group(parts: pa.StructArray, name: str) -> np.ndarray:
    numbers: np.ndarray = plain_array(pc.cast(parts.field(name), pa.int32()), np.int32)[0].astype(np.int64)
    return numbers


def _afternoon(parts: pa.StructArray) -> np.ndarray:
    encoded = parts.field("half").dictionary_encode()
    late = np.array([word in {"p", "P"} for word in encoded.dictionary.to_pylist()] or [False])
    found: np.ndarray = late[plain_array(encoded.indices, np.int32)[0]].astype(np.int64)
    return found


def _days(year: np.ndarray, month: np.ndarray, day: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Days since 1970-01-01 of calendar dates, and which of them exist."""
    exists = (month >= 1) & (month <= 12) & (day >= 1) & (day <= 31) & (year >= FIRST_YEAR) & (year <= LAST_YEAR)
    months = np.where(exists, (year - 1970) * 12 + month - 1, 0).astype("datetime64[M]")
    days = months.astype("datetime64[D]") + np.where(exists, day - 1, 0).astype("timedelta64[D]")
    return days.astype(np.int64), exists & (days.astype("datetime64[M]") == months)


def _iso(column: pa.ChunkedArray) -> Times | None:
    """The quick way for a million rows of 2026-01-05 08:00:00."""
    try:
        stamps = pc.cast(column, pa.timestamp("us"))
    except pa.ArrowInvalid:
        return None
    ticks, valid = plain_array(pc.cast(stamps, pa.int64()), np.int64)
    values = ticks / 1e6
    if not valid.all():
        values[~valid] = np.nan
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
        values=np.where(outside, np.nan, values) if outside.any() else values,
        bad=outside,
        absolute=nothing,
        clock=np.broadcast_to(np.nan, len(values)),  # no memory: nobody writes into it
        dated=~np.isnan(values) if dated else nothing,
        order="ymd",
        unclear=False,
        mixed=False,
    )
