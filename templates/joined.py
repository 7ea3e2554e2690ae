"""Sheets of one workbook that carry the same header are one table: a log by month, or a sheet for each line."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from templates.headers import scores
from templates.tables import Cell, Note, RawTable
from templates.times import is_day

_unnamed = re.compile(r"(?:sheet|tabelle|工作表|表|Column )\s*\d*[A-Z]?", re.IGNORECASE)
_month = re.compile(
    r"(?:\d{2,4}[-._年 ]?)?(?:\d{1,2}月?|[a-zäé]{3,9}|[一二三四五六七八九十]{1,2}月)(?:份)?", re.IGNORECASE
)


def joined(tables: Sequence[RawTable]) -> list[RawTable]:
    """The tables with those of equal header from different sheets made one, in the place of the first.

    Row numbers stay those of each sheet. Where no column names a machine but the sheets do ("Line 1", "Line 2"), the
    sheet's name becomes a column.
    """
    groups: dict[tuple[str, ...], list[RawTable]] = defaultdict(list)
    for table in tables:
        groups[table.headers].append(table)
    out: list[RawTable] = []
    for table in tables:
        group = groups[table.headers]
        if not _fits(group):
            out.append(table)
        elif group[0] is table:
            out.append(_one(group))
    return out


def _fits(group: Sequence[RawTable]) -> bool:
    places = {table.place for table in group}
    named = not all(_unnamed.fullmatch(header) for header in group[0].headers)
    return len(group) > 1 and len(places) == len(group) and len(group[0].headers) > 1 and named


def _one(group: Sequence[RawTable]) -> RawTable:
    first = group[0]
    columns: list[Sequence[Cell]] = [
        [cell for table in group for cell in table.columns[k]] for k in range(len(first.headers))
    ]
    headers = first.headers
    places = [table.place for table in group]
    notes = [note for table in group for note in table.notes]
    notes.append(Note(code="sheets_joined", params={"count": len(group), "sheets": ", ".join(places[:12])}))
    has_station = any(scores(header).get("station", 0.0) >= 0.5 for header in headers)
    speaking = not any(is_day(place) or _unnamed.fullmatch(place) or _month.fullmatch(place) for place in places)
    if not has_station and speaking:
        headers = ("station", *headers)
        columns.insert(0, [table.place for table in group for _ in range(len(table))])
        notes.append(Note(code="station_from_sheets", params={"sheets": ", ".join(places[:12])}))
    return replace(
        first,
        place=", ".join(places)[:200],
        headers=headers,
        columns=tuple(columns),
        rows=np.concatenate([table.rows for table in group]),
        units=first.units if len(headers) == len(first.headers) else ("", *first.units),
        notes=tuple(notes),
    )
