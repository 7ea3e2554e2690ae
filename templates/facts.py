"""The facts of a table (contract, "JSON of read") and what is wrong with its rows.

Sums count rows whose start lies before their end; overlaps are not merged.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as pa

from simulators.checks import check_counts, check_equipment, check_stops
from simulators.line import ModelError
from simulators.records import CountLog, EquipmentList, StopLog
from templates.catalogue import kinds
from templates.findings import Finding, finding, of_rows
from templates.tables import RawTable
from templates.typed import Typed

CHECKED_ROWS = 200_000
MOST_COMPARED = 400_000
"""Rows that share their time with others, up to which copies are looked for."""
"""Tables up to this size get every row-level check at once; larger ones are checked when they are taken over."""

_time_fields = ("started_at", "ended_at", "date", "due_at")


def facts_of(kind: str | None, typed: Mapping[str, np.ndarray], *, rows: int, timezone: str) -> dict[str, Any]:
    """Facts of one table; only those whose fields were mapped, `rows` always."""
    facts: dict[str, Any] = {"rows": rows}
    if "station" in typed:
        facts["machines"] = len(set(typed["station"].tolist()) - {""})
    exact = {"started_at", "ended_at"} & typed.keys()  # a date column beside them holds the same days
    names = [name for name in _time_fields if name in typed and not (name == "date" and exact)]
    moments = [] if kind == "calendar" else [typed[name] for name in names]
    known = [values[~np.isnan(values)] for values in moments]
    if any(len(values) for values in known):
        facts["first"] = _iso(min(float(values.min()) for values in known if len(values)), timezone)
        facts["last"] = _iso(max(float(values.max()) for values in known if len(values)), timezone)
    start, end, length = typed.get("started_at"), typed.get("ended_at"), typed.get("duration_s")
    spans = None if kind == "calendar" else _spans(start, end, length)
    if spans is not None:
        usable, seconds = spans
        total = float(seconds[usable].sum())
        if kind == "stops":
            facts["stops"] = int(usable.sum())
            facts["total_downtime_s"] = total
        if kind == "runs":
            facts["runs"] = int(usable.sum())
            facts["run_s"] = total
        facts["duration_s"] = total
    if kind in {"runs", "counts"}:
        keep = spans[0] if spans is not None else np.ones(rows, dtype=bool)
        if "made" in typed:
            facts["net_quantity"] = float(np.nansum(typed["made"][keep]))
        if "good" in typed:
            facts["good_quantity"] = float(np.nansum(typed["good"][keep]))
        elif "scrap" in typed and "made" in typed:
            facts["good_quantity"] = float(np.nansum((typed["made"] - typed["scrap"])[keep]))
    if "preventive" in typed:
        facts["preventive"] = int((typed["preventive"] == 1.0).sum())
        facts["corrective"] = int((typed["preventive"] == 0.0).sum())
    if "labour_s" in typed:
        facts["labour_s"] = float(np.nansum(typed["labour_s"]))
    return facts


def _spans(
    start: np.ndarray | None, end: np.ndarray | None, length: np.ndarray | None
) -> tuple[np.ndarray, np.ndarray] | None:
    """Rows with a positive length, and the length of every row: end minus start, else the duration."""
    if start is not None and end is not None:
        seconds = end - start
        if length is not None:
            seconds = np.where(np.isnan(seconds), length, seconds)
    elif length is not None:
        seconds = length
    else:
        return None
    with np.errstate(invalid="ignore"):
        return seconds > 0, seconds


def _iso(seconds: float, timezone: str) -> str:
    zone = UTC if timezone.upper() in {"UTC", "Z"} else ZoneInfo(timezone)
    moment = datetime.fromtimestamp(round(seconds, 3), tz=zone)
    return moment.isoformat(timespec="milliseconds" if moment.microsecond else "seconds")


# --- findings about rows --------------------------------------------------------------------------------------------


def row_findings(kind: str | None, typed: Typed, raw: RawTable, headers: Mapping[str, str]) -> list[Finding]:
    """Everything about rows that a person should know before the table is used; `headers` is field to header."""
    columns = typed.columns
    found = list(typed.findings)
    if kind is None or not len(raw):
        return found
    if typed.dated and kind in {"stops", "runs", "states"}:
        found.append(finding("day_without_clock", column=headers.get("started_at", "started_at")))
    found.extend(_blanks(kind, columns, headers))
    found.extend(_negatives(columns, headers))
    found.extend(_lengths(columns, headers))
    found.extend(_copies(kind, raw, columns))
    if len(raw) <= CHECKED_ROWS:
        if kind in {"stops", "events", "states", "work_orders"}:
            found.extend(_continued(columns))
        found.extend(_checked(kind, typed, headers))
    return found


def _blanks(kind: str, columns: Mapping[str, np.ndarray], headers: Mapping[str, str]) -> list[Finding]:
    found: list[Finding] = []
    for name in kinds()[kind].needed:
        values = columns.get(name)
        if values is None or name not in headers:
            continue
        empty = values == "" if values.dtype == object else np.isnan(values)
        share = float(empty.mean()) if len(empty) else 0.0
        if share > 0.2:
            found.append(finding("too_many_blanks", column=headers[name], share=f"{share:.0%}"))
        if empty.any() and not (kind in {"stops", "runs", "equipment"} and name in {"station", "started_at"}):
            found.extend(of_rows("cell_missing", empty, columns["row"], column=headers[name]))
    return found


def _negatives(columns: Mapping[str, np.ndarray], headers: Mapping[str, str]) -> list[Finding]:
    found: list[Finding] = []
    for name in ("duration_s", "labour_s", "setup_s", "quantity", "mtbf_s", "mttr_s"):
        values = columns.get(name)
        if values is None or name not in headers:
            continue
        with np.errstate(invalid="ignore"):
            below = values < 0
        if below.any():
            cells = [float(value) for value in values] if len(values) <= CHECKED_ROWS else None
            found.extend(of_rows("negative", below, columns["row"], column=headers[name], cells=cells))
    return found


def _lengths(columns: Mapping[str, np.ndarray], headers: Mapping[str, str]) -> list[Finding]:
    start, end, length = columns.get("started_at"), columns.get("ended_at"), columns.get("duration_s")
    if start is None or end is None or length is None:
        return []
    span = end - start
    with np.errstate(invalid="ignore"):
        differs = (span > 0) & (length >= 0) & (np.abs(span - length) > np.maximum(60.0, 0.02 * span))
    return of_rows("duration_differs", differs, columns["row"], column=headers["duration_s"]) if differs.any() else []


def _copies(kind: str, raw: RawTable, columns: Mapping[str, np.ndarray]) -> list[Finding]:
    """Exact copies of whole rows, all columns of the file counted; only rows that share a time are compared."""
    if kind in {"layout", "equipment", "codes"} or len(raw) < 2:
        return []
    key = next((columns[name] for name in ("started_at", "ended_at", "date") if name in columns), None)
    places = np.arange(len(raw)) if key is None else np.flatnonzero(_shared(key))
    if len(places) > MOST_COMPARED:
        return []
    cells = [
        column.take(pa.array(places)).to_pylist()
        if isinstance(column, pa.ChunkedArray)
        else [column[int(place)] for place in places]
        for column in raw.columns
    ]
    suspects = list(zip(*cells, strict=True))
    copies = len(suspects) - len(set(suspects))
    if copies <= 0:
        return []
    share = copies / len(raw)
    code = "too_many_duplicates" if share > 0.1 else "duplicates"
    return [finding(code, count=copies, share=f"{share:.0%}")]


def _shared(key: np.ndarray) -> np.ndarray:
    """The rows whose key another row has too."""
    order = None if bool((key[1:] >= key[:-1]).all()) else np.argsort(key, kind="stable")
    ordered = key if order is None else key[order]
    with np.errstate(invalid="ignore"):
        equal = (ordered[1:] == ordered[:-1]) | (np.isnan(ordered[1:]) & np.isnan(ordered[:-1]))
    shared = np.zeros(len(key), dtype=bool)
    shared[1:] |= equal
    shared[:-1] |= equal
    if order is None:
        return shared
    back = np.empty_like(shared)
    back[order] = shared
    return back


def _continued(columns: Mapping[str, np.ndarray]) -> list[Finding]:
    """Rows that go on where the row before of the same machine and cause ended, within a minute."""
    start, end, station = columns.get("started_at"), columns.get("ended_at"), columns.get("station")
    if start is None or end is None or station is None or len(start) < 2:
        return []
    cause = columns.get("activity", columns.get("reason", columns.get("code", np.full(len(start), "", dtype=object))))
    places = {pair: k for k, pair in enumerate(dict.fromkeys(zip(station.tolist(), cause.tolist(), strict=True)))}
    group = np.fromiter((places[pair] for pair in zip(station.tolist(), cause.tolist(), strict=True)), dtype=np.int64)
    order = np.lexsort((end, start, group))
    gap = start[order][1:] - end[order][:-1]
    with np.errstate(invalid="ignore"):
        goes_on = (group[order][1:] == group[order][:-1]) & (gap >= 0) & (gap <= 60.0)
    count = int(goes_on.sum())
    return [finding("rows_continue", count=count)] if count > 0.1 * len(start) else []


def _checked(kind: str, typed: Typed, headers: Mapping[str, str]) -> list[Finding]:
    """The checks of the engine's own records, without what was said about the same cell already."""
    columns: dict[str, Any] = dict(typed.columns)
    if "site" in columns and "station" in columns:
        columns["station"] = np.array(
            [
                f"{site} {name}".strip() if name else ""
                for site, name in zip(columns["site"], columns["station"], strict=True)
            ],
            dtype=object,
        )
    try:
        if kind == "equipment":
            found = check_equipment(EquipmentList.from_columns(columns))[1]
        elif kind == "runs":
            found = check_counts(CountLog.from_columns(columns))[1]
        elif kind == "stops" or (
            kind in {"states", "work_orders", "events"} and {"station", "started_at", "ended_at"} <= columns.keys()
        ):
            found = check_stops(StopLog.from_columns(columns))[1]
        else:
            return []
    except ModelError:  # a needed column is missing; that is a finding already
        return []
    said = {"log_date_unreadable", "log_end_missing"}
    names = {"start": "started_at", "end": "ended_at", "station": "station", "made": "made", "good": "good"}
    out = []
    for one in found:
        if (one.code in said and one.row in typed.unreadable) or one.code == "log_spelling":
            continue
        column = headers.get(names.get(one.column, one.column), one.column)
        out.append(
            Finding(
                severity=one.severity, code=one.code, row=one.row, column=column, message=one.message,
                remedy=one.remedy, params=one.params,
            )
        )  # fmt: skip
    return out
