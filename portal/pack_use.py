"""How packs are used, in counts that name nobody: which version, which default was replaced, how long it took.

A tenant's action leaves a count in the vendor's room; it holds a keyed mark of the tenant (to count tenants, not to
name them), never a value, a name or what a default was replaced with. Below `LEAST` tenants nothing is shown.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from statistics import median
from typing import Any

from portal.identity import VENDOR
from portal.rooms import account_secret
from portal.workspace import Workspace
from privacy.vault import digest_hmac

KIND = "pack_use"
LEAST = 5
REVIEW_SHARE = 1 / 3
"""A default that more than this share of its users replaced is flagged."""


def count_use(workspace: Workspace, event: str, packs: Mapping[str, str], **facts: Any) -> None:
    """Count one use of packs (id -> version): `event` is planned, result or back_test.

    `facts`: for planned `replaced` and `kept` (names of defaults), for result `days`, for back_test `bias` in points of
    OEE, both rounded. The vendor's own people are not counted.
    """
    if workspace.member.vendor or not packs:
        return
    key = account_secret(workspace.data_keys, "pack use", at=workspace.clock())
    workspace.deliver(
        VENDOR,
        KIND,
        {"event": event, "packs": dict(packs), "mark": digest_hmac(key, workspace.tenant.encode())[:16], **facts},
    )


def summed(rows: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """Counts for the architects: `versions` (pack, version, accounts, plans, results, days, bias) and `replaced`
    (name of the default, share, accounts, review), the most replaced first; nothing that rests on fewer than `LEAST`.
    """
    rows = list(rows)
    marks = {row["mark"] for row in rows}
    versions: dict[tuple[str, str], list[Mapping[str, Any]]] = defaultdict(list)
    kept: dict[str, set[str]] = defaultdict(set)
    replaced: dict[str, set[str]] = defaultdict(set)
    for row in rows:
        for pack, version in row["packs"].items():
            versions[pack, version].append(row)
        for name in row.get("kept", ()):
            kept[name].add(row["mark"])
        for name in row.get("replaced", ()):
            replaced[name].add(row["mark"])
    asked = {name: found | kept[name] for name, found in replaced.items()}
    return {
        "accounts": len(marks) if len(marks) >= LEAST else None,
        "plans": sum(row["event"] == "planned" for row in rows) if len(marks) >= LEAST else None,
        "versions": [
            _version(pack, version, found)
            for (pack, version), found in sorted(versions.items())
            if len({row["mark"] for row in found}) >= LEAST
        ],
        "replaced": sorted(
            (_default(name, replaced[name], met) for name, met in asked.items() if len(met) >= LEAST),
            key=lambda one: -one["share"],
        ),
    }


def _version(pack: str, version: str, rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    days = [row["days"] for row in rows if row["event"] == "result" and row.get("days") is not None]
    bias = [abs(row["bias"]) for row in rows if row["event"] == "back_test" and row.get("bias") is not None]
    return {
        "pack": pack,
        "version": version,
        "accounts": len({row["mark"] for row in rows}),
        "plans": sum(row["event"] == "planned" for row in rows),
        "results": sum(row["event"] == "result" for row in rows),
        "days": median(days) if len(days) >= LEAST else None,
        "bias": median(bias) if len(bias) >= LEAST else None,
    }


def _default(name: str, replaced: set[str], met: set[str]) -> dict[str, Any]:
    share = len(replaced) / len(met)
    return {"name": name, "share": share, "accounts": len(met), "review": share > REVIEW_SHARE}
