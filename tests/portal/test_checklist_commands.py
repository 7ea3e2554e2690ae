"""Check lists on the command line: out to a workbook, back with a score, beside last year and other lists, as OSCAL."""

from __future__ import annotations

import json
import re
from io import BytesIO
from pathlib import Path
from uuid import UUID

import jsonschema
import openpyxl
import pytest

from industry_packs.schemas import schema
from portal.cli import main


def call(capsys: pytest.CaptureFixture[str], *arguments: object, status: int = 0) -> dict[str, object]:
    assert main([*map(str, arguments), "--json"]) == status
    return json.loads(capsys.readouterr().out)


def fill(path: Path, **cells: str) -> None:
    book = openpyxl.load_workbook(BytesIO(path.read_bytes()))
    for place, value in cells.items():
        book["answers"][place] = value
    book.save(path)


@pytest.fixture
def mlps(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Path:
    path = tmp_path / "mlps.xlsx"
    call(capsys, "checklist", "export", "mlps-3", "-o", path)
    page = openpyxl.load_workbook(path)["answers"]
    rows = {page.cell(row, 1).value: row for row in range(2, page.max_row + 1)}
    fill(path, **{f"F{rows[name]}": "met" for name in ("CES1-01", "CES1-05", "CES1-12")})
    return path


def test_a_workbook_is_scored_and_a_bad_row_fails_the_check(mlps: Path, capsys: pytest.CaptureFixture[str]) -> None:
    found = call(capsys, "checklist", "assess", "mlps-3", mlps)
    jsonschema.validate(found, schema("checklist-output"))
    assert (found["answered"], found["applicable"], found["refused"]) == (3, 211, [])
    fill(mlps, F2="perhaps")
    found = call(capsys, "checklist", "assess", "mlps-3", mlps, status=4)
    assert found["refused"] == [{"row": 2, "code": "unknown_answer", "value": "perhaps"}]


def test_what_changed_and_what_serves_another_list(
    mlps: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    blank = tmp_path / "blank.xlsx"
    call(capsys, "checklist", "export", "mlps-3", "-o", blank)
    changed = call(capsys, "checklist", "compare", "mlps-3", blank, mlps)
    assert changed["counts"] == {"same": 208, "answered": 3}
    carried = call(capsys, "checklist", "carry", "part-11", mlps, "--of", "mlps-3")
    assert {row["control"] for row in carried["proposals"]} >= {"P11-10d", "P11-10e", "P11-200"}  # type: ignore[attr-defined]


def test_lists_of_packs_and_files_are_known(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    names = {row["id"] for row in call(capsys, "checklist", "list")["checklists"]}  # type: ignore[attr-defined]
    assert {"mlps-3", "software-sales/ai-fitness", "semiconductor/semi-e187"} <= names
    out = tmp_path / "a.xlsx"
    assert call(capsys, "checklist", "export", "software-sales/ai-fitness", "-o", out)["checklist"] == "ai-fitness"
    assert call(capsys, "checklist", "export", "no-such", "-o", tmp_path / "b.xlsx", status=2)["error"]["code"] == (  # type: ignore[index]
        "unknown_checklist"
    )
    assert not (tmp_path / "b.xlsx").exists()


def test_oscal_names_every_control_once(mlps: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "oscal.json"
    call(capsys, "checklist", "oscal", "mlps-3", "-o", out)
    catalog = json.loads(out.read_text())["catalog"]
    controls = [control for group in catalog["groups"] for control in group["controls"]]
    tokens = [control["id"] for control in controls]
    assert len(tokens) == len(set(tokens)) == 211
    assert all(re.fullmatch(r"[A-Za-z_][A-Za-z0-9._-]*", token) for token in tokens)
    assert UUID(catalog["uuid"]).version == 5
    assert catalog["metadata"]["oscal-version"] == "1.2.1"
    assert "certificate" in catalog["metadata"]["remarks"]
    call(capsys, "checklist", "oscal", "mlps-3", "--answers", mlps, "-o", out)
    (result,) = json.loads(out.read_text())["assessment-results"]["results"]
    assert {finding["target"]["status"]["state"] for finding in result["findings"]} == {"satisfied"}
    selected = result["reviewed-controls"]["control-selections"][0]["include-controls"]
    assert {each["control-id"] for each in selected} == {"c-CES1-01", "c-CES1-05", "c-CES1-12"}
