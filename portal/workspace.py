"""A workspace is the only door to one tenant's values.

It belongs to one member for one request or script run. It seals each value for its place (tenant, room, kind, id)
before the store sees it, opens only what belongs to its member's tenant, and collects what an action wants to keep
until the action has succeeded: then everything is written in one transaction together with the audit entry.

An id of another tenant and an id that does not exist give the same answer: `MissingError`, a `KeyError`.
"""

from __future__ import annotations

import base64
import contextlib
import json
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import numpy as np
from numpy.typing import NDArray

from portal.identity import TENANT_ROLES, Member
from portal.kept import KEPT
from portal.noting import entry_of, write_entry
from portal.own_keys import destroy_own, finish_erasures, make_own
from portal.rooms import DIGEST, LOG, NAMES, OWN, SEAL, Room, data_keys_of, installation_key
from portal.storage import EVERYBODY, Store, Transaction, new_id, within
from portal.storage_release import DisclosureRow, add_disclosure
from portal.storage_runs import MailRow, add_mail
from portal.storage_values import (
    KeyRow,
    Row,
    add_record,
    heads,
    latest_record,
    list_records,
    record,
    remove_in_slot,
    remove_record,
    retire_unused,
)
from portal.stored import Stored, stored_of
from privacy.columns import open_columns, seal_columns
from privacy.custody import TenantLocked
from privacy.keys import KeyService
from privacy.vault import seal
from templates import catalogue

__all__ = ["Clock", "MissingError", "Stored", "Workspace"]

Clock = Callable[[], datetime]
Change = Callable[[Transaction], None]

BESIDE_THE_DATABASE = 64 * 1024
"""Sealed values larger than this many bytes are kept as blobs."""


class MissingError(KeyError):
    """This tenant has no such value: it never was, it was erased, or it is somebody else's."""


