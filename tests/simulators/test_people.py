"""People at work against exact results: Erlang C and A, priorities, Jackson networks; then hours, signatures, rules."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from calculators.queueing import mmc
from simulators.distributions import Distribution, Floats, ModelError
from simulators.figures import Window
from simulators.line import DAY, WEEK, Calendar, Shift
from simulators.people import run_people
from simulators.people_result import ProcessResult, known, per, simulate_process
from simulators.process import (
    Branch,
    Escalation,
    Newcomers,
    Pool,
    Process,
    Rule,
    Signature,
    Step,
    Work,
    WorkClock,
)

HOUR = 3600.0
exponential, constant = Distribution.exponential, Distribution.constant


def step(name: str, skill: str, time: Distribution, **more: object) -> Step:
    return Step(name=name, signatures=(Signature(skill=skill, time=time),), **more)


def queue(servers: int, service: float, *, patience: float | None = None, gap: float = 60.0) -> Process:
    return Process(
        name="queue",
        work=(Work(name="call", arrivals=exponential(gap), first="talk"),),
        steps=(step("talk", "agent", exponential(service), patience=exponential(patience) if patience else None),),
        pools=(Pool(name="agents", people=servers, skills=("agent",)),),
    )


def run(process: Process, cases: int = 6000, gap: float = 60.0, replications: int = 12) -> ProcessResult:
    return simulate_process(process, horizon=cases * gap, warmup=cases * gap / 6, replications=replications, seed=7)


def agrees(values: Floats, exact: float, *, within: float) -> None:
    """The exact value lies within four standard errors, and these are small enough to mean something."""
    found = known(values)
    assert 4 * found.standard_error <= within * exact, found
    assert abs(found.mean - exact) <= 4 * found.standard_error, (found, exact)


@pytest.mark.parametrize(
    ("servers", "load", "erlang_c"), [(2, 1, 1 / 3), (3, 2, 4 / 9), (5, 4, 0.5541), (10, 8, 0.4092)]
)
def test_waiting_is_that_of_the_erlang_c_tables(servers: int, load: float, erlang_c: float) -> None:
    exact = mmc(arrival_rate=1 / 60, service_rate=1 / (60 * load), servers=servers)
    assert exact.probability_wait == pytest.approx(erlang_c, abs=5e-5)
    done = run(queue(servers, 60 * load), cases=9000, replications=16)
    agrees(per(done.of("steps", "waited", 0), done.of("steps", "started", 0)), exact.probability_wait, within=0.12)
    agrees(per(done.of("steps", "wait_s", 0), done.of("steps", "started", 0)), exact.wq, within=0.35)
    agrees(done.utilisation(0), exact.utilisation, within=0.03)
    agrees(done.of("steps", "waiting_s", 0) / done.window.length, exact.lq, within=0.35)


def erlang_a(servers: int, load: float, patience: float) -> tuple[float, float]:
    """Chance to give up and mean number waiting, from the birth-death chain; times in units of a service."""
    weights, n, weight = [1.0], 0, 1.0
    while n < 400:
        n += 1
        weight *= load / (min(n, servers) + max(n - servers, 0) / patience)
        weights.append(weight)
    chances = np.array(weights) / math.fsum(weights)
    waiting = float(np.maximum(np.arange(len(chances)) - servers, 0) @ chances)
    return waiting / patience / load, waiting


@pytest.mark.parametrize(("servers", "load", "patience"), [(4, 4.0, 1.0), (5, 6.0, 2.0), (10, 9.0, 0.5)])
def test_giving_up_is_that_of_erlang_a(servers: int, load: float, patience: float) -> None:
    gives_up, waiting = erlang_a(servers, load, patience)
    done = run(queue(servers, 60 * load, patience=60 * load * patience), cases=7000)
    lost, began = done.of("steps", "given_up", 0), done.of("steps", "started", 0)
    agrees(per(lost, lost + began), gives_up, within=0.12)
    agrees(done.of("steps", "waiting_s", 0) / done.window.length, waiting, within=0.15)


def test_an_urgent_call_waits_as_cobham_says() -> None:
    """M/M/1 with two priorities, nobody interrupted: W_k = W0 / ((1 - s_(k-1)) (1 - s_k))."""
    rates, service = (0.3, 0.4), 1.0
    process = Process(
        name="priorities",
        work=tuple(
            Work(name=name, arrivals=exponential(60 / rate), first=name, priority=rank)
            for rank, (name, rate) in enumerate(zip(("urgent", "usual"), rates, strict=True))
        ),
        steps=tuple(step(name, "agent", exponential(60 * service)) for name in ("urgent", "usual")),
        pools=(Pool(name="agents", people=1, skills=("agent",)),),
    )
    done = run(process, cases=20_000, replications=12)
    residual = sum(rates) * service**2
    for index, exact in enumerate((residual / 0.7, residual / (0.7 * 0.3))):
        wait = per(done.of("steps", "wait_s", index), done.of("steps", "started", index)) / 60
        agrees(wait, exact, within=0.25)
    assert [warning.code for warning in done.warnings()].count("priority_conflict") == 1


def test_a_jackson_network_with_feedback_has_the_product_form() -> None:
    """Three stations with returns: the load of each follows from the traffic equations, its queue is that of M/M/c."""
    process = Process(
        name="network",
        work=(Work(name="claim", arrivals=exponential(60), first="register"),),
        steps=(
            step("register", "clerk", exponential(40), next=(Branch(step="assess", share=1.0),)),
            step(
                "assess",
                "expert",
                exponential(100),
                next=(Branch(step="register", share=0.1), Branch(step="pay", share=0.7), Branch(step="", share=0.2)),
            ),
            step("pay", "cashier", exponential(60)),
        ),
        pools=(
            Pool(name="clerks", people=1, skills=("clerk",)),
            Pool(name="experts", people=3, skills=("expert",)),
            Pool(name="cashiers", people=1, skills=("cashier",)),
        ),
    )
    passes = 1 / 0.9
    done = run(process, cases=6000, replications=12)
    for index, (visits, service, servers) in enumerate(((passes, 40, 1), (passes, 100, 3), (passes * 0.7, 60, 1))):
        exact = mmc(arrival_rate=visits / 60, service_rate=1 / service, servers=servers)
        agrees(done.of("steps", "waiting_s", index) / done.window.length, exact.lq, within=0.4)
        agrees(done.utilisation(index), exact.utilisation, within=0.03)
    total = sum(
        mmc(arrival_rate=visits / 60, service_rate=1 / service, servers=servers).w * visits
        for visits, service, servers in ((passes, 40, 1), (passes, 100, 3), (passes * 0.7, 60, 1))
    )
    agrees(done.cycle(), total, within=0.15)


def test_two_pools_share_a_skill_like_one() -> None:
    one = queue(4, 180)
    two = replace(one, pools=(Pool(name="a", people=1, skills=("agent",)), Pool(name="b", people=3, skills=("agent",))))
    first, second = (run_people(process, Window(warmup=0, horizon=200_000), 3, 0) for process in (one, two))
    assert np.array_equal(first.steps, second.steps)
    assert first.pools[0, 0] == pytest.approx(second.pools[:, 0].sum())


def approval(order: str, *, times: tuple[float, ...] = (600, 1200, 300), gap: float = DAY) -> Process:
    names = ("sales", "finance", "legal")
    return Process(
        name="approval",
        work=(Work(name="request", arrivals=constant(gap), first="sign"),),
        steps=(
            Step(
                name="sign",
                order="serial" if order == "serial" else "parallel",
                signatures=tuple(Signature(skill=n, time=constant(t)) for n, t in zip(names, times, strict=True)),
            ),
        ),
        pools=tuple(Pool(name=name, people=1, skills=(name,)) for name in names),
    )


def test_serial_signatures_add_up_and_parallel_ones_take_the_longest() -> None:
    for order, expected in (("serial", 2100.0), ("parallel", 1200.0)):
        done = simulate_process(approval(order), horizon=20 * DAY, warmup=0, replications=1)
        assert done.cycle() == pytest.approx([expected])


def test_parallel_exponential_signatures_take_the_harmonic_mean_time() -> None:
    process = approval("parallel", gap=4 * HOUR)
    spec = process.steps[0]
    process = replace(
        process,
        steps=(replace(spec, signatures=tuple(replace(each, time=exponential(600)) for each in spec.signatures)),),
    )
    done = simulate_process(process, horizon=3000 * 4 * HOUR, warmup=0, replications=8)
    agrees(done.cycle(), 600 * (1 + 1 / 2 + 1 / 3), within=0.1)


OFFICE = Calendar(shifts=(Shift(days=(0, 1, 2, 3, 4), start_s=9 * HOUR, end_s=17 * HOUR),))


def test_work_is_laid_down_at_the_end_of_a_shift_and_taken_up_again() -> None:
    """A task of 12 hours begun on Monday 09:00 ends on Tuesday 13:00; the one behind it waits until then."""
    process = Process(
        name="hours",
        work=(Work(name="report", arrivals=constant(HOUR), first="write", calendar=OFFICE),),
        steps=(step("write", "writer", constant(12 * HOUR)),),
        pools=(Pool(name="writers", people=1, skills=("writer",), calendar=OFFICE),),
    )
    figures = run_people(process, Window(warmup=0, horizon=(24 + 14) * HOUR), 1, 0)
    # the first report comes at 10:00, is worked on from 10 to 17 and from 9 to 14 on Tuesday
    assert figures.work[0, 1] == 0
    later = run_people(process, Window(warmup=0, horizon=(24 + 14) * HOUR + 1), 1, 0)
    assert later.work[0, 1] == 1
    assert later.work_quantiles[0, 0] == 28 * HOUR
    assert later.pools[0, 3] == 1  # laid down once
    assert later.pools[0, 1] == pytest.approx(13 * HOUR + 1)
    assert later.pool_hours[0, :24, 1].sum() == 8 * HOUR


def test_work_that_ends_with_the_shift_is_done() -> None:
    process = Process(
        name="hours",
        work=(Work(name="report", arrivals=constant(HOUR), first="write", calendar=OFFICE),),
        steps=(step("write", "writer", constant(7 * HOUR)),),
        pools=(Pool(name="writers", people=1, skills=("writer",), calendar=OFFICE),),
    )
    figures = run_people(process, Window(warmup=0, horizon=17 * HOUR + 1), 1, 0)
    assert figures.work[0, 1] == 1
    assert figures.pools[0, 0] == 7 * HOUR


def test_newcomers_begin_slowly_and_grow() -> None:
    process = queue(1, 60, gap=600)
    process = replace(
        process,
        steps=(step("talk", "agent", constant(60)),),
        work=(replace(process.work[0], arrivals=constant(600)),),
        pools=(replace(process.pools[0], newcomers=Newcomers(people=1, speed=0.25, full_after=100 * 600)),),
    )
    first = run_people(process, Window(warmup=0, horizon=601 + 241), 1, 0)
    assert first.work_quantiles[0, 0] == pytest.approx(60 / (0.25 + 0.75 / 100))
    grown = run_people(process, Window(warmup=101 * 600, horizon=200 * 600), 1, 0)
    assert grown.work_quantiles[0].tolist() == pytest.approx([60, 60])


def one_desk(*, escalation: Escalation | None = None, clock: str = "elapsed", within: float = 1800) -> Process:
    """Cases of 50 minutes every hour, and a flood of usual ones; the rule asks for a start in time."""
    return Process(
        name="desk",
        calendar=OFFICE,
        work=(
            Work(name="usual", arrivals=exponential(1500), first="answer", priority=5, calendar=OFFICE),
            Work(name="urgent", arrivals=exponential(7200), first="answer", priority=9, calendar=OFFICE),
        ),
        steps=(step("answer", "desk", exponential(1200)),),
        pools=(
            Pool(name="desk", people=1, skills=("desk",), calendar=OFFICE),
            Pool(name="lead", people=1, skills=("lead",), calendar=OFFICE),
        ),
        rules=(
            Rule(
                name="start in half an hour",
                within=within,
                step="answer",
                event="started",
                clock="working" if clock == "working" else "elapsed",
                work=("urgent",),
                target=0.9,
                escalation=escalation,
            ),
        ),
    )


def test_escalation_shortens_what_is_late_and_never_changes_who_was_in_time() -> None:
    plain, helped = (
        simulate_process(one_desk(escalation=each), horizon=26 * WEEK, replications=4)
        for each in (None, Escalation(priority=0, skill="lead"))
    )
    assert plain.of("rules", "escalated", 0).sum() == 0
    assert helped.of("rules", "escalated", 0).sum() > 0
    assert helped.quantile("rule", 0, 1).mean() < 0.5 * plain.quantile("rule", 0, 1).mean()
    assert helped.of("pools", "tasks", 1).sum() > 0
    assert plain.of("pools", "tasks", 1).sum() == 0


def test_a_rule_counts_working_hours_where_it_says_so() -> None:
    elapsed, working = (
        simulate_process(one_desk(clock=clock), horizon=26 * WEEK, replications=4) for clock in ("elapsed", "working")
    )
    assert working.kept(0).mean() > elapsed.kept(0).mean()
    assert working.quantile("rule", 0, 1).max() < elapsed.quantile("rule", 0, 1).min()


def test_a_rule_that_always_holds_is_always_kept_and_one_that_never_can_is_missed() -> None:
    generous = simulate_process(one_desk(within=300 * DAY), horizon=400 * DAY, warmup=0, replications=2)
    assert generous.kept(0).tolist() == [1, 1]
    mean = simulate_process(one_desk(within=1e-6), horizon=26 * WEEK, warmup=0, replications=2)
    at_once = mean.total("steps", "started") - mean.total("steps", "waited")
    assert (mean.of("rules", "kept", 0) <= at_once).all()
    assert [warning.code for warning in mean.warnings() if warning.place.startswith("rules")] == ["rule_missed"]


def test_cases_are_conserved_and_the_week_adds_up() -> None:
    done = simulate_process(one_desk(), horizon=8 * WEEK, warmup=0, replications=1)
    figures = done.figures[0]
    assert (figures.work[:, 0] >= figures.work[:, 1] + figures.work[:, 2]).all()
    assert figures.hours.sum() == pytest.approx(done.window.length)
    assert figures.pool_hours[:, :, 0].sum(axis=1) == pytest.approx(figures.pools[:, 0])
    assert figures.pool_hours[:, :, 1].sum(axis=1) == pytest.approx(figures.pools[:, 1])
    assert figures.step_hours.sum(axis=1) == pytest.approx(figures.steps[:, 4])


def test_the_same_arguments_give_the_same_document_on_any_number_of_workers() -> None:
    def backwards(of, numbers):
        return list(reversed([of(number) for number in reversed(list(numbers))]))

    one = simulate_process(one_desk(), horizon=4 * WEEK, replications=4).to_json()
    two = simulate_process(one_desk(), horizon=4 * WEEK, replications=4, executor=backwards).to_json()
    assert one == two
    assert simulate_process(one_desk(), horizon=4 * WEEK, replications=4, seed=2).to_json()["digest"] != one["digest"]


def test_more_people_never_make_the_same_cases_wait_longer() -> None:
    """Cases keep their times when people are added, so that each waits no longer than before."""
    waits = [run(queue(servers, 170), cases=2000, replications=2).of("steps", "wait_s", 0) for servers in (3, 4, 5)]
    assert (waits[0] >= waits[1]).all()
    assert (waits[1] >= waits[2]).all()


def test_overload_is_said() -> None:
    codes = {warning.code: warning.level for warning in run(queue(2, 150), cases=2000, replications=2).warnings()}
    assert codes["pool_overloaded"] == 3
    assert codes["backlog_grows"] == 3


def test_people_who_never_meet_are_pointed_out() -> None:
    night = Calendar(shifts=(Shift(days=(0,), start_s=20 * HOUR, end_s=22 * HOUR),))
    process = approval("parallel")
    pools = (replace(process.pools[0], calendar=OFFICE), replace(process.pools[1], calendar=night), process.pools[2])
    done = simulate_process(replace(process, pools=pools), horizon=4 * WEEK, replications=1)
    found = [warning for warning in done.warnings() if warning.code == "hours_apart"]
    assert [(warning.params["one"], warning.params["two"]) for warning in found] == [("sales", "finance")]


@given(st.floats(0, 3 * WEEK), st.floats(0, 60 * HOUR))
def test_the_working_clock_turns_back(moment: float, hours: float) -> None:
    clock = WorkClock(OFFICE)
    assert clock.worked(clock.moment(hours)) == pytest.approx(hours, abs=1e-6)
    assert clock.moment(clock.worked(moment)) <= moment + 1e-6
    assert clock.worked(moment + 3600) >= clock.worked(moment) - 1e-9


REFUSED = [
    ({"steps": (step("talk", "nobody", constant(1)),)}, "unknown_skill", "steps[0].signatures[0].skill"),
    ({"work": (Work(name="call", arrivals=constant(1), first="walk"),)}, "unknown_step", "work[0].first"),
    (
        {"steps": (step("talk", "agent", constant(1), next=(Branch(step="talk", share=1.0),)),)},
        "no_way_out",
        "steps[0].next",
    ),
    ({"rules": (Rule(name="r", within=1, event="started"),)}, "rule_without_step", "rules[0]"),
    ({"rules": (Rule(name="r", within=1, work=("mail",)),)}, "unknown_work", "rules[0].work[0]"),
    ({"pools": (Pool(name="a", people=1, skills=("agent",)),) * 2}, "same_name", "pools[1].name"),
]


@pytest.mark.parametrize(("changes", "code", "place"), REFUSED, ids=[code for _, code, _ in REFUSED])
def test_a_process_that_makes_no_sense_is_refused_with_its_place(changes, code: str, place: str) -> None:
    with pytest.raises(ModelError) as refused:
        replace(queue(2, 60), **changes)
    assert (refused.value.code, refused.value.place) == (code, place)


def test_shares_after_a_step_add_up() -> None:
    with pytest.raises(ModelError) as refused:
        step("talk", "agent", constant(1), next=(Branch(step="", share=0.5), Branch(step="more", share=0.4)))
    assert refused.value.code == "branch_shares"
