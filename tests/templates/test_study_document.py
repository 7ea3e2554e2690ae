"""The study document: what it names comes from beside it and from nowhere else."""

from __future__ import annotations

from pathlib import Path

import jsonschema
import pytest

from industry_packs.pack import shipped_pack
from templates.documents import DocumentError, load
from templates.schemas import schema
from templates.study_document import StudyDocument, files_beside, read_study

STUDY = """\
mingsuan: study/1
name: Press to pack, two modules
line: lines/press-to-pack.yaml
modules: [modules/predictive-maintenance.yaml, modules/fast-changeover.yaml]
scenarios:
  - {id: both, modules: [predictive-maintenance, fast-changeover]}
  - id: claimed
    title: {zh-CN: 含主张, en: With claims}
    modules: [predictive-maintenance]
    claims: true
months: 24
draws: 20
seed: 7
value:
  inputs: {contribution_margin: 18 CNY/piece, sellable_extra: [0, 500, 2000]}
  by_scenario: {claimed: {contribution_margin: 20}}
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, content in shipped_pack("discrete-manufacturing").files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(content)
    return tmp_path


def read(text: str, folder: Path) -> StudyDocument:
    return read_study(text, "study.yaml", files_beside(folder))


def test_a_study_is_read_with_the_files_beside_it(folder: Path) -> None:
    found = read(STUDY, folder)
    assert found.study.line.name == "Press to pack"
    assert [scenario.id for scenario in found.study.scenarios] == ["both", "claimed"]
    assert found.study.scenarios[0].title["en"] == "Predictive maintenance + Fast changeover"
    assert (found.study.months, found.study.draws, found.study.seed) == (24, 20, 7)
    assert found.value is not None
    assert found.value.inputs == {"contribution_margin": "18 CNY/piece", "sellable_extra": (0.0, 500.0, 2000.0)}
    assert found.value.by_scenario == {"claimed": {"contribution_margin": 20.0}}
    assert (found.value.calculator, found.value.draws, found.value.claims) == ("module_roi", 20_000, False)
    jsonschema.validate(load(STUDY, name="x").plain(), schema("study"))


def test_a_line_may_stand_inside_the_study(folder: Path) -> None:
    inside = "line: {mingsuan: line/1, name: one, stations: [{name: Press, cycle: 1 s}]}"
    text = STUDY.replace("line: lines/press-to-pack.yaml", inside).split("modules: [modules/")[0]
    text += "scenarios: [{id: a, modules: [m]}]\nmodules:\n  - mingsuan: module/1\n    id: mm\n"
    with pytest.raises(DocumentError) as caught:
        read(text, folder)
    assert caught.value.place.startswith("line 6: modules[0]")


@pytest.mark.parametrize(
    ("old", "new", "code", "place"),
    [
        ("lines/press-to-pack.yaml", "lines/none.yaml", "unknown_file", "line 3: line"),
        ("lines/press-to-pack.yaml", "../secret.yaml", "unknown_file", "line 3: line"),
        ("lines/press-to-pack.yaml", "/etc/passwd", "unknown_file", "line 3: line"),
        ("lines/press-to-pack.yaml", "modules/fast-changeover.yaml", "wrong_kind", "line 1: mingsuan"),
        (
            "modules: [predictive-maintenance, fast-changeover]",
            "modules: [magic]",
            "unknown_module",
            "line 6: scenarios[0].modules[0]",
        ),
        ("modules/fast-changeover.yaml]", "modules/predictive-maintenance.yaml]", "same_id", "line 4: modules[1]"),
        ("id: claimed", "id: both", "same_id", "line 7: scenarios[1].id"),
        ("id: claimed", "id: baseline", "same_id", "line 7: scenarios[1].id"),
        ("months: 24", "months: 0", "out_of_range", "line 11: months"),
        ("draws: 20", "draws: many", "expected_integer", "line 12: draws"),
        ("seed: 7", "sead: 7", "unknown_key", "line 13: sead"),
        ("by_scenario: {claimed:", "by_scenario: {clamed:", "unknown_scenario_id", "line 16: value.by_scenario.clamed"),
        ("[0, 500, 2000]", "[0, 500]", "wrong_length", "line 15: value.inputs.sellable_extra"),
    ],
)
def test_nonsense_is_refused_and_its_place_named(folder: Path, old: str, new: str, code: str, place: str) -> None:
    assert old in STUDY
    with pytest.raises(DocumentError) as caught:
        read(STUDY.replace(old, new, 1), folder)
    assert (caught.value.code, caught.value.place) == (code, place)


def test_a_module_for_a_station_that_the_line_lacks_is_named(folder: Path) -> None:
    path = folder / "lines" / "press-to-pack.yaml"
    path.write_bytes(path.read_bytes().replace(b"name: Weld", b"name: Join"))
    with pytest.raises(DocumentError) as caught:
        read(STUDY, folder)
    assert caught.value.code == "effect_without_target"
    assert caught.value.place.startswith("line 6: scenarios[0].modules")


def test_a_link_out_of_the_folder_is_not_followed(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    outside = tmp_path_factory.mktemp("outside") / "line.yaml"
    outside.write_text("mingsuan: line/1\nname: x\nstations: [{name: a, cycle: 1 s}]\n")
    (folder / "lines" / "link.yaml").symlink_to(outside)
    with pytest.raises(DocumentError) as caught:
        read(STUDY.replace("lines/press-to-pack.yaml", "lines/link.yaml"), folder)
    assert caught.value.code == "unknown_file"
