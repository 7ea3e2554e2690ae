"""Actions on where a number comes from: the way back to file and column, overrides beside it, and OpenLineage JSON."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from portal import storage_accounts, storage_release
from portal.actions import READERS, ActionError, action
from portal.cases import typed_inputs
from portal.catalogue import calculator
from portal.lineage import CASE, MEASURED, RESULT, lineage_edges, released_edge
from portal.watermarks import watermark_of, watermarked
from portal.workspace import MissingError, Workspace
from privacy.disclosure import Disclosure
from privacy.lineage import Edge, Node, open_lineage, sources, trace_back

FIELDS = (*RESULT, *CASE, *MEASURED, "backtest_grade")
"""Fields of the release schema that have a lineage; the others name published things."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Override:
    """A value that a person set by hand beside what would stand there without him, who and why."""

    name: str
    title: Mapping[str, str]
    value: str
    computed: str
    who: str
    reason: str
    at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Lineage:
    """The way back from a number: its edges (nearest first), the far end, overrides, the consent it left under."""

    field: str
    node: Node
    edges: tuple[Edge, ...]
    sources: tuple[Node, ...]
    overrides: tuple[Override, ...]
    consent: str
    released_at: datetime | None


@action(needs=READERS, purpose="appraisal")
def lineage(workspace: Workspace, field: str, *, scenario: str = "", release: str = "") -> Lineage:
    """Lead a number back to the columns of files, to engine and pack version, and to the consent of its release.

    `field` is one of `FIELDS`; `release` names one of the tenant's own releases, whose scenario then counts. Raises
    ActionError no_lineage for another field, and what the case raises where nothing was simulated.
    """
    if field not in FIELDS:
        raise ActionError(
            "this number has no lineage", code="no_lineage", place=field, remedy="Choose a number that was computed."
        )
    made, record, consent = _release(workspace, release) if release else (None, scenario, "")
    edges, node = lineage_edges(workspace, field, record)
    if made is not None:
        edges = (*edges, released_edge(node, made.id, field, str(made.payload["policy"])))
        node = edges[-1].output
    way = trace_back(edges, node)
    return Lineage(
        field=field,
        node=node,
        edges=way,
        sources=sources(edges, node),
        overrides=tuple(_overrides(workspace)) if field in CASE else (),
        consent=consent,
        released_at=None if made is None else made.made_at,
    )


@action(needs=READERS, purpose="appraisal")
def take_lineage(workspace: Workspace, field: str, *, scenario: str = "", release: str = "") -> bytes:
    """Return the lineage of a number as OpenLineage run events in one JSON file, under a watermark."""
    found = lineage(workspace, field, scenario=scenario, release=release)
    at = workspace.clock()
    events = open_lineage(found.edges, namespace="mingsuan", run=f"{found.node.kind}/{found.node.id}", at=at)
    document = {"mingsuan": "lineage/1", "field": field, "consent": found.consent, "events": events}
    plain = json.dumps(document, ensure_ascii=False).encode()
    mark = watermark_of(
        workspace, purpose="own_use", consent=found.consent, data_digest=hashlib.sha256(plain).hexdigest()
    )
    workspace.then(lambda _: None)  # every copy is noted
    return watermarked(workspace, plain, mark, form="json")


def _release(workspace: Workspace, release: str) -> tuple[Disclosure, str, str]:
    """Return an own release, the scenario that it was made from, and its consent."""
    kept = workspace.latest("release", slot=release)
    if kept is None:
        raise MissingError(release)
    made = Disclosure.from_json(workspace.get("release", kept.id)["disclosure"])
    with workspace.store.reading() as tx:
        row = storage_release.consent_by_id(tx, workspace.tenant, made.consent)
    scenario = "" if row is None else str(workspace.get("consent", row.record)["scenario"])
    return made, scenario, made.consent


def _overrides(workspace: Workspace) -> Sequence[Override]:
    typed = typed_inputs(workspace)[1]
    with workspace.store.reading() as tx:
        names = {one.id: one.name for one in storage_accounts.members_of(tx, workspace.tenant)}
    found = []
    for item in calculator().inputs:
        one: Mapping[str, Any] | None = typed.get(item.name)
        if one is None:
            continue
        at = one.get("at")
        found.append(
            Override(
                name=item.name,
                title=item.title,
                value=str(one["value"]),
                computed="" if item.likely is None else f"{item.likely:g} {item.unit}",
                who=names.get(str(one["by"]), str(one["by"])),
                reason=str(one["reason"]),
                at=None if at is None else datetime.fromisoformat(str(at)),
            )
        )
    return found
