"""A table sealed column by column, so that a reader gets the keys of the granted columns and no others.

Each column is one Arrow IPC stream (zstd), sealed under its own key (HKDF of the data key and the column's place) and
stored under a random name. Names, types and marks stand in a manifest that is sealed as well; its digest belongs into
the audit log, which makes a swap, a roll-back or a deletion visible.

A column's place holds table, version, field, type, row count, class and random blob name, so a sealed blob of any other
table, version, field or name does not open. The manifest also keeps a *mark*: a hash of the blob's salt, key commitment
and last tag. It tells two sealings of one place apart without a second pass over the data, which would cost as much as
the cipher.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import secrets
from collections.abc import Callable, Collection, Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any, Final

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from pyarrow import ipc

from privacy.vault import Place, PrivacyError, SealBroken, canonical, derive, open_sealed, open_view, seal, seal_parts

Columns = Mapping[str, NDArray[Any]]

FORMAT: Final = "mingsuan/table/1"
_TEXT: Final = "text"  # text of numpy's fixed width kind
_MAYBE_TEXT: Final = "text?"  # objects: text or None
_OPTIONS: Final = ipc.IpcWriteOptions(compression="zstd")


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """One sealed column: its field, type, class, and the blob that holds it."""

    field: str
    kind: str  # a numpy type such as "<f8", "text" or "text?" (text or None)
    grade: str
    blob: str  # the random name it is stored under
    mark: str  # which sealing of this place it is


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """What a sealed table holds."""

    rows: int
    columns: tuple[Column, ...]

    @property
    def grades(self) -> dict[str, str]:
        """The class of each field, for `policy.readable`."""
        return {column.field: column.grade for column in self.columns}


@dataclass(frozen=True, slots=True, kw_only=True)
class SealedTable:
    """`manifest` is sealed; `digest` (hex SHA-256 of the sealed manifest) goes into the log.

    `names` are those of the column's blobs, in order; `blobs` holds them where nobody took them at once.
    """

    manifest: bytes
    names: tuple[str, ...]
    blobs: Mapping[str, bytes | memoryview]
    digest: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """The columns somebody may read, with their keys: all that a worker gets."""

    place: Place
    rows: int
    columns: tuple[Column, ...]
    keys: tuple[bytes, ...] = field(repr=False)


def seal_columns(
    data_key: bytes,
    table: Columns,
    *,
    place: Place,
    grades: Mapping[str, str] | None = None,
    put: Callable[[str, memoryview], object] | None = None,
) -> SealedTable:
    """Seal a table of equally long one-dimensional columns: numbers, booleans, text, datetime64 and timedelta64.

    `grades` gives the class of a field where it is not the place's. `put` takes each blob with its name as soon as it
    is sealed, so that a large table is not in memory twice. `PrivacyError` (table_uneven, column_kind).
    """
    rows = {column.shape for column in table.values()}
    if len(rows) > 1 or any(len(shape) != 1 for shape in rows):
        raise PrivacyError(
            "the columns of a table are one-dimensional and equally long",
            code="table_uneven",
            place=f"{place.kind}/{place.id}",
            remedy="Cut or fill the columns to one length.",
        )
    count = next(iter(rows))[0] if rows else 0
    grades = grades or {}
    columns = []
    blobs: dict[str, bytes | memoryview] = {}
    for name, values in table.items():
        kind = _kind(name, values)
        column = Column(field=name, kind=kind, grade=grades.get(name, place.grade), blob=secrets.token_hex(16), mark="")
        home = _home(place, column, count)
        sealed = seal_parts(_column_key(data_key, home), _stream(values, kind), place=home, room=_room)
        (put or blobs.__setitem__)(column.blob, sealed)
        columns.append(replace(column, mark=_mark(sealed)))
    listed = canonical({"fmt": FORMAT, "rows": count, "columns": [asdict(column) for column in columns]})
    manifest = seal(derive(data_key, "manifest"), listed, place=_manifest_home(place))
    names = tuple(column.blob for column in columns)
    return SealedTable(manifest=manifest, names=names, blobs=blobs, digest=hashlib.sha256(manifest).hexdigest())


def read_manifest(data_key: bytes, manifest: bytes, *, place: Place, digest: str | None = None) -> Manifest:
    """Open a sealed manifest; with `digest` (from the log) an older manifest put back is refused too."""
    if digest is not None and not hmac.compare_digest(hashlib.sha256(manifest).hexdigest(), digest):
        raise SealBroken("this is not the manifest that the log names", place=place, code="manifest_replaced")
    held = json.loads(open_sealed(derive(data_key, "manifest"), manifest, place=_manifest_home(place)))
    return Manifest(rows=held["rows"], columns=tuple(Column(**column) for column in held["columns"]))


def grant(data_key: bytes, manifest: Manifest, *, place: Place, fields: Collection[str]) -> Grant:
    """The keys of the named columns. An unknown field is refused (code field_unknown)."""
    unknown = set(fields) - {column.field for column in manifest.columns}
    if unknown:
        raise PrivacyError(
            f"the table has no field {min(unknown)!r}",
            code="field_unknown",
            place=f"{place.kind}/{place.id}",
            remedy="Ask for fields that the table has.",
            field=min(unknown),
        )
    columns = tuple(column for column in manifest.columns if column.field in fields)
    keys = tuple(_column_key(data_key, _home(place, column, manifest.rows)) for column in columns)
    return Grant(place=place, rows=manifest.rows, columns=columns, keys=keys)


def open_grant(granted: Grant, fetch: Callable[[str], bytes | memoryview]) -> dict[str, NDArray[Any]]:
    """The granted columns; `fetch` gives a blob by its name. `SealBroken` for a blob missing, changed or swapped.

    Numbers are read-only views of the opened bytes.
    """
    table = {}
    for column, key in zip(granted.columns, granted.keys, strict=True):
        try:
            sealed = fetch(column.blob)
        except (KeyError, OSError) as error:
            raise SealBroken("a column of the table is missing", place=granted.place, code="blob_missing") from error
        opened = open_view(key, sealed, place=_home(granted.place, column, granted.rows), room=_room)
        if not hmac.compare_digest(_mark(sealed), column.mark):
            raise SealBroken("a column is not the one that the manifest names", place=granted.place)
        table[column.field] = _values(opened, column.kind)
    return table


def open_columns(
    data_key: bytes,
    manifest: bytes,
    fetch: Callable[[str], bytes | memoryview],
    *,
    place: Place,
    fields: Collection[str] | None = None,
    digest: str | None = None,
) -> dict[str, NDArray[Any]]:
    """`read_manifest`, `grant` and `open_grant` in one; `fields=None` opens all."""
    listed = read_manifest(data_key, manifest, place=place, digest=digest)
    wanted = listed.grades if fields is None else fields
    return open_grant(grant(data_key, listed, place=place, fields=wanted), fetch)


def _manifest_home(place: Place) -> Place:
    return replace(place, kind=f"{place.kind} manifest")


def _home(place: Place, column: Column, rows: int) -> Place:
    """A column's own place: the table's, and the column's name, type, row count and blob."""
    inside = place.context(
        FORMAT, field=column.field, kind=column.kind, blob=column.blob, rows=str(rows), grade=column.grade
    )
    return replace(place, kind=f"{place.kind} column", id=inside.decode(), grade=column.grade)