class Workspace:
    """One member's door to the values of his tenant.

    `clock` returns an aware datetime in UTC. Values that are opened are shared by the readers of this process:
    treat them as read-only.
    """

    def __init__(self, member: Member, store: Store, keys: KeyService, clock: Clock, *, room: str = "main") -> None:
        self.member = member
        self.tenant = member.tenant
        self.store = store
        self.keys = keys
        self.clock = clock
        self.room = room
        self.acting = False
        self.previewing = False  # an owner looks as somebody else: nothing is kept, noted or counted
        self.tx: Transaction | None = None
        self.data_keys = data_keys_of(store, keys)
        self._sealer = Room(self.data_keys, self.tenant, room)
        self._changes: list[Change] = []
        self._new: dict[tuple[str, str], Any] = {}
        self._new_blobs: list[str] = []
        self._old_blobs: list[str] = []
        self._new_keys: list[KeyRow] = []  # datasets' own
        self._old_keys: list[KeyRow] = []
        self._after: list[Callable[[], None]] = []  # done once the action is committed
        self.touched: dict[str, str] = {}  # kind/id -> digest, in the order in which an action met them
        self.reason, self._concerns = "", ""  # the reason a person stated for the action; whom it concerns
        self.fields: set[str] = set()  # of the catalogue, whose columns an action opened
        self._told: dict[str, list[str]] = {}  # who else finds it in his log, and what of his it met
        self.proved_at: datetime | None = None  # when the person at the browser last proved who he is
        self.via = ""  # the service account whose program calls
        self.conclusion: Callable[[Any], None] | None = None  # told an action's result before it is written

    # --- what is kept ------------------------------------------------------------------------------------------------

    def put(self, kind: str, value: Any, *, slot: str = "", inputs: Sequence[str] = (), replace: bool = False) -> str:
        """Keep a JSON value and return its id; it is written when the action succeeds.

        `slot` is a name under which `latest` finds it again (stored as a keyed digest); with `replace` the older
        values of the slot are erased. `inputs` are the ids it was made from.
        """
        data = json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()
        key = self._put(kind, b"j" + data if len(data) < 512 else b"z" + zlib.compress(data, 1), slot, inputs, replace)
        self._new[kind, key] = value
        return key

    def put_bytes(self, kind: str, data: bytes, *, slot: str = "", inputs: Sequence[str] = ()) -> str:
        """Keep bytes, such as an uploaded file; `get` returns them as they were."""
        key = self._put(kind, b"b" + data, slot, inputs, replace=False)
        self._new[kind, key] = data
        return key

    def put_table(
        self,
        kind: str,
        columns: Mapping[str, NDArray[Any]],
        about: Mapping[str, Any],
        *,
        inputs: Sequence[str] = (),
        slot: str = "",
    ) -> str:
        """Keep a table sealed column by column; `get` returns `about`, `columns` the columns.

        In a slot it takes the place of the one before it. It has a data key of its own, so that it can be destroyed
        alone.
        """
        key = new_id()
        at = self.clock()
        self.data_keys.in_use(self.tenant, SEAL, at=at, tx=self.tx)  # the tenant has its key
        own, secret, lock = make_own(self.data_keys, self.tenant, at=at, tx=self.tx)
        self.data_keys.hold(own, secret)
        self._new_keys.append(own)
        self.then(lambda tx: self.data_keys.add(tx, own, lock=lock))
        table = seal_columns(
            secret,
            columns,
            place=self._sealer.place(kind, key),
            put=lambda name, blob: self._new_blobs.append(self.store.blobs.put(blob, name=name)),
        )
        manifest = base64.b64encode(table.manifest).decode()
        data = b"t" + json.dumps({"about": about, "manifest": manifest}, ensure_ascii=False).encode()
        sealer = (own.id, secret)
        self._add(
            kind, key, data, slot=slot, inputs=inputs, blobs=table.names, at=at, digest=table.digest, sealer=sealer
        )
        self._new[kind, key] = about
        return key

    def remove(self, kind: str, key: str) -> None:
        """Erase a value; raises `MissingError` where this tenant has none of that kind with that id."""
        if (kind, key) not in self._new:
            self.stored(kind, key)
        self.touched.setdefault(f"{kind}/{key}", "")

        def change(tx: Transaction) -> None:
            self._old_blobs.extend(remove_record(tx, self.tenant, self.room, kind, key) or ())
            self._retire(tx)

        self.then(change)
        self._new.pop((kind, key), None)
        KEPT.drop(self.tenant, key)

    def then(self, change: Change) -> None:
        """Do a change when the action succeeds, in its transaction (at once, where that is open already)."""
        if self.tx is not None:
            change(self.tx)
        else:
            self._changes.append(change)

    # --- what is opened ----------------------------------------------------------------------------------------------

    def get(self, kind: str, key: str) -> Any:
        """Open one value; raises `MissingError` where this tenant has none of that kind with that id."""
        if (kind, key) in self._new:
            return self._new[kind, key]
        kept = KEPT.get(self.tenant, key)
        if kept is not None and kept[0] == (self.room, kind):
            self.touched.setdefault(f"{kind}/{key}", kept[1])
            return kept[2]
        value, row, size = self._open(kind, key)
        KEPT.put(self.tenant, key, ((self.room, kind), row.digest, value), size=size)
        return value

    def columns(self, kind: str, key: str, fields: Sequence[str] | None = None) -> dict[str, NDArray[Any]]:
        """Open columns of a table; only those that are asked for are read and decrypted."""
        row = self._row(kind, key)
        sealed = self._plain(row)
        manifest = base64.b64decode(json.loads(sealed[1:])["manifest"])
        secret = self.data_keys.by_id(self.tenant, row.data_key, tx=self.tx)
        place = self._sealer.place(kind, key)
        opened = open_columns(secret, manifest, self.store.blobs.get, place=place, fields=fields, digest=row.digest)
        self.fields.update(opened.keys() & catalogue.fields().keys())  # names of the catalogue, never a tenant's own
        return {name: np.asarray(values) for name, values in opened.items()}

    def stored(self, kind: str, key: str) -> Stored:
        """Return what can be known of a value without opening it; raises `MissingError` like `get`."""
        return stored_of(self._row(kind, key))

    def list(self, kind: str) -> tuple[Stored, ...]:
        """Return what is kept of a kind, newest first, without opening it."""
        with self._reading() as tx:
            return tuple(stored_of(row) for row in list_records(tx, self.tenant, self.room, kind))

    def latest(self, kind: str, *, slot: str | None = None) -> Stored | None:
        """Return the newest of a kind (in a slot, where one is named), or None."""
        named = None if slot is None else self._sealer.slot(kind, slot, at=self.clock(), tx=self.tx)
        with self._reading() as tx:
            row = latest_record(tx, self.tenant, self.room, kind, named)
        return None if row is None else stored_of(row)

    def by_slot(self, kind: str, slots: Sequence[str]) -> dict[str, str]:
        """Return the id of the newest value in each of these slots, where there is one; one query for all."""
        at = self.clock()
        named = {self._sealer.slot(kind, slot, at=at, tx=self.tx): slot for slot in slots}
        with self._reading() as tx:
            rows = list_records(tx, self.tenant, self.room, kind)
        return {named[row.slot]: row.id for row in reversed(rows) if row.slot in named}

    def heads(self, *kinds: str) -> dict[str, tuple[int, str]]:
        """Return for each kind how many values there are and the id of the newest, in one query."""
        with self._reading() as tx:
            return heads(tx, self.tenant, self.room, kinds)

    # --- what goes to others: written, never read --------------------------------------------------------------------

    def deliver(self, tenant: str, kind: str, value: Any) -> str:
        """Put a value into another tenant's room, sealed under his key. There is no way to read it back from here."""
        other = Workspace(self.member, self.store, self.keys, self.clock, room=self.room)
        other.tenant = tenant
        other._sealer = Room(self.data_keys, tenant, self.room)
        other.tx = self.tx
        key = other.put(kind, value)
        self._new_blobs.extend(other._new_blobs)
        self._changes.extend(other._changes)
        return key

    def release(self, row: Callable[[str, bytes], DisclosureRow], payload: bytes, *, audience: str, key: str) -> None:
        """Seal a disclosure under the key of its audience and store the row that `row(data key, sealed)` makes."""
        name, sealed = Room(self.data_keys, audience).seal("disclosure", key, payload, at=self.clock(), tx=self.tx)
        self.then(lambda tx: add_disclosure(tx, row(name, sealed)))

    def seal(self, kind: str, key: str, data: bytes) -> tuple[str, bytes]:
        """Seal bytes for a row of its own table; returns the id of the data key and the sealed bytes."""
        return self._sealer.seal(kind, key, data, at=self.clock(), tx=self.tx)

    def unseal(self, kind: str, row: str, sealed: bytes, *, key: str) -> bytes:
        """Open what `seal` made for a row of this tenant."""
        return self._sealer.open(kind, row, sealed, key=key, tx=self.tx)

    def mail(self, *, to: str, subject: str, text: str, **more: str) -> None:
        """Put a message into the outbox; it is sent after the action has succeeded.

        `more`: `outreach` (the hashed address that must not be suppressed), `unsubscribe` (its link), `disclosure`
        (which must still be in force); all three are looked at when the message is sent.
        """
        key, at = new_id(), self.clock()
        data = json.dumps({"to": to, "subject": subject, "text": text, **more}, ensure_ascii=False).encode()
        name, sealed = self._sealer.seal("mail", key, data, at=at, tx=self.tx)
        row = MailRow(
            id=key,
            tenant=self.tenant,
            created_at=at.timestamp(),
            data_key=name,
            sealed=sealed,
            attempts=0,
            sent_at=None,
        )
        self.then(lambda tx: add_mail(tx, row))

    def concern(self, tenant: str, *resources: str) -> None:
        """Say whom the action concerns, where that is not the member's own tenant, and what it touches."""
        self._concerns = tenant
        self.touched.update(dict.fromkeys(resources, ""))

    def tell(self, tenant: str, resource: str) -> None:
        """Have the action noted in another tenant's own log too, since it met something that came from there."""
        self._told.setdefault(tenant, []).append(resource)

    @property
    def scope(self) -> str:
        """Whose rows its transactions meet: a tenant's member his tenant's, the vendor's people the house's."""
        return self.tenant if self.member.role in TENANT_ROLES else EVERYBODY

    def proved_long_ago(self, most: timedelta) -> bool:
        """Whether a person works here whose last proof is older; programs and the operator prove themselves anew."""
        return self.proved_at is not None and self.clock() - self.proved_at > most

    def opened(self) -> Transaction:
        """Return the open transaction of an action that locks."""
        if self.tx is None:
            raise RuntimeError("only an action that locks has an open transaction")
        return self.tx

    def afterwards(self, work: Callable[[], None]) -> None:
        """Have something done once the action is committed, and only then."""
        self._after.append(work)

    def erase_blobs(self, names: Sequence[str]) -> None:
        """Delete blobs once the action's transaction is committed."""
        self._old_blobs.extend(names)

    @property
    def changed(self) -> bool:
        """Say whether the action wants to keep anything."""
        return bool(self._changes) or self.tx is not None

    def warm(self) -> None:
        """Unwrap the keys that an action with an open transaction may need; a locked tenant's are not to be had."""
        at = self.clock()
        with contextlib.suppress(TenantLocked):
            for purpose in (SEAL, DIGEST):
                self.data_keys.in_use(self.tenant, purpose, at=at)
        self.warm_log()

    def warm_log(self) -> None:
        """Unwrap the keys that an audit entry needs."""
        for purpose in (LOG, NAMES):
            installation_key(self.data_keys, purpose, at=self.clock())

    def flush(self, tx: Transaction) -> None:
        """Write what the action kept."""
        changes, self._changes = self._changes, []
        for change in changes:
            change(tx)

    def note(
        self, tx: Transaction, action: str, *, decision: str, purpose: str, policies: Sequence[str], reason: str
    ) -> int:
        """Append an audit entry with its checkpoint; returns its position. Call it last: it locks the log."""
        made = entry_of(
            self.data_keys,
            tx,
            member=self.member,
            tenant=self._concerns or self.tenant,
            action=action,
            touched={**self.touched, f"service/{self.via}": ""} if self.via else self.touched,
            fields=self.fields,
            purpose=purpose,
            decision=decision,
            policies=policies,
            reason=reason or self.reason,
            at=self.clock(),
        )
        position = write_entry(self.data_keys, tx, made)
        for tenant, met in self._told.items() if decision == "allowed" else ():
            write_entry(self.data_keys, tx, replace(made, tenant=tenant, resource=" ".join(met), digests=()))
        return position

    def done(self) -> None:
        """Forget the action's state after its transaction was committed; delete blobs and keys of what it erased."""
        for name in self._old_blobs:
            self.store.blobs.delete(name)
        if self._old_keys:
            for row in self._old_keys:
                self.data_keys.forget(row.tenant, row.id)
            finish_erasures(self.store, self.keys, at=self.clock())
        after = self._after
        self._clear()
        for work in after:
            work()

    def abandon(self) -> None:
        """Forget what the action wanted to keep, and its blobs."""
        for name in self._new_blobs:
            with contextlib.suppress(KeyError, OSError):
                self.store.blobs.delete(name)
        destroy_own(self.keys, self._new_keys, at=self.clock())
        self._clear()

    def _clear(self) -> None:
        self._changes, self._new_blobs, self._old_blobs = [], [], []
        self._new_keys, self._old_keys = [], []
        self._after = []
        self._new, self.touched, self.fields = {}, {}, set()
        self.reason, self._concerns, self._told = "", "", {}

    def _put(self, kind: str, data: bytes, slot: str, inputs: Sequence[str], replace: bool) -> str:
        key = new_id()
        self._add(kind, key, data, slot=slot, inputs=inputs, at=self.clock(), replace=replace)
        return key

    def _add(
        self,
        kind: str,
        key: str,
        data: bytes,
        *,
        slot: str,
        inputs: Sequence[str],
        at: datetime,
        blobs: tuple[str, ...] = (),
        digest: str = "",
        replace: bool = True,
        sealer: tuple[str, bytes] | None = None,
    ) -> None:
        digest = digest or self._sealer.digest(data, at=at, tx=self.tx)
        named = self._sealer.slot(kind, slot, at=at, tx=self.tx)
        name, secret = sealer or self.data_keys.in_use(self.tenant, SEAL, at=at, tx=self.tx)
        sealed = seal(secret, data, place=self._sealer.place(kind, key))
        beside = len(sealed) > BESIDE_THE_DATABASE
        if beside:
            blob = self.store.blobs.put(sealed)
            self._new_blobs.append(blob)
            blobs = (blob, *blobs)
        row = Row(
            id=key,
            tenant=self.tenant,
            room=self.room,
            kind=kind,
            slot=named,
            digest=digest,
            inputs=tuple(inputs),
            created_at=at.timestamp(),
            author=self.member.id,
            data_key=name,
            sealed=None if beside else sealed,
            blobs=blobs,
            size=len(sealed),
        )
        self.touched[f"{kind}/{key}"] = digest

        def change(tx: Transaction) -> None:
            self.data_keys.must_stand(tx, self.tenant, row.data_key)
            add_record(tx, row)
            if named and replace:
                self._old_blobs.extend(remove_in_slot(tx, self.tenant, self.room, kind, named, but=key))
                self._retire(tx)

        self.then(change)

    def _retire(self, tx: Transaction) -> None:
        """Retire the own keys of the datasets that are gone; `done` destroys them."""
        self._old_keys.extend(retire_unused(tx, self.tenant, OWN, at=self.clock().timestamp()))

    def _row(self, kind: str, key: str) -> Row:
        with self._reading() as tx:
            row = record(tx, self.tenant, self.room, kind, key)
        if row is None:
            raise MissingError(key)
        self.touched.setdefault(f"{kind}/{key}", row.digest)
        return row

    def _plain(self, row: Row) -> bytes:
        sealed = self.store.blobs.get(row.blobs[0]) if row.sealed is None else row.sealed
        return self._sealer.open(row.kind, row.id, sealed, key=row.data_key, tx=self.tx)

    def _open(self, kind: str, key: str) -> tuple[Any, Row, int]:
        row = self._row(kind, key)
        data = self._plain(row)
        form, body = data[:1], data[1:]
        if form == b"b":
            return body, row, len(data)
        if form == b"t":
            return json.loads(body)["about"], row, len(data)
        plain = zlib.decompress(body) if form == b"z" else body
        return json.loads(plain), row, 2 * len(plain)

    @contextlib.contextmanager
    def _reading(self) -> Iterator[Transaction]:
        if self.tx is not None:
            yield self.tx
        else:
            with within(self.tenant), self.store.reading() as tx:
                yield tx
