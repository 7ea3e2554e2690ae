"""The line document: every line survives the way out and back; nonsense is refused with its place."""

from __future__ import annotations

from pathlib import Path

import jsonschema
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from simulators.line import Calendar, Distribution, Failure, Line, Shift, Station
from templates.documents import DocumentError, load
from templates.line_document import read_line, write_line
from templates.schemas import schema
from tests.simulators.networks import networks

FILLING = """\
mingsuan: line/1
name: Filling line 3
stations:
  - name: filler
    servers: 1
    cycle: 2.5 s
    ideal_cycle: 2.4 s
    scrap: 1.5 %
    failures:
      - name: jam
        clock: operating
        uptime: {exponential: {mean: 45 min}}
        repair: {lognormal: {mean: 4 min, cv: 1.2}}
        crew: mechanics
    buffer: 20
  - name: capper
    cycle: {discrete: {values: [2 s, 2200 ms], probabilities: [50 %, 0.5]}}
crews: {mechanics: 2}
arrivals: saturated
timezone: Asia/Shanghai
calendar: {shifts: [{days: mon-fri, from: "06:00", to: "22:00", breaks: [{from: "12:00", to: "12:30"}]}]}
"""


def test_the_line_of_the_contract_is_read_in_seconds_and_fractions() -> None:
    assert read_line(FILLING, "filling.yaml") == Line(
        name="Filling line 3",
        stations=(
            Station(
                name="filler",
                cycle=Distribution.constant(2.5),
                ideal_cycle=2.4,
                scrap=0.015,
                failures=(
                    Failure(
                        name="jam",
                        clock="operating",
                        uptime=Distribution.exponential(2700),
                        repair=Distribution.lognormal(240, cv=1.2),
                        crew="mechanics",
                    ),
                ),
                buffer=20,
            ),
            Station(name="capper", cycle=Distribution.discrete([2.0, 2.2], [0.5, 0.5])),
        ),
        crews=(("mechanics", 2),),
        timezone="Asia/Shanghai",
        calendar=Calendar(
            shifts=(Shift(days=(0, 1, 2, 3, 4), start_s=21_600, end_s=79_200, breaks=((43_200, 45_000),)),)
        ),
    )


DISTRIBUTIONS = {
    "90 s": Distribution.constant(90),
    "{constant: 90 s}": Distribution.constant(90),
    "{constant: {value: 90 s}}": Distribution.constant(90),
    "{exponential: {mean: 1.5 min}}": Distribution.exponential(90),
    "{lognormal: {mean: 2 h, cv: 0.5}}": Distribution.lognormal(7200, cv=0.5),
    "{weibull: {shape: 1.5, scale: 1 d}}": Distribution.weibull(1.5, 86_400),
    "{gamma: {mean: 3 s, cv: 2}}": Distribution.gamma(3, cv=2),
    "{erlang: {mean: 3 s, k: 4}}": Distribution.erlang(3, k=4),
    "{uniform: {low: 1 s, high: 2 s}}": Distribution.uniform(1, 2),
    "{triangular: {low: 1 s, mode: 1500 ms, high: 2 s}}": Distribution.triangular(1, 1.5, 2),
    "{discrete: {values: [1 s, 1 min], probabilities: [25 %, 0.75]}}": Distribution.discrete([1, 60], [0.25, 0.75]),
    "{empirical: {values: [1 s, 2 s, 2 s]}}": Distribution.empirical([1, 2, 2]),
}


@pytest.mark.parametrize(("written", "expected"), DISTRIBUTIONS.items())
def test_every_distribution_is_read(written: str, expected: Distribution) -> None:
    line = read_line(f"mingsuan: line/1\nname: x\nstations: [{{name: a, cycle: {written}}}]\n", "x")
    assert line.stations[0].cycle == expected
    arriving = read_line(f"mingsuan: line/1\nname: x\nstations: [{{name: a, cycle: 1 s}}]\narrivals: {written}\n", "x")
    assert arriving.arrivals == expected


