"""Columns with a field become typed: seconds, epoch seconds, numbers, yes/no, names; and what could not be read."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa

from templates.bulk_times import Times
from templates.catalogue import STORED_NAME, fields
from templates.cells import Distinct, distinct, head, shown
from templates.durations import SHORT, durations, one_duration, unit_of
from templates.figures import Numbers, numbers, one_number, one_truth
from templates.findings import Finding, finding, of_rows
from templates.headers import words_of
from templates.matching import preventive_of
from templates.names import clusters
from templates.personal import masked
from templates.tables import Cell, Column, RawTable
from templates.times import times
from templates.unitwords import a_piece, rate_of, short, split_unit
from templates.zones import to_epoch

DAY = 86400.0
_a_year = re.compile(r"(?<!\d)(?:19|20)\d{2}(?!\d)")
_unlimited = re.compile(r"(?:unlimited|infinite|inf|∞|无限|不限|无限制)", re.IGNORECASE)
_unit_hints: tuple[tuple[str, float], ...] = (
    ("小时", 3600.0), ("分钟", 60.0), ("秒", 1.0), ("hours", 3600.0), ("hour", 3600.0), ("hrs", 3600.0),
    ("minutes", 60.0), ("mins", 60.0), ("minute", 60.0), ("seconds", 1.0), ("secs", 1.0), ("days", DAY),
)  # fmt: skip
_rate_hints = ("rate", "speed", "capacity", "uph", "产能", "速度", "per hour")
_plain_text = {"name", "text"}


@dataclass(slots=True, kw_only=True)
class Typed:
    """Typed columns by field, the unit that each column was read in, and findings on the way."""

    columns: dict[str, np.ndarray] = field(default_factory=dict)
    units: dict[str, str] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)
    unreadable: set[int] = field(default_factory=set)
    order: str | None = None
    dated: bool = False


def typed_columns(
    raw: RawTable,
    choices: Sequence[tuple[str, int]],
    *,
    timezone: str,
    date_order: str | None = None,
    units: Mapping[str, str] | None = None,
    decimal_comma: bool = False,
    merge_names: bool = True,
    clocks: bool = False,
) -> Typed:
    """Read the chosen columns; `choices` are (field, column), `units` is header to unit as a person said.

    `clocks` keeps times without a day as seconds of the day (a shift calendar).
    """
    out = Typed(columns={"row": raw.rows})
    said = units or {}
    catalogue = fields()
    moments = [(name, k) for name, k in choices if catalogue[name].type in {"time", "date"}]
    _times(out, raw, moments, timezone=timezone, date_order=date_order, clocks=clocks)
    for name, k in choices:
        header = raw.headers[k]
        unit = said.get(header) or split_unit(header)[1] or (raw.units[k] if raw.units else "")
        stored = STORED_NAME.get(name, name)
        match catalogue[name].type:
            case "time" | "date":
                continue
            case "duration":
                out.columns[stored] = _duration(out, raw, k, unit, comma=decimal_comma)
            case "cycle":
                out.columns[stored] = _cycle(out, raw, k, unit, comma=decimal_comma)
            case "count" | "number" | "share" | "buffer" as kind:
                out.columns[stored] = _number(out, raw, k, unit, kind, comma=decimal_comma)
            case "truth":
                out.columns[stored] = _by_cell(out, raw, k, one_truth, "truth_unreadable")
            case "preventive":
                out.columns[stored] = _by_cell(out, raw, k, preventive_of, "work_type_other")
            case kind:
                out.columns[stored] = _text(out, raw, k, free=kind == "text", station=name == "station" and merge_names)
    return out


def completed(kind: str | None, columns: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Counts by day with their period, as the engines need it: from the day's beginning, to its end or for as long as
    the table says."""
    if kind != "counts" or "started_at" in columns or "date" not in columns:
        return columns
    period = {"started_at": columns["date"]}
    if "ended_at" not in columns and "duration_s" not in columns:
        period["ended_at"] = columns["date"] + DAY
    return {**columns, **period}


