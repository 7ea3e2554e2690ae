"""Backups of a running installation, and back again.

A backup holds one moment of every table (but what must not come back, see `storage_backup`) and every blob those rows
name, in one sealed archive (`privacy.archive`), with a manifest of hashes that the installation's log key has signed.
Tenants' values are in it as they are stored: sealed. Their keys are not, so a backup opens only together with the key
service, and what was erased by destroying a key stays erased in every backup.

Restoring reads the whole archive twice. The first time nothing is written: every hash, the manifest's signature, the
log with its checkpoints, the witness and the keys are checked. The second time everything is written in one
transaction; blobs, whose names are random, go before it, and away again if it fails.
"""

from __future__ import annotations

import base64
import hashlib
import io
import json
import tarfile
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, BinaryIO, Final

from portal import storage_accounts, storage_release, storage_values
from portal.identity import VENDOR
from portal.noting import LOG_NAME, write_entry
from portal.pack_files import Incoming, files_of
from portal.rooms import LOG, NAMES, OWN, DataKeys, installation_key, unwrapped
from portal.storage import Store, Transaction
from portal.storage_backup import blobs_of, clear, fill, is_used, rows_of, standing, tables
from portal.storage_values import KeyRow
from portal.strongbox import sealed_names
from privacy.archive import ArchiveReader, ArchiveWriter
from privacy.audit import AuditEntry, export, pseudonym
from privacy.checkpoint import parse_checkpoint, verifier_key
from privacy.keys import KeyService, KeyUnavailable
from privacy.signature import holds, public_bytes, sign
from privacy.vault import SealBroken, canonical
from privacy.verify import verify_export

FORMAT: Final = "mingsuan/backup/1"
_LABEL: Final = "backup manifest"
_MANIFEST: Final = "manifest.json"
_SIGNATURE: Final = "manifest.sig"
_OPERATOR: Final = "operator"
_MARKED_SINCE: Final = 2  # the version of the tables since which accounts carry marks
_MOST: Final = 2**31  # bytes of one part


class BackupError(ValueError):
    """A backup that cannot be made or restored as asked; `code` is stable, `remedy` says what to do."""

    def __init__(self, message: str, *, code: str, place: str = "", remedy: str = "", **params: object) -> None:
        super().__init__(message)
        self.code = code
        self.place = place
        self.remedy = remedy
        self.params = params


