"""Actions on options: what else there is to choose, held against ours on the same inputs and the same draws."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from calculators.declarations import Tier
from calculators.oee import Definition
from portal.actions import EDITORS, READERS, ActionError, action
from portal.cases import check_values, typed_inputs
from portal.catalogue import calculator
from portal.option_book import KINDS, OWN, SHARE, compared, given_of, option_list, share_of_ours
from portal.workspace import Workspace

MOST_OPTIONS = 6


@action(needs=EDITORS, purpose="appraisal")
def save_option(
    workspace: Workspace,
    *,
    name: str,
    kind: str,
    effect: Sequence[float],
    values: Mapping[str, Any],
    source: str,
    stated_in: str = SHARE,
    tier: str = "B",
    later: int = 0,
    option: str = "",
) -> str:
    """Keep an option to compare, or a changed one in place of `option`; returns its id.

    `kind`: rival, build or other. `effect`: low, likely, high; as percentages of ours (`stated_in` "share") or in
    points of OEE under one definition, with its `tier` and `source`. `values`: its own inputs (price_once,
    price_monthly, internal_hours, running_hours, training, refund_share, refund_promise), written as for `set_inputs`.
    `later`: months by which it begins later than ours. Raises ActionError option_incomplete, too_many_options,
    three_values, and the calculation errors of values (mixed_definitions among them).
    """
    if kind not in KINDS or not name.strip() or not source.strip() or "price_once" not in values:
        raise ActionError(
            "an option needs a kind, a name, a price and the source of its figures",
            code="option_incomplete",
            remedy="Fill in name, one-off price and where the figures come from.",
        )
    if stated_in not in {SHARE, *Definition} or set(values) - set(OWN) or not 0 <= later <= 60:
        raise ActionError(
            "an option has prices, hours and a refund clause of its own, nothing else",
            code="option_incomplete",
            remedy="Change what all options share on the value page.",
        )
    if not option and len(workspace.list("option")) >= MOST_OPTIONS:
        raise ActionError(
            f"at most {MOST_OPTIONS} options can be compared",
            code="too_many_options",
            remedy="Remove one first.",
            most=MOST_OPTIONS,
        )
    points = sorted(float(value) for value in effect)
    if len(points) != 3:
        raise ActionError(
            "give a low, a likely and a high value",
            code="three_values",
            place="effect",
            remedy="Type three numbers, the smallest first.",
        )
    document = {
        "name": name.strip()[:80],
        "kind": kind,
        "effect": list(share_of_ours(workspace, points, stated_in)),
        "stated_in": stated_in,
        "tier": Tier(tier).value,
        "source": source.strip()[:200],
        "later": int(later),
        "values": dict(values),
        "by": workspace.member.id,
    }
    check_values(given_of(document))
    if option:
        workspace.remove("option", option)
    return workspace.put("option", document)


@action(needs=EDITORS, purpose="appraisal")
def remove_option(workspace: Workspace, option: str) -> None:
    """Erase an option."""
    workspace.remove("option", option)


@action(needs=READERS, purpose="appraisal")
def options(workspace: Workspace, *, claims: bool = False) -> Mapping[str, Any]:
    """Return every option on the same inputs and draws, the best by its median first.

    Keys: options (id, kind: status_quo, ours, rival, build, other; title, source, tier, best: chance of being the best
    with its interval, ahead: P10, P50, P90 of the distance to the best other, outputs), do_nothing (what doing nothing
    costs against today), definition (of OEE, shared by all), claims, currency, periods, draws, sample. Raises what
    `appraise` raises.
    """
    stored = typed_inputs(workspace)[0]
    newest = workspace.latest("summary", slot="result")
    kept_options = [key for key, _ in option_list(workspace)]
    wanted = (
        "" if newest is None else newest.id,
        "" if stored is None else stored.id,
        *kept_options,
    )
    slot = f"options/{claims}/{calculator().version}"
    kept = workspace.latest("comparison", slot=slot)
    if kept is not None and kept.inputs == wanted:
        found: Mapping[str, Any] = workspace.get("comparison", kept.id)
        return found
    made = compared(workspace, claims=claims)
    workspace.put("comparison", made, slot=slot, inputs=wanted, replace=True)
    return made
