"""`mingsuan study run`: the capsule and the documents of what is worth most, the same bytes of the same study."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from industry_packs.pack import shipped_pack
from portal.cli import main

STUDY = """\
mingsuan: study/1
name: Press to pack
line: lines/press-to-pack.yaml
modules: [modules/predictive-maintenance.yaml, modules/fast-changeover.yaml]
scenarios:
  - {id: both, modules: [predictive-maintenance, fast-changeover]}
  - {id: changeover, modules: [fast-changeover]}
months: 2
draws: 2
seed: 7
"""
VALUE = """\
value:
  draws: 200
  inputs: {contribution_margin: 25 / 38 / 52 CNY/piece, sellable_extra: 2000 piece, internal_hours: 400 person*h,
    hourly_cost: 75 CNY/(person*h)}
"""


@pytest.fixture
def study(tmp_path: Path) -> Path:
    for name, content in shipped_pack("discrete-manufacturing").files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(content)
    (tmp_path / "plan.yaml").write_text(STUDY + VALUE, "utf-8")
    return tmp_path / "plan.yaml"


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, dict]:
    status = main(["study", "run", *arguments, "--json"])
    return status, json.loads(capsys.readouterr().out)


def test_a_study_writes_its_capsule_and_its_documents(study, tmp_path, capsys):
    out = tmp_path / "out"
    status, told = run(capsys, str(study), "-o", str(out))
    assert status == 0
    languages = [f"plan.{language}.{form}" for language in ("en", "zh-CN") for form in ("docx", "html", "pdf", "xlsx")]
    assert told["documents"] == sorted(["plan.decision.json", *languages])
    assert {path.name for path in out.iterdir()} == {told["capsule"], *told["documents"]}
    decision = json.loads((out / "plan.decision.json").read_text("utf-8"))
    values = {one["id"]: one["value"]["npv"]["p50"] for one in told["scenarios"] if "value" in one}
    assert told["decided"] == max(values, key=values.__getitem__) == decision["id"]
    npv = next(one for one in decision["money"] if one["id"] == "npv")
    assert npv["p50"] == values[decision["id"]]
    assert [risk["id"] for risk in decision["risks"] if risk["trap"]] == [
        "trap-ai-cures-all",
        "trap-feature-pile",
        "trap-silent-organisation",
    ]


def test_the_documents_are_about_the_scenario_that_is_asked_for(study, tmp_path, capsys):
    study.write_text(STUDY, "utf-8")
    status, told = run(capsys, str(study), "-o", str(tmp_path / "out"), "--scenario", "changeover")
    assert (status, told["decided"]) == (0, "changeover")
    status, told = run(capsys, str(study), "-o", str(tmp_path / "none"), "--scenario", "neither")
    assert (status, told["error"]["code"]) == (2, "unknown_scenario_id")
    assert not (tmp_path / "none").exists()
