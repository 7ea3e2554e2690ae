"""Which pack's lines are offered first."""

from __future__ import annotations

import pytest

from portal.catalogue import line_template, packs_by_likeness


@pytest.mark.parametrize("machines", [["M1", "M2"], [], ["7", "?"]])
def test_machines_that_sound_like_no_pack_get_a_plain_line(machines) -> None:
    assert packs_by_likeness(machines)[0].id == "discrete-manufacturing"


def test_machines_that_sound_like_a_pack_get_its_line() -> None:
    machines = ["理瓶机", "灌装机", "贴标机", "裹包机", "码垛机"]
    assert packs_by_likeness(machines)[0].id == "food-filling"
    assert [station.name for station in line_template(machines=machines).stations] == machines
