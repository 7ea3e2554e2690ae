"""The labelled sample files: made by the module, under their size, read without an error, and a believable plant."""

from __future__ import annotations

import pytest

from simulators.records import CountLog, EquipmentList, StopLog
from templates.files import open_tables
from templates.mapping import understand
from templates.reading import TableReading
from templates.samples import FOLDER, LANGUAGES, sample_files


def read(language: str, kind: str) -> TableReading:
    (table,) = understand(open_tables((FOLDER / language / f"{kind}.csv").read_bytes(), f"{kind}.csv")).tables
    return table


def test_the_files_are_those_that_the_module_makes() -> None:
    made = sample_files()
    assert sorted(made) == sorted(str(path.relative_to(FOLDER)) for path in FOLDER.rglob("*.csv"))
    for path, content in made.items():
        assert (FOLDER / path).read_bytes() == content, path
        assert len(content) < 300_000


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("kind", ["stops", "equipment", "runs"])
def test_samples_are_understood_without_an_error(language: str, kind: str) -> None:
    table = read(language, kind)
    assert table.kind == kind
    assert not [one for one in table.findings if one.severity == "error"]
    assert table.facts["machines"] == 5
    assert "SAMPLE" in table.raw.title or "示例" in table.raw.title


@pytest.mark.parametrize("language", LANGUAGES)
def test_people_in_the_sample_are_dropped(language: str) -> None:
    (person,) = [one for one in read(language, "stops").dropped if one.reason == "personal"]
    assert person.header in {"Recorded by", "记录人"}


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_sample_plant_is_believable(language: str) -> None:
    stops = StopLog.from_columns(read(language, "stops").apply())
    runs = CountLog.from_columns(read(language, "runs").apply())
    machines = EquipmentList.from_columns(read(language, "equipment").apply())
    assert {str(kind) for kind in stops.kind} == {"planned", "setup", "breakdown", "minor"}
    assert machines.station.tolist() == list(dict.fromkeys(runs.station.tolist()))
    assert set(stops.station) == set(machines.station)
    ideal = dict(zip(machines.station.tolist(), machines.ideal_cycle.tolist(), strict=True))
    worked = (runs.end - runs.start).sum() / 5
    for name, cycle in ideal.items():
        oee = cycle * runs.good[runs.station == name].sum() / worked
        assert 0.5 < oee < 0.9, (name, oee)
