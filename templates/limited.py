"""Read a hostile file in a process of its own: limits on memory, CPU, wall time and output; no network, no keys.

The worker gets the bytes on standard input and answers with JSON and Arrow bytes, never with pickled objects, so that
a reader that was taken over cannot take over its caller.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What one worker may use."""

    memory_bytes: int = 2 * 2**30
    cpu_s: float = 60.0
    wall_s: float = 90.0
    output_bytes: int = 512 * 2**20


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """One table with the confirmed mapping: typed columns by field (see `TableReading.apply`), facts, findings."""

    kind: str | None
    columns: Mapping[str, np.ndarray]
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
) -> dict[str, object]:
    """The contract's "JSON of read"; with `preview_rows` each table also carries "preview": the first rows as text,
    "dropped": [{header, reason}], and each column "others" (further candidate fields).

    Raises FileRefused (bomb when a limit was hit, damaged when the reader broke) and DocumentError as `understand`.
    """
    raise RuntimeError("being written")


def take_limited(
    data: bytes,
    name: str,
    *,
    table: int,
    mapping: Mapping[str, str],
    password: str | None = None,
    sheet: str | None = None,
    kind: str | None = None,
    timezone: str = "UTC",
    date_order: str | None = None,
    units: Mapping[str, str] | None = None,
    limits: Limits | None = None,
) -> Taken:
    """The typed columns of table number `table` (from 0) under the mapping header to field that a person confirmed."""
    raise RuntimeError("being written")