@pytest.mark.parametrize(
    ("old", "new", "code", "place"),
    [
        ("buffer: 20", "buffer: -1", "buffer_negative", "line 15: stations[0].buffer"),
        ("buffer: 20", "buffer: many", "buffer_word", "line 15: stations[0].buffer"),
        ("buffer: 20", "buffer: 1.5", "expected_integer", "line 15: stations[0].buffer"),
        ("name: capper", "name: capper\n    buffer: 5", "buffer_after_last", "line 17: stations[1].buffer"),
        ("name: capper", "name: filler", "same_name", "line 16: stations[1].name"),
        ("crew: mechanics", "crew: mechanic", "unknown_crew", "line 14: stations[0].failures[0].crew"),
        ("cycle: 2.5 s", "cycle: 2.5", "time_without_unit", "line 6: stations[0].cycle"),
        ("cycle: 2.5 s", "cycle: 0 s", "cycle_not_positive", "line 6: stations[0].cycle"),
        ("cycle: 2.5 s", "cycle: -2.5 s", "time_out_of_range", "line 6: stations[0].cycle"),
        ("cycle: 2.5 s", "cycel: 2.5 s", "unknown_key", "line 6: stations[0].cycel"),
        ("    cycle: 2.5 s\n", "", "missing_key", "line 4: stations[0]"),
        ("servers: 1", "servers: 0", "servers", "line 5: stations[0].servers"),
        ("scrap: 1.5 %", "scrap: 150 %", "out_of_range", "line 8: stations[0].scrap"),
        ("scrap: 1.5 %", "scrap: 1.5", "out_of_range", "line 8: stations[0].scrap"),
        ("clock: operating", "clock: working", "expected_choice", "line 11: stations[0].failures[0].clock"),
        (
            "{exponential:",
            "{exponentail:",
            "unknown_distribution",
            "line 12: stations[0].failures[0].uptime.exponentail",
        ),
        ("cv: 1.2", "cv: -1", "distribution_negative", "line 13: stations[0].failures[0].repair.lognormal.cv"),
        ("cv: 1.2", "sd: 1.2", "unknown_key", "line 13: stations[0].failures[0].repair.lognormal.sd"),
        (
            "mean: 45 min",
            "mean: 0 s",
            "distribution_not_positive",
            "line 12: stations[0].failures[0].uptime.exponential.mean",
        ),
        ("50 %", "60 %", "distribution_sum", "line 17: stations[1].cycle.discrete.probabilities"),
        ("mechanics: 2", "mechanics: 0", "crew_size", "line 18: crews.mechanics"),
        ("arrivals: saturated", "arrivals: always", "arrivals_word", "line 19: arrivals"),
        ("Asia/Shanghai", "Asia/Shangai", "unknown_timezone", "line 20: timezone"),
        ("mon-fri", "mon-fry", "unknown_day", "line 21: calendar.shifts[0].days"),
        ('"22:00"', '"22:60"', "time_of_day", "line 21: calendar.shifts[0].to"),
        ('"22:00"', '"25:00"', "time_of_day", "line 21: calendar.shifts[0].to"),
        ('from: "12:00"', 'from: "05:00"', "break_outside", "line 21: calendar.shifts[0].breaks[0]"),
        ("name: Filling line 3", "name: ''", "text_length", "line 2: name"),
        ("line/1", "study/1", "wrong_kind", "line 1: mingsuan"),
        ("arrivals: saturated", "products: {a: 1}", "unknown_key", "line 19: products.a"),
        ("arrivals: saturated", "products: {mix: {a: 50 %}}", "shares_sum", "line 19: products.mix"),
        ("arrivals: saturated", "products: {}", "mix_or_sequence", "line 19: products.mix"),
        ("buffer: 20", "to: caper", "unknown_station", "line 15: stations[0].to[0]"),
        ("buffer: 20", "to: [capper, capper]", "way_ends", "line 15: stations[0].to"),
        ("buffer: 20", "to: [{station: capper, share: 60 %}]", "way_shares", "line 15: stations[0].to"),
        ("buffer: 20", "to: [{station: out}]", "no_way_in", "line 16: stations[1]"),
        ("buffer: 20", "rework: {to: fill, share: 5 %}", "unknown_station", "line 15: stations[0].rework.to"),
        (
            "buffer: 20",
            "rework: {to: filler, share: 5 %, tries: 0}",
            "number_range",
            "line 15: stations[0].rework.tries",
        ),
        ("buffer: 20", "assembly: {capper: 2}", "assembly_sender", "line 15: stations[0].assembly.capper"),
        ("buffer: 20", "batch: 0", "number_range", "line 15: stations[0].batch"),
        ("buffer: 20", "batch: {most: 4, least: 5}", "number_range", "line 15: stations[0].batch.least"),
        ("buffer: 20", "setup: 20 min", "setup_without_products", "line 15: stations[0].setup"),
        ("buffer: 20", "products: {B: {cycle: 3 s}}", "unknown_product", "line 15: stations[0].products.B"),
        ("buffer: 20", "startup: {parts: 0, after: 1 h}", "number_range", "line 15: stations[0].startup.parts"),
        ("buffer: 20", "operator: packer", "unknown_crew", "line 15: stations[0].operator"),
        ("buffer: 20", "arrivals: saturated", "not_together", "line 15: stations[0].arrivals"),
        ("buffer: 20", "travel: 30 s", "not_together", "line 15: stations[0].travel"),
        ("buffer: 20", "fleet: agv", "unknown_fleet", "line 15: stations[0].fleet"),
        ("buffer: 20", "energy: {workin: 3 kW}", "unknown_state", "line 15: stations[0].energy.workin"),
        ("buffer: 20", "energy: {working: 3}", "expected_quantity", "line 15: stations[0].energy.working"),
        ("{mechanics: 2}", "{mechanics: {size: 2, shift: []}}", "unknown_key", "line 18: crews.mechanics.shift"),
        (
            "arrivals: saturated",
            "orders: [{parts: 3, due: 1 d, product: A}]",
            "unknown_product",
            "line 19: orders[0].product",
        ),
        ("arrivals: saturated", "demand: {every: 1 w, parts: {A: 3}}", "unknown_product", "line 19: demand.parts.A"),
        ("arrivals: saturated", "fleets: {agv: {vehicles: 0}}", "number_range", "line 19: fleets.agv.vehicles"),
        (
            "arrivals: saturated",
            "fleets: {agv: {vehicles: 1, home: cap}}",
            "unknown_station",
            "line 19: fleets.agv.home",
        ),
        ("arrivals: saturated", "carbon: 3 kg", "expected_quantity", "line 19: carbon"),
        ("{shifts:", "{first: 2027-01-05, shifts:", "first_not_monday", "line 21: calendar.first"),
        ("{shifts:", "{closed: [2027-01-05], shifts:", "closed_without_first", "line 21: calendar.closed"),
        ("arrivals: saturated", "system_capacity: 4", "capacity_without_arrivals", "line 19: system_capacity"),
        ("arrivals: saturated", "pallets: 0", "pallets", "line 19: pallets"),
    ],
)
def test_nonsense_is_refused_and_its_place_named(old: str, new: str, code: str, place: str) -> None:
    assert FILLING.count(old) >= 1
    with pytest.raises(DocumentError) as caught:
        read_line(FILLING.replace(old, new, 1), "filling.yaml")
    assert (caught.value.code, caught.value.place) == (code, place)
    assert caught.value.remedy
    assert caught.value.params["file"] == "filling.yaml"