# --- texts ----------------------------------------------------------------------------------------------------------


def _text(out: Typed, raw: RawTable, k: int, *, free: bool, station: bool) -> np.ndarray:
    cells = distinct(raw.columns[k])
    texts = [shown(cell) for cell in cells.cells]
    if free:
        texts = [masked(text)[:400] for text in texts]
    elif station:
        texts = _one_spelling(out, raw.headers[k], texts, cells)
    table = np.array([*texts, ""], dtype=object)
    spread: np.ndarray = table[cells.codes]
    return spread


def _one_spelling(out: Typed, header: str, texts: Sequence[str], cells: Distinct) -> list[str]:
    if len(texts) > 5000:
        return list(texts)
    counts: dict[str, int] = {}
    for text, count in zip(texts, cells.counts, strict=True):
        counts[text] = counts.get(text, 0) + int(count)
    renamed: dict[str, str] = {}
    for cluster in clusters(counts):
        others = ", ".join(f"{name} ({count})" for name, count in list(cluster.others.items())[:6])
        code = "names_alike" if cluster.sure else "names_maybe_alike"
        out.findings.append(finding(code, column=header, name=cluster.name, others=others))
        if cluster.sure:
            renamed.update(dict.fromkeys(cluster.others, cluster.name))
    return [renamed.get(text, text) for text in texts]


def _by_cell(out: Typed, raw: RawTable, k: int, read: object, code: str) -> np.ndarray:
    assert callable(read)
    cells = distinct(raw.columns[k])
    found = [read(cell) for cell in cells.cells]
    values = cells.spread(np.nan if value is None else value for value in found)
    _unreadable(out, raw, k, code, np.isnan(values) & (cells.codes >= 0))
    return values


def _unreadable(out: Typed, raw: RawTable, k: int, code: str, bad: np.ndarray) -> None:
    if not bad.any():
        return
    out.unreadable.update(int(row) for row in raw.rows[bad][:100_000])
    places = np.flatnonzero(bad)
    cells: dict[int, Cell] = {int(p): cell_at(raw.columns[k], int(p)) for p in places[:50]}
    out.findings.extend(of_rows(code, bad, raw.rows, column=raw.headers[k], cells=_Sparse(cells)))


class _Sparse(Sequence[Cell]):
    """The few cells that a sentence quotes, by place."""

    def __init__(self, cells: Mapping[int, Cell]) -> None:
        self.cells = cells

    def __len__(self) -> int:
        return len(self.cells)

    def __getitem__(self, place: object) -> Cell:  # type: ignore[override]  # slices are never asked for
        return self.cells.get(place) if isinstance(place, int) else None


def cell_at(column: Column, place: int) -> Cell:
    """One cell of a column."""
    if isinstance(column, pa.ChunkedArray):
        found: Cell = column[place].as_py()
        return found
    return column[place]


# --- numbers --------------------------------------------------------------------------------------------------------


def _number(out: Typed, raw: RawTable, k: int, unit: str, kind: str, *, comma: bool) -> np.ndarray:
    header = raw.headers[k]
    read = numbers(raw.columns[k], prior_comma=comma)
    values, bad = read.values, read.bad
    if kind == "buffer" and bad.any():
        cells = distinct(raw.columns[k])
        endless = cells.spread(
            np.inf if isinstance(cell, str) and _unlimited.search(cell) else np.nan for cell in cells.cells
        )
        values = np.where(np.isinf(endless), endless, values)
        bad &= ~np.isinf(endless)
    _unclear(out, raw, k, read)
    if kind == "share":
        percent = unit == "%" or "%" in read.units or bool(np.nanmax(values, initial=0.0) > 1)
        values = values / 100 if percent else values
        out.units[header] = "%" if percent else ""
    elif unit or read.units:
        out.units[header] = short(unit or read.units[0])
    _unreadable(out, raw, k, "number_unreadable", bad)
    return values


