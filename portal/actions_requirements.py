"""Actions on tenders and data sheets: lines are proposed of a staged PDF and kept once a person confirmed them."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from portal.actions import EDITORS, READERS, ActionError, action
from portal.workspace import Workspace
from templates.limited import picture_limited, requirements_limited
from templates.requirements import edited

KIND = "requirements"
DECISIONS = ("confirm", "reject")


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """What was read of a staged PDF. `lines`: `Requirement.to_json()` by its number in reading order, from 0, of those
    that nobody decided about; `confirmed` and `rejected`: how many were."""

    upload: str
    name: str
    pages: int
    looked_through: int
    lines: Mapping[int, Mapping[str, Any]]
    confirmed: int
    rejected: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Matrix:
    """The confirmed requirements of one document: each line with page, box, who confirmed it and when, and `as_read`
    where it was corrected. `sha256` is that of the file they were read from."""

    id: str
    name: str
    sha256: str
    lines: tuple[Mapping[str, Any], ...]
    rejected: int
    created_at: datetime


@action(needs=EDITORS, purpose="baseline")
def propose_requirements(workspace: Workspace, upload: str, *, password: str | None = None) -> Proposal:
    """Say which clauses and parameters a staged PDF holds, less those decided about; read once, in a limited process.

    What was read stays sealed with the staged file and goes with it. Raises `templates.tables.FileRefused`.
    """
    meta, read = _read(workspace, upload, password)
    decided = _decided(workspace, upload)
    done = {*decided["numbers"], *decided["rejected"]}
    return Proposal(
        upload=upload,
        name=meta["name"],
        pages=read["pages"],
        looked_through=read["looked_through"],
        lines={number: line for number, line in enumerate(read["lines"]) if number not in done},
        confirmed=len(decided["numbers"]),
        rejected=len(decided["rejected"]),
    )


@action(needs=EDITORS, purpose="baseline")
def requirement_page(workspace: Workspace, upload: str, *, page: int, password: str | None = None) -> bytes:
    """Draw one page of a staged PDF as a small PNG, in a limited process; kept sealed as long as the file is staged."""
    meta = workspace.get("upload", upload)
    slot = json.dumps(["page", upload, page])
    known = workspace.latest("reading", slot=slot)
    if known is not None:
        drawn: bytes = workspace.get("reading", known.id)
        return drawn
    drawn = picture_limited(workspace.get("file", meta["file"]), meta["name"], page=page, password=password)
    workspace.put_bytes("reading", drawn, slot=slot, inputs=(upload,))
    return drawn


@action(needs=EDITORS, purpose="baseline", locks=True)
def decide_requirements(
    workspace: Workspace, upload: str, *, decisions: Mapping[int, str], changes: Mapping[int, Mapping[str, Any]]
) -> Matrix:
    """Confirm or reject proposed lines by number, corrected by `changes`; the confirmed are sealed with their place.

    Raises ActionError requirement_unread (the file was not read, or has no such line), requirement_decision,
    requirement_incomplete.
    """
    meta = workspace.get("upload", upload)
    known = workspace.latest("reading", slot=_question(upload))
    lines: Sequence[Mapping[str, Any]] = () if known is None else workspace.get("reading", known.id)["lines"]
    kept = _decided(workspace, upload)
    if not decisions or any(not 0 <= number < len(lines) for number in decisions):
        raise ActionError("no such line was read", code="requirement_unread", remedy="Decide about lines of the list.")
    if any(said not in DECISIONS for said in decisions.values()):
        raise ActionError(
            "a line is confirmed or rejected", code="requirement_decision", remedy="Choose one for each line."
        )
    rejected, confirmed = set(kept["rejected"]), {line["place"]: line for line in kept["lines"]}
    for number, said in sorted(decisions.items()):
        confirmed.pop(number, None)
        rejected.discard(number)
        if said == "reject":
            rejected.add(number)
            continue
        try:
            line = edited(lines[number], changes.get(number, {}))
        except ValueError as error:
            raise ActionError(
                f"line {number + 1}: {error}",
                code="requirement_incomplete",
                place=str(number + 1),
                remedy="Give the line its words, and a parameter its name, operator and value.",
            ) from error
        confirmed[number] = {
            **line, "place": number, "confirmed_by": workspace.member.id, "confirmed_at": workspace.clock().isoformat(),
        }  # fmt: skip
    document = {
        "upload": upload,
        "name": meta["name"],
        "sha256": hashlib.sha256(workspace.get("file", meta["file"])).hexdigest(),
        "lines": [confirmed[number] for number in sorted(confirmed)],
        "rejected": sorted(rejected),
    }
    key = workspace.put(KIND, document, slot=upload, inputs=(upload,), replace=True)
    return _matrix(key, document, workspace.clock())


@action(needs=EDITORS, purpose="baseline")
def remove_requirements(workspace: Workspace, matrix: str) -> None:
    """Erase the confirmed requirements of a document."""
    workspace.remove(KIND, matrix)


@action(needs=READERS, purpose="baseline")
def requirements(workspace: Workspace) -> Sequence[Matrix]:
    """List the confirmed requirements, the newest document first; those of which every line was rejected are none."""
    found = [_matrix(one.id, workspace.get(KIND, one.id), one.created_at) for one in workspace.list(KIND)]
    return [one for one in found if one.lines]


def _question(upload: str) -> str:
    return json.dumps([KIND, upload])


def _read(workspace: Workspace, upload: str, password: str | None) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
    meta = workspace.get("upload", upload)
    known = workspace.latest("reading", slot=_question(upload))
    if known is not None:
        return meta, workspace.get("reading", known.id)
    read = requirements_limited(workspace.get("file", meta["file"]), meta["name"], password=password)
    workspace.put("reading", read, slot=_question(upload), inputs=(upload,), replace=True)
    return meta, read


def _decided(workspace: Workspace, upload: str) -> dict[str, Any]:
    known = workspace.latest(KIND, slot=upload)
    kept = {"lines": [], "rejected": []} if known is None else workspace.get(KIND, known.id)
    return {**kept, "numbers": [line["place"] for line in kept["lines"]]}


def _matrix(key: str, document: Mapping[str, Any], at: datetime) -> Matrix:
    return Matrix(
        id=key,
        name=document["name"],
        sha256=document["sha256"],
        lines=tuple(document["lines"]),
        rejected=len(document["rejected"]),
        created_at=at,
    )
