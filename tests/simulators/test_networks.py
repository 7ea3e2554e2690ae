"""What the words of a network mean: small lines whose figures arithmetic or theory gives, in both engines."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import jsonschema
import numpy as np
import pytest

from simulators.figures import RunFigures, Window
from simulators.flow import Fleet, Rework, Startup, Way
from simulators.kpi import line_kpis
from simulators.line import DAY, WEEK, Calendar, Distribution, Failure, Line, Shift, Station
from simulators.products import Demand, Order, ProductAt, Products, Setup
from simulators.reference import run_reference
from simulators.simulate import simulate
from simulators.states import BLOCKED, DOWN, SETUP, STARVED, WORKING
from simulators.twin import run_twin
from templates.simulate_schema import simulate_schema

HOUR = 3600.0
TEN = Distribution.constant(10)
ALWAYS = Calendar(shifts=(Shift(days=tuple(range(7)), start_s=0, end_s=DAY),))

pytestmark = pytest.mark.parametrize("run", [run_reference, run_twin], ids=["reference", "twin"])


def station(name: str = "M", **changes: object) -> Station:
    return Station(**{"name": name, "cycle": TEN} | changes)


def line(*stations: Station, **changes: object) -> Line:
    return Line(**{"name": "line", "stations": stations} | changes)


def over(run, made: Line, horizon: float, warmup: float = 0.0) -> RunFigures:
    return run(made, Window(warmup=warmup, horizon=horizon), 1, 0)


def two_products(*lots: tuple[str, int]) -> Products:
    return Products(names=("A", "B"), sequence=lots)


def test_a_change_of_product_takes_its_set_up_and_the_first_one_none(run) -> None:
    setup = Setup(time=Distribution.constant(30), matrix=(("B", "A", Distribution.constant(50)),))
    made = line(station(setup=setup), products=two_products(("A", 2), ("B", 1)))
    found = over(run, made, 10 + 10 + 30 + 10 + 50 + 10 + 1)  # A A | B | A
    assert found.states[0, SETUP] == 80
    assert found.states[0, WORKING] == 41
    assert found.place("setups")[0] == 2
    assert found.products[:, 0].tolist() == [3, 1]


def test_products_have_their_own_cycles_scrap_and_ideal_cycles(run) -> None:
    own = ProductAt(product="B", cycle=Distribution.constant(30), scrap=1.0)
    made = line(station(products=(own,)), products=two_products(("A", 1), ("B", 1)))
    found = over(run, made, 401)
    assert found.products[:, 0].tolist() == [10, 0]
    assert found.station("scrapped")[0] == 10
    kpis = line_kpis(made, found)
    assert kpis["effectiveness"] == pytest.approx(1, abs=0.01)
    assert kpis["quality"] == pytest.approx(0.5)


def test_a_mix_is_drawn_part_by_part(run) -> None:
    made = line(station(), products=Products(names=("A", "B"), shares=(0.75, 0.25)))
    good = over(run, made, 40_000).products[:, 0]
    assert good.sum() == 3999
    assert abs(good[0] / good.sum() - 0.75) < 4 * np.sqrt(0.75 * 0.25 / 4000)


def test_parts_go_the_way_of_their_product_or_of_chance(run) -> None:
    by_product = (Way(to=("left",), products=("A",)), Way(to=("right",)))
    ends = (station("left", to=(Way(to=("out",)),)), station("right"))
    made = line(station("first", to=by_product), *ends, products=two_products(("A", 3), ("B", 1)))
    found = over(run, made, 411)
    assert found.station("processed").tolist() == [41, 30, 10]
    chance = (Way(to=("left",), share=0.25), Way(to=("right",), share=0.75))
    found = over(run, line(station("first", to=chance), *ends), 40_000)
    assert abs(found.station("processed")[1] / 4000 - 0.25) < 4 * np.sqrt(0.75 * 0.25 / 4000)


def test_a_way_that_no_product_goes_leads_to_a_station_without_work(run) -> None:
    ways = (Way(to=("out",), products=("A",)), Way(to=("join",)))
    made = line(
        station("first", to=ways),
        station("join", assembly=(("first", 1),)),
        products=Products(names=("A",), shares=(1.0,)),
    )
    assert over(run, made, 101).station("processed").tolist() == [10, 0]


def test_of_two_stations_the_one_that_is_free_takes_the_part(run) -> None:
    slow = Distribution.constant(15)
    ends = (station("left", cycle=slow, to=(Way(to=("out",)),)), station("right", cycle=slow))
    found = over(run, line(station("first", to=(Way(to=("left", "right")),)), *ends), 3001)
    assert found.station("processed")[0] == 300  # one of the two alone would hold it up
    assert found.states[0, BLOCKED] == 0
    assert abs(found.station("processed")[1] - found.station("processed")[2]) <= 1


def test_rework_goes_back_as_often_as_it_may_and_is_scrap_then(run) -> None:
    rework = Rework(to="first", share=0.5, tries=2)
    made = line(station("first", buffer=50), station("check", buffer=50, cycle=Distribution.constant(1), rework=rework))
    found = over(run, made, 200_000)
    good, scrap = found.total("good_out"), found.station("scrapped")[1]
    assert found.station("processed")[0] / (good + scrap) == pytest.approx(1 + 0.5 + 0.25, rel=0.03)
    assert scrap / (good + scrap) == pytest.approx(0.125, rel=0.1)
    assert line_kpis(made, found)["quality"] < 1


def test_a_part_that_is_sent_back_blocks_nobody(run) -> None:
    """Without a place behind it the tester would wait for the machine, and the machine for the tester."""
    again = line(station("machine"), station("tester", rework=Rework(to="machine", share=0.5, tries=9)))
    found = over(run, again, 10_001)
    assert found.total("good_out") == pytest.approx(10_000 / 20, rel=0.1)
    itself = line(station("tester", rework=Rework(to="tester", share=0.5, tries=9)))
    found = over(run, itself, 10_001)
    assert found.station("processed")[0] == 1000
    assert found.total("good_out") == pytest.approx(500, rel=0.1)


def test_an_assembly_takes_what_one_part_needs(run) -> None:
    body = station("body", to=(Way(to=("join",)),), buffer=2)
    wheel = station("wheel", to=(Way(to=("join",)),), buffer=8, arrivals="saturated")
    made = line(body, wheel, station("join", assembly=(("body", 1), ("wheel", 4))))
    found = over(run, made, 4001)
    assert found.station("processed")[2] == 99  # four wheels take 40 s: the first leaves after 50 s
    assert found.states[0, BLOCKED] > 2000
    assert made.constraint == 1


def test_a_batch_waits_until_it_is_full_or_full_enough(run) -> None:
    oven = station("oven", batch=4, cycle=Distribution.constant(30))
    found = over(run, line(station("first", buffer=9), oven), 40 + 30 + 1)
    assert found.station("processed").tolist() == [7, 4]
    assert found.states[1].tolist() == [31, 40, 0, 0, 0, 0] or found.states[1, STARVED] == 41
    found = over(run, line(station("first", buffer=9), replace(oven, least=2)), 20 + 30 + 30 + 1)
    assert found.station("processed").tolist() == [8, 5]  # two, then the three that came meanwhile


def test_planned_maintenance_lets_the_part_in_hand_be_finished(run) -> None:
    plan = Failure(
        name="oil", clock="calendar", uptime=Distribution.constant(25), repair=Distribution.constant(5), planned=True
    )
    found = over(run, line(station(failures=(plan,))), 46)
    assert found.states[0].tolist() == [41, 0, 0, 5, 0, 0]  # due at 25, done from 30 to 35
    assert found.station("failures")[0] == 0
    by_work = replace(plan, clock="operating")
    assert over(run, line(station(failures=(by_work,))), 46).states[0, DOWN] == 5


def test_the_first_parts_after_a_standstill_are_slow_and_scrap(run) -> None:
    startup = Startup(parts=2, after=600, scrap=1.0, cycle=2.0)
    hour = Calendar(shifts=(Shift(days=tuple(range(7)), start_s=HOUR, end_s=2 * HOUR),))
    found = over(run, line(station(startup=startup), calendar=hour), DAY)
    assert found.station("scrapped")[0] == 2
    assert found.station("processed")[0] == 358


def test_the_most_urgent_machine_is_repaired_first_by_whoever_is_there(run) -> None:
    def stop(at: float, **changes: object) -> Failure:
        return Failure(
            **{
                "name": "stop",
                "clock": "calendar",
                "uptime": Distribution.constant(at),
                "repair": Distribution.constant(100),
                "crew": "fitters",
            }
            | changes
        )

    stations = (
        station("first", failures=(stop(10),), buffer=None),
        station("second", failures=(stop(20),), buffer=None),
        station("third", failures=(stop(30, priority=1),)),
    )
    made = line(*stations, crews=(("fitters", 1),))
    assert over(run, made, 1 + 210).states[:, DOWN].tolist() == [191.0, 191.0, 180.0]
    helped = replace(made, crews=(("fitters", 1), ("electricians", 1)))
    second = replace(stations[1], failures=(stop(20, others=("electricians",)),))
    found = over(run, replace(helped, stations=(stations[0], second, stations[2])), 111)
    assert found.states[1, DOWN] == 91
    assert found.crew("repairs").tolist() == [2, 1]
    morning = Calendar(shifts=(Shift(days=(1,), start_s=0, end_s=HOUR),))
    found = over(run, replace(made, crew_calendars=(("fitters", morning),)), DAY + 50)
    assert found.crew("repairs").tolist() == [1]
    assert found.states[0, DOWN] == DAY + 50 - 10


def test_a_machine_without_its_operator_waits(run) -> None:
    made = line(
        station("left", operators=("people",), buffer=None),
        station("right", operators=("people",), cycle=Distribution.constant(5)),
        crews=(("people", 1),),
    )
    found = over(run, made, 3001)
    assert found.station("processed").sum() * 7.5 == pytest.approx(3000, abs=20)  # one person, one machine at a time
    assert found.crew("busy_s")[0] == pytest.approx(3001)


def test_orders_come_when_released_and_are_late_or_not(run) -> None:
    orders = (
        Order(name="big", parts=10, due=150, release=0),
        Order(name="late", parts=5, due=120, release=100),
        Order(name="never", parts=100, due=500, release=100),
    )
    found = over(run, line(station(), orders=orders), 601)
    assert found.orders.tolist() == [[10, 1, 100, 0], [5, 1, 150, 30], [45, 0, 0, 101]]
    assert found.total("arrivals") == 115


def test_a_part_that_nobody_wants_is_worth_nothing(run) -> None:
    made = line(station(), demand=Demand(every=100, parts=(("", 4),)))
    found = over(run, made, 1001)
    assert found.total("good_out") == 100
    assert found.more[0] == 4 * 10 + 1  # the hundredth part leaves in the eleventh period
    by_product = Demand(every=1000, parts=(("A", 7),))
    mixed = line(station(), products=two_products(("A", 1), ("B", 1)), demand=by_product)
    assert over(run, mixed, 999).more[0] == 7


def test_a_conveyor_takes_its_time_and_holds_so_many(run) -> None:
    made = line(station("first", buffer=3, travel=60.0), station("second"))
    found = over(run, made, 6_001)
    assert found.total("good_out") == pytest.approx(6_000 / 20, abs=5)  # three parts in every 60 s
    assert found.total("lead_s") / found.total("good_out") >= 80
    assert found.place("transport_starved_s")[1] > 2_500
    assert over(run, line(station("first", buffer=30, travel=60.0), station("second")), 6_001).total("good_out") == 593


def test_one_vehicle_brings_as_much_as_its_trips_allow(run) -> None:
    fleet = Fleet(
        name="agv", vehicles=1, travel=(("first", "second", 20.0), ("second", "first", 15.0)), load=3, unload=2
    )
    made = line(station("first", fleet="agv", buffer=5), station("second", inbox=3), fleets=(fleet,))
    found = over(run, made, 4_000)
    assert found.total("good_out") == 99  # 25 s with a part and 15 s back, the first after 45 s
    assert found.fleets[0, 0] / 4_000 == pytest.approx(1, abs=0.01)
    assert found.fleets[0, 1] / 4_000 == pytest.approx(25 / 40, abs=0.01)
    two = over(run, replace(made, fleets=(replace(fleet, vehicles=2),)), 4_000)
    assert two.total("good_out") == pytest.approx(199, abs=2)


def test_the_nearest_part_is_fetched_first_where_the_rule_says_so(run) -> None:
    travel = (("far", "end", 30.0), ("near", "end", 5.0), ("end", "far", 30.0), ("end", "near", 5.0))
    stations = (
        station("far", fleet="agv", buffer=None, to=(Way(to=("end",)),)),
        station("near", fleet="agv", buffer=None, arrivals="saturated"),
        station("end", inbox=5, cycle=Distribution.constant(1)),
    )
    fleet = Fleet(name="agv", vehicles=1, travel=travel, home="end")
    fair = over(run, line(*stations, fleets=(fleet,)), 7_000)
    near = over(run, line(*stations, fleets=(replace(fleet, rule="nearest"),)), 7_000)
    assert fair.total("good_out") == pytest.approx(200, abs=5)  # in turn: 60 s and 10 s
    assert near.total("good_out") > 650


def test_nobody_works_on_a_closed_day(run) -> None:
    made = line(station(), calendar=replace(ALWAYS, first=date(2027, 1, 4), closed=(date(2027, 1, 5),)))
    found = over(run, made, 3 * DAY)
    assert found.states[0, WORKING] == 2 * DAY
    assert found.states[0].sum() == 3 * DAY


def test_laws_small_factory_makes_what_theory_says(run) -> None:
    """Law, Simulation Modeling and Analysis: 60 parts an hour, 10 % sent back, a machine that fails while it works."""
    minute = 60.0
    stop = Failure(
        name="stop",
        clock="operating",
        uptime=Distribution.exponential(6 * HOUR),
        repair=Distribution.uniform(8 * minute, 12 * minute),
    )
    machine = station("machine", cycle=Distribution.uniform(0.65 * minute, 0.7 * minute), failures=(stop,), buffer=None)
    inspector = station(
        "inspector",
        cycle=Distribution.uniform(0.75 * minute, 0.8 * minute),
        rework=Rework(to="machine", share=0.1, tries=1000),
        buffer=None,
    )
    made = line(machine, inspector, arrivals=Distribution.exponential(minute))
    weeks = 2 if run is run_reference else 100
    found = over(run, made, weeks * WEEK)
    busy = found.states[:, WORKING] / (weeks * WEEK)
    width = 4 / np.sqrt(weeks)
    assert busy[0] == pytest.approx(0.75, rel=0.01 * width)
    assert busy[1] == pytest.approx(0.775 / 0.9, rel=0.01 * width)
    # 0.75 of the time it works, and for 360 minutes of work there is a repair of 10 on average
    assert found.states[0, DOWN] / (weeks * WEEK) == pytest.approx(0.75 * 10 / 360, rel=0.15 * width)
    assert made.constraint == 1


def test_what_has_no_effect_changes_no_bit_of_any_station(run) -> None:
    spare = Failure(
        name="never", clock="operating", uptime=Distribution.constant(1e12), repair=TEN, crew="fitters", planned=True
    )
    jam = Failure(
        name="jam", clock="operating", uptime=Distribution.exponential(400), repair=Distribution.exponential(60)
    )
    cycle = Distribution.lognormal(10, cv=0.4)
    stations = tuple(
        station(f"M{n}", cycle=cycle, buffer=3 if n < 3 else 0, failures=(jam,), scrap=0.02) for n in range(4)
    )
    made = line(*stations, products=Products(names=("A",), shares=(1.0,)), crews=(("fitters", 1),))
    more = replace(
        stations[1],
        failures=(jam, spare),
        startup=Startup(parts=3, after=5),
        rework=Rework(to="M0", share=0.0),
        setup=Setup(time=TEN, crews=("fitters",)),
        operators=(),
        energy=(("working", 3.0),),
    )
    other = replace(made, stations=(stations[0], more, *stations[2:]), demand=Demand(every=1000, parts=(("", 5),)))
    plain = replace(made, products=None)
    assert plain.plain
    assert not made.plain
    ours, base, old = (over(run, each, 50_000, warmup=500) for each in (other, made, plain))
    assert (ours.states == base.states).all()
    assert (ours.stations == base.stations).all()
    assert (ours.line == base.line).all()
    np.testing.assert_allclose(base.states, old.states, rtol=1e-9, atol=1e-6)
    np.testing.assert_allclose(base.stations, old.stations, rtol=1e-9, atol=1e-6)


def test_the_printed_document_tells_all_of_it(run) -> None:
    fleet = Fleet(name="agv", vehicles=1, otherwise=5.0)
    stations = (
        station("first", fleet="agv", energy=(("working", 12.0), ("starved", 2.0))),
        station("second", setup=Setup(time=Distribution.constant(60))),
    )
    made = line(
        *stations,
        products=two_products(("A", 20), ("B", 10)),
        orders=(Order(name="one", product="A", parts=50, due=600), Order(name="two", product="B", parts=5, due=9e5)),
        demand=Demand(every=HOUR, parts=(("A", 10), ("B", 100))),
        fleets=(fleet,),
        carbon=0.5,
    )
    engine = "reference" if run is run_reference else "twin"
    document = simulate(made, horizon=6 * HOUR, replications=3, engine=engine).to_json()
    jsonschema.validate(document, simulate_schema())
    assert document["warmup_s"] == 0
    assert [order["finished_share"] for order in document["orders"]] == [1, 1]
    assert document["orders"][0]["late_share"] == 1
    assert document["demand"]["surplus_per_h"] == pytest.approx(40 / 6)
    assert document["energy"]["co2_kg_per_good"] == pytest.approx(document["energy"]["kwh_per_good"] / 2)
    assert document["transport"]["fleets"][0]["deliveries_per_h"] == pytest.approx(55 / 6)
    assert document["products"][1]["good_per_h"] == pytest.approx(5 / 6)
    small = simulate(line(station()), horizon=HOUR, replications=1, engine=engine).to_json()
    jsonschema.validate(small, simulate_schema())
    assert "flow" not in small
