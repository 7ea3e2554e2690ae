"""The gate in a process of its own, and what differs between two versions."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

import industry_packs
from industry_packs import signing
from industry_packs.differences import differences
from industry_packs.errors import PackError
from industry_packs.sandbox import Allowance, gate_apart
from industry_packs.trials import gate

PACK = Path(industry_packs.__file__).parent / "discrete_manufacturing"
TODAY = date(2026, 11, 1)
FILES = signing.read_folder(PACK)


def test_the_report_is_that_of_the_gate_here() -> None:
    assert gate_apart(FILES, today=TODAY) == gate(PACK, today=TODAY)


def test_findings_come_with_what_their_sentence_needs() -> None:
    broken = {**FILES, "stations.yaml": b"mingsuan: stations/1\nstations: []\n"}
    report = gate_apart(broken, today=TODAY)
    assert not report["passed"]
    assert report["tests"] == []
    assert all(finding["params"].keys() >= {"file"} for finding in report["findings"] if finding["code"] == "empty")


def test_a_pack_that_takes_too_long_is_stopped() -> None:
    with pytest.raises(PackError) as refused:
        gate_apart(FILES, today=TODAY, allowance=Allowance(wall_s=0.2))
    assert refused.value.code == "gate_stopped"


def test_a_changed_value_is_one_difference() -> None:
    name = "modules/fast-changeover.yaml"
    changed = {**FILES, name: FILES[name].replace(b"likely: 30 %", b"likely: 25 %  # cautious")}
    (found,) = differences(FILES, changed)
    assert (found.file, found.place, found.before, found.after) == (name, "effects[0].likely", "30 %", "25 %")


def test_files_that_came_and_went_are_named() -> None:
    less = {name: content for name, content in FILES.items() if name != "samples/stops_en.csv"}
    (found,) = differences(FILES, less)
    assert (found.file, found.after) == ("samples/stops_en.csv", None)
    assert {one.before for one in differences({}, {"modules/x.yaml": b"mingsuan: module/1\nid: x\n"})} == {None}
