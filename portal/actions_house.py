"""Actions of an owner on everything his tenant has here: take it along, erase it."""

from __future__ import annotations

import csv
import io
import json
import zipfile
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pyarrow as pa
from numpy.typing import NDArray
from pyarrow import parquet

from portal import storage_accounts, storage_release, storage_runs, storage_values
from portal.actions import OWNER, ActionError, action
from portal.kept import KEPT
from portal.own_keys import destroy_own
from portal.rooms import OWN, RECEIPTS, installation_key
from portal.workspace import Workspace
from privacy.erasure import Erasure, lineage, receipt

TABLE = "dataset"
FILES = ("file", "evidence")
KEPT_AFTER = ("consent", "release", "erasure")
"""What an erased dataset leaves: what was agreed, what left, and the receipts of erasures."""


@action(needs=OWNER, purpose="erasure")
def export_workspace(workspace: Workspace) -> bytes:
    """Return everything of this workspace as one ZIP: datasets as CSV and Parquet, files as they came, else JSON.

    `index.json` lists what there is: kind, id, time, digest, and what it was made from. It is in the clear: it is the
    owner's own copy.
    """
    buffer = io.BytesIO()
    index: list[dict[str, Any]] = []
    with workspace.store.reading() as tx:
        kinds = [row["kind"] for row in storage_values.counts(tx, workspace.tenant)]
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for kind in kinds:
            for stored in workspace.list(kind):
                value = workspace.get(kind, stored.id)
                name = f"{kind}/{stored.id}"
                index.append(
                    {
                        "kind": kind,
                        "id": stored.id,
                        "created_at": stored.created_at.isoformat(),
                        "digest": stored.digest,
                        "inputs": list(stored.inputs),
                    }
                )
                if kind in FILES:
                    archive.writestr(f"{name}.bin", value)
                    continue
                archive.writestr(f"{name}.json", json.dumps(value, ensure_ascii=False, indent=1))
                if kind == TABLE:
                    columns = workspace.columns(TABLE, stored.id)
                    archive.writestr(f"{name}.csv", _csv(columns))
                    archive.writestr(f"{name}.parquet", _parquet(columns))
        archive.writestr("index.json", json.dumps(index, ensure_ascii=False, indent=1))
    workspace.touched = {"workspace/export": ""}
    workspace.then(lambda _: None)  # every export is noted
    return buffer.getvalue()


@action(needs=OWNER, purpose="erasure")
def erase_dataset(workspace: Workspace, dataset: str) -> str:
    """Erase a dataset and everything that was computed from it, for good; returns the signed receipt.

    Its own key is destroyed, so no backup brings it back. What was released from it stays released until it is
    withdrawn; the receipt is kept.
    """
    stored = workspace.stored(TABLE, dataset)
    with workspace.store.reading() as tx:
        own = storage_values.key_of(tx, workspace.tenant, dataset, purpose=OWN)
        rows = storage_values.made_from(tx, workspace.tenant, workspace.room)
    derived = lineage(dataset, {row.id: row.inputs for row in rows})
    kinds = {row.id: row.kind for row in rows}
    gone = [(kinds[name], name) for name in derived if kinds[name] not in KEPT_AFTER]
    for kind, name in gone:
        workspace.remove(kind, name)
    workspace.remove(TABLE, dataset)
    at = workspace.clock()
    erased = Erasure(
        tenant=workspace.tenant,
        subject=f"{TABLE}/{dataset}",
        digest=stored.digest,
        derived=tuple(f"{kind}/{name}" for kind, name in gone),
        key=own,
        at=at,
    )
    text = receipt(installation_key(workspace.data_keys, RECEIPTS, at=at), erased)
    workspace.put("erasure", {"receipt": text})
    return text


@action(needs=OWNER, purpose="erasure", locks=True)
def erase_workspace(workspace: Workspace, *, confirm: str) -> None:
    """Erase everything of this workspace and take back what was released; the people and the log stay.

    `confirm` is the tenant's name. The tenant's key gets a new version and the old one is destroyed, so that copies in
    backups do not open either. Raises ActionError not_confirmed.
    """
    tx, at = workspace.opened(), workspace.clock()
    tenant = storage_accounts.tenant(tx, workspace.tenant)
    if tenant is None or confirm.strip() != tenant.name:
        raise ActionError(
            "the name does not match; nothing was erased",
            code="not_confirmed",
            remedy="Type the workspace's name exactly as it is shown.",
        )
    storage_release.withdraw_tenant(tx, workspace.tenant, at=at.timestamp())
    storage_runs.cancel_tenant(tx, workspace.tenant, at=at.timestamp())
    workspace.erase_blobs(storage_values.remove_tenant_records(tx, workspace.tenant))
    own = [row for row in storage_values.keys_of(tx, workspace.tenant) if row.purpose == OWN]
    storage_values.remove_keys(tx, workspace.tenant)
    destroy_own(workspace.keys, own, at=at)
    workspace.keys.rotate(workspace.tenant, at=at, grace=timedelta(0))
    workspace.keys.retire(workspace.tenant, at=at)
    workspace.data_keys.forget(workspace.tenant)
    KEPT.drop(workspace.tenant)


def _csv(columns: Mapping[str, NDArray[Any]]) -> str:
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(columns)
    writer.writerows(zip(*(values.tolist() for values in columns.values()), strict=True))
    return text.getvalue()


def _parquet(columns: Mapping[str, NDArray[Any]]) -> bytes:
    buffer = io.BytesIO()
    arrays = {name: pa.array(values.tolist() if values.dtype == object else values) for name, values in columns.items()}
    parquet.write_table(pa.table(arrays), buffer)
    return buffer.getvalue()
