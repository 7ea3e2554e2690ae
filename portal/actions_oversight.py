"""The officer's reports as documents: what was found in thirty days, the processing record, assessments, breaches.

Each is handed out as JSON or PDF under the portal's watermark: `mingsuan watermark verify` and `/verify` check it.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from portal import storage_ledger, storage_recalls, storage_release
from portal.actions import OFFICERS, ActionError, action
from portal.actions_records import breaches, impacts, processing_record
from portal.actions_review import WINDOW, access_review, anomalies, findings
from portal.oversight_report import written
from portal.storage_ledger import Filter
from portal.watermarks import watermark_of, watermarked
from portal.workspace import MissingError, Workspace

MEDIA: Mapping[str, str] = {"json": "application/json", "pdf": "application/pdf"}
KINDS = ("oversight", "processing", "impact", "breach")


@action(needs=OFFICERS, purpose="audit", highest_class="internal")
def officer_report(workspace: Workspace) -> Mapping[str, Any]:
    """Return the report of the last thirty days: what was done and refused, what is open, whether the log holds."""
    at = workspace.clock()
    since = (at - WINDOW).timestamp()
    with workspace.store.reading() as tx:
        rows = storage_ledger.tally(tx, Filter(since=since))
        size, _ = storage_ledger.read_head(tx)
        out = storage_release.disclosures_of(tx)
        confirmed = {row["disclosure"] for row in storage_recalls.confirmations(tx)}
    done: Counter[str] = Counter()
    refused: Counter[str] = Counter()
    for row in rows:
        (refused if row["decision"] == "refused" else done)[row["action"]] += row["entries"]
    now = at.timestamp()
    over = [row for row in out if row.until <= now or row.withdrawn_at is not None]
    proof = workspace.latest("log_proof", slot="log_proof")
    held = None if proof is None else workspace.get("log_proof", proof.id)
    review = access_review(workspace)
    return {
        "mingsuan": "oversight-report/1",
        "from": (at - WINDOW).isoformat(),
        "to": at.isoformat(),
        "made_by": workspace.member.name,
        "entries": size,
        "done": dict(done.most_common()),
        "refused": dict(refused.most_common()),
        "people": len({row["actor"] for row in rows}),
        "released": sum(row.released_at >= since for row in out),
        "in_force": len(out) - len(over),
        "recalls_open": sum(row.id not in confirmed for row in over),
        "proof": None
        if held is None
        else {"passed": held["passed"], "at": held["at"], "differences": len(held.get("differences", []))},
        "unusual": [
            {"rule": one.rule, "actor": one.actor, "role": one.role, "at": one.at.isoformat(), **dict(one.figures)}
            for one in anomalies(workspace)
        ],
        "access": [
            {name: value for name, value in asdict(one).items() if name in {"name", "role", "state", "actions"}}
            for one in review
        ],
        "findings": [dict(one) for one in findings(workspace)],
        "breaches_open": sum(one["closed_at"] is None for one in breaches(workspace)),
    }


@action(needs=OFFICERS, purpose="audit", highest_class="internal")
def take_report(workspace: Workspace, kind: str, *, name: str = "", form: str = "pdf") -> bytes:
    """Return a report as a signed document: `kind` one of `KINDS`, `name` the id of an assessment or breach.

    Raises ActionError form_unknown, report_unknown.
    """
    if form not in MEDIA:
        raise ActionError(
            f"a report is not written as {form!r}",
            code="form_unknown",
            place="form",
            remedy=f"Choose one of {', '.join(MEDIA)}.",
            known=", ".join(MEDIA),
        )
    document = _document(workspace, kind, name)
    plain = json.dumps(document, ensure_ascii=False, indent=2, default=str).encode()
    digest = hashlib.sha256(plain).hexdigest()
    mark = watermark_of(workspace, purpose="audit", data_digest=digest)
    if form == "pdf":
        data = watermarked(workspace, written(kind, document, digest=digest), mark, form="pdf")
    else:
        data = watermarked(workspace, plain, mark, form="json")
    workspace.concern("", f"report/{kind}")
    workspace.touched[f"report/{kind}"] = hashlib.sha256(data).hexdigest()
    workspace.then(lambda _: None)  # every copy is noted
    return data


def _document(workspace: Workspace, kind: str, name: str) -> Mapping[str, Any]:
    if kind == "oversight":
        return officer_report(workspace)
    if kind == "processing":
        return processing_record(workspace)
    if kind in {"impact", "breach"}:
        found = impacts(workspace) if kind == "impact" else breaches(workspace)
        one = next((one for one in found if one["id"] == name), None)
        if one is None:
            raise MissingError(name)
        return one
    raise ActionError(
        "there is no such report",
        code="report_unknown",
        place="kind",
        remedy=f"Choose one of {', '.join(KINDS)}.",
        known=", ".join(KINDS),
    )
