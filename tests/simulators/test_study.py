"""Studies: paired, reproducible, right where the truth is known, honest about chance."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from simulators import kpi
from simulators.figures import Window
from simulators.fit import Spread
from simulators.line import Calendar, Distribution, Failure, Line, ModelError, Shift, Station
from simulators.ramp import in_long_run, knots, plan_windows
from simulators.result import MONTH_H
from simulators.scenario import Adoption, Effect, Module, Scenario
from simulators.study import Progress, Result, Study, batches, run
from simulators.twin import run_twin

SOURCE = {"zh-CN": "内部记录", "en": "own records"}
TITLE = {"zh-CN": "方案", "en": "scenario"}


def jam(up: float, down: float, **more) -> Failure:
    return Failure(
        name="jam",
        clock="operating",
        uptime=Distribution.exponential(up),
        repair=Distribution.exponential(down),
        **more,
    )


def line(buffer: int = 0, **more) -> Line:
    cycle = Distribution.constant(60)
    return Line(
        name="line",
        stations=(
            Station(name="filler", cycle=cycle, failures=(jam(5000, 500),), buffer=buffer, scrap=0.02),
            Station(name="packer", cycle=cycle, failures=(jam(9000, 600),)),
        ),
        **more,
    )


def scenario(
    name: str = "s", share: float = 0.5, *, parameter="repair", change="reduction", station="*", **adoption
) -> Scenario:
    effect = Effect(
        parameter=parameter,
        station=station,
        low=share * 0.8,
        likely=share,
        high=share * 1.2,
        change=change,
        tier="C",
        source=SOURCE,
    )
    shape = {"shape": "step", **adoption}
    return Scenario(
        id=name,
        title=TITLE,
        modules=(Module(id=f"module-{name}", title=TITLE, effects=(effect,), adoption=Adoption(**shape)),),
    )


def study(*scenarios: Scenario, **more) -> Study:
    given = {"months": 12, "draws": 12, "seed": 5, "operations": 3e5, **more}
    return Study(line=given.pop("line", line()), scenarios=scenarios or (scenario(start=4),), **given)


@pytest.fixture(scope="module")
def result() -> Result:
    return run(study(scenario("half", start=4), scenario("none", 0.0)))


def test_a_module_without_effect_changes_no_bit(result: Result):
    for name, values in result.scenario("none").kpis.items():
        assert (values == result.scenario("baseline").kpis[name]).all()
    difference = result.difference("none")
    assert (difference.mean, difference.low, difference.high) == (0, 0, 0)


def test_months_before_the_start_are_the_baseline(result: Result):
    ours, base = result.scenario("half").kpis["oee"], result.scenario("baseline").kpis["oee"]
    assert ours[:, :4] == pytest.approx(base[:, :4], abs=1e-12)
    assert (ours[:, 4:] > base[:, 4:]).mean() > 0.95


def test_the_three_parts_multiply_to_oee_in_every_draw_and_month(result: Result):
    for found in result.scenarios:
        product = found.kpis["availability"] * found.kpis["effectiveness"] * found.kpis["quality"]
        assert product == pytest.approx(found.kpis["oee"], rel=1e-12)


def test_good_parts_and_oee_tell_the_same(result: Result):
    for found in result.scenarios:
        assert found.kpis["oee"] == pytest.approx(found.kpis["good_per_h"] / 60, rel=1e-9)


def test_the_closed_form_of_a_line_without_buffer_is_met():
    # blocked and starved at once: E = 1 / (1 + sum MTTR / MTBF) on the operating clock; here with 2 % scrap at the filler
    def expected(factor: float) -> float:
        return 0.98 / (1 + factor * 500 / 5000 + factor * 0.98 * 600 / 9000)

    found = run(study(scenario(share=0.5, start=0), draws=40, operations=3e6))
    base, ours = found.band("baseline"), found.band("s")
    assert np.mean(base.mean) == pytest.approx(expected(1.0), rel=0.01)
    assert np.mean(ours.mean) == pytest.approx(expected(0.5), rel=0.01)
    assert found.difference("s").low < expected(0.5) - expected(1.0) < found.difference("s").high
    assert found.difference("s").probability_better == 1.0


def test_the_outcome_band_has_the_scatter_of_a_whole_month():
    month = Window(warmup=7200, horizon=7200 + MONTH_H * 3600)
    truth = [kpi.line_kpis(line(5), run_twin(line(5), month, 99, n))["oee"] for n in range(60)]
    found = run(study(line=line(5), draws=40, months=24, operations=4e6)).scenario("baseline").kpis["oee"]
    assert found.mean() == pytest.approx(np.mean(truth), abs=4 * np.std(truth) / 60**0.5)
    assert found.std() == pytest.approx(np.std(truth), rel=0.3)
    assert found.mean(axis=1).std() < 2 * np.std(truth) / 24**0.5, "chance averages out over the months of a draw"


def test_pairing_beats_independent_runs():
    found = run(study(scenario(share=0.1, start=0), line=line(5), draws=20))
    assert found.difference("s").variance_ratio < 0.7


def test_unsure_parameters_widen_the_outcome_band_and_are_told_from_chance():
    spread = Spread(station="filler", cause="jam", parameter="repair", factors=tuple(np.linspace(0.4, 1.6, 101)))
    known, unsure = (run(study(draws=30, spreads=spreads)) for spreads in ((), (spread,)))
    assert unsure.scenario("baseline").kpis["oee"].std() > 1.4 * known.scenario("baseline").kpis["oee"].std()
    assert unsure.scenario("baseline").paired["oee"].parameter_share > 0.5
    assert known.scenario("baseline").paired["oee"].parameter_share < 0.3


def test_the_mean_band_lies_within_the_outcome_band_and_narrows_with_draws():
    wide, narrow = (run(study(draws=draws, operations=draws * 3e4)).band("s") for draws in (10, 40))
    width = [np.subtract(band.mean_high, band.mean_low).mean() for band in (wide, narrow)]
    assert width[1] < 0.75 * width[0]
    assert np.subtract(narrow.p90, narrow.p10).mean() > width[1]
    assert (np.array(wide.p10) <= wide.p50).all()


def test_any_executor_gives_the_same_bytes():
    def backwards(job, draws):
        return list(reversed([job(draw) for draw in reversed(draws)]))

    with ThreadPoolExecutor(3) as pool:
        documents = [json.dumps(run(study(), executor=executor).to_json()) for executor in (map, pool.map, backwards)]
    assert documents[0] == documents[1] == documents[2]


def test_both_engines_agree():
    slow = replace(line(), stations=tuple(replace(s, cycle=Distribution.constant(900)) for s in line().stations))
    small = study(line=slow, draws=2, months=6, operations=2e4)
    twin, reference = run(small), run(small, engine="reference")
    for one, other in zip(twin.scenarios, reference.scenarios, strict=True):
        for name in one.kpis:
            assert one.kpis[name] == pytest.approx(other.kpis[name], rel=1e-9)


def test_a_result_survives_json(result: Result):
    document = json.loads(json.dumps(result.to_json(), allow_nan=False))
    again = Result.from_json(document)
    assert again.to_json() == result.to_json()
    assert again.band("half") == result.band("half")
    assert again.difference("half", "good_per_h") == result.difference("half", "good_per_h")


def test_progress_brings_rough_results_and_a_cancelled_study_keeps_what_it_has():
    seen: list[Progress] = []
    found = run(study(draws=60), progress=seen.append, cancelled=lambda: len(seen) == 1)
    assert [step.done for step in seen] == [10]
    assert seen[0].partial.draws == 10
    assert found.draws == 11
    assert run(study(), cancelled=lambda: True) is None


def test_a_study_stops_when_it_is_precise_enough():
    found = run(study(draws=100, precision=0.2))
    assert found.draws == 10
    assert found.half_width() <= 0.2


def test_draws_are_made_in_batches_that_cover_them_all():
    assert [n for batch in batches(95) for n in batch] == list(range(95))


def test_extra_good_parts_are_those_of_whole_months(result: Result):
    extra = result.extra_good("half")
    assert extra.shape == (12, 12)
    more = result.scenario("half").kpis["good_per_h"] - result.scenario("baseline").kpis["good_per_h"]
    assert extra == pytest.approx(730.5 * more)


def test_the_bottleneck_moves_when_it_is_relieved():
    slow = replace(
        line(5), stations=(replace(line(5).stations[0], cycle=Distribution.constant(66)), line(5).stations[1])
    )
    found = run(study(scenario(share=0.3, parameter="cycle", station="filler", start=6), line=slow))
    assert found.bottlenecks("baseline") == ("filler",) * 12
    assert found.bottlenecks("s")[-1] == "packer"
    assert found.risks["bottleneck_moves:s"] >= 1
    assert found.scenario("s").bottleneck.sum(axis=1) == pytest.approx(np.ones(12))
    assert found.scenario("s").states.sum(axis=2) == pytest.approx(np.ones((12, 2)))


def test_rare_causes_fail_at_a_constant_rate_and_others_keep_their_shape():
    aging = replace(jam(1, 1), uptime=Distribution.weibull(3, 3e6))
    often = replace(jam(1, 1), name="often", uptime=Distribution.constant(3600))
    changed, count, phase = in_long_run(
        Line(name="l", stations=(Station(name="a", cycle=Distribution.constant(1), failures=(aging, often)),)), 1e6
    )
    assert count == 1
    assert changed.stations[0].failures[0].uptime == Distribution.exponential(aging.uptime.mean)
    assert changed.stations[0].failures[1] == often
    assert phase == 3601


def test_with_a_calendar_windows_are_whole_weeks():
    calendar = Calendar(shifts=(Shift(days=(0, 1, 2, 3, 4), start_s=21_600, end_s=79_200),))
    windows = plan_windows(line(calendar=calendar), [], months=12, draws=10, budget=1e5)
    assert windows.length_s == 7 * 86_400
    assert len(windows.months) < 12


def test_months_are_dense_where_adoption_moves():
    moving = scenario(shape="linear", start=30, t10=0, t90=2)
    chosen = knots([moving.draw(seed=1, draws=2, months=36)], 36, 9)
    assert {0, 35} <= set(chosen)
    assert sum(29 <= month <= 34 for month in chosen) >= 3


def test_an_unmatched_effect_is_counted_and_an_unknown_station_refused():
    setup = scenario("setup", parameter="setup")
    assert run(study(setup, draws=2)).risks["effects_without_target:setup"] == 1
    with pytest.raises(ModelError) as error:
        run(study(scenario(station="labeller")))
    assert error.value.code == "effect_without_target"


TIMES = st.sampled_from(
    [
        Distribution.constant(400),
        Distribution.exponential(9000),
        Distribution.lognormal(600, 1.5),
        Distribution.weibull(3, 40_000),
        Distribution.gamma(2000, 0.4),
        Distribution.empirical([100, 900, 5000]),
    ]
)
FAILURES = st.builds(
    Failure,
    name=st.sampled_from(["jam", "changeover", "minor: sensor"]),
    clock=st.sampled_from(["operating", "calendar"]),
    uptime=TIMES,
    repair=TIMES,
    crew=st.sampled_from([None, "mechanics"]),
)
STATIONS = st.builds(
    Station,
    name=st.just("x"),
    cycle=st.sampled_from([Distribution.constant(300), Distribution.lognormal(200, 0.4)]),
    servers=st.integers(1, 3),
    scrap=st.sampled_from([0.0, 0.03, 1.0]),
    failures=st.lists(FAILURES, max_size=2, unique_by=lambda failure: failure.name).map(tuple),
    buffer=st.sampled_from([0, 3, None]),
)


@st.composite
def lines(draw) -> Line:
    stations = [
        replace(station, name=f"s{n}") for n, station in enumerate(draw(st.lists(STATIONS, min_size=1, max_size=3)))
    ]
    stations[-1] = replace(stations[-1], buffer=0)
    calendar = Calendar(shifts=(Shift(days=(0, 1, 2, 3, 4), start_s=21_600, end_s=50_400),))
    return Line(
        name="any",
        stations=tuple(stations),
        crews=(("mechanics", 1),),
        arrivals=draw(st.sampled_from([None, Distribution.exponential(250)])),
        calendar=draw(st.sampled_from([None, calendar])),
    )


@settings(max_examples=30, deadline=None, suppress_health_check=list(HealthCheck))
@given(lines(), st.sampled_from(["repair", "uptime", "cycle", "scrap", "setup", "buffer"]))
def test_any_line_can_be_studied(any_line: Line, parameter: str):
    change = "gain" if parameter in {"uptime", "buffer"} else "reduction"
    planned = scenario(parameter=parameter, change=change, share=0.2, shape="linear", start=2, t10=0, t90=3)
    found = run(study(planned, line=any_line, months=8, draws=3, operations=1e4))
    for one in found.scenarios:
        for name, values in one.kpis.items():
            assert np.isfinite(values).all(), name
            assert (values >= 0).all(), name
    json.dumps(found.to_json(), allow_nan=False)


def test_studies_and_questions_that_make_no_sense_are_refused(result: Result):
    for make, code in (
        (lambda: study(scenario("a"), scenario("a")), "same_name"),
        (lambda: study(scenario("baseline")), "same_name"),
        (lambda: study(months=0), "study_range"),
        (lambda: study(draws=1), "study_range"),
        (lambda: result.scenario("x"), "unknown_scenario"),
        (lambda: result.band("half", "speed"), "unknown_kpi"),
    ):
        with pytest.raises(ModelError) as error:
            make()
        assert error.value.code == code
