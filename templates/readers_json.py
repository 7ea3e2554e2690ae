"""JSON and NDJSON become tables: a list of objects, one object a line, or an object of equally long lists."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from templates.readers_csv import decode
from templates.tables import Caps, Cell, FileRefused, Note, Opened, RawTable


def read_json(data: bytes, name: str, caps: Caps) -> Opened:
    """Read JSON or NDJSON. Raises FileRefused (damaged, too_large, not_this_type)."""
    text = decode(data, name)
    whole = text.whole().removeprefix("\ufeff")
    notes: list[Note] = []
    try:
        content = json.loads(whole, parse_constant=lambda _: None)
    except RecursionError as error:
        raise _damaged(name, "it is nested too deeply", 1) from error
    except ValueError as error:
        lines = [(number, line) for number, line in enumerate(whole.splitlines(), start=1) if line.strip()]
        if len(lines) < 2:
            raise _damaged(name, str(error), getattr(error, "lineno", 1)) from error
        content = _lines(lines, name, caps, notes)
    tables: list[RawTable] = []
    for title, records, rows in _lists(content, _stem(name)):
        if len(records) > caps.rows:
            raise _too_large(name, caps.rows, "rows")
        tables.append(_table(records, rows, title, name, caps))
    if not tables:
        raise FileRefused(
            f"{name}: there is no list of records in this JSON",
            code="not_this_type",
            remedy='Write a list of objects such as [{"machine": "M1", "start": "2026-01-05T08:00:00"}].',
            file=name,
            found="JSON",
        )
    return Opened(name=name, sha256="", facts={"encoding": text.encoding}, tables=tuple(tables), notes=tuple(notes))


def _lines(lines: Sequence[tuple[int, str]], name: str, caps: Caps, notes: list[Note]) -> list[object]:
    records: list[object] = []
    broken: list[int] = []
    if len(lines) > caps.rows:
        raise _too_large(name, caps.rows, "rows")
    for number, line in lines:
        try:
            records.append(json.loads(line, parse_constant=lambda _: None))
        except (ValueError, RecursionError):
            broken.append(number)
            records.append({})
    if len(broken) > 0.5 * len(lines):
        raise _damaged(name, "most lines are not JSON", broken[0])
    if broken:
        notes.append(Note(code="lines_broken", row=broken[0], params={"count": len(broken)}))
    return records


def _lists(content: object, title: str) -> Iterator[tuple[str, list[Mapping[str, object]], list[int]]]:
    if isinstance(content, list):
        items = content
        if items and all(isinstance(item, list) for item in items):
            width = max(map(len, items), default=0)
            head = [str(cell) for cell in items[0]]
            if len(head) == width and all(isinstance(cell, str) for cell in items[0]):
                items = [dict(zip(head, item, strict=False)) for item in items[1:]]
            else:
                items = [{f"Column {k + 1}": cell for k, cell in enumerate(item)} for item in items]
        elif items and not any(isinstance(item, Mapping) for item in items):
            items = [{title: item} for item in items]
        records = [item if isinstance(item, Mapping) else {} for item in items]
        if any(records):
            yield title, records, list(range(1, len(records) + 1))
        return
    if not isinstance(content, Mapping):
        return
    lists = {key: value for key, value in content.items() if isinstance(value, list)}
    plain = {key: value for key, value in lists.items() if not any(isinstance(item, (Mapping, list)) for item in value)}
    if plain and len(plain) == len(lists) and len({len(value) for value in plain.values()}) == 1:
        size = len(next(iter(plain.values())))
        if size == 0:
            return
        yield title, [{key: value[k] for key, value in plain.items()} for k in range(size)], list(range(1, size + 1))
        return
    for key, value in lists.items():
        yield from _lists(value, str(key))
    if not lists and (way := _way_to_lists(content)):
        yield from _lists(way, title)
        return
    if not lists:
        inner = {key: value for key, value in content.items() if isinstance(value, Mapping)}
        if inner and len(inner) == len(content) and len(inner) > 1:
            yield title, [{"key": key, **value} for key, value in inner.items()], list(range(1, len(inner) + 1))
        elif content:
            yield title, [content], [1]


def _way_to_lists(content: Mapping[str, object]) -> Mapping[str, object] | None:
    """The inner object that holds the lists of records, as services wrap them: {"data": {"items": [...]}}."""
    for _ in range(4):
        inner = [value for value in content.values() if isinstance(value, Mapping)]
        holding = [one for one in inner if any(_is_records(value) for value in one.values())]
        if holding:
            return holding[0] if len(holding) == 1 else None
        if len(inner) != 1:
            return None
        content = inner[0]
    return None


def _is_records(value: object) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(item, Mapping) for item in value)


def _flat(record: Mapping[str, object], prefix: str = "", depth: int = 0) -> Iterator[tuple[str, Cell]]:
    for key, value in record.items():
        path = f"{prefix}.{key}" if prefix else str(key)
        if isinstance(value, Mapping) and depth < 4:
            yield from _flat(value, path, depth + 1)
        elif isinstance(value, int) and not isinstance(value, bool) and abs(value) > 2**53:
            yield path, str(value)
        elif value is None or isinstance(value, (str, bool, int, float)):
            yield path, value if value != "" else None
        elif isinstance(value, list):
            yield path, json.dumps(value, ensure_ascii=False)[:4000]


def _table(records: Sequence[Mapping[str, object]], rows: Sequence[int], title: str, name: str, caps: Caps) -> RawTable:
    columns: dict[str, list[Cell]] = {}
    for k, record in enumerate(records):
        for path, cell in _flat(record):
            column = columns.get(path)
            if column is None:
                if len(columns) >= caps.columns or len(columns) * len(records) > caps.cells:
                    raise _too_large(name, caps.columns, "columns")
                column = columns[path] = [None] * len(records)
            column[k] = cell
    return RawTable(
        name=title,
        place=_stem(name),
        headers=tuple(columns),
        columns=tuple(columns.values()),
        rows=np.asarray(rows, dtype=np.int64),
        units=("",) * len(columns),
    )


def _stem(name: str) -> str:
    base = re.split(r"[\\/]", name)[-1]
    return base.rsplit(".", 1)[0] if "." in base else base


def _damaged(name: str, why: str, line: int) -> FileRefused:
    return FileRefused(
        f"{name}: not readable as JSON: {why}",
        code="damaged",
        place=f"line {line}",
        remedy="Write one JSON list of objects, or one JSON object a line.",
        file=name,
        line=line,
    )


def _too_large(name: str, limit: int, what: str) -> FileRefused:
    return FileRefused(
        f"{name}: more than {limit:,} {what}",
        code="too_large",
        remedy="Split it, or export only what matters.",
        file=name,
        limit=limit,
        what=what,
    )
