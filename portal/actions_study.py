"""Actions from records to results: baseline, line, scenarios, studies and their runs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from portal import storage_runs
from portal.actions import EDITORS, READERS, TENANT, ActionError, action
from portal.catalogue import line_template, modules_on_offer, with_overrides
from portal.materials import datasets_in_force, line_from_equipment, line_in_force, logs, scenario, sources
from portal.storage import Transaction, new_id
from portal.storage_runs import RunRow, add_run
from portal.workspace import MissingError, Stored, Workspace
from simulators.fit import fit_line as fit
from simulators.history import baseline as measure
from simulators.line import Line
from simulators.scenario import Scenario, targets
from templates.line_document import read_line, write_line

DRAWS = 200
MOST_DRAWS = 2000
MOST_SCENARIOS = 8
MOST_MONTHS = 120


@dataclass(frozen=True, slots=True, kw_only=True)
class LineView:
    """The line model in force. `text` is its YAML document, `source` fitted, template or edited.

    `fit`: JSON of the fit report, or empty. `stations`: names in the order of the flow.
    """

    id: str
    name: str
    text: str
    source: str
    stations: tuple[str, ...]
    fit: Mapping[str, Any]
    sample: bool
    created_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ScenarioView:
    """One scenario: `modules` as they were chosen, `scenario` as the engines take it, `claims` whether it has any."""

    id: str
    name: str
    modules: tuple[Mapping[str, Any], ...]
    scenario: Mapping[str, Any]
    claims: bool
    created_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class RunStatus:
    """How far a run is. `kind`: study or back_test; `state`: queued, running, done, failed, cancelled; `progress` 0 to 1.

    `rough` is the id of a first, rough result and `result` that of the result, "" where there is none yet; `error` a
    stable code.
    """

    id: str
    kind: str
    state: str
    progress: float
    stage: str
    seconds_left: float | None
    rough: str
    result: str
    error: str
    created_at: datetime
    finished_at: datetime | None

    @property
    def open(self) -> bool:
        """Whether it still waits or works."""
        return self.state in {"queued", "running"}


@action(needs=READERS, purpose="baseline")
def baseline(workspace: Workspace) -> Mapping[str, Any]:
    """Return what the records say: `simulators.history.Baseline.to_json()`, with `id`, `sample` and `waterfall`.

    Computed once for a set of datasets, kept sealed, then reread. Raises ActionError no_data without records.
    """
    in_force = datasets_in_force(workspace)
    wanted = sources(in_force)
    kept = workspace.latest("baseline")
    if kept is not None and kept.inputs == wanted:
        return {"id": kept.id, **workspace.get("baseline", kept.id)}
    if not wanted:
        raise no_data()
    records = logs(workspace, in_force)
    if records.stops is None and records.counts is None:
        raise no_data()
    found = measure(records.stops, records.counts, records.equipment, timezone=records.timezone)
    document = {
        **found.to_json(),
        "waterfall": [list(step) for step in found.waterfall()],
        "sample": records.sample,
        "sources": list(wanted),
    }
    key = workspace.put("baseline", document, slot="baseline", inputs=wanted, replace=True)
    return {"id": key, **document}


@action(needs=EDITORS, purpose="simulation")
def fit_line(workspace: Workspace, *, template: str = "") -> LineView:
    """Fit failures and repairs to the stop log, make them the line in force, and queue its back-test.

    The stations come from `template` (pack/line), else from the equipment list, else from the first pack's line whose
    stations the machines match. Raises ActionError no_data, no_line_template.
    """
    in_force = datasets_in_force(workspace)
    records = logs(workspace, in_force)
    if records.stops is None:
        raise no_data()
    base: Line | None = None
    if not template and records.equipment is not None:
        base = line_from_equipment(records.equipment, name="line")
    if base is None:
        machines = list(dict.fromkeys(str(name) for name in records.stops.station))
        base = line_template(template, machines=machines)
    fitted = fit(records.stops, records.counts, records.equipment, base)
    return _keep_line(
        workspace, fitted.line, source="fitted", report=fitted.to_json(), sample=records.sample, inputs=records.sources
    )


@action(needs=EDITORS, purpose="simulation")
def use_line_template(workspace: Workspace, template: str) -> LineView:
    """Make a pack's line template (pack/line) the line in force."""
    return _keep_line(workspace, line_template(template), source="template", report={}, sample=True, inputs=())


@action(needs=EDITORS, purpose="simulation")
def save_line(workspace: Workspace, text: str) -> LineView:
    """Check an edited line document and make it the line in force; the document error names line and remedy."""
    edited = read_line(text, name="line.yaml")
    before = workspace.latest("line")
    kept = {} if before is None else workspace.get("line", before.id)
    inputs = () if before is None else (before.id,)
    return _keep_line(
        workspace,
        edited,
        source="edited",
        report=kept.get("fit", {}),
        sample=bool(kept.get("sample", False)),
        inputs=inputs,
        text=text,
    )


