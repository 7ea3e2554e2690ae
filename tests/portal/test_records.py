"""Records of a plant in the portal: quality and its threshold, corrections taken back, machine names, remembered headers."""

from __future__ import annotations

import pytest

from portal import actions_data, actions_machines, actions_quality, actions_study
from portal.identity import Role
from tests.portal.conftest import plant_files

HEAD = "machine,start,end,reason\n"


def kept(workspace, text: str, *, name: str = "stops.csv", kind: str = "stops"):
    upload = actions_data.paste_rows(workspace, text, name=name)
    reading = actions_data.read_upload(workspace, upload, kind=kind)
    mapping = {one["header"]: one["field"] or "" for one in reading["tables"][0]["columns"]}
    return actions_data.upload_dataset(workspace, upload, mapping=mapping, kind=kind)


def stops(count: int, *, machine: str = "cutter", first: int = 1) -> str:
    rows = [
        f"{machine},2026-03-{first + number // 20:02} {number % 20:02}:00,2026-03-{first + number // 20:02} {number % 20:02}:20,jam"
        for number in range(count)
    ]
    return "\n".join(rows) + "\n"


def machines(workspace) -> set[str]:
    return {one["label"] for one in actions_study.baseline(workspace)["stations"]}


def test_copies_above_a_tenth_carry_no_verdict_until_they_are_dropped(installation):
    owner = installation.as_(Role.OWNER)
    log = stops(40)
    copied = kept(owner, HEAD + log + log[: len(log) // 4])
    with pytest.raises(ValueError, match="copies") as refused:
        actions_study.baseline(owner)
    assert refused.value.code == "quality_copies"
    with pytest.raises(ValueError, match="copies"):
        actions_study.fit_line(owner)
    (one,) = actions_quality.record_quality(owner)
    assert not one.quality["verdict"]
    assert one.offers["drop_copies"] == copied.rows - 40
    fixed = actions_quality.fix_dataset(owner, one.dataset, fix="drop_copies")
    assert actions_study.baseline(owner)["stations"]
    (better,) = actions_quality.record_quality(owner)
    assert better.dataset == fixed
    assert better.quality["verdict"]
    assert better.quality["score"] > one.quality["score"]
    assert better.fixed[-1]["rows"] == copied.rows - 40
    assert len(owner.columns("dataset", one.dataset)["row"]) == copied.rows  # the original is as it was
    assert actions_quality.undo_fix(owner, fixed) == one.dataset
    with pytest.raises(ValueError, match="copies"):
        actions_study.baseline(owner)
    with pytest.raises(ValueError, match="take back"):
        actions_quality.undo_fix(owner, one.dataset)


def test_blanks_above_a_fifth_carry_no_verdict(installation):
    owner = installation.as_(Role.OWNER)
    rows = stops(40).splitlines()
    kept(owner, HEAD + "\n".join(row.replace("cutter", "") if k % 3 == 0 else row for k, row in enumerate(rows)))
    with pytest.raises(ValueError, match="blanks") as refused:
        actions_study.baseline(owner)
    assert refused.value.params["fields"] == "station"
    (one,) = actions_quality.record_quality(owner)
    actions_quality.fix_dataset(owner, one.dataset, fix="drop_incomplete")
    assert actions_study.baseline(owner)["stations"]


def test_times_the_wrong_way_round_are_swapped_with_one_click(installation):
    owner = installation.as_(Role.OWNER)
    kept(owner, HEAD + stops(10) + "cutter,2026-03-04 09:00,2026-03-04 08:00,jam\n")
    (one,) = actions_quality.record_quality(owner)
    assert one.offers == {"swap_times": 1}
    fixed = actions_quality.fix_dataset(owner, one.dataset, fix="swap_times")
    columns = owner.columns("dataset", fixed)
    assert (columns["ended_at"] > columns["started_at"]).all()
    with pytest.raises(ValueError, match="nothing to correct"):
        actions_quality.fix_dataset(owner, fixed, fix="swap_times")


def test_readers_see_the_quality_and_correct_nothing(installation):
    kept(installation.as_(Role.OWNER), HEAD + stops(10))
    reader = installation.as_(Role.FINANCE_READER)
    (one,) = actions_quality.record_quality(reader)
    with pytest.raises(ValueError, match="does not permit"):
        actions_quality.fix_dataset(reader, one.dataset, fix="drop_copies")
    with pytest.raises(ValueError, match="no such value"):
        actions_quality.fix_dataset(installation.as_(Role.OWNER, "south"), one.dataset, fix="drop_copies")


def test_machines_of_several_files_are_one_plant(installation):
    owner = installation.as_(Role.OWNER)
    kept(owner, "machine,ideal cycle (s),buffer\nCutter 1,9,6\nPress 2,10,4\n", name="machines.csv", kind="equipment")
    kept(owner, HEAD + stops(20, machine="CUTTER-01") + stops(20, machine="Press no. 2"))
    plant = actions_machines.plant_machines(owner)
    assert plant.kinds == ("equipment", "stops")
    assert {one.name for one in plant.machines} == {"Cutter 1", "Press 2", "CUTTER-01", "Press no. 2"}
    assert {(one.name, one.other) for one in plant.proposals} == {("CUTTER-01", "Cutter 1"), ("Press 2", "Press no. 2")}
    assert "CUTTER-01" in machines(owner)
    actions_machines.join_machines(owner, name="Cutter 1", other="CUTTER-01")
    actions_machines.part_machines(owner, name="Press 2", other="Press no. 2")
    plant = actions_machines.plant_machines(owner)
    (cutter,) = [one for one in plant.machines if one.name == "Cutter 1"]
    assert (cutter.rows, cutter.spellings) == ({"equipment": 1, "stops": 20}, ("CUTTER-01",))
    assert plant.proposals == ()
    assert "Cutter 1" in machines(owner)
    assert "CUTTER-01" in owner.columns("dataset", owner.list("dataset")[0].id)["station"]  # nothing stored is changed
    actions_machines.part_machines(owner, name="Cutter 1", other="CUTTER-01")
    assert "CUTTER-01" in machines(owner)


def test_a_header_once_confirmed_is_proposed_as_it_was_and_can_be_forgotten(installation):
    owner = installation.as_(Role.OWNER)
    text = "Gerät,A,B,Notiz\ncutter,2026-03-02 08:00,2026-03-02 08:20,x\n"
    upload = actions_data.paste_rows(owner, text)
    mapping = {"Gerät": "station", "A": "started_at", "B": "ended_at", "Notiz": "reason"}
    actions_data.upload_dataset(owner, upload, mapping=mapping, kind="stops", timezone="Europe/Berlin")
    again = actions_data.paste_rows(owner, text + "press,2026-03-03 08:00,2026-03-03 08:20,y\n")
    (table,) = actions_data.read_upload(owner, again)["tables"]
    assert table["kind"] == "stops"
    assert {one["header"]: one["field"] for one in table["columns"]} == mapping
    assert table["remembered"]["timezone"] == "Europe/Berlin"
    other = installation.as_(Role.OWNER, "south")
    foreign = actions_data.paste_rows(other, text)
    assert "remembered" not in actions_data.read_upload(other, foreign)["tables"][0]
    actions_data.forget_mapping(owner, table["remembered"]["id"])
    assert "remembered" not in actions_data.read_upload(owner, again)["tables"][0]


def test_what_is_wrong_stands_beside_its_row(installation):
    owner = installation.as_(Role.OWNER)
    upload = actions_data.paste_rows(owner, HEAD + stops(30) + "cutter,2026-03-04 09:00,2026-03-04 08:00,jam\n")
    (table,) = actions_data.read_upload(owner, upload)["tables"]
    assert table["rows"][:10] == list(range(2, 12))
    assert table["rows"][10:] == [32]
    assert [one["code"] for one in table["row_findings"][10]] == ["log_end_before_start"]


def test_good_records_carry_a_verdict(installation):
    owner = installation.as_(Role.OWNER)
    for kind, (name, data) in plant_files().items():
        upload = actions_data.stage_upload(owner, data, name=name)
        reading = actions_data.read_upload(owner, upload, kind=kind)
        mapping = {one["header"]: one["field"] or "" for one in reading["tables"][0]["columns"]}
        actions_data.upload_dataset(owner, upload, mapping=mapping, kind=kind)
    for one in actions_quality.record_quality(owner):
        assert one.quality["verdict"], one
        assert one.quality["score"] > 80
