"""A drawing becomes proposed stations, in the order of the flow, with distances in metres."""

from __future__ import annotations

import io
import math

import ezdxf
import pytest
from hypothesis import given
from hypothesis import strategies as st

from templates.files import open_tables
from templates.layout import plan_of, read_path, write_path
from templates.mapping import understand

NAMES = ("灌装机", "旋盖机", "贴标机")
AT = ((0, 0), (6000, 0), (6000, 8000))


def columns(draw, unit: int = 4):
    drawing = ezdxf.new("R2010", units=unit)
    draw(drawing.modelspace(), drawing)
    out = io.StringIO()
    drawing.write(out)
    opened = open_tables(out.getvalue().encode(), "plant.dxf")
    (table,) = understand(opened).tables
    assert table.kind == "layout"
    return table.apply()


def outlines(space, drawing) -> None:
    space.add_lwpolyline([(-9000, -9000), (20000, -9000), (20000, 20000), (-9000, 20000)], close=True)  # the hall
    for name, (x, y) in zip(NAMES, AT, strict=True):
        space.add_lwpolyline(
            [(x - 900, y - 500), (x + 900, y - 500), (x + 900, y + 500), (x - 900, y + 500)], close=True
        )
        space.add_text(name).set_placement((x - 300, y - 100))
    space.add_text("Hall 3").set_placement((15000, 15000))


def blocks(space, drawing) -> None:
    for block in ("MACHINE", "door_900"):
        drawing.blocks.new(block).add_circle((0, 0), 1)
    for name, (x, y) in zip(NAMES, AT, strict=True):
        space.add_blockref("MACHINE", (x, y))
        space.add_blockref("door_900", (x + 2500, y))
        space.add_text(name).set_placement((x + 400, y + 200))


@pytest.mark.parametrize("draw", [outlines, blocks])
def test_machines_are_proposed_from_outlines_or_blocks_and_no_door_or_hall_is_one(draw) -> None:
    plan = plan_of(columns(draw), unit="mm")
    assert [one.name for one in plan.stations] == list(NAMES)
    assert {one.evidence for one in plan.stations} == {"outline" if draw is outlines else "block"}
    assert plan.distances == (6.0, 8.0)
    assert (plan.stations[2].x, plan.stations[2].y) == (6.0, 8.0)


def test_a_conveyor_gives_the_order_and_the_distances() -> None:
    def draw(space, drawing) -> None:
        outlines(space, drawing)
        space.add_lwpolyline([(6000, 8000), (0, 8000), (0, 0), (6000, 0)], dxfattribs={"layer": "CONVEYOR"})

    plan = plan_of(columns(draw), unit="mm")
    assert plan.order == "way"
    assert [one.name for one in plan.stations] == ["贴标机", "灌装机", "旋盖机"]
    assert plan.distances == (14.0, 6.0)


def test_numbers_in_names_give_the_order() -> None:
    def draw(space, drawing) -> None:
        for name, (x, y) in zip(("OP30", "OP10", "OP20"), AT, strict=True):
            space.add_lwpolyline([(x, y), (x + 5, y), (x + 5, y + 5), (x, y + 5)], close=True)
            space.add_mtext(name).set_location((x + 2, y + 3))

    plan = plan_of(columns(draw, unit=6), unit="m")
    assert (plan.order, [one.name for one in plan.stations]) == ("number", ["OP10", "OP20", "OP30"])


def test_a_drawing_without_machines_proposes_none() -> None:
    plan = plan_of(columns(lambda space, _: space.add_line((0, 0), (5, 5))), unit="mm")
    assert (plan.stations, plan.distances) == ((), ())


def test_equal_names_are_numbered() -> None:
    def draw(space, drawing) -> None:
        for x, y in AT:
            space.add_lwpolyline([(x, y), (x + 9, y), (x + 9, y + 9), (x, y + 9)], close=True)
            space.add_text("Press").set_placement((x + 3, y + 3))

    assert [one.name for one in plan_of(columns(draw), unit="mm").stations] == ["Press 1", "Press 2", "Press 3"]


@given(st.lists(st.tuples(st.floats(-1e6, 1e6), st.floats(-1e6, 1e6)), min_size=1, max_size=300))
def test_points_survive_as_text(points) -> None:
    back = read_path(write_path(points))
    assert len(back) <= 62
    for mine, theirs in ((back[0], points[0]), (back[-1], points[-1])):
        assert all(math.isclose(a, b, rel_tol=1e-5, abs_tol=1e-5) for a, b in zip(mine, theirs, strict=True))


@pytest.mark.parametrize("text", ["", "x", "1", "1 2;3", "1 2;nan", ";;;"])
def test_any_text_is_a_path_or_none(text: str) -> None:
    assert isinstance(read_path(text), tuple)
