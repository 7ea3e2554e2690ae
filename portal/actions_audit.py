"""Actions of the compliance officer: the log, its proof, and overviews. None of them shows a tenant's values."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from typing import Any

from portal import storage_accounts, storage_ledger, storage_release
from portal.actions import ACTIONS, OFFICERS, action
from portal.log_entries import Entry, entry_of
from portal.noting import LOG_NAME
from portal.rooms import LOG, installation_key
from portal.storage_ledger import EntryRow, Filter
from portal.witness import last_witnessed
from portal.workspace import Workspace
from privacy.audit import AuditEntry, export
from privacy.checkpoint import verifier_key
from privacy.replay import Difference, differences, replay
from privacy.verify import verify_export


@action(needs=OFFICERS, purpose="audit", highest_class="internal")
def read_log(
    workspace: Workspace,
    *,
    tenant: str = "",
    actor: str = "",
    verb: str = "",
    decision: str = "",
    since: datetime | None = None,
    until: datetime | None = None,
    limit: int = 200,
    before: int | None = None,
) -> Sequence[Entry]:
    """Return entries of the log that match, newest first; `before` continues below a sequence number."""
    wanted = Filter(
        tenant=tenant,
        actor=actor,
        action=verb,
        decision=decision,
        since=None if since is None else since.timestamp(),
        until=None if until is None else until.timestamp(),
        before=before,
    )
    with workspace.store.reading() as tx:
        rows = storage_ledger.entries(tx, wanted, limit=min(max(limit, 1), 2000))
    return [entry_of(row) for row in rows]


@action(needs=OFFICERS, purpose="audit", highest_class="internal")
def verify_log(workspace: Workspace) -> Mapping[str, Any]:
    """Compute the whole log again; compare it with its checkpoints, with the witness, and the tables with it.

    Returns `privacy.verify.Report.to_json()` with `at` and `differences`: rows of consents, releases and links (kind,
    id, tenant, code) that say something else than the log. It is kept, so that the overview can show the last proof.
    """
    document, key = _export(workspace)
    witness = workspace.store.witness
    report = verify_export(
        document, public_key=key, witness=None if witness is None else last_witnessed(witness)
    ).to_json()
    found = [asdict(one) for one in (*(_differences(workspace) if report["passed"] else ()), *_edited(workspace))]
    proof = {**report, "at": workspace.clock().isoformat(), "differences": found}
    workspace.put("log_proof", proof, slot="log_proof", replace=True)
    return proof


@action(needs=OFFICERS, purpose="audit", highest_class="internal")
def export_log(workspace: Workspace) -> bytes:
    """Return the log as one file that `mingsuan audit verify` checks offline."""
    workspace.concern("", "log/export")
    workspace.then(lambda _: None)  # each export is noted, not only the first of a quarter of an hour
    return _export(workspace)[0]


@action(needs=OFFICERS, purpose="audit", highest_class="internal")
def today(workspace: Workspace) -> Mapping[str, Any]:
    """Return the officer's overview of the last 24 hours.

    Keys: actions, people, refused, releases, withdrawals, consents_given, vendor_access,
    refusals (the newest ten entries), entries (in all), proof (the last one, or None), by_action.
    """
    since = (workspace.clock() - timedelta(days=1)).timestamp()
    with workspace.store.reading() as tx:
        rows = storage_ledger.tally(tx, Filter(since=since))
        refusals = storage_ledger.entries(tx, Filter(decision="refused", since=since), limit=10)
        size, _ = storage_ledger.read_head(tx)
    by_action: Counter[str] = Counter()
    by_actor: Counter[str] = Counter()
    refused = 0
    for row in rows:
        if row["decision"] == "refused":
            refused += row["entries"]
        else:
            by_action[row["action"]] += row["entries"]
            by_actor[row["actor"]] += row["entries"]
    proof = workspace.latest("log_proof", slot="log_proof")
    return {
        "actions": sum(by_action.values()),
        "people": len(by_actor),
        "refused": refused,
        "releases": by_action["disclose"],
        "withdrawals": by_action["withdraw_consent"],
        "consents_given": by_action["give_consent"],
        "vendor_access": by_action["break_glass"],
        "refusals": [entry_of(row) for row in refusals],
        "entries": size,
        "proof": None if proof is None else workspace.get("log_proof", proof.id),
        "by_action": dict(by_action.most_common()),
    }


@action(needs=OFFICERS, purpose="audit", highest_class="internal")
def actions_overview(workspace: Workspace) -> Sequence[Mapping[str, Any]]:
    """Return everything that can be done here: verb, who may, for what purpose, highest class, what it does."""
    del workspace
    return [
        {
            "action": one.name,
            "roles": sorted(str(role) for role in one.needs),
            "purpose": one.purpose,
            "highest_class": one.highest_class,
            "summary": one.summary,
        }
        for one in sorted(ACTIONS.values(), key=lambda one: one.name)
    ]


@action(needs=OFFICERS, purpose="audit", highest_class="internal")
def consent_overview(workspace: Workspace) -> Sequence[Mapping[str, Any]]:
    """Return all consents of all tenants: purpose, audience, term, state; no values."""
    now = workspace.clock().timestamp()
    with workspace.store.reading() as tx:
        rows = storage_release.consents_of(tx)
    return [
        {
            "id": row.id,
            "tenant": row.tenant,
            "purpose": row.purpose,
            "audience": row.audience,
            "given_at": _when(row.given_at),
            "until": _when(row.until),
            "withdrawn_at": _when(row.withdrawn_at),
            "state": "withdrawn" if row.withdrawn_at is not None else "ended" if row.until <= now else "given",
        }
        for row in rows
    ]


@action(needs=OFFICERS, purpose="audit", highest_class="internal")
def release_overview(workspace: Workspace) -> Sequence[Mapping[str, Any]]:
    """Return all disclosures of all tenants: consent, audience, times, state, digest; no values."""
    now = workspace.clock().timestamp()
    with workspace.store.reading() as tx:
        rows = storage_release.disclosures_of(tx)
    return [
        {
            "id": row.id,
            "tenant": row.tenant,
            "consent": row.consent,
            "audience": row.audience,
            "recipient": row.recipient,
            "released_at": _when(row.released_at),
            "until": _when(row.until),
            "withdrawn_at": _when(row.withdrawn_at),
            "state": "withdrawn" if row.withdrawn_at is not None else "ended" if row.until <= now else "released",
            "digest": row.digest,
        }
        for row in rows
    ]


def _differences(workspace: Workspace) -> Sequence[Difference]:
    """Return where the tables say something else than the log played again, both read at one moment."""
    with workspace.store.reading() as tx:
        entries = (AuditEntry.from_bytes(row.entry) for row in storage_ledger.every_entry(tx))
        return differences(replay(entries), storage_release.facts(tx))


def _edited(workspace: Workspace) -> Sequence[Difference]:
    """Return the accounts that somebody edited in the database: they count as switched off."""
    with workspace.store.reading() as tx:
        rows = storage_accounts.edited_rows(tx)
    return [Difference(kind=kind, id=row, tenant=tenant, code="row_edited") for kind, row, tenant in rows]


def _export(workspace: Workspace) -> tuple[bytes, str]:
    """Return the export of the whole log, in one consistent state, and the log's public key."""
    at = workspace.clock()
    key = verifier_key(installation_key(workspace.data_keys, LOG, at=at), name=LOG_NAME)

    def entries(rows: Iterable[EntryRow]) -> Iterable[tuple[bytes, bytes]]:
        return ((row.entry, row.leaf) for row in rows)

    with workspace.store.reading() as tx:
        notes = [note for _, _, note in storage_ledger.all_checkpoints(tx)]
        document = export(entries=entries(storage_ledger.every_entry(tx)), checkpoints=notes, key=key, exported_at=at)
    return document, key


def _when(at: float | None) -> datetime | None:
    return None if at is None else datetime.fromtimestamp(at, UTC)
