"""Columns headed by days, however they are written: 2026-01-05, 1月5日, 1/5, or only 5 under "Output, January 2026"."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from templates.cells import fold, shown
from templates.tables import Cell
from templates.times import is_day

LEAST = 3
"""Fewer columns than this are not taken for days."""

_bare = re.compile(r"(\d{1,2})\s*[日号]?")
_pair = re.compile(r"(\d{1,2})[/.\-](\d{1,2})")
_english = ("january", "february", "march", "april", "may", "june", "july", "august", "september", "october",
            "november", "december")  # fmt: skip
_year_month = re.compile(r"((?:19|20)\d{2})\s*[-/.年]\s*(0?[1-9]|1[0-2])(?!\d)")
_year = re.compile(r"(?<!\d)((?:19|20)\d{2})(?!\d)")
_word = re.compile(r"[a-z]{3,9}")


@dataclass(frozen=True, slots=True)
class DayHeader:
    """A header that names a day; `rest` is what else stands in it, such as a measure or a shift ("" for nothing)."""

    day: str
    rest: str


def month_of(texts: Iterable[str]) -> tuple[int, int] | None:
    """The year and month that a title, sheet or file names, if it is one only.

    >>> month_of(["2026年1月产量统计"]), month_of(["Output Jan 2026"]), month_of(["2026"])
    ((2026, 1), (2026, 1), None)
    """
    found: set[tuple[int, int]] = set()
    for text in map(fold, texts):
        found |= {(int(year), int(month)) for year, month in _year_month.findall(text)}
        years = set(_year.findall(text))
        named = {
            number
            for word in _word.findall(text.lower())
            for number, month in enumerate(_english, start=1)
            if month.startswith(word) and len(word) >= 3
        }
        if len(years) == 1 and len(named) == 1:
            found.add((int(years.pop()), named.pop()))
    return found.pop() if len(found) == 1 else None


def year_of(texts: Iterable[str]) -> int | None:
    """The year that the texts name, if it is one only."""
    years = {int(year) for text in texts for year in _year.findall(fold(text))}
    return years.pop() if len(years) == 1 else None


def is_run(cells: Sequence[Cell]) -> bool:
    """Whether cells are days of a month in their order: 1, 2, 3 or 5日, 6日, 7日 without a gap."""
    days = [_bare.fullmatch(fold(shown(cell))) for cell in cells]
    numbers = [int(found[1]) for found in days if found]
    return len(numbers) == len(cells) >= LEAST and _steps(numbers) and numbers[0] >= 1 and numbers[-1] <= 31


def day_headers(headers: Sequence[str], texts: Sequence[str]) -> dict[int, DayHeader]:
    """The headers that name days, by column; `texts` (title, sheet, file) say the month where a header does not."""
    levels = [[part.strip() for part in header.split(" / ")] for header in headers]
    found = _plain(levels)
    if len({one.day for one in found.values()}) >= LEAST:
        return found
    for read in (_bare_days, _pairs):
        found = read(levels, texts)
        if len({one.day for one in found.values()}) >= LEAST:
            return found
    return {}


def _plain(levels: Sequence[Sequence[str]]) -> dict[int, DayHeader]:
    found = {}
    for k, parts in enumerate(levels):
        days = [part for part in parts if is_day(part)]
        if len(days) == 1:
            found[k] = DayHeader(days[0], " / ".join(part for part in parts if part != days[0]))
    return found


def _bare_days(levels: Sequence[Sequence[str]], texts: Sequence[str]) -> dict[int, DayHeader]:
    month = month_of(texts)
    places = {k: found for k, parts in enumerate(levels) if (found := _bare.fullmatch(fold(parts[0])))}
    if month is None or not is_run(list(dict.fromkeys(found[0] for found in places.values()))):
        return {}
    year, number = month
    return {
        k: DayHeader(f"{year}-{number:02d}-{int(found[1]):02d}", " / ".join(levels[k][1:]))
        for k, found in places.items()
    }


def _pairs(levels: Sequence[Sequence[str]], texts: Sequence[str]) -> dict[int, DayHeader]:
    """1/5, 1/6, 1/7: the part that counts up is the day."""
    year = year_of(texts)
    places = {k: found for k, parts in enumerate(levels) if (found := _pair.fullmatch(fold(parts[0])))}
    pairs = list(dict.fromkeys((int(found[1]), int(found[2])) for found in places.values()))
    if year is None or len(pairs) < LEAST:
        return {}
    for month, day in ((0, 1), (1, 0)):
        steps = [(later[month] - earlier[month], later[day] - earlier[day]) for earlier, later in pairwise(pairs)]
        if all(step == (0, 1) or (step[0] in {1, -11} and step[1] < 0) for step in steps) and max(
            pair[month] for pair in pairs
        ) <= 12:  # fmt: skip
            return {
                k: DayHeader(f"{year}-{int(found[month + 1]):02d}-{int(found[day + 1]):02d}", " / ".join(levels[k][1:]))
                for k, found in places.items()
            }
    return {}


def _steps(numbers: Sequence[int]) -> bool:
    return all(later == earlier + 1 for earlier, later in pairwise(numbers))
