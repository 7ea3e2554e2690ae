"""Actions on the releases of packs: review a draft, release it to a share or to all, go back, take out of use.

Two persons are needed for every release: who wrote a draft cannot approve it, and `industry_packs.releases` asks once
more. An approved draft is signed with the installation's own key.
"""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives import serialization

from industry_packs import releases, signing
from industry_packs.sandbox import figures_apart
from industry_packs.usage import Judgement, Usage, judge, shown, weak_defaults
from portal import drafts
from portal.actions import ARCHITECTS, ActionError, action
from portal.catalogue import modules_on_offer, packs
from portal.identity import Role
from portal.pack_use import KIND, usages
from portal.shelf import own_key, pack_folder, shipped, trusted_by
from portal.workspace import MissingError, Workspace

REVIEWERS = frozenset({Role.REVIEWER})
CANARY_SHARE = releases.CANARY_SHARE


@action(needs=ARCHITECTS, purpose="knowledge", highest_class="internal")
def pack_releases(workspace: Workspace) -> Mapping[str, Any]:
    """What was released and what waits.

    Keys: waiting (drafts in review: id, title, version, author_name, differences in number), rows (id, version, state,
    share, signed_by, at, title, shipped), history by pack id (version, state, by, at, reason, share, the newest first).
    """
    waiting = [
        workspace.get(drafts.KIND, kept.id)
        for kept in workspace.list(drafts.KIND)
        if workspace.get(drafts.KIND, kept.id)["state"] == "submitted"
    ]
    rows: list[dict[str, Any]] = [
        {
            "id": pack.id,
            "version": pack.version,
            "title": dict(pack.manifest.title),
            "state": "published",
            "signed_by": pack.signed_by,
            "shipped": True,
            "share": 1.0,
        }
        for pack in shipped()
    ]
    folder = pack_folder(workspace.store)
    history: dict[str, list[dict[str, Any]]] = {}
    if folder is not None and folder.is_dir():
        listed = releases.list_packs(folder)["packs"][len(rows) :]
        for row in listed:
            steps = [step for step in releases.history(folder, row["id"]) if step.version == row["version"]]
            rows.append({**row, "shipped": False, "share": steps[-1].share})
        for identity in sorted({row["id"] for row in listed}):
            history[identity] = [step.to_json() for step in reversed(releases.history(folder, identity))]
    return {
        "waiting": [
            {
                **{key: one[key] for key in ("id", "title", "author_name", "at")},
                "mine": drafts.had_a_hand(workspace, one),
            }
            for one in waiting
        ],
        "rows": rows,
        "history": history,
        "me": workspace.member.id,
    }


@action(needs=REVIEWERS, purpose="knowledge", highest_class="internal")
def review_pack(workspace: Workspace, draft: str, *, turn: int, approve: bool, reason: str) -> None:
    """Approve a draft, which signs and installs it in the sandbox, or return it to its author; with a reason.

    `turn` is the draft's number that the reviewer saw. Raises ActionError not_submitted, draft_changed,
    two_persons_needed, reason_too_short, and the refusals of `industry_packs.releases.install`.
    """
    _, document = drafts.find(workspace, draft)
    if document["state"] != "submitted":
        raise ActionError(
            "the draft does not wait for a review",
            code="not_submitted",
            place=draft,
            remedy="Its author hands it in from the studio.",
        )
    if drafts.had_a_hand(workspace, document):
        raise ActionError(
            "who wrote a draft cannot approve it",
            code="two_persons_needed",
            place=draft,
            remedy="Ask a second person to review it.",
        )
    drafts.must_be_seen(document, turn)
    why, _ = drafts.checked_reason(reason, "review")
    document["review"] = {
        "approved": approve,
        "by": workspace.member.name,
        "at": workspace.clock().isoformat(),
        "reason": why,
    }
    document["state"] = "installed" if approve else "returned"
    workspace.reason = why[:200]
    if approve:
        _install(workspace, document)
    drafts.keep(workspace, document)


@action(needs=REVIEWERS, purpose="knowledge", highest_class="internal")
def publish_pack(workspace: Workspace, pack: str, *, version: str, share: float = 1.0, reason: str = "") -> None:
    """Release a version to all tenants, or to a share of them as a canary; the whole gate runs again before."""
    releases.publish(
        _folder(workspace), pack, version, by=workspace.member.id, at=workspace.clock(), share=share, reason=reason,
        trusted=trusted_by(workspace),
    )  # fmt: skip
    _noted(workspace, pack, version, reason)


@action(needs=REVIEWERS, purpose="knowledge", highest_class="internal")
def rollback_pack(workspace: Workspace, pack: str, *, reason: str) -> None:
    """Back to the version that was published before; runs keep the version they were made with."""
    done = releases.rollback(_folder(workspace), pack, by=workspace.member.id, at=workspace.clock(), reason=reason)
    _noted(workspace, pack, str(done.get("version", "")), reason)


