"""What the demo's first tenant has in hand when it opens its workspace: the sample of a pack, measured and simulated.

Everything goes through the same actions as a person's own data, so everything of it can be opened, audited and erased.
The study is queued: a worker finishes it while the first page is being looked at.
"""

from __future__ import annotations

from portal import actions_data, actions_packs, actions_runs, actions_study, actions_value
from portal.workspace import Workspace

INPUTS = {
    "contribution_margin": "34 / 42 / 48 CNY/piece",
    "sellable_extra": "900 / 1500 / 2200 piece",
    "internal_hours": "120 / 200 / 320 person*h",
    "hourly_cost": "95 CNY/(person*h)",
}
"""Typed inputs of the sample plant; invented like its records."""
REASON = "示例 sample"
MONTHS = 36
DRAWS = 40


def seed_workspace(workspace: Workspace) -> str:
    """Load the sample, measure it, fit its line, plan a scenario for each module and one for all, queue the study.

    Returns the run's id.
    """
    actions_data.load_sample(workspace)
    actions_study.baseline(workspace)
    actions_study.fit_line(workspace)
    modules = [module["id"] for module in actions_packs.open_pack(workspace)["modules"]]
    for module in modules:
        actions_study.plan_scenario(workspace, name="", modules=[{"id": module}])
    if len(modules) > 1:
        actions_study.plan_scenario(workspace, name="", modules=[{"id": module} for module in modules])
    actions_value.set_inputs(workspace, {name: {"value": value, "reason": REASON} for name, value in INPUTS.items()})
    return actions_runs.run_study(workspace, months=MONTHS, draws=DRAWS)
