"""A drawing becomes a line: proposed, confirmed, with the cycle times that the equipment list knows."""

from __future__ import annotations

import io

import ezdxf
import pytest

from portal import actions_data, actions_layout, actions_study
from portal.identity import Role
from templates.line_document import read_line
from tests.portal.test_records import kept


def drawing(unit: int) -> bytes:
    made = ezdxf.new("R2010", units=unit)
    space = made.modelspace()
    for name, x in (("Filler", 0), ("Capper", 6000), ("Packer: 2", 12000)):
        space.add_lwpolyline([(x, 0), (x + 900, 0), (x + 900, 500), (x, 500)], close=True)
        space.add_text(name).set_placement((x + 100, 100))
    out = io.StringIO()
    made.write(out)
    return out.getvalue().encode()


def upload(workspace, data: bytes) -> None:
    staged = actions_data.stage_upload(workspace, data, name="hall.dxf")
    (table,) = actions_data.read_upload(workspace, staged)["tables"]
    mapping = {one["header"]: one["field"] or "" for one in table["columns"]}
    actions_data.upload_dataset(workspace, staged, mapping=mapping, kind="layout")


def test_a_drawing_is_confirmed_and_becomes_the_line(installation):
    owner = installation.as_(Role.OWNER)
    assert actions_layout.layout_plan(owner) is None
    upload(owner, drawing(4))
    kept(owner, "machine,cycle (s)\nFiller,2.5\n", name="machines.csv", kind="equipment")
    view = actions_layout.layout_plan(owner)
    assert view.unit == "mm"
    assert [one.name for one in view.plan.stations] == ["Filler", "Capper", "Packer: 2"]
    assert view.plan.distances == (6.0, 6.0)
    actions_layout.use_layout(owner, stations=["Capper", "Filler", "Packer: 2"], cycle="45 s")
    line = read_line(actions_study.line(owner).text, name="line.yaml")
    assert [(one.name, one.cycle.mean) for one in line.stations] == [("Capper", 45), ("Filler", 2.5), ("Packer: 2", 45)]


def test_a_drawing_without_a_unit_waits_for_one(installation):
    owner = installation.as_(Role.OWNER)
    upload(owner, drawing(0))
    assert actions_layout.layout_plan(owner).plan is None
    assert actions_layout.layout_plan(owner, unit="mm").plan.distances == (6.0, 6.0)
    with pytest.raises(ValueError, match="no length"):
        actions_layout.layout_plan(owner, unit="parsec")


@pytest.mark.parametrize(
    ("stations", "cycle", "code"),
    [([], "45 s", "no_stations"), (["a", "a"], "45 s", "no_stations"), (["a"], "45 s\nfailures: []", "bad_cycle")],
)
def test_what_makes_no_line_is_refused(installation, stations, cycle, code):
    owner = installation.as_(Role.OWNER)
    upload(owner, drawing(4))
    with pytest.raises(ValueError) as refused:  # the code says which
        actions_layout.use_layout(owner, stations=stations, cycle=cycle)
    assert refused.value.code == code
