"""Actions from records to results: baseline, line, scenarios, studies and their runs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from portal.actions import EDITORS, READERS, TENANT, action
from portal.workspace import Workspace


@dataclass(frozen=True, slots=True, kw_only=True)
class LineView:
    """The line model in force. `text` is its YAML document, `source` fitted, template or edited."""

    id: str
    name: str
    text: str
    source: str
    fit: Mapping[str, Any]  # JSON of the fit report, or empty
    sample: bool
    created_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ScenarioView:
    """One scenario: which modules, from which month, at which price, with or without vendor claims."""

    id: str
    name: str
    modules: tuple[Mapping[str, Any], ...]
    created_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class RunStatus:
    """How far a study's run is. `state`: queued, running, done, failed or cancelled; `progress` 0 to 1."""

    id: str
    state: str
    progress: float
    stage: str
    seconds_left: float | None
    rough: str  # id of a first, rough result, or ""
    result: str  # id of the result, or ""
    error: str  # stable code, or ""
    created_at: datetime
    finished_at: datetime | None


@action(needs=READERS, purpose="baseline")
def baseline(workspace: Workspace) -> Mapping[str, Any]:
    """Return what the records say: OEE and its parts, loss waterfall, Pareto, MTBF and MTTR by machine, findings.

    Computed once for a set of datasets, kept sealed, then reread. Raises ActionError no_data.
    """
    raise RuntimeError("being written")


@action(needs=EDITORS, purpose="simulation")
def fit_line(workspace: Workspace, *, template: str = "") -> LineView:
    """Fit failures and repairs to the stop log and make them the line in force."""
    raise RuntimeError("being written")


@action(needs=EDITORS, purpose="simulation")
def use_line_template(workspace: Workspace, template: str) -> LineView:
    """Make a pack's line template the line in force."""
    raise RuntimeError("being written")


@action(needs=EDITORS, purpose="simulation")
def save_line(workspace: Workspace, text: str) -> LineView:
    """Check an edited line document and make it the line in force; the document error names line and remedy."""
    raise RuntimeError("being written")


@action(needs=READERS, purpose="simulation")
def line(workspace: Workspace) -> LineView | None:
    """Return the line in force, or None."""
    raise RuntimeError("being written")


@action(needs=EDITORS, purpose="simulation")
def plan_scenario(workspace: Workspace, *, name: str, modules: Sequence[Mapping[str, Any]]) -> ScenarioView:
    """Keep a scenario.

    Each module: `id` (of a pack's module), and where the person changed them `starts_month`, `full_month`, `price`,
    `effects` ({parameter: [low, likely, high]}), `reason`.
    """
    raise RuntimeError("being written")


@action(needs=EDITORS, purpose="simulation")
def remove_scenario(workspace: Workspace, scenario: str) -> None:
    """Erase a scenario; results of it stay."""
    raise RuntimeError("being written")


@action(needs=READERS, purpose="simulation")
def scenarios(workspace: Workspace) -> Sequence[ScenarioView]:
    """List the scenarios, oldest first."""
    raise RuntimeError("being written")


@action(needs=EDITORS, purpose="simulation")
def run_study(
    workspace: Workspace, *, scenarios: Sequence[str], months: int = 36, replications: int = 0, seed: int = 1
) -> str:
    """Queue a study of scenarios against the baseline; returns the run's id. `replications` 0: as many as needed."""
    raise RuntimeError("being written")


@action(needs=TENANT, purpose="simulation", highest_class="internal")
def run_status(workspace: Workspace, run: str = "") -> RunStatus | None:
    """Say how far a run is (the newest, where none is named)."""
    raise RuntimeError("being written")


@action(needs=EDITORS, purpose="simulation", highest_class="internal")
def cancel_run(workspace: Workspace, run: str) -> None:
    """Ask a queued or running run to stop; it does within a second or two."""
    raise RuntimeError("being written")


@action(needs=READERS, purpose="simulation")
def result(workspace: Workspace, result: str = "") -> Mapping[str, Any] | None:
    """Return the summary of a result (the newest, where none is named): ramps with both bands, bottlenecks, risks."""
    raise RuntimeError("being written")


@action(needs=READERS, purpose="simulation")
def back_test(workspace: Workspace) -> Mapping[str, Any] | None:
    """Return whether the model reproduces the tenant's own history: verdict, grade, measures. Computed once, kept."""
    raise RuntimeError("being written")
