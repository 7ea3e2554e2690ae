"""How packs are used, in counts that name nobody: which version, which default was replaced, how long it took.

A tenant's action leaves a count in the vendor's room; it holds a keyed mark of the tenant (to count tenants, not to
name them), never a value, a name or what a default was replaced with. What may be shown of the counts, and what
follows from them, is decided in `industry_packs.usage`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from industry_packs.usage import HOURS, Tried, Usage, band
from portal.identity import VENDOR
from portal.rooms import account_secret
from portal.shelf import on_shelf
from portal.workspace import Workspace
from privacy.vault import digest_hmac

KIND = "pack_use"


def count_use(workspace: Workspace, event: str, modules: Iterable[str], **facts: Any) -> None:
    """Count one use of the packs of these modules (pack/module): `event` is planned or result.

    `facts`: for planned `replaced` and `kept` (names of defaults); for result `band` of the hours from the first data
    (`usage.band`) and `failed`, whether the back-test did not reproduce the history (None: there was none). The
    vendor's own people are not counted.
    """
    versions = {pack.id: pack.version for pack in on_shelf()}
    used = {name.partition("/")[0] for name in modules} & versions.keys()
    if workspace.member.vendor or not used:
        return
    key = account_secret(workspace.data_keys, "pack use", at=workspace.clock())
    mark = digest_hmac(key, workspace.tenant.encode())[:16]
    packs = {name: versions[name] for name in sorted(used)}
    workspace.deliver(VENDOR, KIND, {"event": event, "packs": packs, "mark": mark, **facts})


def usages(rows: Iterable[Mapping[str, Any]]) -> list[Usage]:
    """What happened with each version, from the counts that tenants left."""
    versions: dict[tuple[str, str], list[Mapping[str, Any]]] = defaultdict(list)
    for row in rows:
        for pack, version in row["packs"].items():
            versions[pack, version].append(row)
    return [_usage(pack, version, found) for (pack, version), found in sorted(versions.items())]


def _usage(pack: str, version: str, rows: Sequence[Mapping[str, Any]]) -> Usage:
    plans = [row for row in rows if row["event"] == "planned"]
    results = [row for row in rows if row["event"] == "result"]
    tested = [row["failed"] for row in results if row["failed"] is not None]
    met: dict[str, set[str]] = defaultdict(set)
    replaced: dict[str, set[str]] = defaultdict(set)
    for row in plans:
        for name in [*row["kept"], *row["replaced"]]:
            if name.startswith(f"{pack}/"):
                met[name].add(row["mark"])
        for name in row["replaced"]:
            replaced[name].add(row["mark"])
    hours = [0] * (len(HOURS) + 1)
    for row in results:
        hours[row["band"]] += 1
    finished = len({row["mark"] for row in results})
    begun = len({row["mark"] for row in rows})
    return Usage(
        pack=pack,
        version=version,
        tenants=begun,
        given_up=Tried(bad=begun - finished, of=begun),
        rejected={name: Tried(bad=len(replaced[name]), of=len(marks)) for name, marks in met.items()},
        failed_backtests=Tried(bad=sum(tested), of=len(tested)),
        verdict_hours=tuple(hours),
    )


def band_since_first(workspace: Workspace) -> int:
    """The band of the hours since this workspace kept its first dataset."""
    kept = workspace.list("dataset")
    spent = (workspace.clock() - kept[-1].created_at).total_seconds() / 3600 if kept else 0.0
    return band(spent)
