"""The life of a pack in one installation: draft, sandbox, canary, published, deprecated, retired.

A folder, the store, holds `ID/VERSION/` for each installed pack and `releases.jsonl`, to which every step is appended.
A version is installed once and never changed; runs keep the version they were made with. Two persons are needed to
publish: who installed a version cannot release it. Nothing is installed below the newest version that was released.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

from industry_packs import signing
from industry_packs.errors import PackError
from industry_packs.folder import read_contents
from industry_packs.pack import Pack, load_pack, read_pack, shipped_packs
from industry_packs.testing import lint_contents, version_key
from industry_packs.trials import run_trials
from templates import documents

STATES = ("draft", "sandbox", "canary", "published", "deprecated", "retired")
STEPS: Mapping[str, tuple[str, ...]] = {
    "sandbox": ("canary", "published", "retired"),
    "canary": ("published", "sandbox", "retired"),
    "published": ("deprecated", "retired"),
    "deprecated": ("published", "retired"),
    "retired": (),
}
CANARY_SHARE = 0.05
REASON_CHARACTERS = 20
_log = "releases.jsonl"
_keys = "trusted_keys.yaml"


@dataclass(frozen=True, slots=True, kw_only=True)
class Release:
    """One step of one version: the newest step of a version is its state."""

    pack: str
    version: str
    digest: str
    signed_by: str
    state: str
    by: str  # who did it, as the caller names people
    at: str  # ISO 8601
    reason: str = ""
    share: float = 1.0  # of the tenants, while in canary

    def to_json(self) -> dict[str, Any]:
        """The step as in the JSON of the `pack` commands."""
        return {name: getattr(self, name) for name in self.__dataclass_fields__}


def trusted_in(store: Path) -> dict[str, signing.TrustedKey]:
    """The pinned keys, and those that this installation trusts: `trusted_keys.yaml` in the store."""
    own = store / _keys
    return {**signing.trusted_keys(), **(signing.trusted_keys(own) if own.is_file() else {})}


def trust(store: Path, key: signing.TrustedKey) -> dict[str, Any]:
    """Let this installation take packs signed with a key; the JSON of `pack trust`."""
    known = trusted_in(store)
    if key.id not in known:
        own = {name: one for name, one in known.items() if name not in signing.trusted_keys()} | {key.id: key}
        store.mkdir(parents=True, exist_ok=True)
        waiting = store / f".{_keys}.new"
        rows = [signing.entry(one) | ({"revoked": True} if one.revoked else {}) for one in own.values()]
        waiting.write_text(documents.write({"mingsuan": "trusted_keys/1", "keys": rows}), encoding="utf-8")
        waiting.replace(store / _keys)
    return {"key": key.id, "title": known.get(key.id, key).title}


def install(
    folder: Path, store: Path, *, by: str, at: datetime, trusted: Mapping[str, signing.TrustedKey] | None = None
) -> dict[str, Any]:
    """Take a signed pack into the store; it begins in the sandbox.

    Raises PackError: those of `load_pack`, already_installed, downgrade, same_template.
    """
    pack = load_pack(folder, trusted=trusted)
    newest = _newest_released(store, pack.id)
    known = _current(store)
    if (pack.id, pack.version) in known or _shipped_version(pack.id) == pack.version:
        raise PackError(
            f"version {pack.version} of {pack.id} is already there",
            code="already_installed",
            place="pack.yaml",
            remedy="Give the changed pack a new version.",
            id=pack.id,
            version=pack.version,
        )
    if newest is not None and version_key(pack.version) < version_key(newest):
        raise PackError(
            f"version {pack.version} of {pack.id} is older than {newest}, which was released already",
            code="downgrade",
            place="pack.yaml",
            remedy="Give it a higher version; to go back to a released one, roll back.",
            id=pack.id,
            version=pack.version,
            newest=newest,
        )
    _check_templates(store, pack)
    target = store / pack.id / pack.version
    waiting = store / pack.id / f".{pack.version}.new"
    shutil.rmtree(waiting, ignore_errors=True)
    for name, content in pack.files.items():
        path = waiting / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    waiting.rename(target)
    return _note(store, pack, "sandbox", by=by, at=at)


def publish(
    store: Path,
    identity: str,
    version: str,
    *,
    by: str,
    at: datetime,
    share: float = 1.0,
    reason: str = "",
    trusted: Mapping[str, signing.TrustedKey] | None = None,
) -> dict[str, Any]:
    """Release a version, to all tenants or, with a share below 1, to that share as a canary; runs the whole gate first.

    Raises PackError: not_installed, wrong_step, two_persons, gate_failed, bad_share.
    """
    if not 0 < share <= 1:
        raise PackError(
            f"the share of a canary cannot be {share:g}",
            code="bad_share",
            remedy="Give a share above 0 and up to 1, such as 0.05.",
            value=share,
        )
    release = _step(store, identity, version, "published" if share == 1 else "canary")
    installer = next(item.by for item in _history(store) if (item.pack, item.version) == (identity, version))
    pack = load_pack(store / identity / version, trusted=trusted)
    if by in {installer, pack.manifest.owner}:
        raise PackError(
            f"{by} installed or owns {identity} {version} and cannot release it",
            code="two_persons",
            remedy="Ask a second person, such as the reviewer, to release it.",
            by=by,
            id=identity,
            version=version,
        )
    found = read_contents(pack.files)
    findings = lint_contents(found, pack.files, today=at.date())
    failed = [trial for trial in run_trials(pack, found.tests) if not trial.passed]
    if findings or failed:
        first = findings[0].message if findings else f"{failed[0].name}: {failed[0].why}"
        raise PackError(
            f"{identity} {version} does not pass the gate: {first}",
            code="gate_failed",
            remedy="Run the gate, mend what it finds and install a new version.",
            id=identity,
            version=version,
            first=first,
            count=len(findings) + len(failed),
        )
    state = "published" if share == 1 else "canary"
    if state == "published":
        for other in _current(store).values():
            if other.pack == identity and other.version != version and other.state in {"published", "canary"}:
                _append(store, _moved(other, "deprecated", by=by, at=at, reason=f"replaced by {version}"))
    return _append(store, _moved(release, state, by=by, at=at, reason=reason, share=share))


def rollback(store: Path, identity: str, *, by: str, at: datetime, reason: str) -> dict[str, Any]:
    """Back to the version that was published before, in one step; the present one is deprecated.

    Raises PackError: nothing_published, nothing_before, reason_needed.
    """
    _need_reason(reason)
    current = _current(store)
    present = [item for item in current.values() if item.pack == identity and item.state in {"published", "canary"}]
    if not present:
        raise PackError(
            f"no version of {identity} is released",
            code="nothing_published",
            remedy="Publish one first.",
            id=identity,
        )
    order = [item.version for item in _history(store) if item.pack == identity and item.state == "published"]
    newest = max((item.version for item in present), key=version_key)
    before = [
        version
        for version in order
        if version_key(version) < version_key(newest) and current[identity, version].state == "deprecated"
    ]
    if not before and _shipped_version(identity) is None:
        raise PackError(
            f"there is no earlier version of {identity} to go back to",
            code="nothing_before",
            remedy="Retire the present one, or install a mended version.",
            id=identity,
        )
    result: dict[str, Any] = {}
    for item in present:
        result = _append(store, _moved(item, "deprecated", by=by, at=at, reason=reason))
    if before:
        result = _append(store, _moved(current[identity, before[-1]], "published", by=by, at=at, reason=reason))
    return result


def retire(store: Path, identity: str, version: str, *, by: str, at: datetime, reason: str) -> dict[str, Any]:
    """Take a version out of use for good; its files stay for the runs that were made with it.

    Raises PackError: not_installed, wrong_step, reason_needed.
    """
    _need_reason(reason)
    release = _step(store, identity, version, "retired")
    return _append(store, _moved(release, "retired", by=by, at=at, reason=reason))


def list_packs(store: Path | None = None) -> dict[str, Any]:
    """The JSON of `mingsuan pack list`: shipped packs and those installed in the folder `store`."""
    rows = [_row(pack, pack.signed_by or "", "published") for pack in shipped_packs()]
    if store is not None:
        for release in sorted(_current(store).values(), key=lambda item: (item.pack, version_key(item.version))):
            pack = read_pack(signing.read_folder(store / release.pack / release.version))
            if pack.digest != release.digest:
                raise PackError(
                    f"{release.pack} {release.version} was changed after it was installed",
                    code="tampered",
                    place=f"{release.pack}/{release.version}",
                    remedy="Remove it and install it again from its publisher.",
                )
            rows.append(_row(pack, release.signed_by, release.state))
    return {"packs": rows}


def version_for(store: Path, identity: str, subject: str) -> str | None:
    """The version that a tenant works with: the canary for its share of the tenants, else the published one.

    `subject` is the tenant's id; the same tenant always falls on the same side. None: the shipped version, if any.
    """
    current = [item for item in _current(store).values() if item.pack == identity]
    for item in current:
        if item.state == "canary" and _side(f"{identity}/{item.version}/{subject}") < item.share:
            return item.version
    published = [item.version for item in current if item.state == "published"]
    return max(published, key=version_key, default=None)


def installed_pack(store: Path, identity: str, version: str) -> Pack:
    """An installed version, whatever its state: what a stored run was made with."""
    release = _found(store, identity, version)
    files = signing.read_folder(store / identity / version)
    if signing.digest(files) != release.digest:
        raise PackError(
            f"{identity} {version} was changed after it was installed",
            code="tampered",
            place=f"{identity}/{version}",
            remedy="Remove it and install it again from its publisher.",
        )
    return read_pack(files, signed_by=release.signed_by)


def history(store: Path, identity: str) -> tuple[Release, ...]:
    """Every step of a pack, oldest first."""
    return tuple(item for item in _history(store) if item.pack == identity)


def _row(pack: Pack, signed_by: str, state: str) -> dict[str, Any]:
    return {
        "id": pack.id,
        "version": pack.version,
        "title": dict(pack.manifest.title),
        "templates": sorted(pack.templates),
        "signed_by": signed_by,
        "state": state,
    }


def _check_templates(store: Path, pack: Pack) -> None:
    taken = {template: other.id for other in shipped_packs() if other.id != pack.id for template in other.templates}
    for release in _current(store).values():
        if release.pack != pack.id and release.state != "retired":
            other = read_pack(signing.read_folder(store / release.pack / release.version))
            taken.update(dict.fromkeys(other.templates, release.pack))
    for template in pack.templates:
        if template in taken:
            raise PackError(
                f"template {template!r} belongs to pack {taken[template]} already",
                code="same_template",
                place="templates/",
                remedy="Begin the ids of the pack's templates with a word of its own.",
                id=template,
                pack=taken[template],
            )


def _shipped_version(identity: str) -> str | None:
    return next((pack.version for pack in shipped_packs() if pack.id == identity), None)


def _newest_released(store: Path, identity: str) -> str | None:
    released = [
        item.version
        for item in _history(store)
        if item.pack == identity and item.state in {"canary", "published", "deprecated"}
    ]
    shipped = _shipped_version(identity)
    return max([*released, *([shipped] if shipped else [])], key=version_key, default=None)


def _found(store: Path, identity: str, version: str) -> Release:
    release = _current(store).get((identity, version))
    if release is None:
        raise PackError(
            f"version {version} of {identity} is not installed",
            code="not_installed",
            remedy="Install it first; 'pack list' shows what is there.",
            id=identity,
            version=version,
        )
    return release


def _step(store: Path, identity: str, version: str, to: str) -> Release:
    release = _found(store, identity, version)
    if to not in STEPS[release.state]:
        raise PackError(
            f"{identity} {version} is {release.state} and cannot become {to}",
            code="wrong_step",
            remedy=f"From {release.state} it can become {', '.join(STEPS[release.state]) or 'nothing else'}.",
            id=identity,
            version=version,
            state=release.state,
            to=to,
        )
    return release


def _need_reason(reason: str) -> None:
    if len(reason.strip()) < REASON_CHARACTERS:
        raise PackError(
            f"a reason of at least {REASON_CHARACTERS} characters is needed",
            code="reason_needed",
            remedy="Say what happened and how you know, so that others can follow it.",
            low=REASON_CHARACTERS,
        )


def _moved(release: Release, state: str, *, by: str, at: datetime, reason: str, share: float = 1.0) -> Release:
    return Release(
        pack=release.pack,
        version=release.version,
        digest=release.digest,
        signed_by=release.signed_by,
        state=state,
        by=by,
        at=at.isoformat(),
        reason=reason,
        share=share,
    )


def _note(store: Path, pack: Pack, state: str, *, by: str, at: datetime) -> dict[str, Any]:
    return _append(
        store,
        Release(
            pack=pack.id,
            version=pack.version,
            digest=pack.digest,
            signed_by=pack.signed_by or "",
            state=state,
            by=by,
            at=at.isoformat(),
        ),
    )


def _append(store: Path, release: Release) -> dict[str, Any]:
    store.mkdir(parents=True, exist_ok=True)
    with (store / _log).open("a", encoding="utf-8") as file:
        file.write(json.dumps(release.to_json(), ensure_ascii=False) + "\n")
        file.flush()
        os.fsync(file.fileno())
    return release.to_json()


def _history(store: Path) -> list[Release]:
    path = store / _log
    if not path.exists():
        return []
    try:
        return [Release(**json.loads(line)) for line in path.read_text(encoding="utf-8").splitlines()]
    except (ValueError, TypeError):
        raise PackError(
            f"{_log} is damaged",
            code="damaged_store",
            place=_log,
            remedy="Restore it from the backup.",
        ) from None


def _current(store: Path) -> dict[tuple[str, str], Release]:
    return {(item.pack, item.version): item for item in _history(store)}


def _side(text: str) -> float:
    return int.from_bytes(sha256(text.encode()).digest()[:8], "big") / 2**64
