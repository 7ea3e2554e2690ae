"""Text files become tables: CSV, TSV, TXT and what somebody pasted; any encoding and separator of a real plant.

Large clean files go through Arrow's reader, everything else through the standard one; both find the same header.
"""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pyarrow as pa
import pyarrow.csv as pa_csv

from templates.cells import plain_array
from templates.grids import is_total, tables_of
from templates.headings import Grid, Heading, filled, heading, is_head
from templates.tables import Caps, Cell, FileRefused, Note, Opened, RawTable
from templates.traditional import CHARACTERS

LARGE = 200_000
"""Bytes from which a clean file goes through Arrow."""

HEAD_RECORDS = 200
LARGE_ROWS = 1_000
ARROW_ROWS = 20_000
_separators = ("\t", ";", ",", "|", "，")
_boms = ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe\x00\x00", "utf-32"), (b"\x00\x00\xfe\xff", "utf-32"),
         (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"))  # fmt: skip
_controls = re.compile("[\x00-\x08\x0e-\x1a\x1c-\x1f]")
_unnamed = re.compile(r"Column [A-Z]{1,3}")
_aligned = re.compile(r" {2,}")
_sep_line = re.compile(r"sep=(.)\r?\n", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Text:
    """A text file: its bytes in UTF-8 where they are that already, and a short first part as text."""

    data: bytes
    encoding: str
    skip: int = 0

    def whole(self) -> str:
        return self.data.decode(self.encoding)

    def start(self, size: int = 262_144) -> str:
        part = self.data[:size]
        if self.encoding.startswith("utf-16"):
            part = part[: len(part) // 2 * 2]
        return part.decode(self.encoding, errors="ignore")


def read_csv(data: bytes, name: str, caps: Caps) -> Opened:
    """Read delimited text. Raises FileRefused (not_this_type, damaged, too_large)."""
    text = decode(data, name)
    start = text.start()
    if not start.strip():
        raise FileRefused(
            f"{name}: the file holds nothing but blanks",
            code="empty_file",
            remedy="Export it again and look into it before you upload it.",
            file=name,
        )
    hint = _sep_line.match(start)
    separator = hint[1] if hint else find_separator(start)
    _check_width(start, separator, name, caps)
    facts: dict[str, object] = {"encoding": text.encoding, "separator": separator or None}
    table = _quick(text, start, separator, name, caps) if not hint else None
    if table is not None:
        return Opened(name=name, sha256="", facts=facts, tables=(table,))
    tables, notes = _careful(text, separator, name, caps, skip=1 if hint else 0)
    return Opened(name=name, sha256="", facts=facts, tables=tuple(tables), notes=tuple(notes))


def decode(data: bytes, name: str) -> _Text:
    """Find the encoding: a byte-order mark, UTF-8, the Chinese GB 18030, UTF-16 without mark, else Western."""
    for mark, encoding in _boms:
        if data.startswith(mark):
            return _decoded(data, encoding, name)
    probe = data[:4096]
    if b"\x00" in probe:
        even, odd = probe[::2].count(0), probe[1::2].count(0)
        if max(even, odd) > 0.3 * len(probe) / 2 and min(even, odd) <= 0.02 * len(probe):
            return _decoded(data, "utf-16-be" if even > odd else "utf-16-le", name)
    if b"\x00" in data:
        raise FileRefused(
            f"{name}: there are NUL bytes in it, so this is no text",
            code="not_this_type",
            remedy="Export the table as CSV (UTF-8) or XLSX and upload that file.",
            file=name,
            found="NUL",
        )
    if _is_utf8(data):
        return _decoded(data, "utf-8", name)
    if _looks_traditional(data):
        return _decoded(data, "cp950", name)
    for encoding in ("gb18030", "cp1252") if _looks_chinese(data) else ("cp1252", "gb18030"):
        try:
            return _decoded(data, encoding, name)
        except FileRefused:
            continue
    return _decoded(data, "latin-1", name)


def _is_utf8(data: bytes) -> bool:
    """Checked in pieces: a text of a million rows is not held twice."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    view = memoryview(data)
    try:
        for at in range(0, len(data), 1 << 22):
            decoder.decode(view[at : at + (1 << 22)])
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True


def _decoded(data: bytes, encoding: str, name: str) -> _Text:
    try:
        if encoding not in {"utf-8", "utf-8-sig", "gb18030"} or len(data) < 1_000_000:
            probe = data.decode(encoding)
        else:
            probe = data[:1_000_000].decode(encoding, errors="ignore")
    except UnicodeDecodeError as error:
        raise FileRefused(
            f"{name}: not readable as {encoding} text",
            code="damaged",
            remedy="Save it again as CSV (UTF-8) and upload that file.",
            file=name,
            encoding=encoding,
        ) from error
    strange = len(_controls.findall(probe[:200_000]))
    if strange > 0.002 * min(len(probe), 200_000):
        raise FileRefused(
            f"{name}: this is not a text file",
            code="not_this_type",
            remedy="Upload a table as CSV, XLSX, XLS, ODS, JSON, PDF or DXF.",
            file=name,
            found="binary",
        )
    return _Text(data=data, encoding=encoding)


def _looks_traditional(data: bytes) -> bool:
    """Big5 gives traditional characters of headers where the other encodings give rare ones."""
    start = data[:20_000]
    try:
        text = start[: start.rfind(b"\n") + 1 or None].decode("cp950")
    except UnicodeDecodeError:
        return False
    hits = sum(sign in CHARACTERS for sign in text)
    other = sum(sign in CHARACTERS for sign in start.decode("gb18030", errors="ignore"))
    return hits >= 3 and hits > 2 * other


def _looks_chinese(data: bytes) -> bool:
    """Pairs of high bytes, as GB 2312 writes each sign; Western accents stand alone between plain letters."""
    high = np.frombuffer(data[:1_000_000], dtype=np.uint8) >= 0xA1
    if not high.any():
        return False
    edges = np.flatnonzero(np.diff(np.concatenate(([0], high.view(np.int8), [0]))))
    runs = edges[1::2] - edges[::2]
    return bool((runs[runs % 2 == 0].sum()) >= 0.7 * runs.sum())


def find_separator(start: str) -> str:
    r"""The separator that cuts the first lines most evenly, "" for a single column.

    >>> [find_separator(text) for text in ("a;b\n1,5;2\n", "a,b\n1,2\n", "a\tb, c\n", "x")]
    [';', ',', '\t', '']
    """
    best, score = "", 0.0
    sample_text = start[:65_536]
    if len(start) > len(sample_text):
        sample_text = sample_text.rpartition("\n")[0] or sample_text
    for rank, separator in enumerate(_separators):
        if separator not in sample_text:
            continue
        try:
            records = csv.reader(io.StringIO(sample_text, newline=""), delimiter=separator)
            widths = Counter(len(record) for _, record in zip(range(HEAD_RECORDS), records, strict=False) if record)
        except csv.Error:
            continue
        width, count = max(widths.items(), key=lambda item: (item[1] * (item[0] > 1), item[0]))
        if width < 2:
            continue
        even = count / sum(widths.values())
        value = even * (1 + 0.05 * min(width, 10)) - 0.01 * rank
        if value > score:
            best, score = separator, value
    if score < 0.35 and best in {",", "，", "|", ";"}:
        lines = [line for line in sample_text.splitlines() if line.strip()]
        best = best if score >= 0.2 and len(lines) < 8 else ("" if _prose(lines, best) else best)
    return best


def _prose(lines: Sequence[str], separator: str) -> bool:
    return sum(line.count(separator) for line in lines) < 0.5 * len(lines)


def _check_width(start: str, separator: str, name: str, caps: Caps) -> None:
    longest = max(start.split("\n", 200)[:200], key=len)
    columns = longest.count(separator) + 1 if separator else 1
    if columns > caps.columns:
        raise FileRefused(
            f"{name}: a row of more than {caps.columns} columns",
            code="too_large",
            remedy="Export only the columns that matter: machine, start, end, reason.",
            file=name,
            limit=caps.columns,
            what="columns",
        )
    if len(start) >= 200_000 and "\n" not in start and "\r" not in start:
        raise FileRefused(
            f"{name}: one line of more than 200,000 characters is no table",
            code="not_this_type",
            remedy="Export the table as CSV with one row per line.",
            file=name,
            found="one line",
        )


def _too_many_rows(name: str, caps: Caps) -> FileRefused:
    return FileRefused(
        f"{name}: more than {caps.rows:,} rows",
        code="too_large",
        remedy="Split it by year or by line and upload the parts.",
        file=name,
        limit=caps.rows,
        what="rows",
    )


# --- the quick way: clean and large -------------------------------------------------------------------------------


def _quick(text: _Text, start: str, separator: str, name: str, caps: Caps) -> RawTable | None:
    data = text.data
    if len(data) < LARGE or not separator or separator == "，" or text.encoding not in {"utf-8", "utf-8-sig"}:
        return None
    records = [
        record
        for _, record in zip(
            range(HEAD_RECORDS), csv.reader(io.StringIO(start, newline=""), delimiter=separator), strict=False
        )
    ][:-1]
    width = max(map(len, records), default=0)
    grid = _grid(records, name)
    head = heading(grid, 0, len(grid.rows) - 1, range(width))
    if head.first > 0 or head.last > 0 or any(len(record) != width for record in records) or _open_quote(start):
        return None
    skip = 1 if head.last == 0 else 0
    end = len(data)
    while end and data[end - 1] in b"\r\n\t ,;":
        end -= 1
    offset = 3 if text.encoding == "utf-8-sig" else 0
    names = [f"c{k}" for k in range(width)]
    try:
        table = pa_csv.read_csv(
            pa.BufferReader(pa.py_buffer(data).slice(offset, end - offset)),
            read_options=pa_csv.ReadOptions(column_names=names, skip_rows=skip, block_size=4 << 20),
            parse_options=pa_csv.ParseOptions(
                delimiter=separator, ignore_empty_lines=False, newlines_in_values=data.find(b'"') >= 0
            ),
            convert_options=pa_csv.ConvertOptions(
                column_types=dict.fromkeys(names, pa.string()), strings_can_be_null=True, null_values=[""]
            ),
        )
    except pa.ArrowInvalid:  # ragged, or a broken quote: the careful way says where
        return None
    pa.default_memory_pool().release_unused()  # what reading in blocks took beside the table
    if len(table) > caps.rows:
        raise _too_many_rows(name, caps)
    return _as_raw(table, head, name, skip)


def _open_quote(start: str) -> bool:
    return start.count('"') % 2 == 1 and len(start) < 262_144


def _as_raw(table: pa.Table, head: Heading, name: str, skip: int) -> RawTable:
    """Take totals and repeated headers out of the bulk; their first cell tells them."""
    columns: list[pa.ChunkedArray] = table.columns
    rows = np.arange(len(table), dtype=np.int64) + 1 + skip
    drop: list[int] = []
    opening = columns[0].combine_chunks().dictionary_encode()
    words: list[str] = opening.dictionary.to_pylist()
    suspects = [k for k, word in enumerate(words) if word == head.names[0] or is_total([word])]
    if suspects:
        codes, _ = plain_array(opening.indices, np.int32)
        for place in np.flatnonzero(np.isin(codes, suspects))[:10_000]:
            record: list[Cell] = [column[int(place)].as_py() or None for column in columns]
            if is_total(record) or all(str(a or "") == b for a, b in zip(record, head.names, strict=True)):
                drop.append(int(place))
    for place in range(max(0, len(table) - 3), len(table)):
        record = [column[place].as_py() or None for column in columns]
        if place not in drop and is_total([cell for cell in record if filled(cell)]):
            drop.append(place)
    notes = list(head.notes)
    if drop:
        keep = np.ones(len(table), dtype=bool)
        keep[drop] = False
        columns = [column.filter(pa.array(keep)) for column in columns]
        params = {"count": len(drop), "rows": ", ".join(str(rows[place]) for place in sorted(drop)[:5])}
        notes.append(Note(code="totals_left_out", row=int(rows[min(drop)]), params=params))
        rows = rows[keep]
    kept = [k for k, column in enumerate(columns) if not (_unnamed.fullmatch(head.names[k]) and _is_empty(column))]
    return RawTable(
        name=_stem(name),
        place=_stem(name),
        headers=tuple(head.names[k] for k in kept),
        columns=tuple(columns[k] for k in kept),
        rows=rows,
        units=tuple(head.units[k] for k in kept),
        notes=tuple(notes),
    )


def _is_empty(column: pa.ChunkedArray) -> bool:
    return bool(column.null_count == len(column))


# --- the careful way ----------------------------------------------------------------------------------------------


def _careful(text: _Text, separator: str, name: str, caps: Caps, *, skip: int) -> tuple[list[RawTable], list[Note]]:
    whole = text.whole()
    notes: list[Note] = []
    try:
        records = list(_records(whole, separator, name, caps))
    except csv.Error:
        records = []
    if not records or any(cell.count("\n") > 50 for record in records for cell in record if len(cell) > 200):
        notes.append(Note(code="quote_unbalanced"))
        records = [line.split(separator) if separator else [line] for line in whole.splitlines()]
        if len(records) > caps.rows:
            raise _too_many_rows(name, caps)
    grid = _grid(records[skip:], name, first_row=1 + skip)
    if not grid.rows:
        return [], notes
    if not separator and grid.rows:
        split = [_aligned.split(line.strip()) for record in records for line in record]
        widths = Counter(map(len, split))
        if widths and (top := widths.most_common(1)[0])[0] > 1 and top[1] >= max(3, 0.8 * len(split)):
            grid = _grid(split, name)
    short, width = _short_rows(records[skip:], 1 + skip)
    return [_with_notes(table, short, width) for table in tables_of(grid)], notes


def _records(whole: str, separator: str, name: str, caps: Caps) -> Iterator[list[str]]:
    if not separator:
        reader: Iterator[list[str]] = ([line] for line in whole.splitlines())
    else:
        reader = csv.reader(io.StringIO(whole, newline=""), delimiter=separator)
    cells = 0
    for count, record in enumerate(reader):
        cells += len(record)
        if count > caps.rows or cells > caps.cells or len(record) > caps.columns:
            raise _too_many_rows(name, caps)
        yield record


def _grid(records: Sequence[Sequence[str]], name: str, first_row: int = 1) -> Grid:
    rows: list[list[str | None]] = [[cell if cell.strip() else None for cell in record] for record in records]
    numbers: Sequence[int] = ()
    if len(rows) >= LARGE_ROWS:
        width = max(map(len, rows))
        rows = [row if len(row) == width else [*row, *[None] * (width - len(row))] for row in rows]
        gaps = [k for k, row in enumerate(rows) if not any(row)]
        if gaps and not any(is_head(row) for k in gaps for row in rows[k + 1 : k + 2]):  # empty lines, no new table
            numbers = [first_row + k for k, row in enumerate(rows) if any(row)]
            rows = [row for row in rows if any(row)]
    return Grid(rows=rows, name=_stem(name), place=_stem(name), first_row=first_row, text=True, numbers=numbers)


def _short_rows(records: Sequence[Sequence[str]], first_row: int) -> tuple[list[int], int]:
    """Rows that have fewer cells than the widest one, by their separators."""
    width = max(map(len, records), default=0)
    return [first_row + k for k, record in enumerate(records) if 1 < len(record) < width and k > 0], width


def _with_notes(table: RawTable, short: Sequence[int], width: int) -> RawTable:
    """The table with its shorter rows named once; a large one with its columns in Arrow's arrays."""
    notes = list(table.notes)
    inside = [number for number in short if len(table) and table.rows[0] <= number <= table.rows[-1]]
    if inside and not any(note.code == "header_shorter" for note in notes):
        notes.append(Note(code="rows_short", row=inside[0], params={"count": len(inside), "width": width}))
    columns = table.columns
    if len(table) >= ARROW_ROWS:
        columns = tuple(pa.chunked_array([pa.array(column, pa.string())]) for column in columns)
    return replace(table, notes=tuple(notes), columns=columns)


def _stem(name: str) -> str:
    base = re.split(r"[\\/]", name)[-1]
    return base.rsplit(".", 1)[0] if "." in base else base
