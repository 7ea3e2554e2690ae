"""Read a hostile file in a process of its own: limits on memory, CPU, wall time and output; no network, no keys.

The worker gets the bytes on standard input and answers with JSON and NumPy bytes, never with pickled objects, so that
a reader that was taken over cannot take over its caller. It starts with an empty environment (no key, no address of
a database), may not write files, and where the system allows it has no network at all.
"""

from __future__ import annotations

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

FRAME = struct.Struct(">Q")
"""Size of the JSON part that a request and an answer begin with."""

EXIT_MEMORY, EXIT_TIME = 70, 71
"""How the worker ends when it hit a limit that it noticed itself."""


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


def requirements_limited(
    data: bytes, name: str, *, password: str | None = None, limits: Limits | None = None
) -> dict[str, Any]:
    """Propose the requirements of a PDF: {"pages", "looked_through", "lines": [`Requirement.to_json()`]}.

    Raises FileRefused as `read_limited`, and not_this_type for what is no PDF.
    """
    answer, _ = _ask({"do": "requirements", "name": name, "password": password}, _pdf(data, name), limits or Limits())
    return answer


def picture_limited(
    data: bytes, name: str, *, page: int, password: str | None = None, limits: Limits | None = None
) -> bytes:
    """One page (from 1) of a PDF as a small PNG. Raises as `requirements_limited`, and DocumentError no_such_page."""
    request = {"do": "picture", "name": name, "password": password, "page": page}
    _, columns = _ask(request, _pdf(data, name), limits or Limits())
    return columns["png"].tobytes()


def _pdf(data: bytes, name: str) -> bytes:
    if b"%PDF-" in data[:1024]:
        return data
    raise FileRefused(
        f"{name} is no PDF",
        code="not_this_type",
        remedy="Upload the tender or data sheet as a PDF with text.",
        file=name,
        found="?",
    )


def _ask(request: Mapping[str, Any], data: bytes, limits: Limits) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    name = str(request["name"])
    head = json.dumps({**request, "limits": [limits.memory_bytes, limits.cpu_s, limits.output_bytes]}).encode()
    with subprocess.Popen(
        [sys.executable, "-I", "-B", "-m", "templates.worker"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env={"OMP_NUM_THREADS": "2", "MALLOC_ARENA_MAX": "2", "PYTHONHASHSEED": "0", "LC_ALL": "C.UTF-8"},
        cwd=Path(__file__).parent.parent,
        close_fds=True,
    ) as worker:
        try:
            output, _ = worker.communicate(FRAME.pack(len(head)) + head + data, timeout=limits.wall_s)
        except subprocess.TimeoutExpired as error:
            worker.kill()
            raise _hit(name, "time") from error
        except BaseException:
            worker.kill()
            raise
    if worker.returncode == EXIT_TIME or worker.returncode in {
        -24,
        -9,
        -6,
    }:  # CPU time, the kernel, a failed allocation
        raise _hit(name, "memory" if worker.returncode in {-9, -6} else "time")
    if worker.returncode == EXIT_MEMORY or len(output) > limits.output_bytes:
        raise _hit(name, "memory")
    if worker.returncode != 0 or len(output) < FRAME.size:
        raise _broken(name)
    return _unpack(output, name)


def _unpack(output: bytes, name: str) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    try:
        (size,) = FRAME.unpack_from(output)
        answer = json.loads(output[FRAME.size : FRAME.size + size])
        rest = io.BytesIO(output[FRAME.size + size :])
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
