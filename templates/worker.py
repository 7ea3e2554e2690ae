"""The worker process of `templates.limited`: it shuts itself in, reads one request, gives one answer and ends.

`python -m templates.worker` takes a request (JSON) and a file's bytes on standard input, and writes JSON and the typed
columns as NumPy arrays to standard output.
"""

from __future__ import annotations

import ctypes
import io
import json
import sys
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from templates.cells import shown
from templates.files import open_tables
from templates.limited import EXIT_MEMORY, FRAME
from templates.mapping import check_kind, check_timezone, confirm, understand
from templates.node import DocumentError
from templates.page_text import MOST_PAGES, page_lines, page_picture
from templates.reading import TableReading
from templates.requirements import requirements_of
from templates.tables import Caps, FileRefused
from templates.typed import cell_at

try:
    import resource
except ImportError:  # not a Unix: only the wall clock and the output are limited there
    resource = None  # type: ignore[assignment]  # checked before use

HIDDEN = "•••"
"""What a preview shows of a cell with personal data."""

_CLONE_NEWUSER, _CLONE_NEWNET = 0x10000000, 0x40000000
_PR_SET_DUMPABLE, _PR_SET_NO_NEW_PRIVS = 4, 38


def _places_to_show(table: TableReading, count: int) -> list[int]:
    """The first rows of a table, and then as many of those that something is wrong with."""
    size = min(count, len(table.raw))
    wrong = {one.row for one in table.findings if one.row}
    rows = table.raw.rows
    further = [int(k) for k in np.flatnonzero(np.isin(rows, list(wrong))) if k >= size] if wrong else []
    return [*range(size), *further[:count]]


def shut_in(memory_bytes: int, cpu_s: int, *, file_bytes: int = 0, hook: Callable[..., None] | None = None) -> None:
    """Limits of the kernel first, then no network, no new rights, no writing of files, no other programs.

    `hook` takes the place of `guard` for a worker that must write something of at most `file_bytes`.
    """
    if resource is not None:
        for kind, value in (
            (resource.RLIMIT_AS, memory_bytes),
            (resource.RLIMIT_CPU, cpu_s),
            (resource.RLIMIT_FSIZE, file_bytes),
            (resource.RLIMIT_CORE, 0),
            (resource.RLIMIT_NOFILE, 128),
        ):
            _, hard = resource.getrlimit(kind)
            limit = value if hard == resource.RLIM_INFINITY else min(value, hard)
            resource.setrlimit(kind, (limit, limit))
    if sys.platform == "linux":
        libc = ctypes.CDLL(None, use_errno=True)
        libc.prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)
        libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
        if libc.unshare(_CLONE_NEWNET) != 0:
            libc.unshare(_CLONE_NEWUSER | _CLONE_NEWNET)  # where the system allows it to everybody
    sys.addaudithook(hook or guard)


def guard(event: str, args: tuple[Any, ...]) -> None:
    """An audit hook: what a reader never needs to do raises PermissionError."""
    if event in {
        "socket.connect",
        "socket.bind",
        "socket.sendto",
        "subprocess.Popen",
        "os.system",
        "os.exec",
        "os.fork",
        "os.posix_spawn",
    }:
        raise PermissionError(event)
    if event == "open" and isinstance(args[1], str) and set(args[1]) & set("wax+"):
        raise PermissionError("open for writing")


def _pages(request: Mapping[str, Any], data: bytes) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    """The requirements of a PDF, or the picture of one of its pages."""
    name, password = request["name"], request["password"]
    if request["do"] == "picture":
        png = page_picture(data, name, Caps(), page=int(request["page"]), password=password)
        return {}, {"png": np.frombuffer(png, dtype=np.uint8)}
    pages, lines = page_lines(data, name, Caps(), password=password)
    found = [one.to_json() for one in requirements_of(lines)]
    return {"pages": pages, "looked_through": min(pages, MOST_PAGES), "lines": found}, {}


