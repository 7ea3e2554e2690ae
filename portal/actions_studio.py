"""Actions of the pack studio: begin a draft, change it value by value, preview, test, hand it in for review."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from industry_packs import signing
from industry_packs.differences import differences
from industry_packs.drafts import new_pack
from industry_packs.folder import read_contents
from industry_packs.sandbox import gate_apart, preview_apart
from industry_packs.testing import lint_contents
from portal import drafts
from portal.actions import ARCHITECTS, ActionError, action
from portal.catalogue import packs
from portal.identity import Role
from portal.workspace import MissingError, Workspace
from templates.documents import load
from templates.edits import remove_item, repeat_item, set_value

WRITERS = frozenset({Role.ARCHITECT})
MOST_DRAFTS = 50

_name = re.compile(r"(lines|modules|calculators|checklists|templates|uploads|risks|tests)/[a-z][a-z0-9_-]{0,59}\.yaml")


@action(needs=WRITERS, purpose="knowledge", highest_class="internal")
def draft_pack(workspace: Workspace, *, pack: str, like: str, title_zh: str, title_en: str, reviewer: str) -> str:
    """Begin a draft from the nearest pack; returns its id. With the pack's own id it is the next version of that pack.

    Raises ActionError draft_exists, title_missing, and PackError bad_pack_id.
    """
    start = next((one for one in packs() if one.id == like), None)
    if start is None:
        raise MissingError(like)
    identity = pack.strip()
    if workspace.latest(drafts.KIND, slot=identity) is not None:
        raise ActionError(
            f"there is a draft of {identity} already",
            code="draft_exists",
            place=identity,
            remedy="Open that one, or discard it first.",
            id=identity,
        )
    if identity == start.id:
        files = dict(start.files)
    else:
        if not title_zh.strip() or not title_en.strip():
            raise ActionError(
                "a pack needs a title in both languages",
                code="title_missing",
                place="title",
                remedy="Type it in Chinese and in English.",
            )
        with tempfile.TemporaryDirectory() as folder:  # nothing of a tenant: the text of a published pack
            new_pack(
                Path(folder) / "draft",
                start=start,
                identity=identity,
                title={"zh-CN": title_zh.strip(), "en": title_en.strip()},
                owner=workspace.member.name,
                reviewer=reviewer.strip() or "reviewer",
            )
            files = signing.read_folder(Path(folder) / "draft")
    texts, rest = drafts.texts_and_rest(files)
    workspace.put(drafts.ORIGIN, {"files": texts, "rest": rest}, slot=identity, replace=True)
    titles = {"zh-CN": title_zh.strip(), "en": title_en.strip()}
    document: dict[str, Any] = {
        "id": identity,
        "from": f"{start.id} {start.version}",
        "title": titles if all(titles.values()) else dict(start.manifest.title),
        "files": texts,
        "dropped": [],
        "changes": [],
        "state": "draft",
        "author": workspace.member.id,
        "author_name": workspace.member.name,
        "writers": [workspace.member.id],
        "gate": None,
        "review": None,
        "turn": 0,
    }
    drafts.keep(workspace, document)
    return identity


@action(needs=ARCHITECTS, purpose="knowledge", highest_class="internal")
def list_drafts(workspace: Workspace) -> Sequence[Mapping[str, Any]]:
    """List the drafts, the last changed first: id, title, from, version, state, changes, author_name, at, passed."""
    rows = []
    for kept in workspace.list(drafts.KIND)[:MOST_DRAFTS]:
        document = workspace.get(drafts.KIND, kept.id)
        rows.append(
            {
                **{key: document[key] for key in ("id", "title", "from", "state", "author_name", "at")},
                "version": _version(document),
                "changes": len(document["changes"]),
                "passed": None if document["gate"] is None else document["gate"]["report"]["passed"],
            }
        )
    return rows


@action(needs=ARCHITECTS, purpose="knowledge", highest_class="internal")
def open_draft(workspace: Workspace, draft: str) -> Mapping[str, Any]:
    """Return a draft: id, title, from, version, state, turn, files (name -> text), changes, gate, review, findings (of
    the rules, as in the JSON of `pack lint` with `params`) and differences from what it was begun from."""
    _, document = drafts.find(workspace, draft)
    files = drafts.files_of(workspace, document)
    origin = drafts.origin_of(workspace, draft)
    before = {**files, **{name: text.encode() for name, text in origin["files"].items()}}
    before = {name: content for name, content in before.items() if name in origin["files"] or name in origin["rest"]}
    found = read_contents(files)
    findings = lint_contents(found, files, today=workspace.clock().date())
    return {
        **document,
        "version": _version(document),
        "mine": document["author"] == workspace.member.id,
        "findings": [{**one.to_json(), "params": dict(one.params)} for one in findings],
        "differences": [one.to_json() for one in differences(before, files)],
    }


@action(needs=WRITERS, purpose="knowledge", highest_class="internal")
def edit_draft(
    workspace: Workspace, draft: str, *, turn: int, file: str, change: Mapping[str, Any], reason: str, source: str
) -> None:
    """Change one file of a draft, with a reason (20 characters) and a source.

    `change` is one of {"values": {place: value}}, {"text": the whole file}, {"repeat": place}, {"remove": place},
    {"copy": name of the new file}, {"drop": True}. `turn` is the draft's number that the person saw. Raises ActionError
    draft_submitted, draft_changed, reason_too_short, source_missing, nothing_changed, bad_file_name, and the
    DocumentError of a text that cannot be read.
    """
    _, document = drafts.find(workspace, draft)
    drafts.must_be_open(document)
    drafts.must_be_seen(document, turn)
    why, whence = drafts.checked_reason(reason, source)
    files = dict(document["files"])
    if file not in files:
        raise MissingError(file)
    changed = _changed(files, file, change)
    if changed == document["files"]:
        raise ActionError(
            "nothing was changed", code="nothing_changed", place=file, remedy="Change a value first, then keep it."
        )
    document["files"] = changed
    drafts.wrote(workspace, document)
    document["changes"] = [
        *document["changes"],
        {
            "at": workspace.clock().isoformat(),
            "by": workspace.member.name,
            "file": file,
            "what": next(iter(change), ""),
            "places": sorted(change.get("values", {}))[:40],
            "reason": why,
            "source": whence,
        },
    ]
    document["gate"] = None
    workspace.reason = why[:200]
    drafts.keep(workspace, document)


@action(needs=WRITERS, purpose="knowledge", highest_class="internal")
def undo_draft(workspace: Workspace, draft: str, *, turn: int, file: str) -> None:
    """Put a file of a draft back to what the draft was begun from; a file that was added is taken out."""
    _, document = drafts.find(workspace, draft)
    drafts.must_be_open(document)
    drafts.must_be_seen(document, turn)
    before = drafts.origin_of(workspace, draft)["files"]
    files = {name: text for name, text in document["files"].items() if name != file}
    if file in before:
        files[file] = before[file]
    document["files"] = dict(sorted(files.items()))
    document["changes"] = [one for one in document["changes"] if one["file"] != file]
    drafts.wrote(workspace, document)
    document["gate"] = None
    drafts.keep(workspace, document)


@action(needs=WRITERS, purpose="knowledge", highest_class="internal")
def drop_draft(workspace: Workspace, draft: str) -> None:
    """Discard a draft that was not released."""
    kept, document = drafts.find(workspace, draft)
    drafts.must_be_open(document)
    workspace.remove(drafts.KIND, kept.id)
    origin = workspace.latest(drafts.ORIGIN, slot=draft)
    if origin is not None:
        workspace.remove(drafts.ORIGIN, origin.id)


@action(needs=ARCHITECTS, purpose="knowledge", highest_class="internal")
def preview_draft(workspace: Workspace, draft: str, *, file: str) -> Mapping[str, Any]:
    """Return what one document of a draft gives (`industry_packs.previews`), computed in a process of its own."""
    _, document = drafts.find(workspace, draft)
    if file not in document["files"]:
        raise MissingError(file)
    return preview_apart(drafts.files_of(workspace, document), file)


@action(needs=ARCHITECTS, purpose="knowledge", highest_class="internal")
def test_pack(workspace: Workspace, draft: str) -> Mapping[str, Any]:
    """Run the whole gate on a draft in a process of its own and keep the report; returns it (JSON of `pack test`)."""
    _, document = drafts.find(workspace, draft)
    files = drafts.files_of(workspace, document)
    report = gate_apart(files, today=workspace.clock().date())
    document["gate"] = {
        "digest": signing.digest(files),
        "at": workspace.clock().isoformat(),
        "by": workspace.member.name,
        "report": report,
    }
    drafts.keep(workspace, {**document, "turn": int(document["turn"]) - 1})  # a test changes nothing that was seen
    return report


@action(needs=WRITERS, purpose="knowledge", highest_class="internal")
def submit_pack(workspace: Workspace, draft: str) -> None:
    """Hand a draft to the reviewer; only what passed the whole gate as it now stands. Raises ActionError not_tested."""
    _, document = drafts.find(workspace, draft)
    drafts.must_be_open(document)
    gate = document["gate"]
    digest = signing.digest(drafts.files_of(workspace, document))
    if gate is None or gate["digest"] != digest or not gate["report"]["passed"]:
        raise ActionError(
            "the draft has not passed the gate as it stands now",
            code="not_tested",
            place=draft,
            remedy="Run the gate, mend what it finds, then hand it in.",
        )
    document["state"] = "submitted"
    document["submitted_by"] = workspace.member.id
    document["review"] = None
    drafts.keep(workspace, document)


def _version(document: Mapping[str, Any]) -> str:
    try:
        return load(document["files"]["pack.yaml"], name="pack.yaml").find("version").written
    except (ValueError, KeyError):
        return "?"


def _changed(files: Mapping[str, str], file: str, change: Mapping[str, Any]) -> dict[str, str]:
    text = files[file]
    match dict(change):
        case {"values": values}:
            for place, value in values.items():
                text = set_value(text, place, value, name=file)
        case {"text": str(whole)}:
            if file.endswith(".yaml"):
                load(whole, name=file)
            text = whole if whole.endswith("\n") else whole + "\n"
        case {"repeat": place}:
            text = repeat_item(text, place, name=file)
        case {"remove": place}:
            text = remove_item(text, place, name=file)
        case {"copy": str(name)}:
            return _copied(files, file, name)
        case {"drop": True}:
            if not _name.fullmatch(file):
                raise _bad_name(file)
            return {name: one for name, one in files.items() if name != file}
        case _:
            raise ActionError("no change was named", code="nothing_changed", place=file, remedy="Change a value first.")
    return {**files, file: text}


def _copied(files: Mapping[str, str], file: str, name: str) -> dict[str, str]:
    """With a copy of a document under a new name of the same folder, its id changed accordingly."""
    folder = file.rpartition("/")[0]
    new = f"{folder}/{name.strip()}.yaml"
    if not _name.fullmatch(new) or new in files:
        raise _bad_name(new)
    text = files[file]
    old = load(text, name=file).find("id")
    if old.path == "id":
        prefix, dot, _ = str(old.value).rpartition(".")
        text = set_value(text, "id", f"{prefix}{dot}{name.strip()}", name=file)
    return dict(sorted({**files, new: text}.items()))


def _bad_name(name: str) -> ActionError:
    return ActionError(
        f"{name!r} cannot be the name of a document here",
        code="bad_file_name_in_draft",
        place=name,
        remedy="Use small letters, digits and hyphens, and a name that is not there yet.",
        name=name,
    )
