"""A table sealed column by column, so that a reader gets the keys of the granted columns and no others.

Each column is one Arrow IPC stream (zstd), sealed under its own key (HKDF of the data key and the column's place) and
stored under a random name. Names, types and hashes stand in a manifest that is sealed as well; its digest belongs into
the audit log, which makes a swap, a roll-back or a deletion visible.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from privacy.vault import Place

Columns = Mapping[str, NDArray[np.generic]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """One sealed column: its field, type, class, and the blob that holds it."""

    field: str
    kind: str  # float64, int64, bool, text, instant, ...
    grade: str
    blob: str  # the random name it is stored under
    sha256: str  # of the sealed blob


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """What a sealed table holds."""

    rows: int
    columns: tuple[Column, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class SealedTable:
    """`manifest` is sealed; `blobs` by random name; `digest` (hex SHA-256 of the sealed manifest) goes into the log."""

    manifest: bytes
    blobs: Mapping[str, bytes]
    digest: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """The columns somebody may read, with their keys: all a worker gets."""

    place: Place
    rows: int
    columns: tuple[Column, ...]
    keys: tuple[bytes, ...]


def seal_columns(data_key: bytes, table: Columns, *, place: Place, grades: Mapping[str, str] | None = None) -> SealedTable:
    """Seal a table of equally long one-dimensional columns (numbers, booleans, text, datetime64)."""
    raise RuntimeError("being written")


def read_manifest(data_key: bytes, manifest: bytes, *, place: Place, digest: str | None = None) -> Manifest:
    """Open a sealed manifest; with `digest` (from the log) an older manifest put back is refused too."""
    raise RuntimeError("being written")


def grant(data_key: bytes, manifest: Manifest, *, place: Place, fields: Collection[str]) -> Grant:
    """The keys of the named columns. An unknown field is refused (code field_unknown)."""
    raise RuntimeError("being written")


def open_grant(granted: Grant, fetch: Callable[[str], bytes]) -> dict[str, NDArray[np.generic]]:
    """The granted columns; `fetch` gives a blob by its name. `SealBroken` for a blob missing, changed or swapped."""
    raise RuntimeError("being written")


def open_columns(
    data_key: bytes,
    manifest: bytes,
    fetch: Callable[[str], bytes],
    *,
    place: Place,
    fields: Collection[str] | None = None,
    digest: str | None = None,
) -> dict[str, NDArray[np.generic]]:
    """`read_manifest`, `grant` and `open_grant` in one; `fields=None` opens all."""
    raise RuntimeError("being written")
