"""A day in one column and the time of day in the next are one point in time: "Start date" and "Start time"."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime, time, timedelta

import pyarrow as pa

from templates.cells import is_blank, sample, shown
from templates.headers import words_of
from templates.tables import Cell, Column, RawTable
from templates.times import is_day, share_of_times

_words = re.compile(r"\b(?:date|day|time|clock|hour|datum|zeit|uhrzeit)\b|日期|时间|时刻|钟点|年月日|日")


def paired(raw: RawTable) -> RawTable:
    """The table with such pairs made one column, in the place of the day; other tables as they are."""
    keys = [_words.sub(" ", words_of(header)).strip() for header in raw.headers]
    kinds = [_kind(column) if key else "" for key, column in zip(keys, raw.columns, strict=True)]
    pairs: dict[int, int] = {}
    for k, (key, kind) in enumerate(zip(keys, kinds, strict=True)):
        partners = [j for j, other in enumerate(keys) if other == key and kinds[j] == "clock"]
        if (
            kind == "day"
            and len(partners) == 1
            and sum(a == key and b == "day" for a, b in zip(keys, kinds, strict=True)) == 1
        ):
            pairs[k] = partners[0]
    if not pairs:
        return raw
    gone = set(pairs.values())
    headers: list[str] = []
    columns: list[Column] = []
    units: list[str] = []
    for k, header in enumerate(raw.headers):
        if k in gone:
            continue
        partner = pairs.get(k)
        headers.append(header if partner is None else f"{header} + {raw.headers[partner]}")
        columns.append(raw.columns[k] if partner is None else _together(raw.columns[k], raw.columns[partner]))
        units.append(raw.units[k] if raw.units else "")
    return replace(raw, headers=tuple(headers), columns=tuple(columns), units=tuple(units))


def _kind(column: Column) -> str:
    cells = sample(column, 100)
    if not cells or any(isinstance(cell, (int, float)) for cell in cells):
        return ""
    if all(map(is_day, cells)):
        return "day"
    clocks = [isinstance(cell, (time, timedelta)) for cell in cells]
    if all(clocks) or (share_of_times(cells) == 1 and share_of_times(cells, with_clock=False) == 0):
        return "clock"
    return ""


def _together(days: Column, clocks: Column) -> list[Cell]:
    return [
        None if is_blank(day) else _moment(day, clock) for day, clock in zip(_cells(days), _cells(clocks), strict=True)
    ]


def _cells(column: Column) -> Sequence[Cell]:
    return column.to_pylist() if isinstance(column, pa.ChunkedArray) else column


def _moment(day: Cell, clock: Cell) -> Cell:
    if is_blank(clock):
        return day
    if isinstance(day, date) and isinstance(clock, (time, timedelta)):
        midnight = datetime(day.year, day.month, day.day)  # noqa: DTZ001  # a plant's local time
        length = (
            clock
            if isinstance(clock, timedelta)
            else timedelta(hours=clock.hour, minutes=clock.minute, seconds=clock.second)
        )
        return midnight + length
    return f"{shown(day)[:10] if isinstance(day, datetime) else shown(day)} {shown(clock)}"
