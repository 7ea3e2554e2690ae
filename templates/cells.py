"""Cells of a column, made plain: trimmed, full-width characters folded, each distinct value looked at once."""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

import numpy as np
import pyarrow as pa

from templates.tables import Cell, Column

BLANKS = frozenset(
    {"", "-", "--", "---", "—", "——", "–", "/", "\\", "n/a", "na", "#n/a", "nan", "nat", "null", "none", "nil", "?"}
    | {"无", "空", "缺", "未知", "暂无", "不适用", "keine", "ohne"}
)
"""Texts that stand for an empty cell, folded and in lower case."""

_spaces = re.compile(r"\s+")
_invisible = re.compile("[\u200b-\u200f\u2028-\u202e\u2060\ufeff\u00ad]")
_control = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")


def fold(text: str) -> str:
    """Full-width letters, digits and signs to plain ones; invisible signs out; runs of blanks to one.

    >>> fold("　１２．５　ｍｉｎ "), fold("Ｍ－０１：冲压")
    ('12.5 min', 'M-01:冲压')
    """
    if text.isascii():
        return " ".join(_control.sub("", text).split())
    folded = unicodedata.normalize("NFKC", _invisible.sub("", text))
    return _spaces.sub(" ", _control.sub("", folded)).strip()


def shown(cell: Cell) -> str:
    """A cell as text: whole floats without ".0", times in ISO form, booleans as TRUE and FALSE.

    >>> shown(1234567890123451.0), shown(0.1), shown(datetime(2026, 1, 2, 3, 4)), shown(None)
    ('1234567890123451', '0.1', '2026-01-02 03:04:00', '')
    """
    match cell:
        case None:
            return ""
        case str():
            return cell
        case bool():
            return "TRUE" if cell else "FALSE"
        case float():
            return str(int(cell)) if cell.is_integer() and abs(cell) < 1e17 else repr(cell)
        case datetime():
            return cell.isoformat(sep=" ")
        case date() | time():
            return cell.isoformat()
        case timedelta():
            return str(cell)
        case _:
            return str(cell)


def is_blank(cell: Cell) -> bool:
    """Empty, or a sign that stands for nothing."""
    if cell is None or cell == "":
        return True
    if isinstance(cell, str):
        return len(cell) < 8 and fold(cell).lower() in BLANKS
    return isinstance(cell, float) and math.isnan(cell)


@dataclass(frozen=True, slots=True, kw_only=True)
class Distinct:
    """A column by its distinct cells: row k holds `cells[codes[k]]`, or nothing where the code is -1.

    Texts among `cells` are folded; blanks never appear there.
    """

    cells: tuple[Cell, ...]
    codes: np.ndarray

    @property
    def counts(self) -> np.ndarray:
        """How often each distinct value stands in the column."""
        return np.bincount(self.codes[self.codes >= 0], minlength=len(self.cells))

    def spread(self, numbers: Iterable[float]) -> np.ndarray:
        """One float for each distinct value to one for each row; NaN where the row is empty."""
        table = np.append(np.fromiter(numbers, dtype=np.float64, count=len(self.cells)), np.nan)
        spread: np.ndarray = table[self.codes]
        return spread

    def spread_texts(self, texts: Iterable[str]) -> np.ndarray:
        """One text for each distinct value to one for each row; "" where the row is empty."""
        table = np.array([*texts, ""], dtype=np.str_)
        spread: np.ndarray = table[self.codes]
        return spread


def distinct(column: Column) -> Distinct:
    """The distinct cells of a column and where they stand."""
    if isinstance(column, pa.ChunkedArray):
        encoded = column.combine_chunks().dictionary_encode()
        raw: Sequence[Cell] = encoded.dictionary.to_pylist()
        codes, valid = plain_array(encoded.indices, np.int32)
        return _folded(raw, np.where(valid, codes, -1).astype(np.int64))
    if set(map(type, column)) <= {str}:
        words: dict[Cell, int] = {word: place for place, word in enumerate(dict.fromkeys(column))}
        return _folded(list(words), np.fromiter(map(words.__getitem__, column), dtype=np.int64, count=len(column)))
    places: dict[object, int] = {}
    raw_values: list[Cell] = []
    codes_list = np.empty(len(column), dtype=np.int64)
    for k, cell in enumerate(column):
        key = cell if isinstance(cell, str) else (type(cell), cell)
        place = places.get(key)
        if place is None:
            place = places[key] = len(raw_values)
            raw_values.append(cell)
        codes_list[k] = place
    return _folded(raw_values, codes_list)


def all_of(column: Column, kinds: tuple[type, ...]) -> bool:
    """Whether a list of cells holds nothing but these types (exactly) and empty cells."""
    if isinstance(column, pa.ChunkedArray):
        return False
    seen = set(map(type, column)) - {type(None)}
    if str in seen and str not in kinds:
        return seen <= {*kinds, str} and {cell for cell in column if type(cell) is str} == {""}
    return bool(seen) and seen <= set(kinds)


def plain_array(values: pa.Array | pa.ChunkedArray, dtype: type[np.generic]) -> tuple[np.ndarray, np.ndarray]:
    """The numbers of an Arrow array and which of them are there, straight from its buffers.

    Arrow's own way to NumPy loads pandas, which costs a worker more time than most files do.
    """
    array = values.combine_chunks() if isinstance(values, pa.ChunkedArray) else values
    validity, data = array.buffers()
    size, offset = len(array), array.offset
    if data is None:
        return np.zeros(size, dtype=dtype), np.zeros(size, dtype=bool)
    numbers: np.ndarray = np.frombuffer(data, dtype=dtype, count=size + offset)[offset:]
    if validity is None:
        return numbers, np.ones(size, dtype=bool)
    bits = np.unpackbits(np.frombuffer(validity, dtype=np.uint8), count=size + offset, bitorder="little")
    return numbers, bits[offset:].astype(bool)


def _folded(raw: Sequence[Cell], codes: np.ndarray) -> Distinct:
    places: dict[object, int] = {}
    values: list[Cell] = []
    table = np.full(len(raw) + 1, -1, dtype=np.int64)
    for k, cell in enumerate(raw):
        if is_blank(cell):
            continue
        plain = fold(cell) if isinstance(cell, str) else cell
        key = plain if isinstance(plain, str) else (type(plain), plain)
        place = places.get(key)
        if place is None:
            place = places[key] = len(values)
            values.append(plain)
        table[k] = place
    return Distinct(cells=tuple(values), codes=table[codes])


def head(column: Column, count: int) -> list[Cell]:
    """The first cells of a column."""
    cells = column[:count].to_pylist() if isinstance(column, pa.ChunkedArray) else column[:count]
    return list(cells)


def sample(column: Column, count: int = 400) -> tuple[Cell, ...]:
    """Up to `count` filled cells of a column from its beginning and spread over it, folded."""
    size = len(column)
    step = max(1, size // count)
    places = sorted({*range(min(size, count // 2)), *range(0, size, step)})
    if isinstance(column, pa.ChunkedArray):
        cells: list[Cell] = [column[k].as_py() for k in places]
    else:
        cells = [column[k] for k in places]
    return tuple(fold(cell) if isinstance(cell, str) else cell for cell in cells if not is_blank(cell))