@pytest.mark.parametrize(
    ("written", "days"),
    [
        ("mon-fri", (0, 1, 2, 3, 4)),
        ("daily", tuple(range(7))),
        ("[sat, sun]", (5, 6)),
        ("mon, wed-fri", (0, 2, 3, 4)),
        ("fri-mon", (0, 4, 5, 6)),
        ("Monday", (0,)),
    ],
)
def test_days_are_written_as_people_do(written: str, days: tuple[int, ...]) -> None:
    text = FILLING.replace("days: mon-fri", f"days: {written}" if written.startswith("[") else f"days: '{written}'")
    line = read_line(text, "x")
    assert line.calendar is not None
    assert line.calendar.shifts[0].days == days


times = st.floats(min_value=1e-3, max_value=1e7)
positive = st.floats(min_value=0.2, max_value=15)


@st.composite
def distributions(draw: st.DrawFn) -> Distribution:
    low, middle, high = sorted(draw(st.lists(times, min_size=3, max_size=3, unique=True)))
    weights = draw(st.lists(st.integers(1, 9), min_size=1, max_size=5))
    values = draw(st.lists(times, min_size=len(weights), max_size=len(weights)))
    return draw(
        st.sampled_from(
            [
                Distribution.constant(low),
                Distribution.exponential(low),
                Distribution.lognormal(low, cv=draw(positive)),
                Distribution.weibull(draw(positive), low),
                Distribution.gamma(low, cv=draw(positive)),
                Distribution.erlang(low, k=draw(st.integers(1, 50))),
                Distribution.uniform(low, high),
                Distribution.triangular(low, middle, high),
                Distribution.discrete(values, [weight / sum(weights) for weight in weights]),
                Distribution.empirical(values),
            ]
        )
    )


