"""Actions on industry packs: what is installed, what a pack holds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from industry_packs.pack import Pack
from portal.actions import EVERYBODY, action
from portal.catalogue import packs
from portal.workspace import MissingError, Workspace

_CONTENTS: dict[tuple[str, bool], Mapping[str, Any]] = {}  # a pack does not change while it is installed


@action(needs=EVERYBODY, purpose="knowledge", highest_class="public")
def list_packs(workspace: Workspace) -> Sequence[Mapping[str, Any]]:
    """List the packs: id, version, title, templates, signed_by and state, as in the JSON of `pack list`."""
    del workspace
    return [
        {
            "id": one.manifest.id,
            "version": one.manifest.version,
            "title": dict(one.manifest.title),
            "templates": list(one.templates),
            "signed_by": one.signed_by,
            "state": "published",
        }
        for one in packs()
    ]


@action(needs=EVERYBODY, purpose="knowledge", highest_class="public")
def open_pack(workspace: Workspace, pack: str = "") -> Mapping[str, Any]:
    """Return what a pack (default: the first) holds.

    Keys: id, version, title, summary, signed_by, digest, owner, reviewer, review_by, limits, lines (id, name,
    stations), modules (id, title, about, effects, prices, adoption), checklists (id, title, controls), calculators (id,
    title), pains, obstacles, templates, uploads, risks; and `guide` and `brief` for the vendor's people only.
    """
    for one in packs():
        if pack in {"", one.manifest.id}:
            key = one.digest, workspace.member.vendor
            if key not in _CONTENTS:
                _CONTENTS[key] = _content(one, guide=workspace.member.vendor)
            return _CONTENTS[key]
    raise MissingError(pack)


def _content(pack: Pack, *, guide: bool) -> dict[str, Any]:
    manifest = pack.manifest
    content: dict[str, Any] = {
        "id": manifest.id,
        "version": manifest.version,
        "title": dict(manifest.title),
        "summary": dict(manifest.summary),
        "signed_by": pack.signed_by,
        "digest": pack.digest,
        "owner": manifest.owner,
        "reviewer": manifest.reviewer,
        "review_by": manifest.review_by.isoformat(),
        "limits": asdict(pack.limits),
        "lines": [
            {"id": f"{manifest.id}/{name}", "name": line.name, "stations": [one.name for one in line.stations]}
            for name, line in pack.lines.items()
        ],
        "modules": [{**asdict(module), "id": f"{manifest.id}/{name}"} for name, module in pack.modules.items()],
        "checklists": [
            {"id": f"{manifest.id}/{name}", "title": dict(found.title), "controls": len(found.controls)}
            for name, found in pack.checklists.items()
        ],
        "calculators": [{"id": name, "title": dict(found.title)} for name, found in pack.calculators.items()],
        "pains": [asdict(pain) for pain in pack.decision_map.pains],
        "obstacles": [_without_guide(asdict(one), guide=guide) for one in pack.decision_map.obstacles],
        "templates": [asdict(found) for found in pack.templates.values()],
        "uploads": [asdict(found) for found in pack.uploads.values()],
        "risks": [asdict(rule) for rule in pack.risks],
    }
    if guide:
        content["guide"] = [asdict(card) for card in pack.guide.values()]
        content["brief"] = asdict(pack.brief)
    return content


def _without_guide(obstacle: dict[str, Any], *, guide: bool) -> dict[str, Any]:
    return obstacle if guide else {key: value for key, value in obstacle.items() if key != "guide"}
