"""One line, its key figures: exact answers where theory has them, the same bytes anywhere."""

from __future__ import annotations

import json
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from multiprocessing import get_context

import numpy as np
import pytest

from simulators.figures import Window
from simulators.kpi import line_kpis
from simulators.line import WEEK, Calendar, Distribution, Failure, Line, ModelError, Shift, Station
from simulators.reference import run_reference
from simulators.replications import replicate
from simulators.simulate import simulate
from simulators.twin import run_twin
from simulators.warmup import mser5, warmup_seconds

HOUR = 3600.0
ENGINES = {"reference": run_reference, "twin": run_twin}


def machines(count: int, buffer: int = 0, **changes: object) -> tuple[Station, ...]:
    return tuple(
        Station(
            **{
                "name": f"M{number}",
                "cycle": Distribution.exponential(60),
                "buffer": buffer if number < count - 1 else 0,
            }
            | changes
        )
        for number in range(count)
    )


def small() -> Line:
    jam = Failure(
        name="jam",
        clock="operating",
        uptime=Distribution.exponential(2_000),
        repair=Distribution.lognormal(300, cv=1),
        crew="fitters",
    )
    return Line(
        name="small",
        stations=machines(3, buffer=2, failures=(jam,)),
        crews=(("fitters", 1),),
        arrivals=Distribution.exponential(100),
    )


@pytest.mark.parametrize(("count", "share"), [(2, 2 / 3), (3, 22 / 39), (4, 0.5148)])
def test_lines_without_buffers_make_what_hunt_and_hillier_boling_say(count: int, share: float) -> None:
    found = simulate(Line(name="hunt", stations=machines(count)), horizon=8 * WEEK).kpis()["throughput_per_h"]
    assert abs(found.mean / 60 - share) < 4 * found.standard_error / 60


def test_parallel_machines_are_a_queue_of_erlangs() -> None:
    line = Line(
        name="mm3",
        stations=(Station(name="M", servers=3, cycle=Distribution.exponential(60)),),
        arrivals=Distribution.exponential(24),
    )
    queue = simulate(line, horizon=20 * WEEK, replications=32, seed=2).to_json()["queue"]
    low, high = queue["ci95"]["mean_wait_s"]
    assert low - (high - low) / 2 < 1.40449438202 * 60 < high + (high - low) / 2


@pytest.mark.parametrize("engine", ["reference", "twin"])
def test_one_shift_with_a_break_makes_what_arithmetic_says(engine: str) -> None:
    day = Shift(days=(0, 1, 2, 3, 4), start_s=6 * HOUR, end_s=14 * HOUR, breaks=((10 * HOUR, 10.5 * HOUR),))
    line = Line(
        name="shift",
        stations=(Station(name="M", cycle=Distribution.constant(420)),),
        calendar=Calendar(shifts=(day,)),
    )
    figures = ENGINES[engine](line, Window(warmup=0, horizon=2 * WEEK), 1, 0)
    assert figures.total("good_out") == 642
    assert figures.states[0].tolist() == [270_000.0, 0.0, 0.0, 0.0, 0.0, 2 * WEEK - 270_000]


@pytest.mark.parametrize("engine", ["reference", "twin"])
def test_edges_of_the_window_count_as_agreed(engine: str) -> None:
    """A part at the horizon does not count, one at the end of the warm-up does, nor does a shift's end take one away."""
    line = Line(name="edges", stations=(Station(name="M", cycle=Distribution.constant(10)),))
    run = ENGINES[engine]
    assert run(line, Window(warmup=0, horizon=100), 1, 0).total("good_out") == 9
    assert run(line, Window(warmup=50, horizon=100), 1, 0).total("good_out") == 5
    hour = Shift(days=(0,), start_s=0, end_s=HOUR)
    shift = Line(name="shift", stations=line.stations, calendar=Calendar(shifts=(hour,)))
    assert run(shift, Window(warmup=0, horizon=2 * HOUR), 1, 0).total("good_out") == 360


@pytest.mark.parametrize("engine", ["reference", "twin"])
def test_a_part_waits_over_night_and_repairs_do_not(engine: str) -> None:
    hour = Calendar(shifts=(Shift(days=tuple(range(7)), start_s=0, end_s=HOUR),))
    jam = Failure(
        name="jam", clock="operating", uptime=Distribution.constant(3_000), repair=Distribution.constant(2 * HOUR)
    )
    line = Line(
        name="night",
        stations=(Station(name="M", cycle=Distribution.constant(2_000), failures=(jam,)),),
        calendar=hour,
    )
    figures = ENGINES[engine](line, Window(warmup=0, horizon=2 * WEEK / 7), 1, 0)
    assert figures.states[0].tolist() == [3_000 + 3_000.0, 0.0, 0.0, 600.0 + 600.0, 0.0, 2 * 23 * HOUR]
    assert figures.total("good_out") == 3  # 2000 s, then 1000 s before and 1000 s after the night, then 2000 s


def test_machines_with_one_repairman_interfere_as_palm_says() -> None:
    stop = Failure(
        name="stop",
        clock="calendar",
        uptime=Distribution.exponential(3_000),
        repair=Distribution.exponential(900),
        crew="fitters",
    )
    station = Station(name="M", servers=6, cycle=Distribution.constant(1e12), failures=(stop,))
    line = Line(name="palm", stations=(station,), crews=(("fitters", 2),))
    found = simulate(line, horizon=200 * WEEK, warmup=WEEK, replications=16)
    up = found.estimate(lambda figures: 1 - figures.states[0, 3] / (6 * figures.window.length))
    assert abs(up.mean - 0.723769219866) < 4 * up.standard_error
    assert found.to_json()["crews"][0]["utilisation"] == pytest.approx(0.65139, abs=0.004)