names = st.text(
    st.characters(categories=("L", "N", "P", "Zs"), exclude_characters="\u2028\u2029"), min_size=1, max_size=12
).filter(str.strip)


@st.composite
def shifts(draw: st.DrawFn) -> Shift:
    start, length = draw(st.integers(0, 1439)), draw(st.integers(60, 1439))
    first = draw(st.integers(0, length - 30))
    pause = ((start + first) * 60 % 86_400, (start + first + draw(st.integers(1, 29))) * 60 % 86_400)
    days = draw(st.sets(st.integers(0, 6), min_size=1))
    fits = start + length <= 1440
    return Shift(
        days=tuple(sorted(days)),
        start_s=start * 60.0,
        end_s=float((start + length) * 60 % 86_400),
        breaks=((float(pause[0]), float(pause[1])),) if fits and pause[0] < pause[1] and draw(st.booleans()) else (),
    )


@st.composite
def lines(draw: st.DrawFn) -> Line:
    crews = draw(st.dictionaries(names, st.integers(1, 9), max_size=2))
    labels = draw(st.lists(names, min_size=1, max_size=4, unique=True))
    closed = draw(st.booleans())
    stations = []
    for index, label in enumerate(labels):
        causes = draw(st.lists(names, max_size=2, unique=True))
        stations.append(
            Station(
                name=label,
                servers=draw(st.integers(1, 5)),
                cycle=draw(distributions()),
                ideal_cycle=draw(st.none() | times),
                scrap=0.0 if closed and index < len(labels) - 1 else draw(st.floats(0, 1)),
                failures=tuple(
                    Failure(
                        name=cause,
                        clock=draw(st.sampled_from(["operating", "calendar"])),
                        uptime=draw(distributions()),
                        repair=draw(distributions()),
                        crew=draw(st.none() | st.sampled_from(sorted(crews))) if crews else None,
                    )
                    for cause in causes
                ),
                buffer=draw(st.none() | st.integers(0, 50)) if closed or index < len(labels) - 1 else 0,
            )
        )
    places = sum(station.servers + (1000 if station.buffer is None else station.buffer) for station in stations)
    pallets = draw(st.integers(1, places - 1)) if closed and places > 1 else None
    if pallets is None:
        stations[-1] = Station(name=stations[-1].name, cycle=stations[-1].cycle)
    arrivals = None if pallets else draw(st.none() | distributions())
    return Line(
        name=draw(names),
        stations=tuple(stations),
        crews=tuple(crews.items()),
        arrivals=arrivals,
        timezone=draw(st.sampled_from(["UTC", "Asia/Shanghai", "Europe/Berlin"])),
        calendar=draw(st.none() | st.builds(lambda shift: Calendar(shifts=(shift,)), shifts())),
        pallets=pallets,
        system_capacity=None if arrivals is None else draw(st.none() | st.integers(1, 9)),
    )


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(networks())
def test_every_network_survives_the_way_out_and_back(line: Line) -> None:
    text = write_line(line)
    assert read_line(text, "round trip") == line
    jsonschema.validate(load(text, name="x").plain(), schema("line"))


@settings(max_examples=60, deadline=None)
@given(lines())
def test_every_line_survives_the_way_out_and_back(line: Line) -> None:
    text = write_line(line)
    assert read_line(text, "round trip") == line
    jsonschema.validate(load(text, name="x").plain(), schema("line"))


def test_the_schema_knows_the_document_of_the_contract() -> None:
    jsonschema.validate(load(FILLING, name="x").plain(), schema("line"))
    for old, new in [
        ("cycle: 2.5 s", "cycel: 2.5 s"),
        ("buffer: 20", "buffer: -1"),
        ("cycle: 2.5 s", "cycle: 2.5"),
        ("clock: op", "clock: Op"),
    ]:
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.validate(load(FILLING.replace(old, new, 1), name="x").plain(), schema("line"))


def test_an_unknown_kind_of_schema_is_answered_with_the_nearest() -> None:
    with pytest.raises(DocumentError) as caught:
        schema("lin")
    assert "line" in caught.value.remedy


def test_the_network_of_the_documentation_is_read_and_written() -> None:
    page = (Path(__file__).parents[2] / "docs" / "networks.md").read_text("utf-8")
    text = page.partition("```yaml\n")[2].partition("```")[0]
    line = read_line(text, "networks.md")
    assert read_line(write_line(line), "copy") == line
    jsonschema.validate(load(text, name="x").plain(), schema("line"))
    assert line.stations[line.constraint].name == "covers"
