"""What one document of a draft gives before the gate has seen it: numbers, order of computation, places it acts on."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from calculators.calculator import Calculator
from calculators.checklist import Answer, CheckList, Status, assess
from calculators.sheet import Given, evaluate
from industry_packs.folder import Contents, read_contents
from industry_packs.pack import read_pack
from industry_packs.trials import run_template
from simulators.line import Line
from simulators.scenario import Module, Scenario, targets
from simulators.simulate import simulate

DRAWS = 2000
HORIZON_S, WARMUP_S, REPLICATIONS = 2 * 604_800.0, 86_400.0, 4


def preview(files: Mapping[str, bytes], name: str) -> dict[str, Any]:
    """What the document `name` of these files gives; `kind` says which of the other keys there are.

    calculator: outputs (name, title, unit, p10, p50, p90), formulas (name, title, unit, is), feeds (name -> what it is
    made of); values come from the first template's sample and the defaults. line: stations (name, cycle_s, servers,
    buffer) and kpis. module: acts_on (line, station, cause, parameter), without_claims. checklist: controls, sections,
    vetoes, score_none, score_all. template: figures, from its sample. Anything else: kind "" alone. Raises the refusal
    of the document, or of a calculator without values.
    """
    found = read_contents(files)
    for refusal in found.refusals:
        if refusal.params.get("file") == name:
            raise refusal
    folder, _, rest = name.rpartition("/")
    identity = rest.removesuffix(".yaml")
    match folder:
        case "calculators":
            return _calculator(found.calculators[identity], _sample(found, identity))
        case "lines":
            return _line(found.lines[identity])
        case "modules":
            return _module(found.modules[identity], found.lines)
        case "checklists":
            return _checklist(found.checklists[identity])
        case "templates":
            return {"kind": "template", "figures": run_template(read_pack(files), found.nodes[name].find("id").written)}
        case _:
            return {"kind": ""}


def _sample(found: Contents, calculator: str) -> Mapping[str, object]:
    for template in found.templates.values():
        if template.model == "calculator" and template.uses == calculator:
            return template.sample
    return {}


def _calculator(calculator: Calculator, sample: Mapping[str, object]) -> dict[str, Any]:
    names = {item.name for item in calculator.inputs}
    given = {
        name: Given(value=value if isinstance(value, int | float) else str(value))
        for name, value in sample.items()
        if name in names
    }
    sheet = evaluate(calculator, given, draws=DRAWS, seed=1, claims=False)
    return {
        "kind": "calculator",
        "outputs": [
            {
                "name": output.name,
                "title": dict(output.title),
                "unit": calculator.plan.unit(output.name).text,
                **{key: _number(getattr(sheet.outputs[output.name], key)) for key in ("p10", "p50", "p90")},
            }
            for output in calculator.outputs
            if output.name in sheet.outputs
        ],
        "formulas": [
            {"name": one.name, "title": dict(one.title), "unit": calculator.plan.unit(one.name).text, "is": one.text}
            for one in calculator.formulas
        ],
        "inputs": [{"name": item.name, "title": dict(item.title)} for item in calculator.inputs],
        "feeds": {name: list(parts) for name, parts in calculator.plan.feeds.items()},
    }


def _number(value: object) -> float | None:
    return float(value) if isinstance(value, int | float) and math.isfinite(value) else None


def _line(line: Line) -> dict[str, Any]:
    figures = simulate(line, horizon=HORIZON_S, warmup=WARMUP_S, replications=REPLICATIONS, seed=1).to_json()
    return {
        "kind": "line",
        "stations": [
            {"name": one.name, "cycle_s": one.cycle.mean, "servers": one.servers, "buffer": one.buffer}
            for one in line.stations
        ],
        "kpis": {name: kpi["mean"] for name, kpi in figures["kpis"].items()},
    }


def _module(module: Module, lines: Mapping[str, Line]) -> dict[str, Any]:
    rows = []
    for identity, line in lines.items():
        for effect in module.effects:
            try:
                met = targets(line, effect)
            except ValueError:
                continue
            for station, failure in met:
                place = line.stations[station]
                cause = place.failures[failure].name if failure >= 0 else ""
                rows.append({"line": identity, "station": place.name, "cause": cause, "parameter": effect.parameter})
    plain = Scenario(id="x", title={}, modules=(module,))
    return {"kind": "module", "acts_on": rows, "without_claims": len(plain.active())}


def _checklist(checklist: CheckList) -> dict[str, Any]:
    def score(status: Status) -> float:
        answers = {
            control.id: Answer(status=status, reason="", evidence=("on file",), evidence_age_days=0)
            for control in checklist.controls
        }
        return assess(checklist, answers).high

    return {
        "kind": "checklist",
        "controls": len(checklist.controls),
        "sections": len(checklist.sections),
        "vetoes": sum(control.veto for control in checklist.controls),
        "score_none": score(Status.NOT_MET),
        "score_all": score(Status.MET),
    }
