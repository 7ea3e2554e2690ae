"""`mingsuan fit`: what it prints keeps to its published schema, with and without production runs."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import pytest

from portal.cli import main


@pytest.fixture
def files(tmp_path: Path) -> tuple[Path, Path]:
    stops, runs = tmp_path / "stops.csv", tmp_path / "runs.csv"
    rows, made = ["station,start,end,reason"], ["station,start,end,quantity,good,product"]
    for day in range(1, 21):
        at = f"2026-03-{day:02d}"
        rows.append(f"press,{at} 09:{day:02d}:00,{at} 09:{day + 12:02d}:00,jam")
        rows.append(f"press,{at} 12:00:00,{at} 12:{20 + day % 3}:00,set-up")
        made.append(f"press,{at} 06:00:00,{at} 12:00:00,400,395,{'ABC'[day % 3]}")
        made.append(f"press,{at} 12:30:00,{at} 18:00:00,380,380,{'BCA'[day % 3]}")
    stops.write_text("\n".join(rows), encoding="utf-8")
    runs.write_text("\n".join(made), encoding="utf-8")
    return stops, runs


def printed(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, dict]:
    status = main([*arguments, "--json"])
    return status, json.loads(capsys.readouterr().out)


def test_the_report_keeps_to_its_schema(files: tuple[Path, Path], capsys: pytest.CaptureFixture[str]) -> None:
    stops, runs = files
    _, schema = printed(capsys, "schema", "fit-output")
    status, plain = printed(capsys, "fit", str(stops))
    assert status == 0
    jsonschema.validate(plain, schema)
    assert plain["changeovers"] == []
    status, full = printed(capsys, "fit", str(stops), "--runs", str(runs))
    assert status == 0
    jsonschema.validate(full, schema)
    (machine,) = full["changeovers"]
    assert (machine["station"], machine["source"]) == ("press", "setup_stops")
    assert machine["overall"]["count"] == sum(one["count"] for one in machine["changes"]) >= 20
    assert {cause["name"] for cause in full["machines"][0]["causes"]} == {"jam", "set-up"}


def test_a_predictor_that_is_not_installed_is_said(
    files: tuple[Path, Path], capsys: pytest.CaptureFixture[str]
) -> None:
    status, refused = printed(capsys, "fit", str(files[0]), "--predictor", "semiconductor")
    assert (status, refused["error"]["code"]) == (2, "no_predictor")