@dataclass(frozen=True, slots=True, kw_only=True)
class TenantKeys:
    """What the key service says today about one tenant's data keys in a backup.

    `state` is opens, destroyed (erased on purpose), retired (an old version whose grace is over) or missing. `erased`
    are the own keys of datasets that were erased on purpose.
    """

    tenant: str
    keys: int
    opens: int
    state: str
    erased: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A backup that was read to its end and holds; nothing was written yet."""

    manifest: Mapping[str, Any]
    digest: str  # of the manifest
    tenants: tuple[TenantKeys, ...]
    witnessed: bool  # compared with the witness of this place
    known: int  # entries that the witness knows; more than the backup's where it is older

    @property
    def older(self) -> bool:
        """Whether the witness knows a longer log."""
        return self.known > int(self.manifest["log"]["entries"])

    @property
    def lost(self) -> tuple[TenantKeys, ...]:
        """Tenants whose values would not open although nobody erased them."""
        return tuple(one for one in self.tenants if one.state in {"retired", "missing"})


@dataclass(slots=True)
class _Parts:
    """Writes the parts of an archive and remembers their hashes."""

    tar: tarfile.TarFile
    at: float
    listed: list[tuple[str, int, str]] = field(default_factory=list)

    def add(self, name: str, data: bytes) -> None:
        info = tarfile.TarInfo(name)
        info.size, info.mtime, info.mode = len(data), int(self.at), 0o600
        self.tar.addfile(info, io.BytesIO(data))
        self.listed.append((name, len(data), hashlib.sha256(data).hexdigest()))


# --- making ----------------------------------------------------------------------------------------------------------


def back_up(
    store: Store,
    data_keys: DataKeys,
    file: BinaryIO,
    *,
    recipient: str,
    at: datetime,
    product: str,
    schema: int,
    packs: Path | None = None,
) -> Mapping[str, Any]:
    """Write a backup of this moment to a file and return its manifest without the list of parts.

    People go on working meanwhile: what they erase while the backup is made is left out of it. Records whose blob is
    missing although nobody erased them are named in `damaged`. `packs` is the folder of installed packs.
    """
    seed = installation_key(data_keys, LOG, at=at)
    writer = ArchiveWriter(file, recipient=recipient)
    shapes = tables()
    with store.snapshot() as tx, tarfile.open(mode="w|", fileobj=writer, format=tarfile.PAX_FORMAT) as tar:  # type: ignore[call-overload]  # it only writes
        parts = _Parts(tar, at.timestamp())
        owners = blobs_of(tx)
        missing = [record for record, names in owners.items() if not _blobs(store, parts, names)]
        with store.reading() as now:
            damaged = standing(now, missing)
        erased = set(missing) - damaged
        for name, data in files_of(packs):
            parts.add(f"packs/{name}", data)
        counts = {name: _table(tx, parts, name, without=erased) for name in shapes}
        manifest = {
            "mingsuan": FORMAT,
            "product": product,
            "schema": schema,
            "made_at": at.isoformat(),
            "tables": {name: {"columns": list(columns), "rows": counts[name]} for name, columns in shapes.items()},
            "blobs": sum(name.startswith("blobs/") for name, _, _ in parts.listed),
            "blob_bytes": sum(size for name, size, _ in parts.listed if name.startswith("blobs/")),
            "packs": sum(name.startswith("packs/") for name, _, _ in parts.listed),
            "log": _log_head(tx),
            "damaged": sorted(damaged),
            "parts": [list(part) for part in parts.listed],
        }
        data = canonical(manifest)
        parts.add(_MANIFEST, data)
        parts.add(_SIGNATURE, sign(seed, _LABEL, data))
    writer.close()
    return {name: value for name, value in manifest.items() if name != "parts"}


def _blobs(store: Store, parts: _Parts, names: Sequence[str]) -> bool:
    for name in names:
        try:
            parts.add(f"blobs/{name}", store.blobs.get(name))
        except KeyError:
            return False
    return True


def _table(tx: Transaction, parts: _Parts, name: str, *, without: set[str]) -> int:
    count = 0
    for number, rows in enumerate(rows_of(tx, name)):
        kept = [row for row in rows if name != "records" or row[0] not in without]
        count += len(kept)
        lines = [json.dumps([_plain(value) for value in row], ensure_ascii=False) for row in kept]
        parts.add(f"tables/{name}/{number:08d}", "\n".join(lines).encode())
    return count


def _log_head(tx: Transaction) -> Mapping[str, Any]:
    newest = max((row for rows in rows_of(tx, "checkpoints") for row in rows), default=None)
    return {"entries": 0, "checkpoint": ""} if newest is None else {"entries": newest[0], "checkpoint": newest[2]}


def _plain(value: object) -> object:
    return {"b": base64.b64encode(value).decode()} if isinstance(value, bytes | memoryview) else value


def _stored(value: Any) -> Any:
    return base64.b64decode(value["b"]) if isinstance(value, dict) else value


# --- checking --------------------------------------------------------------------------------------------------------


def inspect(file: BinaryIO, *, secret: str, keys: KeyService, at: datetime, schema: int, witness: str | None) -> Found:
    """Read a backup to its end and check all of it; nothing is written.

    `witness` is the newest checkpoint that the second place knows. Raises `BackupError` (backup_forged,
    backup_newer_schema, backup_log_broken, backup_other_history, backup_keys_missing) and the errors of
    `privacy.archive`.
    """
    held: dict[str, list[list[Any]]] = defaultdict(list)
    seen: list[list[Any]] = []
    manifest, signature = b"", b""
    for name, data in _read(file, secret):
        if name == _MANIFEST:
            manifest = data
        elif name == _SIGNATURE:
            signature = data
        else:
            seen.append([name, len(data), hashlib.sha256(data).hexdigest()])
            kind, table = name.split("/")[:2]
            if kind == "tables" and table in {"data_keys", "audit", "checkpoints"}:
                held[table] += _rows(data)
    told = json.loads(manifest) if manifest else {}
    if told.get("mingsuan") != FORMAT or told.get("parts") != seen:
        raise _forged()
    if told["schema"] > schema:
        raise BackupError(
            f"the backup comes from a newer version of the product ({told['product']})",
            code="backup_newer_schema",
            remedy="Restore it with that version or a later one.",
            product=told["product"],
        )

    def column(table: str, name: str) -> int:
        return int(told["tables"][table]["columns"].index(name))

    rows = [_key_row(dict(zip(told["tables"]["data_keys"]["columns"], row, strict=True))) for row in held["data_keys"]]
    seed = _log_seed(rows, keys)
    if not holds(public_bytes(seed), _LABEL, manifest, signature):
        raise _forged()
    entry, leaf, seq = column("audit", "entry"), column("audit", "leaf"), column("audit", "seq")
    size, note = column("checkpoints", "size"), column("checkpoints", "note")
    document = export(
        entries=[(row[entry], row[leaf]) for row in sorted(held["audit"], key=lambda row: int(row[seq]))],
        checkpoints=[row[note] for row in sorted(held["checkpoints"], key=lambda row: int(row[size]))],
        key=(public := verifier_key(seed, name=LOG_NAME)),
        exported_at=at,
    )
    report = verify_export(document, public_key=public)
    if held["audit"] and not report.passed:
        raise BackupError(
            f"the log in the backup does not hold: {report.message}",
            code="backup_log_broken",
            place=report.code,
            remedy="Take an earlier backup, and ask who could write to the database when this one was made.",
            reason=report.code,
        )
    known = 0
    if witness is not None:
        known = parse_checkpoint(witness).size
        compared = verify_export(document, public_key=public, witness=witness)
        if not compared.passed and compared.code != "log_cut_short":
            raise BackupError(
                "the log in the backup is not the history that the witness knows",
                code="backup_other_history",
                place=compared.code,
                remedy="This backup belongs to another installation, or its log was written anew: do not use it.",
                reason=compared.code,
            )
    return Found(
        manifest={name: value for name, value in told.items() if name != "parts"},
        digest=hashlib.sha256(manifest).hexdigest(),
        tenants=_tenant_keys(rows, keys),
        witnessed=witness is not None,
        known=known,
    )


def _read(file: BinaryIO, secret: str) -> Iterator[tuple[str, bytes]]:
    """Every part of an archive in order; the whole is authenticated when this ends without an error."""
    file.seek(0)
    reader = ArchiveReader(file, secret=secret)
    try:
        with tarfile.open(mode="r|", fileobj=reader) as tar:
            for info in tar:
                member = tar.extractfile(info) if info.isreg() and info.size < _MOST else None
                if member is None or not _named_well(info.name):
                    raise _forged()
                yield info.name, member.read()
    except tarfile.TarError:
        raise _forged() from None
    reader.read_to_end()


def _named_well(name: str) -> bool:
    kind, _, rest = name.partition("/")
    if kind == "blobs":
        return len(rest) == 32 and set(rest) <= set("0123456789abcdef")
    if kind == "packs":
        return Incoming.accepts(rest)
    return (kind == "tables" and rest.count("/") == 1) or name in {_MANIFEST, _SIGNATURE}


def _rows(data: bytes) -> list[list[Any]]:
    return [[_stored(value) for value in json.loads(line)] for line in data.decode().split("\n") if line]


def _key_row(row: Mapping[str, Any]) -> KeyRow:
    names = ("id", "tenant", "purpose", "wrapped", "created_at")
    return KeyRow(**{name: row[name] for name in names})


def _log_seed(rows: Iterable[KeyRow], keys: KeyService) -> bytes:
    """The key that signs the log: wrapped in the backup, so it opens with the right key service or not at all."""
    found = sorted(
        (row for row in rows if (row.tenant, row.purpose) == (VENDOR, LOG)), key=lambda row: (row.created_at, row.id)
    )
    try:
        return unwrapped(keys, found[0])
    except (KeyUnavailable, SealBroken, IndexError) as error:
        raise BackupError(
            "the key service does not hold the keys that this backup was made under",
            code="backup_keys_missing",
            remedy="Bring the key folder or token of that installation back first; without it nothing opens.",
        ) from error


def _tenant_keys(rows: Iterable[KeyRow], keys: KeyService) -> tuple[TenantKeys, ...]:
    by_tenant: dict[str, list[KeyRow]] = defaultdict(list)
    for row in rows:
        by_tenant[row.tenant].append(row)
    found = []
    for tenant, theirs in sorted(by_tenant.items()):
        why = {row.id: reason for row in theirs if (reason := _why_not(keys, row))}
        erased = tuple(row.id for row in theirs if row.purpose == OWN and why.get(row.id) == "destroyed")
        if keys.status(tenant).state == "destroyed":
            state, erased = "destroyed", ()
        else:
            reasons = {reason for name, reason in why.items() if name not in erased}
            state = next((one for one in ("retired", "missing", "destroyed") if one in reasons), "opens")
        opens = len(theirs) - len(why)
        found.append(TenantKeys(tenant=tenant, keys=len(theirs), opens=opens, state=state, erased=erased))
    return tuple(found)


def _why_not(keys: KeyService, row: KeyRow) -> str:
    try:
        unwrapped(keys, row)
    except KeyUnavailable as error:
        return {"key_destroyed": "destroyed", "key_retired": "retired"}.get(error.code, "missing")
    except SealBroken:
        return "missing"
    return ""


# --- restoring -------------------------------------------------------------------------------------------------------


def restore(
    file: BinaryIO,
    found: Found,
    *,
    secret: str,
    store: Store,
    keys: KeyService,
    at: datetime,
    packs: Path | None = None,
    replace: bool = False,
    adapt: Callable[[Transaction, int], None] = lambda _tx, _schema: None,
) -> None:
    """Write a backup that `inspect` has checked into a store, in one transaction, and note that in the log.

    Tenants whose key was destroyed since are erased again. `adapt` gets the open transaction and the backup's schema
    version. Raises `BackupError` backup_over_data where the store is in use and `replace` was not said.
    """
    erased = {one.tenant for one in found.tenants if one.state == "destroyed"}
    written: list[str] = []
    old: list[str] = []
    data_keys = DataKeys(store, keys)
    incoming = Incoming(packs)
    try:
        with store.owning() as tx:
            if not replace:
                _refuse_used(tx)
            old = [name for names in blobs_of(tx).values() for name in names]
            clear(tx)
            _write(file, secret, found, store, tx, written, incoming)
            storage_accounts.seal_names(store, sealed_names(data_keys, at=at, tx=tx))
            if found.manifest["schema"] < _MARKED_SINCE:
                storage_accounts.mark_all(tx)
            adapt(tx, int(found.manifest["schema"]))
            for tenant in erased:
                old += _erase_again(tx, tenant, at=at)
            for one in found.tenants:
                for key in one.erased:
                    old += storage_values.remove_sealed_with(tx, one.tenant, key)
                    storage_values.remove_key(tx, one.tenant, key)
            write_entry(data_keys, tx, _entry(data_keys, tx, found, at=at))
            incoming.put_in_place()
    except BaseException:
        incoming.take_back()
        for name in set(written) - set(old):
            store.blobs.delete(name)
        raise
    incoming.done()
    with store.reading() as tx:
        kept = {name for names in blobs_of(tx).values() for name in names}
    for name in set(old) | set(written):
        if name not in kept:
            store.blobs.delete(name)
    store.purge()


def _write(
    file: BinaryIO, secret: str, found: Found, store: Store, tx: Transaction, written: list[str], incoming: Incoming
) -> None:
    """Every part again; a file that is not the one that was checked ends the transaction."""
    digest = ""
    shapes = found.manifest["tables"]
    for name, data in _read(file, secret):
        kind, _, rest = name.partition("/")
        if kind == "blobs":
            written.append(store.blobs.put(data, name=rest))
        elif kind == "packs":
            incoming.add(rest, data)
        elif kind == "tables":
            table = rest.partition("/")[0]
            fill(tx, table, shapes[table]["columns"], _rows(data))
        elif name == _MANIFEST:
            digest = hashlib.sha256(data).hexdigest()
    if digest != found.digest:
        raise _forged()


def _refuse_used(tx: Transaction) -> None:
    if is_used(tx):
        raise BackupError(
            "there is an installation here already",
            code="backup_over_data",
            remedy="Restore into an empty place, or say --replace to give this one up.",
        )


def _erase_again(tx: Transaction, tenant: str, *, at: datetime) -> list[str]:
    storage_release.withdraw_tenant(tx, tenant, at=at.timestamp())
    names = storage_values.remove_tenant_records(tx, tenant)
    storage_values.remove_keys(tx, tenant)
    storage_accounts.set_tenant_state(tx, tenant, "closed", now=at)
    return list(names)


def _entry(data_keys: DataKeys, tx: Transaction, found: Found, *, at: datetime) -> AuditEntry:
    return AuditEntry(
        time=at,
        actor=pseudonym(installation_key(data_keys, NAMES, at=at, tx=tx), _OPERATOR),
        role="system_admin",
        tenant="",
        action="restore_installation",
        resource=f"backup/{found.digest[:32]}",
        purpose="operation",
        reason="older_than_witness" if found.older else "",
        digests=(found.digest,),
    )


def _forged() -> BackupError:
    return BackupError(
        "the backup is not as this installation signed it",
        code="backup_forged",
        remedy="Take another copy; if that is refused too, find out who could write to the place of the backups.",
    )