@action(needs=READERS, purpose="simulation")
def line(workspace: Workspace) -> LineView | None:
    """Return the line in force, or None."""
    newest = workspace.latest("line")
    if newest is None:
        return None
    return _line_view(newest.id, workspace.get("line", newest.id), newest.created_at)


@action(needs=EDITORS, purpose="simulation")
def plan_scenario(
    workspace: Workspace, *, name: str, modules: Sequence[Mapping[str, Any]], replaces: str = ""
) -> ScenarioView:
    """Keep a scenario, or a changed one in place of `replaces`.

    Each module: `id` (pack/module), and where the person changed them `start` (month), `t90` (months until nine tenths
    are there), `prices` ({price id: [low, likely, high]}), `effects` ({number of the effect: [low, likely, high]}) and
    the `reason`. What a person typed counts as his own (tier B). Raises ActionError no_modules, unknown_module, and the
    model error of a value that makes no sense.
    """
    if not modules:
        raise ActionError("a scenario needs a module", code="no_modules", remedy="Choose at least one module.")
    offer = modules_on_offer()
    chosen = tuple(with_overrides(offer, wish) for wish in modules)
    label = name.strip()[:80] or " + ".join(module.title["zh-CN"] for module in chosen)
    planned = Scenario(id=f"s-{new_id()[:10]}", title={"zh-CN": label, "en": label}, modules=chosen)
    current = line_in_force(workspace)
    if current is not None:
        for _, effect in replace(planned, claims=True).active():
            targets(current[2], effect)
    if replaces:
        workspace.remove("scenario", replaces)
    document = {
        "name": label,
        "modules": [dict(wish) for wish in modules],
        "scenario": planned.to_json(),
        "claims": any(effect.tier == "D" for module in chosen for effect in module.effects),
    }
    key = workspace.put("scenario", document)
    return _scenario_view(key, document, workspace.clock())


@action(needs=EDITORS, purpose="simulation")
def remove_scenario(workspace: Workspace, scenario: str) -> None:
    """Erase a scenario; results of it stay."""
    workspace.remove("scenario", scenario)


@action(needs=READERS, purpose="simulation")
def scenarios(workspace: Workspace) -> Sequence[ScenarioView]:
    """List the scenarios, oldest first."""
    found = reversed(workspace.list("scenario"))
    return [_scenario_view(one.id, workspace.get("scenario", one.id), one.created_at) for one in found]


@action(needs=EDITORS, purpose="simulation")
def run_study(
    workspace: Workspace, *, scenarios: Sequence[str] = (), months: int = 36, draws: int = 0, seed: int = 1
) -> str:
    """Queue a study of scenarios (default: all) against the baseline; returns the run's id. `draws` 0: the default.

    A scenario with vendor claims is simulated twice, with them and without. Raises ActionError no_line, no_scenarios,
    study_too_large.
    """
    current = line_in_force(workspace)
    if current is None:
        raise ActionError(
            "there is no line to simulate", code="no_line", remedy="Fit a line to your records, or take a template."
        )
    wanted = list(scenarios) or [one.id for one in reversed(workspace.list("scenario"))]
    if not wanted:
        raise ActionError(
            "there is no scenario to simulate", code="no_scenarios", remedy="Choose the modules that could change."
        )
    if len(wanted) > MOST_SCENARIOS or not 1 <= months <= MOST_MONTHS or not 0 <= draws <= MOST_DRAWS:
        raise ActionError(
            f"a study holds at most {MOST_SCENARIOS} scenarios, {MOST_MONTHS} months and {MOST_DRAWS} draws",
            code="study_too_large",
            remedy="Take fewer scenarios, a shorter horizon or fewer draws.",
            scenarios=MOST_SCENARIOS,
            months=MOST_MONTHS,
            draws=MOST_DRAWS,
        )
    for key in wanted:
        for _, effect in replace(scenario(workspace, key), claims=True).active():
            targets(current[2], effect)
    document = {
        "line": current[0].id,
        "scenarios": wanted,
        "months": months,
        "draws": draws or DRAWS,
        "seed": seed,
        "sample": bool(current[1]["sample"]),
    }
    study = workspace.put("study", document, inputs=(current[0].id, *wanted))
    return queue(workspace, "study", study)


@action(needs=TENANT, purpose="simulation", highest_class="internal")
def run_status(workspace: Workspace, run: str = "", *, kind: str = "study") -> RunStatus | None:
    """Say how far a run is (the newest of a kind, where none is named)."""
    with workspace.store.reading() as tx:
        if run:
            row = storage_runs.run_by_id(tx, workspace.tenant, workspace.room, run)
            if row is None:
                raise MissingError(run)
        else:
            found = storage_runs.runs_of(tx, workspace.tenant, workspace.room)
            row = next((one for one in found if one.kind == kind), None)
    return None if row is None else _status(row, workspace.clock())