@action(needs=REVIEWERS, purpose="knowledge", highest_class="internal")
def retire_pack(workspace: Workspace, pack: str, *, version: str, reason: str) -> None:
    """Take a version out of use for good."""
    releases.retire(_folder(workspace), pack, version, by=workspace.member.id, at=workspace.clock(), reason=reason)
    _noted(workspace, pack, version, reason)


@action(needs=ARCHITECTS, purpose="knowledge", highest_class="internal")
def compare_release(workspace: Workspace, pack: str, *, version: str) -> Sequence[Mapping[str, Any]]:
    """The shadow run: every template of a version from its sample, beside the version now in force.

    Rows: template, title, figure, before, after (None where a version has no such figure). Nobody sees these results.
    """
    folder = _folder(workspace)
    new = releases.installed_pack(folder, pack, version)
    at_work = releases.version_for(folder, pack, "")
    old = next((one for one in shipped() if one.id == pack), None)
    if at_work is not None and at_work != version:
        old = releases.installed_pack(folder, pack, at_work)
    before = {} if old is None else figures_apart(old.files)
    after = figures_apart(new.files)
    rows = []
    for template in sorted({*before, *after}):
        titles = new.templates.get(template) or (old.templates.get(template) if old is not None else None)
        olds, news = before.get(template, {}), after.get(template, {})
        rows += [
            {
                "template": template,
                "title": dict(titles.title) if titles is not None else {},
                "figure": name,
                "before": olds.get(name),
                "after": news.get(name),
            }
            for name in dict.fromkeys([*news, *olds])
        ]
    return rows


def _install(workspace: Workspace, document: Mapping[str, Any]) -> None:
    """Sign the draft's files and take them into the store; the author counts as the one who installed them."""
    pem = own_key(workspace).private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    store = _folder(workspace)
    with tempfile.TemporaryDirectory() as name:  # nothing of a tenant: the text of a pack that is to be published
        folder = Path(name) / document["id"]
        for path, content in drafts.files_of(workspace, document).items():
            target = folder / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(content)
        signing.sign(folder, pem)
        store.mkdir(parents=True, exist_ok=True, mode=0o700)
        releases.install(folder, store, by=document["author"], at=workspace.clock(), trusted=trusted_by(workspace))


def _folder(workspace: Workspace) -> Path:
    folder = pack_folder(workspace.store)
    if folder is None:
        raise MissingError("packs")
    return folder


def _noted(workspace: Workspace, pack: str, version: str, reason: str) -> None:
    """Every step of a release is an entry of the log, whatever it changed in the folder."""
    workspace.touched[f"pack/{pack}/{version}"] = ""
    workspace.reason = reason.strip()[:200]
    workspace.then(lambda _: None)


@action(needs=ARCHITECTS, purpose="knowledge", highest_class="internal")
def pack_usage(workspace: Workspace) -> Mapping[str, Any]:
    """Return how packs were used lately (the newest thousand uses).

    Keys: versions (as `industry_packs.usage.shown`, with title; none below five tenants), weak (title, share of those
    who replaced a default, tenants), canaries (pack, version, advice, measure: `industry_packs.usage.judge`).
    """
    found = usages(workspace.get(KIND, kept.id) for kept in workspace.list(KIND))
    titles = {pack.id: dict(pack.manifest.title) for pack in packs()}
    offer = modules_on_offer()
    weak = []
    for one in found:
        for name in weak_defaults(one):
            module, _, number = name.rpartition("#")
            title = dict(offer[module].title) if module in offer else {"en": module, "zh-CN": module}
            weak.append(
                {
                    "title": {tag: f"{words} · {int(number) + 1}" for tag, words in title.items()},
                    "share": one.rejected[name].share,
                    "tenants": one.rejected[name].of,
                    "version": one.version,
                }
            )
    return {
        "versions": [
            {**row, "title": titles.get(one.pack, {"en": one.pack, "zh-CN": one.pack})}
            for one in found
            if (row := shown(one)) is not None
        ],
        "weak": weak,
        "canaries": _canaries(workspace, {(one.pack, one.version): one for one in found}),
    }


def _canaries(workspace: Workspace, found: Mapping[tuple[str, str], Usage]) -> list[dict[str, Any]]:
    """What the stop rule says of each canary, compared with the version that the others work with."""
    folder = pack_folder(workspace.store)
    if folder is None or not folder.is_dir():
        return []
    rows = []
    versions = {pack.id: pack.version for pack in shipped()}
    for row in releases.list_packs(folder)["packs"]:
        if row["state"] == "published":
            versions[row["id"]] = row["version"]
    for row in releases.list_packs(folder)["packs"]:
        canary = found.get((row["id"], row["version"]))
        others = found.get((row["id"], versions.get(row["id"], "")))
        if row["state"] == "canary":
            said = Judgement(advice="wait") if canary is None or others is None else judge(canary, others)
            rows.append({"pack": row["id"], "version": row["version"], "advice": said.advice, "measure": said.measure})
    return rows