def _mark(sealed: bytes | memoryview) -> str:
    return hashlib.sha256(bytes(sealed[:64]) + bytes(sealed[-16:])).hexdigest()


def _column_key(data_key: bytes, home: Place) -> bytes:
    return derive(data_key, home.context("mingsuan/column/1"))


def _kind(name: str, values: NDArray[Any]) -> str:
    if values.dtype.kind in "fiubmM":
        return values.dtype.newbyteorder("=").str
    if values.dtype.kind == "U":
        return _TEXT
    if values.dtype.kind == "O" and all(issubclass(kind, (str, type(None))) for kind in set(map(type, values))):
        return _MAYBE_TEXT
    raise PrivacyError(
        f"column {name!r} of type {values.dtype} cannot be sealed",
        code="column_kind",
        place=name,
        remedy="Make it numbers, booleans, text or datetime64.",
        field=name,
    )


class _Pieces:
    """A file that keeps what is written as it is handed over, without copying it."""

    closed = False

    def __init__(self) -> None:
        self.held: list[memoryview] = []

    def write(self, data: Any) -> int:
        piece = memoryview(data).cast("B")
        self.held.append(piece)
        return piece.nbytes

    def tell(self) -> int:
        return sum(piece.nbytes for piece in self.held)

    def flush(self) -> None: ...

    def close(self) -> None:
        self.closed = True


def _stream(values: NDArray[Any], kind: str) -> list[memoryview]:
    """The pieces of an Arrow IPC stream with one batch of one column."""
    if kind in {_TEXT, _MAYBE_TEXT}:
        array = pa.array(values.tolist(), type=pa.large_string())
    else:
        array = pa.array(values, from_pandas=False)
    sink = _Pieces()
    batch = pa.record_batch([array], names=["values"])
    with ipc.RecordBatchStreamWriter(pa.PythonFile(sink, mode="w"), batch.schema, options=_OPTIONS) as writer:
        writer.write_batch(batch)
    return sink.held


def _room(size: int) -> memoryview:
    """Memory of Arrow's pool, which it uses again: fresh memory costs more than the cipher."""
    return memoryview(pa.allocate_buffer(size)).cast("B")


def _values(stream: memoryview, kind: str) -> NDArray[Any]:
    with ipc.RecordBatchStreamReader(pa.py_buffer(stream)) as reader:
        array = reader.read_all().column(0)
    if kind == _TEXT:
        return np.array(array.to_pylist(), dtype=np.str_)
    if kind == _MAYBE_TEXT:
        return np.array(array.to_pylist(), dtype=object)
    flat = array.chunk(0) if array.num_chunks == 1 else array.combine_chunks()
    return np.asarray(flat.to_numpy(zero_copy_only=False), dtype=np.dtype(kind))
