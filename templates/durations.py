"""Lengths of time as people write them: "2 days 04:46:24", 6小时30分钟, 3:00, PT1H, 90 min; in seconds."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

import numpy as np
import pyarrow as pa

from templates.cells import Distinct, all_of, distinct
from templates.figures import decimal_comma, numbers, one_number
from templates.tables import Cell, Column
from templates.traditional import simplified

SECONDS: dict[str, float] = {
    **dict.fromkeys(("ms", "msec", "millisecond", "milliseconds", "毫秒"), 1e-3),
    **dict.fromkeys(("s", "sec", "secs", "second", "seconds", "sek", "秒", "秒钟", '"'), 1.0),
    **dict.fromkeys(("min", "mins", "minute", "minutes", "m", "分", "分钟", "minuten", "'"), 60.0),
    **dict.fromkeys(
        ("h", "hr", "hrs", "hour", "hours", "std", "stunden", "时", "小时", "个小时", "钟头", "點"), 3600.0
    ),
    **dict.fromkeys(("d", "day", "days", "tag", "tage", "天", "日"), 86400.0),
    **dict.fromkeys(("w", "wk", "week", "weeks", "周", "星期"), 604800.0),
}
"""Unit of time, in lower case and in Chinese, to seconds."""

SHORT: dict[float, str] = {1e-3: "ms", 1.0: "s", 60.0: "min", 3600.0: "h", 86400.0: "d", 604800.0: "w"}

_words = "|".join(sorted((re.escape(word) for word in SECONDS), key=len, reverse=True))
_part = re.compile(rf"\s*(?:and|und|又|零|,)?\s*(\d+(?:[.,]\d+)?)\s*(个?半)?\s*({_words})\.?(?![a-z])", re.IGNORECASE)
_clock = re.compile(r"(-?)(?:(\d{1,4})\s*(?:days?|d|天)\s*,?\s*)?(\d{1,5}):(\d{1,2})(?::(\d{1,2}(?:[.,]\d{1,9})?))?")
_iso = re.compile(
    r"(-?)P(?:(\d+)W)?(?:(\d+)D)?(?:T(?:(\d+(?:\.\d+)?)H)?(?:(\d+(?:\.\d+)?)M)?(?:(\d+(?:\.\d+)?)S)?)?", re.IGNORECASE
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Durations:
    """A column as seconds (NaN: empty or unreadable). `plain` marks bare numbers: not multiplied by a unit yet.

    `clock` counts cells of the form 3:00; `units` are those that cells carried, in seconds.
    """

    values: np.ndarray
    bad: np.ndarray
    plain: np.ndarray
    units: tuple[float, ...]
    clock: int


def unit_of(text: str) -> float | None:
    """Seconds in one of a unit written as a word.

    >>> unit_of("分钟"), unit_of("Hrs"), unit_of("kg")
    (60.0, 3600.0, None)
    """
    return SECONDS.get(text.strip().strip(".").lower())


def one_duration(cell: Cell, *, minutes_first: bool = False, comma: bool = False) -> tuple[float, bool] | None:
    """Seconds in a cell and False, or a bare number and True (its unit is not known here), or None.

    `minutes_first` reads 3:00 as three minutes (a header said mm:ss), otherwise it is three hours.

    >>> one_duration("2 days 04:46:24.000000000"), one_duration("3:00"), one_duration("6小时30分钟")
    ((189984.0, False), (10800.0, False), (23400.0, False))
    >>> one_duration("1 h 20 min"), one_duration("PT1H30M"), one_duration("90"), one_duration("jam")
    ((4800.0, False), (5400.0, False), (90.0, True), None)
    """
    match cell:
        case None | bool():
            return None
        case timedelta():
            return cell.total_seconds(), False
        case datetime():  # a spreadsheet shows lengths above a day as dates of its first months
            seconds = (cell.replace(tzinfo=UTC) - datetime(1899, 12, 31, tzinfo=UTC)).total_seconds()
            return (seconds, False) if 0 <= seconds < 400 * 86400 else None
        case date():
            return None
        case time():
            return cell.hour * 3600.0 + cell.minute * 60.0 + cell.second + cell.microsecond / 1e6, False
        case int() | float():
            return (float(cell), True) if abs(cell) < 1e15 else None
        case _:
            return _from_text(cell, minutes_first=minutes_first, comma=comma)


def _from_text(text: str, *, minutes_first: bool, comma: bool) -> tuple[float, bool] | None:
    if len(text) > 60:
        return None
    text = simplified(text)
    found = _clock.fullmatch(text)
    if found:
        first, second = float(found[3]), float(found[4])
        if second >= 60:
            return None
        third = float(found[5].replace(",", ".")) if found[5] else 0.0
        seconds = first * 60 + second if minutes_first and not found[5] else first * 3600 + second * 60 + third
        seconds += float(found[2] or 0) * 86400
        return (-seconds if found[1] else seconds), False
    negative = text.startswith("-")
    rest = text[1:].strip() if negative else text
    total, place, last = 0.0, 0, float("inf")
    while place < len(rest):
        part = _part.match(rest, place)
        if part is None:
            break
        unit = SECONDS[part[3].lower()]
        if unit >= last:  # "5 min 3 h" is not a length of time
            return None
        total += (float(part[1].replace(",", ".")) + (0.5 if part[2] else 0.0)) * unit
        last, place = unit, part.end()
        if rest[place : place + 1] == "半" and place + 1 == len(rest):
            total += unit / 2
            place += 1
        elif unit > 1 and re.fullmatch(r"\s*\d{1,2}", rest[place:]):  # 1h30, 2小时15
            total += float(rest[place:]) * unit / 60 if unit <= 3600 else 0.0
            place = len(rest)
    if place and not rest[place:].strip(" .。"):
        return (-total if negative else total), False
    iso = _iso.fullmatch(text)
    if iso and any(iso.groups()[1:]):
        weeks, days, hours, minutes, seconds_ = (float(group or 0) for group in iso.groups()[1:])
        total = weeks * 604800 + days * 86400 + hours * 3600 + minutes * 60 + seconds_
        return (-total if iso[1] else total), False
    number = one_number(text, comma=comma)
    return (number[0], True) if number is not None and not number[1] else None


def durations(
    column: Column, *, minutes_first: bool = False, prior_comma: bool = False, known: Distinct | None = None
) -> Durations:
    """Read a column as lengths of time."""
    if (isinstance(column, pa.ChunkedArray) and not prior_comma) or all_of(column, (int, float)):
        quick = numbers(column)
        if not quick.bad.any() and not quick.units and not quick.unclear:
            plain = ~np.isnan(quick.values)
            return Durations(values=quick.values, bad=quick.bad, plain=plain, units=(), clock=0)
    cells = known or distinct(column)
    comma, _ = decimal_comma((v for v in cells.cells if isinstance(v, str)), prior=prior_comma)
    read = [one_duration(value, minutes_first=minutes_first, comma=comma) for value in cells.cells]
    counts = cells.counts
    units: Counter[float] = Counter()
    clock = 0
    for value, pair, count in zip(cells.cells, read, counts, strict=True):
        if pair is None or pair[1]:
            continue
        if isinstance(value, str) and ":" in value:
            clock += int(count)
        elif isinstance(value, str) and (part := _part.match(value.lstrip("-"))):
            units[SECONDS[part[3].lower()]] += int(count)
    values = cells.spread(np.nan if pair is None else pair[0] for pair in read)
    plain = cells.spread(1.0 if pair is not None and pair[1] else 0.0 for pair in read) == 1.0
    return Durations(
        values=values,
        bad=np.isnan(values) & (cells.codes >= 0),
        plain=plain,
        units=tuple(unit for unit, _ in units.most_common()),
        clock=clock,
    )
