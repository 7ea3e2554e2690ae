"""A tenant's own copy of the log: its entries, each with the proof that it is in the signed tree.

The copy verifies offline without the rest of the log. The checkpoint in it is a witness in the tenant's hands: a later
export that does not contain that history is caught by it (`verify_export(..., witness=...)`).
"""

from __future__ import annotations

import base64
import json
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, Final

from privacy.audit import AuditEntry
from privacy.checkpoint import read_checkpoint
from privacy.merkle import inclusion_proofs, leaf_hash, verify_inclusion
from privacy.vault import PrivacyError, canonical
from privacy.verify import Report

FORMAT: Final = "mingsuan/audit-copy/1"
_AGAIN: Final = "Take a fresh copy; if the fault stays, the log was changed where it is stored."


def write_copy(
    entries: Sequence[tuple[int, bytes]],
    *,
    leaves: Sequence[bytes],
    checkpoint: str,
    key: str,
    tenant: str,
    at: datetime,
) -> bytes:
    """The copy as JSON: `entries` are (index, stored bytes), `leaves` those of the whole log under `checkpoint`."""
    proofs = inclusion_proofs(leaves, [index for index, _ in entries])
    document = {
        "mingsuan": FORMAT,
        "tenant": tenant,
        "copied_at": at.astimezone(UTC).isoformat(),
        "key": key,
        "checkpoint": checkpoint,
        "entries": [
            {
                "index": index,
                "entry": json.loads(data),
                "proof": [base64.b64encode(node).decode() for node in proof],
            }
            for (index, data), proof in zip(entries, proofs, strict=True)
        ],
    }
    return json.dumps(document, ensure_ascii=False, indent=1).encode()


def is_copy(data: bytes) -> bool:
    """Does this look like a tenant's copy (and not like an export of the whole log)?"""
    return FORMAT.encode() in data[:200]


def verify_copy(data: bytes, *, public_key: str | None = None) -> Report:
    """Check every entry of a copy against the checkpoint in it; `public_key` pins the log's key."""
    try:
        held: dict[str, Any] = json.loads(data)
        key, note, tenant = str(held["key"]), str(held["checkpoint"]), held["tenant"]
        rows = [
            (
                row["index"],
                AuditEntry.from_bytes(canonical(row["entry"])),
                [base64.b64decode(node, validate=True) for node in row["proof"]],
            )
            for row in held["entries"]
        ]
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return Report(passed=False, code="not_an_export", message="this is not a copy of a log", remedy=_AGAIN)
    if public_key is not None and public_key != key:
        return Report(
            passed=False,
            code="key_differs",
            message="the copy is signed by another key than the published one",
            remedy="Compare the keys with the log's owner over a second channel.",
        )
    try:
        head = read_checkpoint(note, keys=(key,))
    except PrivacyError as error:
        return Report(passed=False, code=error.code, message=str(error), remedy=error.remedy)
    told: dict[str, Any] = {"entries": len(rows), "checkpoints": 1, "root": head.root.hex(), "key": key}
    for number, (index, entry, proof) in enumerate(rows):
        leaf = leaf_hash(entry.to_bytes())
        if (
            type(index) is not int
            or entry.tenant != tenant
            or not verify_inclusion(leaf=leaf, index=index, size=head.size, proof=proof, root=head.root)
        ):
            return Report(
                passed=False,
                code="entry_changed",
                message=f"entry {index} is not in the signed log as it stands here",
                remedy=_AGAIN,
                index=index if type(index) is int else number,
                pinned=public_key is not None,
                **told,
            )
    whose = "the published key" if public_key is not None else "the key it names itself"
    message = f"all {len(rows)} entries are in the log of {head.size} entries signed by {whose}"
    return Report(passed=True, code="ok", message=message, pinned=public_key is not None, **told)
