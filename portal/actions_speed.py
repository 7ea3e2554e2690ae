"""How long own deals take from the first sign-in to a verdict, as far as the accounts agreed to show it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from calculators.waiting import waiting
from portal import storage_release
from portal.actions import REPS, action
from portal.link_terms import opened_terms
from portal.milestones import milestone
from portal.storage import Transaction
from portal.storage_values import first_at
from portal.workspace import Workspace

DAY_S = 86_400.0
VERDICT = "verdict"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Deal:
    """Days to a verdict, or days without one so far; which pack, and how far."""

    days: float
    done: bool
    pack: str
    stage: str


@action(needs=REPS, purpose="outreach", highest_class="internal")
def decision_speed(workspace: Workspace) -> Mapping[str, Any]:
    """Return the days from the first sign-in to the first verdict on an account's own records, of the rep's own links.

    Only accounts that show their progress, or have released a result, count; `left_out` says how many do not. Keys:
    `all` and `packs` (by pack) with the figures of `calculators.waiting.Waiting`; `stages`: how many stand where.
    """
    now = workspace.clock().timestamp()
    deals: list[_Deal] = []
    left_out = 0
    with workspace.store.reading() as tx:
        for row in storage_release.links_by(tx, workspace.tenant, workspace.member.id):
            pack = str(opened_terms(workspace.data_keys, row, tx)["pack"])
            for opening in storage_release.openings_of(tx, row.id):
                released = min(
                    (one.released_at for one in storage_release.disclosures_of(tx, opening.tenant)), default=None
                )
                if not opening.status_shared and released is None:
                    left_out += 1
                    continue
                deals.append(_deal(tx, opening, released, pack, now))
    packs = sorted({deal.pack for deal in deals})
    stages: dict[str, int] = {}
    for deal in deals:
        stages[deal.stage] = stages.get(deal.stage, 0) + 1
    return {
        "all": _figures(deals),
        "packs": {pack: _figures([deal for deal in deals if deal.pack == pack]) for pack in packs},
        "stages": stages,
        "left_out": left_out,
    }


def _deal(tx: Transaction, opening: storage_release.OpeningRow, released: float | None, pack: str, now: float) -> _Deal:
    """What is shown counts in full; of an account that only released, the release is its verdict."""
    verdict = first_at(tx, opening.tenant, "main", VERDICT) if opening.status_shared else None
    ends = [at for at in (verdict, released) if at is not None]
    end = min(ends, default=now)
    stage = milestone(tx, opening.tenant) if opening.status_shared else "released"
    return _Deal(days=max(end - opening.at, 0.0) / DAY_S, done=bool(ends), pack=pack, stage=stage)


def _figures(deals: list[_Deal]) -> dict[str, Any]:
    return asdict(waiting([deal.days for deal in deals if deal.done], [deal.days for deal in deals if not deal.done]))
