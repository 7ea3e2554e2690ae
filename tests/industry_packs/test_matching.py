"""The customer's machines find their stations: by name in either language, then by order; never one machine twice."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from industry_packs.matching import likeness, line_for, match_stations, module_for
from industry_packs.measures import read_measure
from industry_packs.pack import PackError, shipped_pack, shipped_packs

PACK = shipped_pack("discrete-manufacturing")
NAMES = [station.name for station in PACK.stations]


@pytest.mark.parametrize(
    ("machines", "expected"),
    [
        (["冲压机1#", "焊接机器人-02", "喷涂线", "装配线", "打包机"], [0, 1, 2, 3, 4]),
        (["Packer 3", "Final assembly", "Powder coat", "Robot weld", "Stamping press"], [4, 3, 2, 1, 0]),
        (["M1", "M2", "M3", "M4", "M5"], [0, 1, 2, 3, 4]),
        (["M1", "M2", "M3", "Welder", "M5"], [0, 3, 1, 2, 4]),
        (["Weld", "Weld 2"], [None, 0, None, None, None]),
        ([], [None, None, None, None, None]),
    ],
)
def test_machines_are_matched(machines: list[str], expected: list[int | None]) -> None:
    found = match_stations(PACK.stations, machines)
    assert list(found) == NAMES
    assert list(found.values()) == [None if index is None else machines[index] for index in expected]


def test_the_pack_whose_stations_sound_most_like_the_machines_comes_first() -> None:
    for machines, expected in [
        (["冲压", "焊接", "涂装", "总装", "包装"], "discrete-manufacturing"),
        (["理瓶机", "灌装机", "贴标机", "裹包机", "码垛机"], "food-filling"),
        (["Scanner", "Stocker", "Etcher", "Wet bench", "CD-SEM"], "semiconductor"),
        (["注塑机", "组装机", "检漏", "封口机", "装盒"], "medical-devices"),
    ]:
        best = max(shipped_packs(), key=lambda pack: likeness(pack.stations, machines))
        assert best.id == expected, machines
    assert likeness((), ["x"]) == 0


@given(st.lists(st.text(max_size=12), max_size=8, unique=True))
def test_no_machine_is_used_twice(machines: list[str]) -> None:
    chosen = [machine for machine in match_stations(PACK.stations, machines).values() if machine is not None]
    assert len(chosen) == len(set(chosen))
    assert set(chosen) <= set(machines)
    assert len(machines) != len(PACK.stations) or len(chosen) == len(machines)


def test_line_and_module_take_the_customers_names() -> None:
    chosen: dict[str, str | None] = {"Press": "P-100", "Weld": "R-7", "Paint": None, "Assembly": "A", "Pack": "V"}
    line = line_for(PACK.lines["press-to-pack"], chosen)
    assert [station.name for station in line.stations] == ["P-100", "R-7", "Paint", "A", "V"]
    module = module_for(PACK.modules["predictive-maintenance"], chosen)
    assert [effect.station for effect in module.effects] == ["R-7", "P-100", "*"]


def test_a_module_that_changes_nothing_the_customer_has_is_refused() -> None:
    module = PACK.modules["fast-changeover"]
    only_press = replace(module, effects=tuple(effect for effect in module.effects if effect.station == "Press"))
    with pytest.raises(PackError) as caught:
        module_for(only_press, {"Press": None})
    assert caught.value.code == "module_without_target"


@pytest.mark.parametrize(
    ("text", "value", "holds"),
    [
        ("a <= 2", 2, True),
        ("a < 2", 2, False),
        ("a >= -1.5", -2, False),
        ("a > 1e3", 1001, True),
        ("a > 0", float("nan"), False),
    ],
)
def test_a_measure_compares_a_figure_with_a_number(text: str, value: float, holds: bool) -> None:
    measure = read_measure(text)
    assert measure is not None
    assert measure.holds(value) is holds


@pytest.mark.parametrize("text", ["a = 2", "a <", "<= 2", "a <= b", "a <= 2 or 1", "__import__('os')", ""])
def test_what_is_no_comparison_is_none(text: str) -> None:
    assert read_measure(text) is None
