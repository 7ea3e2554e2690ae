"""Reference cases through the engine: the shared file passes, and nothing depends on what a case is called."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from simulators.line import ModelError
from simulators.reference_cases import run_cases

FILE = Path(__file__).parents[1] / "data" / "line_reference_cases.json"
DOCUMENT = json.loads(FILE.read_text(encoding="utf-8"))
CASES = {case["id"]: case for case in DOCUMENT["cases"]}
#: Cases that take a second or two.
QUICK = ["exp-m3-b0", "exp-m2-b4", "erlang2-m3-b1", "odf-det-m2-b0", "discrete-m3", "calendar-1-shift"]


def run(*cases: dict[str, Any], **options: Any) -> list[dict[str, Any]]:
    with ThreadPoolExecutor(2) as threads:
        return run_cases({"cases": list(cases)}, executor=threads.map, **options)["cases"]


@pytest.mark.parametrize("name", QUICK)
def test_a_quick_case_passes(name: str) -> None:
    (found,) = run(CASES[name])
    assert found["passed"], found


@pytest.mark.slow
@pytest.mark.parametrize("name", [name for name in CASES if name not in QUICK])
def test_every_other_case_passes(name: str) -> None:
    (found,) = run(CASES[name])
    assert found["passed"], found


def test_values_and_intervals_have_the_shape_of_the_file() -> None:
    (found,) = run(CASES["exp-m2-b4"], precision=0.02)
    expected = CASES["exp-m2-b4"]["expected"]
    assert shape(found["values"]) == shape(expected)
    assert shape(found["ci95"], pair=True) == shape(expected)


def shape(value: Any, *, pair: bool = False) -> Any:
    if isinstance(value, dict):
        return {name: shape(inner, pair=pair) for name, inner in value.items()}
    if isinstance(value, list) and not (pair and len(value) == 2 and not isinstance(value[0], (dict, list))):
        return [shape(inner, pair=pair) for inner in value]
    return "number"


def test_a_case_is_not_known_by_its_name_nor_by_its_answers() -> None:
    case = CASES["exp-m3-b0"]
    disguised = {name: case[name] for name in ("kind", "model")} | {"id": "x", "measures": list(case["expected"])}
    (plain,) = run(case)
    (found,) = run(disguised)
    assert found["values"] == plain["values"]
    assert "passed" not in found
    wrong = case | {"expected": case["expected"] | {"throughput": 0.6}}
    assert not run(wrong)[0]["passed"]


def test_deterministic_answers_have_no_interval() -> None:
    (found,) = run(CASES["calendar-1-shift"])
    assert found["values"] == {"parts": 642.0, "working_minutes": 4500.0}
    assert found["ci95"] == {}


def test_the_reference_engine_runs_cases_too() -> None:
    (found,) = run(CASES["calendar-1-shift"], engine="reference")
    assert found["passed"]
    assert found["engine"] == "reference"


EXPONENTIAL = {"dist": "exponential", "mean": 1.0}


def queue(**model: Any) -> dict[str, Any]:
    station = {"name": "M1", "servers": 1, "process": EXPONENTIAL, "failure": None, "scrap": 0.0}
    return {"stations": [station], "input": {"arrivals": "poisson", "rate": 0.8}} | model


def test_arrivals_beyond_the_capacity_are_lost() -> None:
    """M/M/1/4 with load 0.8: probabilities proportional to 0.8**n."""
    weights = [0.8**n for n in range(5)]
    lost = weights[4] / sum(weights)
    inside = sum(n * weight for n, weight in enumerate(weights)) / sum(weights)
    expected = {
        "probability_lost": lost,
        "utilisation": 0.8 * (1 - lost),
        "mean_time_in_system": inside / (0.8 * (1 - lost)),
        "throughput": 0.8 * (1 - lost),
    }
    (found,) = run({"id": 1, "kind": "queue", "model": queue(system_capacity=4), "expected": expected, "abs_tol": 1e-9})
    assert found["passed"], found


def test_pallets_go_round() -> None:
    """Three pallets over two equal exponential machines: 3/4 of the rate of one."""
    stations = [
        {"name": name, "servers": 1, "process": EXPONENTIAL, "failure": None, "scrap": 0.0} for name in ("A", "B")
    ]
    model = {"stations": stations, "pallets": 3, "route": "A, B, A"}
    expected = {"throughput": 0.75, "cycle_time": 4.0, "mean_parts_at_station": [1.5, 1.5], "utilisation": [0.75, 0.75]}
    (found,) = run({"id": 1, "kind": "closed_line", "model": model, "expected": expected, "abs_tol": 1e-9})
    assert found["passed"], found


def test_unequal_machines_have_an_availability_each() -> None:
    """Without a crew each machine is up for up / (up + down)."""
    model = {
        "machines": [
            {"up": {"dist": "exponential", "mean": 30.0}, "down": {"dist": "constant", "value": 10.0}},
            {"up": {"dist": "erlang", "mean": 20.0, "k": 2}, "down": {"dist": "exponential", "mean": 20.0}},
        ]
    }
    expected = {"availability": [0.75, 0.5], "mean_machines_up": 1.25, "failures_per_time": 0.05}
    (found,) = run({"id": 1, "kind": "machine_repair", "model": model, "expected": expected, "abs_tol": 1e-9})
    assert found["passed"], found


@pytest.mark.parametrize(
    "case",
    [
        {"id": 1, "kind": "supply_chain", "model": {}, "expected": {"throughput": 1}},
        {"id": 2, "kind": "queue", "model": queue(input={"arrivals": "batch"}), "measures": ["mean_wait"]},
        {"id": 3, "kind": "serial_line", "model": {"stations": [{"name": "A", "process": {"dist": "cauchy"}}]}},
        {"id": 4, "kind": "serial_line", "model": {}},
    ],
)
def test_what_we_cannot_model_is_listed_with_a_note(case: dict[str, Any]) -> None:
    (found,) = run(case)
    assert found["values"] == {}
    assert found["note"].startswith("not modelled: ")


def test_a_file_without_cases_is_refused() -> None:
    with pytest.raises(ModelError) as refusal:
        run_cases({})
    assert refusal.value.code == "no_cases"