@action(needs=EDITORS, purpose="simulation", highest_class="internal")
def cancel_run(workspace: Workspace, run: str) -> None:
    """Ask a queued or running run to stop; it does within a second or two. What it found until then is kept."""
    with workspace.store.reading() as tx:
        if storage_runs.run_by_id(tx, workspace.tenant, workspace.room, run) is None:
            raise MissingError(run)
    at = workspace.clock().timestamp()
    workspace.touched[f"run/{run}"] = ""

    def change(tx: Transaction) -> None:
        storage_runs.cancel(tx, workspace.tenant, workspace.room, run, at=at)

    workspace.then(change)


@action(needs=READERS, purpose="simulation")
def result(workspace: Workspace, result: str = "") -> Mapping[str, Any] | None:
    """Return the summary of a result (the newest that is not rough, where none is named).

    Keys: id, result, run, rough, sample, months, draws, seed, stations, method, method_numbers, risks, and scenarios:
    for each its id, record, title, claims, bands and differences by key figure, bottlenecks by month, and the extra
    good parts by month. The shapes are those of `simulators.study.Band` and `Difference`.
    """
    if result:
        return {"id": result, **workspace.get("summary", result)}
    newest = workspace.latest("summary", slot="result")
    return None if newest is None else {"id": newest.id, **workspace.get("summary", newest.id)}


@action(needs=READERS, purpose="simulation")
def back_test(workspace: Workspace) -> Mapping[str, Any] | None:
    """Return whether the model reproduces the tenant's own history (`simulators.backtest.BackTest.to_json()`), or None.

    It is computed by a worker after each fit of the line.
    """
    newest = workspace.latest("back_test")
    return None if newest is None else {"id": newest.id, **workspace.get("back_test", newest.id)}


def no_data() -> ActionError:
    """Return the error of everything that needs records where there are none."""
    return ActionError(
        "there are no records yet",
        code="no_data",
        remedy="Upload a stop log or production runs, or load the sample data.",
    )


def queue(workspace: Workspace, kind: str, subject: str) -> str:
    """Queue work for the workers, in the action's transaction; returns the run's id."""
    run, at = new_id(), workspace.clock().timestamp()
    row = RunRow(
        id=run,
        tenant=workspace.tenant,
        room=workspace.room,
        author=workspace.member.id,
        role=str(workspace.member.role),
        kind=kind,
        subject=subject,
        state="queued",
        progress=0.0,
        stage="waiting",
        created_at=at,
        started_at=None,
        finished_at=None,
        worker="",
        heartbeat=at,
        lease_until=0.0,
        attempts=0,
        cancel=False,
        error="",
        rough="",
        result="",
    )
    workspace.touched[f"run/{run}"] = ""
    workspace.then(lambda tx: add_run(tx, row))
    return run


def _keep_line(
    workspace: Workspace,
    made: Line,
    *,
    source: str,
    report: Mapping[str, Any],
    sample: bool,
    inputs: Sequence[str],
    text: str = "",
) -> LineView:
    document = {
        "name": made.name,
        "text": text or write_line(made),
        "source": source,
        "stations": [station.name for station in made.stations],
        "fit": dict(report),
        "sample": sample,
    }
    key = workspace.put("line", document, inputs=inputs)
    if source == "fitted":
        queue(workspace, "back_test", key)
    return _line_view(key, document, workspace.clock())


def _line_view(key: str, document: Mapping[str, Any], at: datetime) -> LineView:
    return LineView(
        id=key,
        name=document["name"],
        text=document["text"],
        source=document["source"],
        stations=tuple(document["stations"]),
        fit=document["fit"],
        sample=document["sample"],
        created_at=at,
    )


def _scenario_view(key: str, document: Mapping[str, Any], at: datetime) -> ScenarioView:
    return ScenarioView(
        id=key,
        name=document["name"],
        modules=tuple(document["modules"]),
        scenario=document["scenario"],
        claims=document["claims"],
        created_at=at,
    )


def _status(row: RunRow, now: datetime) -> RunStatus:
    left = None
    if row.state == "running" and row.started_at is not None and row.progress > 0.02:
        spent = now.timestamp() - row.started_at
        left = max(spent / row.progress - spent, 0.0)
    return RunStatus(
        id=row.id,
        kind=row.kind,
        state=row.state,
        progress=row.progress,
        stage=row.stage,
        seconds_left=left,
        rough=row.rough,
        result=row.result,
        error=row.error,
        created_at=datetime.fromtimestamp(row.created_at, UTC),
        finished_at=None if row.finished_at is None else datetime.fromtimestamp(row.finished_at, UTC),
    )


def stored_line(workspace: Workspace) -> Stored | None:
    """Return what is kept of the line in force, without opening it."""
    return workspace.latest("line")