def _unclear(out: Typed, raw: RawTable, k: int, read: Numbers) -> None:
    if read.unclear:
        example = next((shown(c) for c in head(raw.columns[k], 50) if "," in shown(c)), "1,234")
        out.findings.append(finding("decimal_unclear", column=raw.headers[k], example=example))


def _duration(out: Typed, raw: RawTable, k: int, unit: str, *, comma: bool) -> np.ndarray:
    header = raw.headers[k]
    minutes_first = unit.lower().replace(" ", "") in {"mm:ss", "min:s", "m:ss", "min:sec"}
    read = durations(raw.columns[k], minutes_first=minutes_first, prior_comma=comma)
    seconds = unit_of(unit) if unit else None
    if seconds is None and read.plain.any():
        seconds = next((value for hint, value in _unit_hints if hint in words_of(header).replace("_", " ")), None)
    if seconds is None and read.plain.any():
        seconds = _agreeing(out, read.values, read.plain)
        if seconds is not None:
            out.findings.append(finding("unit_found", column=header, unit=SHORT[seconds]))
    if seconds is None and read.plain.any():
        seconds = 60.0
        out.findings.append(finding("unit_missing", column=header, unit="min"))
    values = np.where(read.plain, read.values * (seconds or 1.0), read.values)
    if read.plain.any():
        out.units[header] = SHORT.get(seconds or 1.0, "s")
    elif read.clock:
        out.units[header] = "mm:ss" if minutes_first else "h:mm"
    elif read.units:
        out.units[header] = SHORT[read.units[0]]
    _unreadable(out, raw, k, "duration_unreadable", read.bad)
    return values


def _agreeing(out: Typed, values: np.ndarray, plain: np.ndarray) -> float | None:
    """The unit in which bare durations agree with end minus start, if there are both."""
    start, end = out.columns.get("started_at"), out.columns.get("ended_at")
    if start is None or end is None:
        return None
    length = end - start
    usable = plain & (length > 0) & (values > 0)
    if usable.sum() < 3:
        return None
    ratio = float(np.median(length[usable] / values[usable]))
    for unit in (1.0, 60.0, 3600.0, DAY, 1e-3):
        if abs(ratio / unit - 1) < 0.03:
            return unit
    return None


def _cycle(out: Typed, raw: RawTable, k: int, unit: str, *, comma: bool) -> np.ndarray:
    """Seconds a part, from a time a part or from a rate."""
    header = raw.headers[k]
    cells = distinct(raw.columns[k])
    per_time, seconds = rate_of(unit), unit_of(unit) or a_piece(unit)
    hinted = any(hint in words_of(header) for hint in _rate_hints)
    assumed = per_time is None and seconds is None
    plain_seen = False

    def of(cell: Cell) -> float:
        nonlocal plain_seen
        length = one_duration(cell, comma=comma)
        if length is not None and not length[1]:
            return length[0]
        number = one_number(cell, comma=comma)
        if number is None:
            return np.nan
        own = number[1]
        if own and (rate := rate_of(own)) is not None:
            return rate / number[0] if number[0] else np.nan
        if own and (base := a_piece(own)) is not None:
            return number[0] * base
        if own:
            return np.nan
        if per_time is not None:
            return per_time / number[0] if number[0] else np.nan
        if seconds is not None:
            return number[0] * seconds
        plain_seen = True
        if hinted:
            return 3600.0 / number[0] if number[0] else np.nan
        return number[0]

    values = cells.spread(of(cell) for cell in cells.cells)
    if assumed and plain_seen:
        out.findings.append(finding("unit_missing", column=header, unit="pcs/h" if hinted else "s"))
    if plain_seen or unit:
        out.units[header] = short(unit) if unit else ("pcs/h" if hinted else "s")
    _unreadable(out, raw, k, "number_unreadable", np.isnan(values) & (cells.codes >= 0))
    return values


# --- times ----------------------------------------------------------------------------------------------------------


