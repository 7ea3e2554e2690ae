"""`mingsuan simulate` takes a process of people as well as a line."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import pytest

from industry_packs.pack import SHIPPED
from industry_packs.schemas import schema
from portal.cli import main

PROCESS = SHIPPED / "software_sales" / "processes" / "approval-today.yaml"
ARGUMENTS = ["simulate", str(PROCESS), "--horizon", "6w", "--replications", "2"]


def test_the_document_follows_its_schema_and_does_not_depend_on_the_workers(
    capsys: pytest.CaptureFixture[str],
) -> None:
    told = []
    for workers in ("1", "2"):
        assert main([*ARGUMENTS, "--workers", workers, "--json"]) == 0
        told.append(capsys.readouterr().out)
    assert told[0] == told[1]
    document = json.loads(told[0])
    jsonschema.validate(document, schema("process-output"))
    assert document["warmup_s"] == 7 * 86_400
    assert document["kpis"]["cycle_time_s"]["mean"] > 2 * 86_400  # five signatures, one after the other


def test_people_read_pools_rules_and_warnings(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(ARGUMENTS) == 0
    text = capsys.readouterr().out
    assert "vice president (1) busy" in text
    assert "small deal within 1 h kept" in text
    assert "level 3: small deal within 1 h" in text


def test_a_wrong_process_is_refused_with_its_place(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "p.yaml"
    path.write_text(PROCESS.read_text(encoding="utf-8").replace("skill: legal", "skill: lawyers"), encoding="utf-8")
    assert main(["simulate", str(path), "--json"]) == 2
    error = json.loads(capsys.readouterr().out)["error"]
    assert error["code"] == "unknown_skill"
    assert "steps[0]" in error["place"]
