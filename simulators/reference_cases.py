"""Reference cases (schema line-reference-cases/1), simulated through the engine and judged by their own rule.

Replications are long and many, and more are added until every number asked for is as precise as the rule wants, or
the limit of work for one case is reached. Nothing is looked up or computed in closed form.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from functools import partial
from typing import Any

from simulators.case_measures import Measures, each, estimate_quotient, leaves
from simulators.case_models import CaseModel, case_model
from simulators.distributions import ModelError
from simulators.figures import RunFigures, Window
from simulators.replications import EngineName, Estimate, Executor, replicate

#: Replications to begin with, and parts-times-machines after which one case gives up.
FIRST, MOST_WORK = 48, 2.0e9
#: Interval half-widths this small are precise enough whatever the value is.
NARROW = 0.0005


def run_cases(
    document: Mapping[str, Any],
    *,
    engine: EngineName = "twin",
    seed: int = 1,
    precision: float = 0.002,
    executor: Executor = map,
) -> dict[str, Any]:
    """Simulate every case of ``document`` and return the shape of ``mingsuan check --json``.

    ``precision`` is the half-width of the 95 % intervals wanted, as a share of the value.
    """
    cases = document.get("cases")
    if not isinstance(cases, list):
        raise ModelError(
            "a file of reference cases needs a list of cases",
            code="no_cases",
            place="cases",
            remedy="Use the schema line-reference-cases/1.",
        )
    return {"cases": [run_case(case, engine, seed, precision, executor) for case in cases]}


def run_case(
    case: Mapping[str, Any], engine: EngineName, seed: int, precision: float, executor: Executor
) -> dict[str, Any]:
    """Simulate one case; one that cannot be modelled has no values and a note that says why."""
    result: dict[str, Any] = {"id": case.get("id"), "engine": engine, "values": {}, "ci95": {}}
    expected = case.get("expected") or {}
    try:
        model = case_model(case)
        measures = Measures(model, expected)
        wanted = {name: measures.get(name) for name in (case.get("measures") or expected)}
    except (ModelError, KeyError, TypeError, ValueError) as error:
        reason = f"{error} is missing" if isinstance(error, KeyError) else str(error)
        result["note"] = f"not modelled: {reason}"
        return result | {"passed": False} if expected else result
    unknown = [name for name, shape in wanted.items() if shape is None]
    shapes = {name: shape for name, shape in wanted.items() if shape is not None}
    estimates, runs = _simulate(model, shapes, engine, seed, precision, executor)
    exact = all(item.standard_error == 0 for item in leaves(estimates))
    result["values"] = each(estimates, lambda item: item.mean)
    if not exact:
        result["ci95"] = each(estimates, lambda item: item.ci95)
    if expected:
        result["passed"] = not unknown and all(
            _passed(item, float(value), case, precision=0.002)
            for name, shape in estimates.items()
            for item, value in _pairs(shape, expected[name])
        )
    notes = [f"{runs} replications"] + [f"measure {name!r} is not known" for name in unknown]
    return result | {"note": "; ".join(notes)}


def _pairs(shape: Any, expected: Any) -> list[tuple[Estimate, Any]]:
    if isinstance(expected, Mapping):
        return [pair for name, inner in expected.items() for pair in _pairs(shape[name], inner)]
    if isinstance(expected, list):
        return [pair for index, inner in enumerate(expected) for pair in _pairs(shape[index], inner)]
    return [(shape, expected)]


def _passed(item: Estimate, value: float, case: Mapping[str, Any], *, precision: float) -> bool:
    tolerance = float(case.get("abs_tol", 0.0))
    off = abs(item.mean - value)
    if item.standard_error == 0:
        return off <= tolerance
    simulated = str(case.get("exactness", "")).startswith("simulated")
    narrow = item.half_width <= max(precision * abs(value), NARROW)
    return narrow and off <= 3 * item.standard_error + (tolerance if simulated else 0.0)


def _simulate(
    model: CaseModel, shapes: Mapping[str, Any], engine: EngineName, seed: int, precision: float, executor: Executor
) -> tuple[dict[str, Any], int]:
    """Replicate until all numbers are precise; return the estimates in shape and the replications made."""
    if model.horizon is not None:
        window = Window(warmup=0.0, horizon=model.horizon)
    else:
        warmup = model.pulses // 10 * model.pulse
        window = Window(warmup=warmup, horizon=warmup + model.pulses * model.pulse)
    runs: list[RunFigures] = []
    wanted = 2
    while True:
        numbers = range(len(runs), wanted)
        rows = replicate(model.line, window, seed, numbers, engine=engine, executor=executor)
        runs += [RunFigures.from_vector(model.line, window, row) for row in rows]
        estimates = each(dict(shapes), partial(estimate_quotient, runs=runs))
        if len(runs) == 2 and not all(item.standard_error == 0 for item in leaves(estimates)):
            wanted = FIRST
            continue
        shortfall = max(
            (item.half_width / (0.95 * max(precision * abs(item.mean), NARROW)) for item in leaves(estimates)),
            default=0.0,
        )
        work = sum(float(run.station("processed").sum() + run.station("failures").sum()) for run in runs)
        most = int(len(runs) * MOST_WORK / max(work, 1.0))
        if shortfall <= 1 or len(runs) >= most:
            return estimates, len(runs)
        factor = min(max(1.05 * shortfall**2, 1.1), 4.0)
        wanted = min(math.ceil(len(runs) * factor / 4) * 4, most)
