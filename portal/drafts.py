"""A draft of a pack as the studio keeps it: texts of its files, what it was begun from, every change with its reason.

A draft is one sealed value in the vendor's own room. Its number `turn` grows with each change, so that two people who
edit at once cannot overwrite each other unseen.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Any

from industry_packs import signing
from portal.actions import ActionError
from portal.workspace import MissingError, Stored, Workspace

KIND, ORIGIN = "pack_draft", "pack_origin"
REASON_CHARACTERS = 20
SOURCE_CHARACTERS = 3
MOST_TEXT = 200_000


def texts_and_rest(files: Mapping[str, bytes]) -> tuple[dict[str, str], dict[str, str]]:
    """The files that can be edited as text, and the others in base64; the signature is in neither."""
    texts: dict[str, str] = {}
    rest: dict[str, str] = {}
    for name, content in files.items():
        if name == signing.SIGNATURE_FILE:
            continue
        try:
            text = str(content, "utf-8") if len(content) <= MOST_TEXT else None
        except UnicodeDecodeError:
            text = None
        if text is None or not name.endswith((".yaml", ".csv")):
            rest[name] = base64.b64encode(content).decode("ascii")
        else:
            texts[name] = text
    return texts, rest


def find(workspace: Workspace, draft: str) -> tuple[Stored, dict[str, Any]]:
    """The draft of a pack; raises MissingError where there is none."""
    kept = workspace.latest(KIND, slot=draft)
    if kept is None:
        raise MissingError(draft)
    return kept, dict(workspace.get(KIND, kept.id))


def origin_of(workspace: Workspace, draft: str) -> dict[str, Any]:
    """What the draft was begun from: `files` (texts) and `rest` (base64)."""
    kept = workspace.latest(ORIGIN, slot=draft)
    if kept is None:
        raise MissingError(draft)
    return dict(workspace.get(ORIGIN, kept.id))


def files_of(workspace: Workspace, document: Mapping[str, Any]) -> dict[str, bytes]:
    """Every file of a draft, as the gate reads them."""
    rest = origin_of(workspace, document["id"])["rest"]
    files = {name: base64.b64decode(content) for name, content in rest.items() if name not in document["dropped"]}
    return {**files, **{name: text.encode() for name, text in document["files"].items()}}


def wrote(workspace: Workspace, document: dict[str, Any]) -> None:
    """Remember that the member had a hand in a draft, whatever becomes of his change."""
    document["writers"] = sorted({*document.get("writers", ()), workspace.member.id})


def had_a_hand(workspace: Workspace, document: Mapping[str, Any]) -> bool:
    """Whether the member began, changed or handed in a draft: he cannot judge it, whatever his role is by now."""
    return workspace.member.id in {document["author"], document.get("submitted_by"), *document.get("writers", ())}


def keep(workspace: Workspace, document: Mapping[str, Any]) -> None:
    """Keep a draft in place of what it was."""
    whole = {**document, "turn": int(document["turn"]) + 1, "at": workspace.clock().isoformat()}
    workspace.put(KIND, whole, slot=document["id"], replace=True)


def must_be_open(document: Mapping[str, Any]) -> None:
    """Refuse changes of a draft that waits for its review or was released."""
    if document["state"] not in {"draft", "returned"}:
        raise ActionError(
            "the draft is with the reviewer and cannot be changed now",
            code="draft_submitted",
            place=document["id"],
            remedy="Wait for the review; a draft that is returned can be changed again.",
        )


def must_be_seen(document: Mapping[str, Any], turn: int) -> None:
    """Refuse a change that was made on an older state of the draft than the present one."""
    if int(document["turn"]) != turn:
        raise ActionError(
            "somebody has changed the draft since you opened it",
            code="draft_changed",
            place=document["id"],
            remedy="Look at the present values, then make your change again.",
        )


def checked_reason(reason: str, source: str) -> tuple[str, str]:
    """The reason and the source of a change; raises ActionError reason_too_short, source_missing."""
    if len(reason.strip()) < REASON_CHARACTERS:
        raise ActionError(
            f"say in at least {REASON_CHARACTERS} characters why the change is right",
            code="reason_too_short",
            place="reason",
            remedy="Write what you know and from where, so that the reviewer can follow it.",
            low=REASON_CHARACTERS,
        )
    if len(source.strip()) < SOURCE_CHARACTERS:
        raise ActionError(
            "name the source of the change",
            code="source_missing",
            place="source",
            remedy="A study, a standard, a measurement or the person who knows it.",
        )
    return reason.strip()[:1000], source.strip()[:400]