def test_the_document_has_the_agreed_shape() -> None:
    document = simulate(small(), horizon=WEEK, replications=4).to_json()
    assert json.loads(json.dumps(document)) == document
    assert list(document["kpis"]) == [
        "throughput_per_h", "good_per_h", "oee", "availability", "effectiveness", "quality", "wip", "lead_time_s",
    ]  # fmt: skip
    assert [station["name"] for station in document["stations"]] == ["M0", "M1", "M2"]
    for station in document["stations"]:
        assert set(station["states"]) == {"working", "starved", "blocked", "down", "setup", "off"}
        assert sum(station["states"].values()) == pytest.approx(1)
    assert sum(station["bottleneck_share"] for station in document["stations"]) == pytest.approx(1)
    assert [buffer["after"] for buffer in document["buffers"]] == ["M0", "M1"]
    assert set(document["queue"]) == {"mean_level", "mean_wait_s", "lost_share", "ci95"}
    assert [crew["name"] for crew in document["crews"]] == ["fitters"]
    assert len(document["digest"]) == 64
    low, high = document["kpis"]["oee"]["ci95"]
    assert low < document["kpis"]["oee"]["mean"] < high


def test_the_same_bytes_on_any_number_of_workers() -> None:
    alone = simulate(small(), horizon=WEEK, replications=12, seed=5).to_json()
    with ThreadPoolExecutor(3) as threads:
        assert simulate(small(), horizon=WEEK, replications=12, seed=5, executor=threads.map).to_json() == alone
    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as processes:
        assert simulate(small(), horizon=WEEK, replications=12, seed=5, executor=processes.map).to_json() == alone
    assert simulate(small(), horizon=WEEK, replications=12, seed=6).to_json() != alone


def test_both_engines_give_one_document_but_for_name_and_digest() -> None:
    twin, reference = (
        simulate(small(), horizon=WEEK / 2, warmup=HOUR, replications=3, engine=engine).to_json()
        for engine in ("twin", "reference")
    )
    assert twin["digest"] != reference["digest"]
    for name, value in twin["kpis"].items():
        assert value["mean"] == pytest.approx(reference["kpis"][name]["mean"], rel=1e-9)


def test_replications_are_added_until_the_throughput_is_precise() -> None:
    told: list[tuple[int, float]] = []
    document = simulate(
        small(), horizon=WEEK, precision=0.01, progress=lambda done, reached: told.append((done, reached))
    ).to_json()
    assert document["precision"]["reached"] <= 0.01
    assert told[-1] == (document["replications"], document["precision"]["reached"])
    assert [done for done, _ in told] == list(range(16, document["replications"] + 1, 16))


def test_one_replication_has_no_interval() -> None:
    assert simulate(small(), horizon=WEEK, replications=1).to_json()["kpis"]["oee"]["ci95"] is None


def test_a_full_line_forgets_that_it_started_empty() -> None:
    line = Line(name="long", stations=machines(8, buffer=20))
    window = Window(warmup=0, horizon=WEEK, bins=1000)
    output = replicate(line, window, 1, range(8))[:, -1000:].mean(axis=0)
    found = warmup_seconds(line, WEEK, output)
    assert 8 * 60 < found < WEEK / 4


def test_mser_5_leaves_out_the_start_and_says_when_it_cannot_tell() -> None:
    steady = np.tile([9.0, 11.0, 10.0, 8.0, 12.0], 40)
    start = np.linspace(0, 9, 35)
    found = mser5(np.concatenate([start, steady]))
    assert 25 <= found.observations <= 40
    assert found.enough
    assert not mser5(np.arange(100.0)).enough


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"horizon": 0.0, "warmup": 0.0}, "window_empty"),
        ({"warmup": WEEK}, "window_empty"),
        ({"replications": 0}, "replications_range"),
        ({"precision": 0.0}, "precision_range"),
        ({"seed": -1}, "seed_range"),
        ({"engine": "crystal"}, "unknown_engine"),
    ],
)
def test_a_call_that_makes_no_sense_is_refused(changes: dict[str, object], code: str) -> None:
    with pytest.raises(ModelError) as refusal:
        simulate(small(), **{"horizon": WEEK} | changes)
    assert refusal.value.code == code


def test_quality_and_effectiveness_are_those_of_the_constraint() -> None:
    first = Station(name="first", cycle=Distribution.constant(10), ideal_cycle=8.0, scrap=0.25, buffer=None)
    line = Line(name="two", stations=(first, Station(name="second", cycle=Distribution.constant(5))))
    kpis = line_kpis(line, run_twin(line, Window(warmup=0, horizon=100_000), 1, 0))
    assert kpis["availability"] == pytest.approx(1)
    assert kpis["effectiveness"] == pytest.approx(0.8, rel=1e-3)
    assert kpis["quality"] == pytest.approx(0.75, abs=0.02)
    assert kpis["oee"] == pytest.approx(kpis["availability"] * kpis["effectiveness"] * kpis["quality"])
