"""Actions on work that takes longer: queue a study, follow it, stop it, read its result."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from portal import storage_runs
from portal.actions import EDITORS, READERS, TENANT, ActionError, action
from portal.link_terms import own_terms
from portal.materials import line_in_force, queue, scenario
from portal.pack_use import band_since_first, count_use
from portal.storage import Transaction
from portal.storage_runs import RunRow
from portal.workspace import MissingError, Workspace
from simulators.scenario import targets

DRAWS = 200
MOST_DRAWS = 2000
MOST_SCENARIOS = 8
MOST_MONTHS = 120


@dataclass(frozen=True, slots=True, kw_only=True)
class RunStatus:
    """How far a run is. `kind`: study or back_test; `state`: queued, running, done, failed, cancelled.

    `progress` is 0 to 1, `rough` the id of a first, rough summary and `result` that of the final one, "" where there is
    none yet; `error` a stable code.
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


@action(needs=EDITORS, purpose="simulation")
def run_study(
    workspace: Workspace, *, scenarios: Sequence[str] = (), months: int = 36, draws: int = 0, seed: int = 1
) -> str:
    """Queue a study of scenarios (default: all) against the baseline; returns the run's id. `draws` 0: the default.

    A scenario with vendor claims is simulated twice, with them and without. Raises ActionError no_line, no_scenarios,
    study_too_large.
    """
    with workspace.store.reading() as tx:
        _runs_left(workspace, tx)
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
    workspace.then(lambda tx: _runs_left(workspace, tx))  # another one may have been started meanwhile
    study = workspace.put("study", document, inputs=(current[0].id, *wanted))
    return queue(workspace, "study", study)


def _runs_left(workspace: Workspace, tx: Transaction) -> None:
    """Refuse a study beyond what the link allows through which this tenant came."""
    most = int(own_terms(workspace, tx).get("runs", 0))
    if most and storage_runs.count_runs(tx, workspace.tenant, kind="study") >= most:
        raise ActionError(
            f"the invitation allows {most} studies, and all were started",
            code="runs_used_up",
            remedy="Ask the person who invited you for more.",
            most=most,
        )


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
    _own(workspace, run)
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


@action(needs=EDITORS, purpose="simulation")
def keep_rough(workspace: Workspace, run: str, *, worker: str, summary: Mapping[str, Any]) -> str:
    """Keep the first, rough result of a run (called by the worker that computes it)."""
    _own(workspace, run)
    key = workspace.put("summary", {**summary, "run": run}, slot=f"rough/{run}", replace=True)
    workspace.then(lambda tx: storage_runs.set_rough(tx, run, worker=worker, record=key))
    return key


@action(needs=EDITORS, purpose="simulation")
def keep_result(
    workspace: Workspace,
    run: str,
    *,
    worker: str,
    study: str,
    result: Mapping[str, Any],
    summary: Mapping[str, Any],
    state: str = "done",
) -> str:
    """Keep the result of a run and end it (called by the worker); raises ActionError run_lost if another has it."""
    _own(workspace, run)
    key = workspace.put("result", {"result": dict(result), "study": study, "run": run}, inputs=(study,))
    seen = workspace.put(
        "summary", {**summary, "run": run, "result": key, "study": study}, slot="result", inputs=(key,)
    )
    _finish(workspace, run, worker=worker, state=state, result=seen)
    rough = workspace.latest("summary", slot=f"rough/{run}")
    if rough is not None:
        workspace.remove("summary", rough.id)
    if not summary.get("sample"):
        with contextlib.suppress(MissingError):  # a study that was erased meanwhile is not counted
            _count(workspace, study)
    return seen


@action(needs=EDITORS, purpose="simulation")
def keep_back_test(workspace: Workspace, run: str, *, worker: str, line: str, verdict: Mapping[str, Any]) -> str:
    """Keep the back-test of a line and end its run (called by the worker)."""
    _own(workspace, run)
    key = workspace.put("back_test", {**verdict, "line": line}, inputs=(line,))
    _finish(workspace, run, worker=worker, state="done", result=key)
    return key


def _count(workspace: Workspace, study: str) -> None:
    """Count that packs led to a result: how long it took in a band, and whether the history was reproduced."""
    records = workspace.get("study", study)["scenarios"]
    planned = {one.id for one in workspace.list("scenario")}
    wishes = [wish for one in records if one in planned for wish in workspace.get("scenario", one)["modules"]]
    tested = workspace.latest("back_test")
    failed = None if tested is None else workspace.get("back_test", tested.id).get("verdict") != "reproduces"
    modules = {str(wish["id"]) for wish in wishes}
    count_use(workspace, "result", modules, band=band_since_first(workspace), failed=failed)


def _own(workspace: Workspace, run: str) -> None:
    """Refuse a run that is not one of this tenant's room."""
    with workspace.store.reading() as tx:
        if storage_runs.run_by_id(tx, workspace.tenant, workspace.room, run) is None:
            raise MissingError(run)


def _finish(workspace: Workspace, run: str, *, worker: str, state: str, result: str) -> None:
    at = workspace.clock().timestamp()

    def change(tx: Transaction) -> None:
        if not storage_runs.finish(tx, run, worker=worker, at=at, state=state, result=result):
            raise ActionError(
                "the run belongs to another worker by now",
                code="run_lost",
                place=run,
                remedy="Nothing to do: the other worker finishes it.",
            )

    workspace.touched[f"run/{run}"] = ""
    workspace.then(change)


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
