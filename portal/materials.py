"""What a tenant has in hand: its datasets as logs, its line, scenarios and results as the values engines take.

Of each kind of dataset the newest one counts (runs and counts are one kind here, as stops and work orders are); sample
data count only as long as there is nothing of the tenant's own.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from portal.machine_names import names_in_force, with_names
from portal.storage import new_id
from portal.storage_runs import RunRow, add_run
from portal.workspace import Stored, Workspace
from simulators.checks import check_counts, check_equipment, check_stops
from simulators.line import Distribution, Line, Station
from simulators.records import CountLog, EquipmentList, StopLog
from simulators.scenario import Scenario
from simulators.study import Result
from templates.line_document import read_line

STOP_KINDS = ("stops", "work_orders", "events")
COUNT_KINDS = ("runs", "counts")


@dataclass(frozen=True, slots=True, kw_only=True)
class DatasetInForce:
    """The dataset of a kind that counts, and what is known of it."""

    stored: Stored
    about: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Logs:
    """The records that a baseline or a fit rests on."""

    stops: StopLog | None
    counts: CountLog | None
    equipment: EquipmentList | None
    sources: tuple[str, ...]
    sample: bool
    timezone: str


def datasets_in_force(workspace: Workspace) -> dict[str, DatasetInForce]:
    """Return the newest dataset of each kind: the tenant's own, or the samples where it has none at all."""
    found = [DatasetInForce(stored=one, about=workspace.get("dataset", one.id)) for one in workspace.list("dataset")]
    own = [one for one in found if not one.about["sample"]]
    newest: dict[str, DatasetInForce] = {}
    for one in own or found:
        newest.setdefault(one.about["kind"], one)
    return newest


def sources(in_force: Mapping[str, DatasetInForce]) -> tuple[str, ...]:
    """Return the ids of the datasets that the baseline rests on, in a fixed order."""
    chosen = (_newest(in_force, STOP_KINDS), _newest(in_force, COUNT_KINDS), in_force.get("equipment"))
    return tuple(one.stored.id for one in chosen if one is not None)


def in_force_ids(in_force: Mapping[str, DatasetInForce]) -> set[str]:
    """Return the ids of the datasets that count: those of the baseline, and the newest of every other kind."""
    rivals = {*STOP_KINDS, *COUNT_KINDS}
    return {*sources(in_force), *(one.stored.id for kind, one in in_force.items() if kind not in rivals)}


def logs(workspace: Workspace, in_force: Mapping[str, DatasetInForce]) -> Logs:
    """Open the records in force."""
    stops, counts = _newest(in_force, STOP_KINDS), _newest(in_force, COUNT_KINDS)
    equipment = in_force.get("equipment")

    _, names = names_in_force(workspace)

    def columns(one: DatasetInForce) -> Mapping[str, Any]:
        return with_names(workspace.columns("dataset", one.stored.id), names)

    chosen = [one for one in (stops, counts, equipment) if one is not None]
    zones = [str(one.about.get("timezone", "UTC")) for one in chosen]
    return Logs(
        stops=None if stops is None else check_stops(_stop_log(stops.about["kind"], columns(stops)))[0],
        counts=None if counts is None else check_counts(CountLog.from_columns(columns(counts)))[0],
        equipment=None if equipment is None else check_equipment(EquipmentList.from_columns(columns(equipment)))[0],
        sources=sources(in_force),
        sample=bool(chosen) and all(one.about["sample"] for one in chosen),
        timezone=next(iter(zones), "UTC"),
    )


def checked(
    kind: str, columns: Mapping[str, Any], *, known: Collection[tuple[str, int | None]] = ()
) -> list[dict[str, Any]]:
    """Return what the engines find wrong with the rows of a table, less what is known already."""
    if kind in STOP_KINDS:
        findings = check_stops(_stop_log(kind, columns))[1]
    elif kind in COUNT_KINDS:
        findings = check_counts(CountLog.from_columns(columns))[1]
    elif kind == "equipment":
        findings = check_equipment(EquipmentList.from_columns(columns))[1]
    else:
        return []
    return [finding.to_json() for finding in findings if (finding.code, finding.row) not in known]


def _stop_log(kind: str, columns: Mapping[str, Any]) -> StopLog:
    """Return stops or work orders as a stop log: an order without a start began its duration before its end."""
    found = dict(columns)
    if kind == "work_orders":
        if "started_at" not in found and {"ended_at", "duration_s"} <= found.keys():
            found["started_at"] = found["ended_at"] - found["duration_s"]
        if "preventive" in found:
            found.setdefault("planned", found["preventive"])
    return StopLog.from_columns(found)


def line_from_equipment(equipment: EquipmentList, *, name: str) -> Line | None:
    """Return the line that an equipment list describes: its machines in order; None where a cycle time is missing."""
    stations = []
    for number, machine in enumerate(equipment):
        cycle = machine.cycle or machine.ideal_cycle
        if cycle is None:
            return None
        last = number == len(equipment) - 1
        stations.append(
            Station(
                name=machine.station,
                servers=machine.servers,
                cycle=Distribution.constant(cycle),
                ideal_cycle=machine.ideal_cycle,
                scrap=machine.scrap or 0.0,
                buffer=0 if last else machine.buffer,
            )
        )
    return Line(name=name, stations=tuple(stations)) if stations else None


def line_in_force(workspace: Workspace) -> tuple[Stored, Mapping[str, Any], Line] | None:
    """Return the newest line: what is kept of it, its document, and the line itself."""
    newest = workspace.latest("line")
    if newest is None:
        return None
    kept = workspace.get("line", newest.id)
    return newest, kept, read_line(kept["text"], name=kept["name"])


def open_line(workspace: Workspace, key: str) -> Line:
    """Open one kept line."""
    kept = workspace.get("line", key)
    return read_line(kept["text"], name=kept["name"])


def scenario(workspace: Workspace, key: str) -> Scenario:
    """Open one scenario as the engines take it."""
    return Scenario.from_json(workspace.get("scenario", key)["scenario"])


def newest_result(workspace: Workspace) -> Stored | None:
    """Return the newest finished result, or None."""
    return workspace.latest("result")


def open_result(workspace: Workspace, key: str) -> Result:
    """Open a result with its arrays."""
    return Result.from_json(workspace.get("result", key)["result"])


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


def _newest(in_force: Mapping[str, DatasetInForce], kinds: tuple[str, ...]) -> DatasetInForce | None:
    """Return the newest dataset of several kinds that say the same in different words."""
    found = [in_force[kind] for kind in kinds if kind in in_force]
    return max(found, key=lambda one: one.stored.created_at, default=None)
