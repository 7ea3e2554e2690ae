"""Numbers as people write them: 1,234.5 and 1.234,5 and 12,5 %, each column in one way of writing."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from templates.cells import Distinct, all_of, distinct, plain_array
from templates.tables import Cell, Column

_body = re.compile(r"([-+−]?)\s*[¥$€£]?\s*((?:\d[\d.,'’ \u00a0]*)?\d|[.,]\d+)(?:[eE]([-+]?\d{1,3}))?\s*(.*)", re.DOTALL)
_bracketed = re.compile(r"\((\s*[\d.,' ]+)\)")
_truths: dict[str, float] = {
    **dict.fromkeys(("true", "t", "yes", "y", "1", "是", "有", "对", "真", "√", "✓", "✔", "x", "ja", "ok", "on"), 1.0),
    **dict.fromkeys(("false", "f", "no", "n", "0", "否", "没有", "错", "假", "×", "✗", "✘", "nein", "off", "未"), 0.0),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Numbers:
    """A column as floats (NaN: empty or not a number), the units its cells carried, and what could not be read.

    `unclear` means that every number has one comma and three digits behind it, so that 1,234 could be either.
    """

    values: np.ndarray
    bad: np.ndarray
    units: tuple[str, ...]
    decimal_comma: bool
    unclear: bool


def decimal_comma(texts: Iterable[str], *, prior: bool = False) -> tuple[bool, bool]:
    """Whether the comma is the decimal sign in these numbers, and whether that stays unclear.

    >>> decimal_comma(["12,5", "1.250,75"]), decimal_comma(["1,250.75"]), decimal_comma(["1,250", "3"])
    ((True, False), (False, False), (False, True))
    """
    votes: Counter[str] = Counter()
    for text in texts:
        found = _body.match(text)
        if found is None:
            continue
        body = found[2]
        commas, dots = body.count(","), body.count(".")
        if commas and dots:
            votes["comma" if body.rfind(",") > body.rfind(".") else "dot"] += 1
        elif commas > 1:
            votes["dot"] += 1
        elif dots > 1:
            votes["comma"] += 1
        elif commas:
            tail = len(body) - body.find(",") - 1
            votes["comma" if tail != 3 or body.startswith("0,") else "either"] += 1
        elif dots:
            votes["dot" if len(body) - body.find(".") - 1 != 3 or body.startswith("0.") else "dot?"] += 1
    if votes["comma"] != votes["dot"]:
        return votes["comma"] > votes["dot"], False
    return prior, bool(votes["either"]) and not votes["dot?"] and not prior


def one_number(cell: Cell, *, comma: bool = False) -> tuple[float, str] | None:
    """The number in a cell and the text behind it (its unit), or None.

    >>> one_number("1.234,5 kg", comma=True), one_number("12 %"), one_number("(300)"), one_number("M-01")
    ((1234.5, 'kg'), (12.0, '%'), (-300.0, ''), None)
    """
    match cell:
        case bool() | None | datetime() | date() | time() | timedelta():
            return None
        case int() | float():
            return (float(cell), "") if abs(cell) < 1e300 else None
        case _:
            pass
    bracketed = _bracketed.fullmatch(cell)
    text = f"-{bracketed[1].strip()}" if bracketed else cell
    found = _body.fullmatch(text)
    if found is None:
        return None
    sign, body, exponent, unit = found[1], found[2], found[3], found[4].strip()
    if unit[:1].isdigit() or unit[:1] in {"-", ":", "/", ".", ","}:
        return None
    digits = body.replace(" ", "").replace("\u00a0", "").replace("'", "").replace("’", "")
    digits = digits.replace(".", "").replace(",", ".") if comma else digits.replace(",", "")
    try:
        value = float(f"{digits}e{exponent}" if exponent else digits)
    except ValueError:
        return None
    if not abs(value) < 1e300:
        return None
    return (-value if sign in {"-", "−"} else value), unit


def numbers(column: Column, *, prior_comma: bool = False, known: Distinct | None = None) -> Numbers:
    """Read a column as numbers; `prior_comma` is what the file's separator suggests."""
    size = len(column)
    if isinstance(column, pa.ChunkedArray) and not prior_comma:
        try:
            quick = pc.cast(pc.call_function("utf8_trim_whitespace", [column]), pa.float64())
        except pa.ArrowInvalid:
            pass
        else:
            found, valid = plain_array(quick, np.float64)
            values = np.where(valid & np.isfinite(found), found, np.nan)
            return Numbers(values=values, bad=np.zeros(size, dtype=bool), units=(), decimal_comma=False, unclear=False)
    if all_of(column, (int, float)):
        values = np.array([np.nan if cell is None or cell == "" else cell for cell in column], dtype=np.float64)
        values[~np.isfinite(values)] = np.nan
        return Numbers(values=values, bad=np.zeros(size, dtype=bool), units=(), decimal_comma=False, unclear=False)
    cells = known or distinct(column)
    comma, unclear = decimal_comma((v for v in cells.cells if isinstance(v, str)), prior=prior_comma)
    read = [one_number(value, comma=comma) for value in cells.cells]
    counts = cells.counts
    units: Counter[str] = Counter()
    for pair, count in zip(read, counts, strict=True):
        if pair is not None:
            units[pair[1]] += int(count)
    values = cells.spread(np.nan if pair is None else pair[0] for pair in read)
    return Numbers(
        values=values,
        bad=np.isnan(values) & (cells.codes >= 0),
        units=tuple(unit for unit, _ in units.most_common() if unit),
        decimal_comma=comma,
        unclear=unclear,
    )


def one_truth(cell: Cell) -> float | None:
    """1.0, 0.0 or None for a yes/no cell in Chinese or English.

    >>> one_truth("是"), one_truth("FALSE"), one_truth(1.0), one_truth("maybe")
    (1.0, 0.0, 1.0, None)
    """
    if isinstance(cell, bool):
        return float(cell)
    if isinstance(cell, (int, float)):
        return float(cell) if cell in (0, 1) else None
    return _truths.get(cell.lower()) if isinstance(cell, str) else None
