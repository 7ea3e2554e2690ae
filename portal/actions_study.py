"""Actions from records to scenarios: baseline, the line in force, modules laid over it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Any

from portal.actions import EDITORS, READERS, ActionError, action
from portal.catalogue import failure_predictor, line_template, modules_on_offer, with_overrides
from portal.machine_names import names_in_force
from portal.materials import DatasetInForce, datasets_in_force, line_from_equipment, line_in_force, logs, queue, sources
from portal.pack_use import count_use
from portal.storage import new_id
from portal.working_hours import calendar_in_force
from portal.workspace import Workspace
from simulators.fit import fit_line as fit
from simulators.history import baseline as measure
from simulators.line import Line
from simulators.scenario import Module, Scenario, targets
from templates.line_document import read_line, write_line


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


@action(needs=READERS, purpose="baseline")
def baseline(workspace: Workspace) -> Mapping[str, Any]:
    """Return what the records say: `simulators.history.Baseline.to_json()`, with `id`, `sample` and `waterfall`.

    Computed once for a set of datasets, kept sealed, then reread. Raises ActionError no_data without records,
    quality_too_low where they cannot carry a verdict.
    """
    in_force = datasets_in_force(workspace)
    found = sources(in_force)
    typed = workspace.latest("calendar", slot="calendar")
    said, _ = names_in_force(workspace)
    wanted = (*found, *([typed.id] if typed is not None else []), *([said] if said else [])) if found else ()
    kept = workspace.latest("baseline")
    if kept is not None and kept.inputs == wanted:
        return {"id": kept.id, **workspace.get("baseline", kept.id)}
    if not wanted:
        raise nothing_yet()
    _fit_for_a_verdict(in_force, found)
    records = logs(workspace, in_force)
    if records.stops is None and records.counts is None:
        raise nothing_yet()
    hours = calendar_in_force(workspace, records)
    past = measure(records.stops, records.counts, records.equipment, hours.for_engines, timezone=records.timezone)
    document = {
        **past.to_json(),
        "waterfall": [list(step) for step in past.waterfall()],
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
    _fit_for_a_verdict(in_force, sources(in_force))
    records = logs(workspace, in_force)
    if records.stops is None:
        raise nothing_yet()
    base: Line | None = None
    if not template and records.equipment is not None:
        base = line_from_equipment(records.equipment, name="line")
    if base is None:
        machines = list(dict.fromkeys(str(name) for name in records.stops.station))
        base = line_template(template, machines=machines)
    hours = calendar_in_force(workspace, records)
    base = replace(base, timezone=records.timezone, calendar=hours.for_engines or base.calendar)
    fitted = fit(
        records.stops,
        records.counts,
        records.equipment,
        base,
        timezone=records.timezone,
        predictor=failure_predictor(),
    )
    return _keep_line(
        workspace,
        fitted.line,
        source="fitted",
        report=fitted.to_json(),
        spreads=[asdict(spread) for spread in fitted.spreads],
        sample=records.sample,
        inputs=records.sources,
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
        spreads=kept.get("spreads", ()),
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
    current = line_in_force(workspace)
    machines = [] if current is None else [station.name for station in current[2].stations]
    chosen = tuple(with_overrides(offer, wish, machines=machines) for wish in modules)
    said = name.strip()[:80]
    title = {tag: said or " + ".join(module.title[tag] for module in chosen) for tag in ("zh-CN", "en")}
    label = title[workspace.member.language if workspace.member.language in title else "zh-CN"]
    planned = Scenario(id=f"s-{new_id()[:10]}", title=title, modules=chosen)
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
    _count(workspace, modules, chosen)
    return _scenario_view(key, document, workspace.clock())


def _count(workspace: Workspace, wishes: Sequence[Mapping[str, Any]], chosen: Sequence[Module]) -> None:
    """Count which defaults of the packs were kept and which replaced; never with what."""
    replaced = {f"{wish['id']}#{number}" for wish in wishes for number in wish.get("effects", {})}
    every = {
        f"{wish['id']}#{number}" for wish, one in zip(wishes, chosen, strict=True) for number in range(len(one.effects))
    }
    count_use(
        workspace,
        "planned",
        (str(wish["id"]) for wish in wishes),
        replaced=sorted(replaced & every),
        kept=sorted(every - replaced),
    )


@action(needs=EDITORS, purpose="simulation")
def remove_scenario(workspace: Workspace, scenario: str) -> None:
    """Erase a scenario; results of it stay."""
    workspace.remove("scenario", scenario)


@action(needs=READERS, purpose="simulation")
def scenarios(workspace: Workspace) -> Sequence[ScenarioView]:
    """List the scenarios, oldest first."""
    found = reversed(workspace.list("scenario"))
    return [_scenario_view(one.id, workspace.get("scenario", one.id), one.created_at) for one in found]


def _fit_for_a_verdict(in_force: Mapping[str, DatasetInForce], ids: Sequence[str]) -> None:
    """Refuse records that are too empty or too often copied (`templates.quality`); says which and what to do."""
    for one in in_force.values():
        reasons = one.about.get("quality", {}).get("reasons", ()) if one.stored.id in ids else ()
        for reason in reasons:
            empty = reason["code"] == "blanks"
            raise ActionError(
                f"{one.about['name']}: {reason['share']:.0%} of the rows are {reason['code']}",
                code="quality_blanks" if empty else "quality_copies",
                place=one.about["name"],
                remedy="Correct it with one click under Risks and checks, or upload a better file.",
                share=f"{reason['share']:.0%}",
                fields=", ".join(reason["fields"]),
            )


def nothing_yet() -> ActionError:
    """Return the error of everything that needs records where there are none."""
    return ActionError(
        "there are no records yet",
        code="no_data",
        remedy="Upload a stop log or production runs, or load the sample data.",
    )


def _keep_line(
    workspace: Workspace,
    made: Line,
    *,
    source: str,
    report: Mapping[str, Any],
    sample: bool,
    inputs: Sequence[str],
    spreads: Sequence[Mapping[str, Any]] = (),
    text: str = "",
) -> LineView:
    document = {
        "name": made.name,
        "text": text or write_line(made),
        "source": source,
        "stations": [station.name for station in made.stations],
        "fit": dict(report),
        "spreads": list(spreads),
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
