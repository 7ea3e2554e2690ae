"""Read a hostile file in a process of its own: limits on memory, CPU, wall time and output; no network, no keys.

The worker gets the bytes on standard input and answers with JSON and NumPy bytes, never with pickled objects, so that
a reader that was taken over cannot take over its caller. It starts with an empty environment (no key, no address of
a database), may not write files, and where the system allows it has no network at all.
"""

from __future__ import annotations

import ctypes
import io
import json
import struct
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

import numpy as np

from templates.node import DocumentError
from templates.tables import FileRefused

try:
    import resource
except ImportError:  # pragma: no cover  # not a Unix: only the wall clock and the output are limited there
    resource = None  # type: ignore[assignment]  # checked before use

HIDDEN = "•••"
"""What a preview shows of a cell with personal data."""

_frame = struct.Struct(">Q")
_CLONE_NEWUSER, _CLONE_NEWNET = 0x10000000, 0x40000000
_PR_SET_DUMPABLE, _PR_SET_NO_NEW_PRIVS = 4, 38


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What one worker may use."""

    memory_bytes: int = 3 * 2**30
    cpu_s: int = 60
    wall_s: float = 150.0
    output_bytes: int = 768 * 2**20


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """One table with the confirmed mapping: typed columns by field (see `TableReading.apply`), facts, findings.

    `mapping` is header to field, `units` field to the unit it was written in; findings are JSON objects.
    """

    kind: str | None
    columns: Mapping[str, np.ndarray]
    mapping: Mapping[str, str]
    units: Mapping[str, str]
    facts: Mapping[str, object]
    findings: tuple[Mapping[str, object], ...]
    dropped: tuple[Mapping[str, str], ...] = field(default=())


def read_limited(
    data: bytes,
    name: str,
    *,
    password: str | None = None,
    sheet: str | None = None,
    kind: str | None = None,
    timezone: str = "UTC",
    date_order: str | None = None,
    preview_rows: int = 0,
    limits: Limits | None = None,
) -> dict[str, Any]:
    """The contract's "JSON of read"; with `preview_rows` each table also carries "preview": the first rows as text,
    "dropped": [{header, reason}], "date_order", and each column "others" (further candidate fields).

    Raises FileRefused (bomb when a limit was hit, damaged when the reader broke) and DocumentError as `understand`.
    """
    request = {
        "do": "read", "name": name, "password": password, "sheet": sheet, "kind": kind, "timezone": timezone,
        "date_order": date_order, "preview_rows": preview_rows,
    }  # fmt: skip
    answer, _ = _ask(request, data, limits or Limits())
    return answer


def take_limited(
    data: bytes,
    name: str,
    *,
    table: int,
    mapping: Mapping[str, str] | None,
    password: str | None = None,
    sheet: str | None = None,
    kind: str | None = None,
    timezone: str = "UTC",
    date_order: str | None = None,
    units: Mapping[str, str] | None = None,
    limits: Limits | None = None,
) -> Taken:
    """The typed columns of table number `table` (from 0) under the mapping header to field that a person confirmed.

    `mapping` None takes what `read_limited` proposed. Raises as `read_limited`, and DocumentError no_such_table.
    """
    request = {
        "do": "take", "name": name, "password": password, "sheet": sheet, "kind": kind, "timezone": timezone,
        "date_order": date_order, "table": table, "mapping": None if mapping is None else dict(mapping),
        "units": dict(units or {}),
    }  # fmt: skip
    answer, columns = _ask(request, data, limits or Limits())
    return Taken(
        kind=answer["kind"],
        columns=columns,
        mapping=answer["mapping"],
        units=answer["units"],
        facts=answer["facts"],
        findings=tuple(answer["findings"]),
        dropped=tuple(answer["dropped"]),
    )


# --- the caller's side ------------------------------------------------------------------------------------------------


def _ask(request: Mapping[str, Any], data: bytes, limits: Limits) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    name = str(request["name"])
    head = json.dumps({**request, "limits": [limits.memory_bytes, limits.cpu_s, limits.output_bytes]}).encode()
    with subprocess.Popen(
        [sys.executable, "-I", "-B", "-m", "templates.limited"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env={"OMP_NUM_THREADS": "2", "MALLOC_ARENA_MAX": "2", "PYTHONHASHSEED": "0", "LC_ALL": "C.UTF-8"},
        cwd=Path(__file__).parent.parent,
        close_fds=True,
    ) as worker:
        try:
            output, _ = worker.communicate(_frame.pack(len(head)) + head + data, timeout=limits.wall_s)
        except subprocess.TimeoutExpired as error:
            worker.kill()
            raise _hit(name, "time") from error
        except BaseException:
            worker.kill()
            raise
    if worker.returncode == _exit_of["time"] or worker.returncode in {
        -24,
        -9,
        -6,
    }:  # CPU time, the kernel, a failed allocation
        raise _hit(name, "memory" if worker.returncode in {-9, -6} else "time")
    if worker.returncode == _exit_of["memory"] or len(output) > limits.output_bytes:
        raise _hit(name, "memory")
    if worker.returncode != 0 or len(output) < _frame.size:
        raise _broken(name)
    return _unpack(output, name)


def _unpack(output: bytes, name: str) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    try:
        (size,) = _frame.unpack_from(output)
        answer = json.loads(output[_frame.size : _frame.size + size])
        rest = io.BytesIO(output[_frame.size + size :])
        columns = _columns_of(rest, answer.get("columns", []))
    except (ValueError, KeyError, EOFError, struct.error) as error:
        raise _broken(name) from error
    if refused := answer.get("refused"):
        kind = FileRefused if refused["file"] else DocumentError
        raise kind(
            refused["message"],
            code=refused["code"],
            place=refused["place"],
            remedy=refused["remedy"],
            **refused["params"],
        )
    return answer, columns


def _columns_of(stream: IO[bytes], names: list[str]) -> dict[str, np.ndarray]:
    columns: dict[str, np.ndarray] = {}
    for name in names:
        values = np.load(stream, allow_pickle=False)
        if values.dtype.kind == "u" and values.ndim == 1 and name.endswith("\n"):  # a text column: codes, then words
            words = json.loads(np.load(stream, allow_pickle=False).tobytes())
            table = np.array(words, dtype=object)
            columns[name[:-1]] = table[values] if len(table) else np.empty(0, dtype=object)
        else:
            columns[name] = values
    return columns


def _hit(name: str, what: str) -> FileRefused:
    return FileRefused(
        f"{name}: reading it takes far more {what} than such a file needs",
        code="bomb",
        remedy="Export the table again, plainly, as CSV or XLSX.",
        file=name,
        what=what,
    )


def _broken(name: str) -> FileRefused:
    return FileRefused(
        f"{name}: the file is damaged and broke its reader",
        code="damaged",
        remedy="Open it where it was made, save it again and upload that file.",
        file=name,
    )


# --- the worker's side ------------------------------------------------------------------------------------------------

_exit_of = {"memory": 70, "time": 71}


def _shut_in(memory_bytes: int, cpu_s: int) -> None:
    """Limits of the kernel first, then no network, no new rights, no writing of files, no other programs."""
    if resource is not None:
        for kind, value in (
            (resource.RLIMIT_AS, memory_bytes),
            (resource.RLIMIT_CPU, cpu_s),
            (resource.RLIMIT_FSIZE, 0),
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
    sys.addaudithook(_guard)


def _guard(event: str, args: tuple[Any, ...]) -> None:
    if event in {
        "socket.connect",
        "socket.bind",
        "socket.sendto",
        "subprocess.Popen",
        "os.system",
        "os.exec",
        "os.fork",
    }:
        raise PermissionError(event)
    if event == "open" and isinstance(args[1], str) and set(args[1]) & set("wax+"):
        raise PermissionError("open for writing")


def _answer(request: Mapping[str, Any], data: bytes) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    from templates.cells import shown  # noqa: PLC0415  # after the limits: these bring the readers with them
    from templates.files import open_tables  # noqa: PLC0415
    from templates.mapping import check_kind, check_timezone, confirm, understand  # noqa: PLC0415
    from templates.typed import cell_at  # noqa: PLC0415

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
            size = min(count, len(table.raw))
            hidden = {one.header for one in table.dropped if one.reason == "personal"}
            plain["preview"] = [
                [
                    HIDDEN if header in hidden else shown(cell_at(cells, k))[:120]
                    for header, cells in zip(table.raw.headers, table.raw.columns, strict=True)
                ]
                for k in range(size)
            ]
            plain["dropped"] = [{"header": one.header, "reason": one.reason} for one in table.dropped]
            plain["date_order"] = table.date_order
            plain["rows"] = [int(row) for row in table.raw.rows[:size]]
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
    return _frame.pack(len(head)) + head + body.getvalue()


def main() -> int:
    """The worker: one request on standard input, one answer on standard output."""
    source = sys.stdin.buffer.read()
    (size,) = _frame.unpack_from(source)
    request = json.loads(source[_frame.size : _frame.size + size])
    data = source[_frame.size + size :]
    del source
    memory, cpu, most = request["limits"]
    _shut_in(memory, cpu)
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
        return _exit_of["memory"]
    if len(output) > most:
        return _exit_of["memory"]
    sys.stdout.buffer.write(output)
    sys.stdout.buffer.flush()
    return 0


if __name__ == "__main__":
    sys.exit(main())