def _times(
    out: Typed,
    raw: RawTable,
    moments: Sequence[tuple[str, int]],
    *,
    timezone: str,
    date_order: str | None,
    clocks: bool,
) -> None:
    year = _year_of(raw)
    read = {name: times(raw.columns[k], order=date_order, year=year) for name, k in moments}
    seen = {one.order for one in read.values() if one.order in {"dmy", "mdy"} and not one.mixed}
    if len(seen) == 1 and date_order is None:  # the neighbours know
        order = next(iter(seen))
        for name, k in moments:
            if read[name].unclear:
                read[name] = times(raw.columns[k], order=order, year=year)
    for name, k in moments:
        _order_findings(out, raw, k, read[name], said=date_order)
        _unreadable(out, raw, k, "time_unreadable", read[name].bad)
    if clocks:
        for name, one in read.items():
            bare = ~np.isnan(one.clock)
            out.columns[name] = np.where(bare, one.clock, one.values)
        return
    local, absolute = _with_days(out, raw, dict(moments), read)
    repeated = missing = 0
    for name, values in local.items():
        epoch, twice, never = to_epoch(values, absolute[name], timezone)
        out.columns[name] = epoch
        out.units[raw.headers[dict(moments)[name]]] = timezone
        repeated += int(twice.sum())
        missing += int(never.sum())
    if repeated:
        out.findings.append(finding("clock_repeated", count=repeated))
    if missing:
        out.findings.append(finding("clock_missing", count=missing))
    start = read.get("started_at")
    if start is not None and start.dated.any() and start.dated.sum() == (~np.isnan(start.values)).sum():
        out.dated = True


def _year_of(raw: RawTable) -> int | None:
    """The year that a title, a sheet or a file names, if it is one only."""
    years = {int(found) for text in (raw.title, raw.name, raw.place) for found in _a_year.findall(text)}
    return years.pop() if len(years) == 1 else None


def _order_findings(out: Typed, raw: RawTable, k: int, read: Times, *, said: str | None) -> None:
    header = raw.headers[k]
    if read.yearless:
        out.findings.append(finding("year_missing", column=header))
    if read.unclear or read.mixed:
        code = "date_order_unclear" if read.unclear else "date_order_mixed"
        example = next((shown(c) for c in head(raw.columns[k], 200) if re.match(r"\s*\d", shown(c))), "03/04/2026")
        out.findings.append(finding(code, column=header, example=example))
    elif read.order in {"dmy", "mdy"}:
        out.order = read.order
        if said is None:
            place = 0 if read.order == "dmy" else 1
            example = _telling(head(raw.columns[k], 100_000), place)
            if example:
                code = "date_order_day" if read.order == "dmy" else "date_order_month"
                out.findings.append(finding(code, column=header, example=example))


def _telling(cells: Sequence[Cell], place: int) -> str:
    for cell in cells:
        found = re.match(r"\s*(\d{1,2})[-/.](\d{1,2})[-/.]\d", cell) if isinstance(cell, str) else None
        if found and int(found[place + 1]) > 12:
            return found.string.strip()[:20]
    return ""


def _with_days(
    out: Typed, raw: RawTable, places: Mapping[str, int], read: Mapping[str, Times]
) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray]]:
    """Clock times get their day: from the date column, or from the start of the same row; past midnight is next day."""
    local = {name: one.values for name, one in read.items()}
    absolute = {name: one.absolute for name, one in read.items()}
    day = read["date"].values if "date" in read else None
    for name in ("started_at", "ended_at"):
        if name not in read:
            continue
        clock = read[name].clock
        bare = ~np.isnan(clock)
        if not bare.any():
            continue
        base = day
        if base is None and name == "ended_at" and "started_at" in local:
            base = local["started_at"]
        if base is None or np.isnan(base).all():
            out.findings.append(finding("clock_without_day", column=raw.headers[places[name]]))
            continue
        local[name] = local[name].copy()
        local[name][bare] = (np.floor(base / DAY) * DAY + clock)[bare]
        if name == "ended_at" and "started_at" in local:
            with np.errstate(invalid="ignore"):
                past = bare & (local[name] < local["started_at"])
            local[name][past] += DAY
    return local, absolute
