"""Points in time as people write them, to epoch seconds: the order of day and month is found in the column or asked.

03/04/2026 says nothing on its own. A column shows its order when any first number is above 12 (day first) or any
second one is (month first); otherwise `Times.unclear` is true and no value is guessed.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

import numpy as np

from templates.bulk_times import FIRST_YEAR, LAST_YEAR, Times, in_bulk
from templates.cells import Distinct, distinct, fold
from templates.tables import Cell, Column

_months = {
    name: number
    for number, names in enumerate(
        (
            ("jan", "january", "januar"),
            ("feb", "february", "februar"),
            ("mar", "march", "märz", "mrz"),
            ("apr", "april"),
            ("may", "mai"),
            ("jun", "june", "juni"),
            ("jul", "july", "juli"),
            ("aug", "august"),
            ("sep", "sept", "september"),
            ("oct", "october", "okt", "oktober"),
            ("nov", "november"),
            ("dec", "december", "dez", "dezember"),
        ),
        start=1,
    )
    for name in names
}
_clock = r"(?P<h>\d{1,2})\s*[:时点.h]\s*(?P<mi>\d{1,2})?(?:\s*分)?(?:\s*:?\s*(?P<s>\d{1,2}(?:[.,]\d{1,9})?)\s*秒?)?"
_tail = rf"(?:(?:\s*[T,]?\s*|:)(?:{_clock})\s*(?P<half>[ap]\.?m\.?)?)?\s*(?P<zone>Z|UTC|GMT|[+-]\d{{2}}:?\d{{2}})?"
_weekday = re.compile(
    r"\(?(?:mon|tue|wed|thu|fri|sat|sun|星期|周|礼拜)[a-z一二三四五六日天]*\.?\)?,?\s*", re.IGNORECASE
)
_half_word = re.compile(r"(上午|凌晨|早上|中午|下午|晚上)\s*(\d{1,2}\s*[:时点]\s*\d{0,2}[\d分秒:]*)")
_year_first = re.compile(
    rf"(?P<a>\d{{4}})\s*[-/.年\s]\s*(?P<b>\d{{1,2}})\s*[-/.月\s]\s*(?P<c>\d{{1,2}})\s*[日号]?{_tail}", re.IGNORECASE
)
_year_last = re.compile(
    rf"(?P<a>\d{{1,2}})(?P<sep>[-/.])\s?(?P<b>\d{{1,2}})(?P=sep)\s?(?P<c>\d{{4}}|\d{{2}})\.?{_tail}", re.IGNORECASE
)
_named = re.compile(
    r"(?:(?P<d1>\d{1,2})\.?[-\s/]*(?P<m1>[A-Za-zä]{3,9})\.?|(?P<m2>[A-Za-zä]{3,9})\.?\s*(?P<d2>\d{1,2})(?:st|nd|rd|th)?)"
    rf"[-,\s/]*(?P<y>\d{{4}}|\d{{2}}){_tail}",
    re.IGNORECASE,
)
_packed = re.compile(
    r"(?P<a>(?:19|20)\d{2})(?P<b>[01]\d)(?P<c>[0-3]\d)"
    r"(?:[T_-]?\s?(?P<h>[0-2]\d):?(?P<mi>[0-5]\d):?(?P<s>[0-5]\d)?)?"
)
_unix = re.compile(r"^([A-Za-z]{3} +\d{1,2}) (\d{1,2}:\d{2}:\d{2})(?: [A-Z]{3,4})? (\d{4})$")
"""Jan  5 08:00:00 2026, as Unix programs write it (the weekday is gone by then)."""
_month_day = re.compile(rf"(?P<b>\d{{1,2}})\s*月\s*(?P<c>\d{{1,2}})\s*[日号]?{_tail}", re.IGNORECASE)
_clock_only = re.compile(rf"(?!\d+\.){_clock}\s*(?P<half>[ap]\.?m\.?)?", re.IGNORECASE)
_epoch_day = date(1970, 1, 1).toordinal()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Written:
    """A cell as written. `kind`: "fixed" (a, b, c are year, month, day), "slash" and "dot" (order open), "clock".

    Year 0: the cell names no year.
    """

    kind: str
    a: int = 0
    b: int = 0
    c: int = 0
    clock: float | None = None
    offset: float | None = None


def _of_clock(found: re.Match[str]) -> float | None:
    groups = found.groupdict()
    if groups.get("h") is None:
        return None
    hour, minute = int(groups["h"]), int(groups["mi"] or 0)
    second = float((groups["s"] or "0").replace(",", "."))
    half = (groups.get("half") or "").replace(".", "").lower()
    if half:
        if not 1 <= hour <= 12:
            return np.nan
        hour = hour % 12 + (12 if half == "pm" else 0)
    if hour > 24 or minute > 59 or second >= 61 or (hour == 24 and (minute or second)):
        return np.nan
    return hour * 3600.0 + minute * 60.0 + second


def _of_zone(text: str | None) -> float | None:
    if not text:
        return None
    if text.upper() in {"Z", "UTC", "GMT"}:
        return 0.0
    sign = -1.0 if text[0] == "-" else 1.0
    digits = text[1:].replace(":", "")
    return sign * (int(digits[:2]) * 3600.0 + int(digits[2:]) * 60.0)


def _year(text: str) -> int:
    year = int(text)
    return year if len(text) == 4 else year + (2000 if year < 70 else 1900)


def _half_day(found: re.Match[str]) -> str:
    half = "AM" if found[1] in {"上午", "凌晨", "早上"} else "PM"
    clock = found[2].replace("时", ":").replace("点", ":").replace("分", "").rstrip(":")
    hour = int(re.match(r"\d+", clock)[0])  # type: ignore[index]  # the pattern begins with digits
    if hour > 12 or hour == 0:
        return f" {clock}"
    return f" {clock if ':' in clock else clock + ':00'} {half}"


def _written(cell: Cell) -> _Written | None:
    match cell:
        case datetime():
            offset = cell.utcoffset()
            clock = cell.hour * 3600.0 + cell.minute * 60.0 + cell.second + cell.microsecond / 1e6
            seconds = None if offset is None else offset.total_seconds()
            return _Written(kind="fixed", a=cell.year, b=cell.month, c=cell.day, clock=clock, offset=seconds)
        case date():
            return _Written(kind="fixed", a=cell.year, b=cell.month, c=cell.day)
        case time():
            return _Written(kind="clock", clock=cell.hour * 3600.0 + cell.minute * 60.0 + cell.second)
        case timedelta():
            seconds = cell.total_seconds()
            return _Written(kind="clock", clock=seconds) if 0 <= seconds <= 86400 else None
        case bool() | None:
            return None
        case int() | float():
            return _from_number(float(cell))
        case _:
            return _from_text(cell)


def _of_packed(found: re.Match[str]) -> _Written | None:
    return _checked("fixed", int(found["a"]), int(found["b"]), int(found["c"]), _of_clock(found), None)


def _from_number(number: float) -> _Written | None:
    moment: datetime | None = None
    if 0 <= number < 1:
        return _Written(kind="clock", clock=round(number * 86400, 3))
    if 18264 <= number < 92000:  # a spreadsheet's day count, 1950 to 2151
        moment = datetime(1899, 12, 30, tzinfo=UTC) + timedelta(seconds=round(number * 86400, 3))
    elif 6e8 <= number < 5e9:
        moment = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=number)
    elif 6e11 <= number < 5e12:
        moment = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=number)
    if moment is not None:
        clock = moment.hour * 3600.0 + moment.minute * 60.0 + moment.second + moment.microsecond / 1e6
        offset = 0.0 if number >= 6e8 else None
        return _Written(kind="fixed", a=moment.year, b=moment.month, c=moment.day, clock=clock or None, offset=offset)
    packed = _packed.fullmatch(str(int(number))) if number.is_integer() and 0 < number < 1e14 else None
    return _of_packed(packed) if packed else None


def _from_text(text: str) -> _Written | None:
    if len(text) > 60 or not any(sign.isdigit() for sign in text):
        return None
    text = _half_word.sub(_half_day, text) if not text.isascii() else text
    if text[:1] in "MTWFSmtwfs(星周礼" or "星期" in text or "周" in text:
        text = _weekday.sub("", text).strip()
    if packed := _packed.fullmatch(text):
        return _of_packed(packed)
    if found := _year_first.fullmatch(text):
        clock, zone = _of_clock(found), _of_zone(found["zone"])
        return _checked("fixed", int(found["a"]), int(found["b"]), int(found["c"]), clock, zone)
    if found := _year_last.fullmatch(text):
        clock, zone = _of_clock(found), _of_zone(found["zone"])
        kind = "dot" if found["sep"] == "." else "slash"
        first, second = int(found["a"]), int(found["b"])
        if first > 31 and len(found["c"]) == 2:
            return _checked("fixed", _year(found["a"]), second, int(found["c"]), clock, zone)
        return _checked(kind, first, second, _year(found["c"]), clock, zone)
    text = _unix.sub(r"\1 \3 \2", text)
    if found := _named.fullmatch(text):
        month = _months.get((found["m1"] or found["m2"]).lower())
        day = int(found["d1"] or found["d2"])
        if month is None:
            return None
        return _checked("fixed", _year(found["y"]), month, day, _of_clock(found), _of_zone(found["zone"]))
    if found := _month_day.fullmatch(text):
        return _checked("fixed", 0, int(found["b"]), int(found["c"]), _of_clock(found), _of_zone(found["zone"]))
    if found := _clock_only.fullmatch(text):
        clock = _of_clock(found)
        return None if clock is None or math.isnan(clock) else _Written(kind="clock", clock=clock)
    serial = re.fullmatch(r"\d{5}(?:\.\d+)?|\d{9,10}(?:\.\d+)?|\d{12,13}", text)
    return _from_number(float(text)) if serial else None


def _checked(kind: str, a: int, b: int, c: int, clock: float | None, offset: float | None) -> _Written | None:
    if clock is not None and math.isnan(clock):
        return None
    return _Written(kind=kind, a=a, b=b, c=c, clock=clock, offset=offset)


def order_of(written: Iterable[_Written | None]) -> tuple[str | None, bool, bool]:
    """The order of day and month that the cells show: (order, unclear, mixed)."""
    day_first = month_first = either = dots = fixed = False
    for cell in written:
        if cell is None or cell.kind == "clock":
            continue
        if cell.kind == "fixed":
            fixed = True
        elif cell.a > 12:
            day_first = True
        elif cell.b > 12:
            month_first = True
        elif cell.a != cell.b:
            either = True
            dots |= cell.kind == "dot"
    if day_first and month_first:
        return None, False, True
    if day_first or month_first:
        return ("dmy" if day_first else "mdy"), False, False
    if either:
        return ("dmy", False, False) if dots else (None, True, False)
    return ("ymd" if fixed else None), False, False


def _day(cell: _Written, order: str | None, given: int | None) -> float:
    year, month, day = cell.a or given or 0, cell.b, cell.c
    if cell.kind != "fixed":
        year = cell.c
        if order == "mdy" or (order is None and (cell.b > 12 or cell.a == cell.b)):
            month, day = cell.a, cell.b
        elif order == "dmy" or (order is None and cell.a > 12):
            month, day = cell.b, cell.a
        else:
            return np.nan
    if not FIRST_YEAR <= year <= LAST_YEAR:
        return np.nan
    try:
        return float(date(year, month, day).toordinal() - _epoch_day)
    except ValueError:
        return np.nan


def times(column: Column, *, order: str | None = None, year: int | None = None, known: Distinct | None = None) -> Times:
    """Read a column as points in time; `order` ("dmy", "mdy") is what a person or the neighbouring columns said.

    `year` is that of cells such as 1月5日, which name none.
    """
    quick = in_bulk(column, order=order)
    if quick is not None:
        return quick
    cells = known or distinct(column)
    written = [_written(value) for value in cells.cells]
    seen, unclear, mixed = order_of(written)
    used = seen or (order if unclear or mixed or seen is None else None)
    days = [np.nan if w is None or w.kind == "clock" else _day(w, used, year) for w in written]
    no_year = [bool(w and w.kind == "fixed" and w.a == 0 and year is None) for w in written]
    open_cell = [
        lacking or bool(w and w.kind in {"slash", "dot"} and used is None and w.a <= 12 and w.b <= 12)
        for w, lacking in zip(written, no_year, strict=True)
    ]
    values = cells.spread(
        day * 86400 + ((w.clock or 0.0) - (w.offset or 0.0) if w else 0.0) for day, w in zip(days, written, strict=True)
    )
    clock = cells.spread(w.clock or 0.0 if w is not None and w.kind == "clock" else np.nan for w in written)
    undecided = cells.spread(open_cell) == 1.0
    return Times(
        values=values,
        bad=np.isnan(values) & np.isnan(clock) & (cells.codes >= 0) & ~undecided,
        absolute=cells.spread(bool(w and w.offset is not None) for w in written) == 1.0,
        clock=clock,
        dated=cells.spread(bool(w and w.kind != "clock" and w.clock is None) for w in written) == 1.0,
        order=used or seen,
        unclear=unclear and order is None,
        mixed=mixed and order is None,
        yearless=any(no_year),
    )


def share_of_times(cells: Iterable[Cell], *, with_clock: bool = True) -> float:
    """The share of sample cells that are points in time; bare numbers and lengths count for nothing."""
    seen = good = 0
    for cell in cells:
        seen += 1
        if isinstance(cell, (int, float)):
            continue
        if isinstance(cell, timedelta):
            continue
        written = _written(cell)
        good += written is not None and (written.kind != "clock" or with_clock)
    return good / seen if seen else 0.0


def is_day(cell: Cell) -> bool:
    """Whether a cell is a day (or a month of a year) without a time, such as the head of a column of daily figures.

    >>> is_day("2026-01-05"), is_day("1月5日"), is_day("2026-01-05 08:00"), is_day("2019"), is_day("M1")
    (True, True, False, False, False)
    """
    if isinstance(cell, datetime):
        return (cell.hour, cell.minute, cell.second) == (0, 0, 0)
    if isinstance(cell, date):
        return True
    if not isinstance(cell, str):
        return False
    text = fold(cell)
    if re.fullmatch(r"(?:19|20)\d{2}\s?[-/.年]\s?\d{1,2}月?|\d{1,2}月(?:\d{1,2}[日号])?", text):
        return True
    written = None if re.fullmatch(r"[\d.,]+", text) else _written(text)
    return written is not None and written.kind != "clock" and written.clock is None