def _answer(request: Mapping[str, Any], data: bytes) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    if request["do"] in {"requirements", "picture"}:
        return _pages(request, data)
    kind, timezone, order = request["kind"], request["timezone"], request["date_order"]
    check_kind(kind)
    check_timezone(timezone)
    opened = open_tables(data, request["name"], password=request["password"], sheet=request["sheet"])
    understanding = understand(opened, kind=kind, timezone=timezone, date_order=order)
    if request["do"] == "read":
        answer: dict[str, Any] = understanding.to_json()
        count = int(request["preview_rows"])
        for table, plain in zip(understanding.tables, answer["tables"], strict=True):
            if not count:
                break
            places = _places_to_show(table, count)
            hidden = {one.header for one in table.dropped if one.reason == "personal"}
            plain["preview"] = [
                [
                    HIDDEN if header in hidden else shown(cell_at(cells, k))[:120]
                    for header, cells in zip(table.raw.headers, table.raw.columns, strict=True)
                ]
                for k in places
            ]
            plain["dropped"] = [{"header": one.header, "reason": one.reason} for one in table.dropped]
            plain["date_order"] = table.date_order
            plain["rows"] = [int(table.raw.rows[k]) for k in places]
            said = [one for one in table.findings if one.row]
            plain["row_findings"] = [[one.to_json() for one in said if one.row == row] for row in plain["rows"]]
            for column, read in zip(plain["columns"], table.columns, strict=True):
                column["others"], column["why"] = list(read.others), read.why
        return answer, {}
    number = int(request["table"])
    if not 0 <= number < len(understanding.tables):
        raise DocumentError(
            f"{request['name']} has {len(understanding.tables)} tables, there is no number {number}",
            code="no_such_table",
            place=str(number),
            remedy="Choose one of the tables that were found.",
            file=request["name"],
            count=len(understanding.tables),
        )
    table = understanding.tables[number]
    if request["mapping"] is not None or request["units"]:
        mapping = request["mapping"]
        if mapping is None:
            mapping = {column.header: column.field for column in table.columns if column.field}
        table = confirm(table, mapping, kind=kind, units=request["units"], date_order=order)
    answer = {
        "kind": table.kind,
        "mapping": {column.header: column.field for column in table.columns if column.field},
        "units": table.unit_by_field(),
        "facts": dict(table.facts),
        "findings": [one.to_json() for one in table.findings],
        "dropped": [{"header": one.header, "reason": one.reason} for one in table.dropped],
    }
    return answer, table.apply()


def _packed(answer: dict[str, Any], columns: Mapping[str, np.ndarray]) -> bytes:
    body = io.BytesIO()
    names = []
    for name, values in columns.items():
        if values.dtype == object:
            places: dict[str, int] = {}
            codes = np.fromiter((places.setdefault(text, len(places)) for text in values), np.uint32, len(values))
            names.append(f"{name}\n")
            np.save(body, codes, allow_pickle=False)
            np.save(body, np.frombuffer(json.dumps(list(places)).encode(), dtype=np.uint8), allow_pickle=False)
        else:
            names.append(name)
            np.save(body, values, allow_pickle=False)
    head = json.dumps({**answer, "columns": names} if columns else answer).encode()
    return FRAME.pack(len(head)) + head + body.getvalue()


def main() -> int:
    """The worker: one request on standard input, one answer on standard output."""
    source = sys.stdin.buffer.read()
    (size,) = FRAME.unpack_from(source)
    request = json.loads(source[FRAME.size : FRAME.size + size])
    data = source[FRAME.size + size :]
    del source
    memory, cpu, most = request["limits"]
    shut_in(memory, cpu)
    try:
        answer, columns = _answer(request, data)
        output = _packed(answer, columns)
    except DocumentError as error:
        params = {
            key: value if isinstance(value, (int, float, str)) else str(value) for key, value in error.params.items()
        }
        refused = {
            "file": isinstance(error, FileRefused), "message": str(error), "code": error.code, "place": error.place,
            "remedy": error.remedy, "params": params,
        }  # fmt: skip
        output = _packed({"refused": refused}, {})
    except MemoryError:
        return EXIT_MEMORY
    if len(output) > most:
        return EXIT_MEMORY
    sys.stdout.buffer.write(output)
    sys.stdout.buffer.flush()
    return 0


if __name__ == "__main__":
    sys.exit(main())
