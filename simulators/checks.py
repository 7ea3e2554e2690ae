"""Is a log fit for use? Every row that is not gets a finding with its number and what to do; the rest goes on.

Rows that cannot be used are left out (severity error), rows that are used but look wrong stay (warning), and what the
owner may want to know is a note. Overlaps stay: `history.py` settles them by priority. After 100 findings of a kind one
more says how many there are in all.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from simulators.reasons import TextArray
from simulators.records import CountLog, EquipmentList, Finding, FloatArray, IntArray, Severity, StopLog

MOST_PER_CODE = 100
EARLIEST = 631_152_000.0  # 1990-01-01
LATEST = 4_102_444_800.0  # 2100-01-01
VERY_LONG_S = 30 * 86_400.0
SILENT_S = 14 * 86_400.0

Mask = NDArray[np.bool_]

_TEXTS: dict[str, tuple[Severity, str, str]] = {
    "log_station_missing": ("error", "no station", "Name the machine, or delete the row."),
    "log_date_unreadable": ("error", "the date cannot be read", "Write it as 2026-03-31 14:05:00."),
    "log_end_missing": ("error", "no end, or one that cannot be read", "Enter when it ended, or delete the row."),
    "log_date_implausible": ("error", "a date before 1990 or after 2099", "Correct the year."),
    "log_end_before_start": ("error", "it ends before it starts", "Swap or correct the two times."),
    "log_zero_length": ("note", "it has no length and is left out", "Nothing to do, unless the times were rounded."),
    "log_duplicate": ("warning", "the same as an earlier row, counted once", "Delete the copy if it is one."),
    "log_overlap": (
        "warning",
        "it begins before the row before it has ended",
        "Check the times; overlapping time is counted once.",
    ),
    "log_very_long": ("warning", "longer than 30 days", "Check the end; was it forgotten?"),
    "log_silence": (
        "note",
        "no row of any station for more than 14 days before this one",
        "Is a part of the log missing?",
    ),
    "log_spelling": ("note", "a station name in several spellings, taken as one", "Use one spelling."),
    "log_count_negative": ("error", "a number of parts that is missing or below 0", "Correct the count."),
    "log_good_above_made": (
        "warning",
        "more good parts than parts made",
        "Check both counts; are the columns swapped?",
    ),
    "log_machine_twice": ("error", "the machine is listed twice; the first row counts", "Delete one of the two rows."),
    "log_cycle_implausible": (
        "error",
        "a cycle time of 0 or less is left empty",
        "Give the seconds that one part takes.",
    ),
    "log_servers_implausible": (
        "error",
        "fewer than 1 machine, taken as 1",
        "Give how many identical machines there are.",
    ),
    "log_buffer_implausible": ("error", "a buffer below 0 places, taken as 0", "Give 0 or more places."),
    "log_scrap_implausible": (
        "error",
        "a scrap share outside 0 % to 100 % is left empty",
        "Give a share such as 1.5 %.",
    ),
}


def _findings(code: str, bad: Mask, row: IntArray, column: str) -> Iterator[Finding]:
    severity, message, remedy = _TEXTS[code]
    rows = np.sort(row[bad])
    for number in rows[:MOST_PER_CODE]:
        yield Finding(
            severity=severity, code=code, row=int(number), column=column, message=f"row {number}: {message}",
            remedy=remedy, params={"row": int(number)},
        )  # fmt: skip
    if len(rows) > MOST_PER_CODE:
        yield Finding(
            severity=severity,
            code="log_more",
            row=0,
            column=column,
            message=f"{len(rows)} rows in all: {message}",
            remedy=remedy,
            params={"count": len(rows), "of": code},
        )


def _one_spelling(names: TextArray) -> tuple[TextArray, Mask]:
    """Names without outer blanks and in the spelling that is met most often; which rows were spelt another way."""
    distinct, index, counts = np.unique(names, return_inverse=True, return_counts=True)
    keys = [" ".join(str(name).split()).casefold() for name in distinct]
    best: dict[str, int] = {}
    for number, key in enumerate(keys):
        if key not in best or counts[number] > counts[best[key]]:
            best[key] = number
    chosen = np.array([" ".join(str(distinct[best[key]]).split()) for key in keys], dtype=np.str_)
    other = np.array([best[key] != number for number, key in enumerate(keys)], dtype=np.bool_)
    if not len(distinct):
        return names, np.zeros(names.shape, dtype=np.bool_)
    return chosen[index], other[index]


def _order(*keys: NDArray[Any]) -> IntArray:
    return np.asarray(np.lexsort(keys[::-1]), dtype=np.int64)


def _codes(texts: TextArray) -> IntArray:
    return np.asarray(np.unique(texts, return_inverse=True)[1], dtype=np.int64)


def _repeated(order: IntArray, *columns: NDArray[Any]) -> Mask:
    """Rows equal to the row before them in that order, in every column."""
    same = np.ones(max(len(order) - 1, 0), dtype=np.bool_)
    for column in columns:
        ordered = column[order]
        same &= ordered[1:] == ordered[:-1]
    repeated = np.zeros(len(order), dtype=np.bool_)
    repeated[order[1:]] = same
    return repeated


def overlapping(station: IntArray, start: FloatArray, end: FloatArray) -> Mask:
    """Rows that begin before the row before them has ended; rows sorted by station, then start.

    Only neighbours are compared: one row with a forgotten end then gives one finding, not one for each row inside it.
    """
    overlap = np.zeros(len(start), dtype=np.bool_)
    overlap[1:] = (start[1:] < end[:-1]) & (station[1:] == station[:-1])
    return overlap


class _Table:
    """Rows on their way through the checks: what is still kept, what was found."""

    def __init__(self, row: IntArray) -> None:
        self.row = row
        self.keep = np.ones(len(row), dtype=np.bool_)
        self.found: list[Finding] = []

    def drop(self, code: str, bad: Mask, column: str) -> None:
        self.note(code, bad, column)
        self.keep &= ~bad

    def note(self, code: str, bad: Mask, column: str) -> None:
        self.found.extend(_findings(code, bad & self.keep, self.row, column))


def _check_times(table: _Table, station: TextArray, start: FloatArray, end: FloatArray) -> None:
    with np.errstate(invalid="ignore"):
        table.drop("log_station_missing", station == "", "station")
        table.drop("log_date_unreadable", np.isnan(start), "started_at")
        table.drop("log_end_missing", np.isnan(end), "ended_at")
        out = (start < EARLIEST) | (start >= LATEST) | (end < EARLIEST) | (end >= LATEST)
        table.drop("log_date_implausible", out, "started_at")
        table.drop("log_end_before_start", end < start, "ended_at")
        table.drop("log_zero_length", end == start, "ended_at")


def _check_sorted(table: _Table, station: TextArray, start: FloatArray, end: FloatArray) -> IntArray:
    """Order of the kept rows by station and start; notes overlaps, very long rows and silence on the way."""
    kept = np.flatnonzero(table.keep)
    codes = _codes(station[kept])
    order = _order(codes, start[kept], end[kept])
    rows = kept[order]
    overlap = np.zeros(len(table.row), dtype=np.bool_)
    overlap[rows] = overlapping(codes[order], start[rows], end[rows])
    table.note("log_overlap", overlap, "started_at")
    table.note("log_very_long", end - start > VERY_LONG_S, "ended_at")
    in_time = kept[np.argsort(start[kept], kind="stable")]
    silent = np.zeros(len(table.row), dtype=np.bool_)
    silent[in_time[1:]] = start[in_time[1:]] - np.maximum.accumulate(end[in_time])[:-1] > SILENT_S
    table.note("log_silence", silent, "started_at")
    return rows


def check_stops(log: StopLog) -> tuple[StopLog, tuple[Finding, ...]]:
    """The usable rows in the order of station and start, and what was found.

    Left out: rows without a station or a readable time, with an end not after the start, and exact copies.
    """
    station, respelt = _one_spelling(log.station)
    reason, _ = _one_spelling(log.reason)
    table = _Table(log.row)
    _check_times(table, station, log.start, log.end)
    codes, reasons = _codes(station), _codes(reason)
    order = _order(codes, log.start, log.end, reasons)
    table.drop("log_duplicate", _repeated(order, codes, log.start, log.end, reasons), "")
    table.note("log_spelling", _first_of_each(respelt, log.station), "station")
    rows = _check_sorted(table, station, log.start, log.end)
    checked = StopLog(
        station=station[rows], start=log.start[rows], end=log.end[rows], reason=reason[rows],
        kind=log.kind[rows], row=log.row[rows],
    )  # fmt: skip
    return checked, _sorted(table.found)


def check_counts(log: CountLog) -> tuple[CountLog, tuple[Finding, ...]]:
    """The usable runs in the order of station and start, and what was found."""
    station, respelt = _one_spelling(log.station)
    table = _Table(log.row)
    _check_times(table, station, log.start, log.end)
    with np.errstate(invalid="ignore"):
        table.drop("log_count_negative", ~(log.made >= 0) | (log.good < 0), "made")
        table.note("log_good_above_made", log.good > log.made, "good")
    codes, products = _codes(station), _codes(log.product)
    order = _order(codes, log.start, log.end, products, log.made)
    table.drop("log_duplicate", _repeated(order, codes, log.start, log.end, products, log.made), "")
    table.note("log_spelling", _first_of_each(respelt, log.station), "station")
    rows = _check_sorted(table, station, log.start, log.end)
    checked = log.where(rows)
    return _with_station(CountLog, checked.columns(), station[rows]), _sorted(table.found)


def check_equipment(machines: EquipmentList) -> tuple[EquipmentList, tuple[Finding, ...]]:
    """The usable machines in the order of the file, and what was found; impossible cells are emptied, not guessed."""
    station, _ = _one_spelling(machines.station)
    table = _Table(machines.row)
    table.drop("log_station_missing", station == "", "station")
    codes = _codes(station)
    table.drop("log_machine_twice", _repeated(_order(codes, machines.row), codes), "station")
    with np.errstate(invalid="ignore"):
        wrong_ideal, wrong_cycle = machines.ideal_cycle <= 0, machines.cycle <= 0
        wrong_scrap = (machines.scrap < 0) | (machines.scrap > 1)
    table.note("log_cycle_implausible", wrong_ideal, "ideal_cycle_s")
    table.note("log_cycle_implausible", wrong_cycle, "cycle_s")
    table.note("log_servers_implausible", machines.servers < 1, "servers")
    table.note("log_buffer_implausible", machines.buffer < -1, "buffer")
    table.note("log_scrap_implausible", wrong_scrap, "scrap")
    checked = EquipmentList(
        station=station,
        ideal_cycle=np.where(wrong_ideal, np.nan, machines.ideal_cycle),
        cycle=np.where(wrong_cycle, np.nan, machines.cycle),
        servers=np.maximum(machines.servers, 1),
        buffer=np.where(machines.buffer < -1, 0, machines.buffer),
        scrap=np.where(wrong_scrap, np.nan, machines.scrap),
        row=machines.row,
    )
    return checked.where(table.keep), _sorted(table.found)


def _with_station(make: Callable[..., CountLog], columns: dict[str, NDArray[Any]], station: TextArray) -> CountLog:
    return make(**{**columns, "station": station})


def _first_of_each(bad: Mask, names: TextArray) -> Mask:
    """Of the rows that `bad` marks, the first one of each name."""
    first = np.zeros(len(bad), dtype=np.bool_)
    rows = np.flatnonzero(bad)
    if len(rows):
        first[rows[np.unique(names[rows], return_index=True)[1]]] = True
    return first


def _sorted(found: list[Finding]) -> tuple[Finding, ...]:
    rank = {"error": 0, "warning": 1, "note": 2}
    return tuple(sorted(found, key=lambda finding: (rank[finding.severity], finding.row, finding.code)))
