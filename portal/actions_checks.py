"""Actions on check lists: answers, evidence, gaps."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from portal.actions import EDITORS, READERS, action
from portal.workspace import Workspace


@action(needs=EDITORS, purpose="self_check")
def answer_control(workspace: Workspace, *, control: str, status: str, reason: str = "", checklist: str = "") -> None:
    """Answer one control: `status` met, partly, not_met or not_applicable (which needs a reason)."""
    raise RuntimeError("being written")


@action(needs=EDITORS, purpose="self_check")
def attach_evidence(workspace: Workspace, *, control: str, data: bytes, name: str, checklist: str = "") -> str:
    """Keep a file as evidence of an answer, sealed and hashed; returns its id."""
    raise RuntimeError("being written")


@action(needs=READERS, purpose="self_check")
def assess(workspace: Workspace, *, checklist: str = "") -> Mapping[str, Any]:
    """Return the check list with its answers: score interval, share not assessed, gaps, controls with evidence."""
    raise RuntimeError("being written")


@action(needs=READERS, purpose="self_check")
def risks(workspace: Workspace) -> Mapping[str, Any]:
    """Return the risk warnings of the newest result: level, threshold, value, owner, next step."""
    raise RuntimeError("being written")
