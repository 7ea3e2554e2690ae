"""What changed since last year, which answers serve several lists, and what gaps cost."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import numpy as np
import pytest

from calculators.checklist import Answer, CheckList, Control, Scoring, Section, Status, assess
from calculators.checklist_gaps import Closing, gap_budget
from calculators.checklist_history import compare, proposals, renewed
from calculators.units import CalculationError
from templates.checklist_document import shipped_checklist

MET, PARTLY, NOT_MET, NOT_APPLICABLE = (Answer(status=status, reason="why", evidence=("paper",)) for status in Status)


def a_list(*names: str, identity: str = "list", veto: str = "", **maps: tuple[str, ...]) -> CheckList:
    return CheckList(
        id=identity, version="1.0.0", title={}, edition="", as_of="", source={},
        sections=(Section(id="s", title={}),), scoring=Scoring(met=1, partly=0.5, not_met=0),
        controls=tuple(
            Control(
                id=name, section="s", reference=f"{identity} {name}", title={}, question={}, veto=name == veto,
                evidence=({"en": "paper"},), maps_to=maps.get(name, ()),
            )
            for name in names
        ),
    )  # fmt: skip


def test_every_kind_of_change_is_told_apart() -> None:
    old = a_list("a", "b", "c", "d", "e", "f", "gone")
    new = a_list("a", "b", "c", "d", "e", "f", "new")
    before = {"a": PARTLY, "b": MET, "c": MET, "d": MET, "e": MET, "gone": NOT_MET}
    after = {
        "a": MET, "b": NOT_MET, "c": NOT_APPLICABLE, "d": MET, "e": replace(MET, evidence=("other",)), "f": PARTLY,
    }  # fmt: skip
    found = {change.control: change.what for change in compare((old, before), (new, after))}
    assert found == {
        "a": "better", "b": "worse", "c": "scope", "d": "same", "e": "evidence", "f": "answered", "new": "added",
        "gone": "removed",
    }  # fmt: skip
    assert {change.what for change in compare((old, before), (old, {}))} == {"withdrawn", "same"}


def test_last_year_is_a_start_and_no_verdict() -> None:
    start = renewed({"a": MET})
    assert (start["a"].status, start["a"].reason, start["a"].evidence) == (None, "why", ("paper",))
    assert assess(a_list("a"), start).answered == 0


def test_one_evidence_answers_many_and_the_weakest_comes_first() -> None:
    given = a_list("x", "y", "z", identity="first", x=("ISO A.1",), y=("ISO A.1",), z=("ISO A.2",))
    wanted = a_list("p", "q", "r", identity="second", p=("ISO A.1",), q=("first z",))
    found = proposals([(given, {"x": MET, "y": PARTLY, "z": NOT_APPLICABLE}), (wanted, {"p": MET})], wanted)
    assert [(one.to_control, one.from_control, one.status) for one in found] == [
        ("p", "y", Status.PARTLY),
        ("p", "x", Status.MET),
    ]
    assert found[0].evidence == ("paper",)


def test_the_shipped_lists_serve_each_other() -> None:
    mlps, iso = shipped_checklist("mlps-3"), shipped_checklist("iso-27001-annex-a")
    answers = {control.id: MET for control in mlps.controls}
    helped = {one.to_control for one in proposals([(mlps, answers)], iso)}
    assert len(helped) > 15
    part = {one.to_control for one in proposals([(mlps, answers)], shipped_checklist("part-11"))}
    assert {"P11-10c", "P11-10d", "P11-10e", "P11-200"} <= part


def test_gaps_cost_money_and_the_longest_blocking_one_holds_things_up() -> None:
    checklist = a_list("a", "b", "c", "d", veto="b")
    found = assess(checklist, {"a": NOT_MET, "b": NOT_MET, "c": PARTLY, "d": MET})
    budget = gap_budget(
        found,
        [
            Closing(control="a", owner="it", due=date(2026, 1, 1), cost=(10, 10, 10), months=(9, 9, 9)),
            Closing(control="b", owner="it", due=None, cost=(20, 30, 40), months=(2, 3, 4)),
        ],
        today=date(2026, 11, 1),
    )
    assert budget.unplanned == ("c",)
    assert budget.overdue == ("a",)
    assert budget.cost[1] == pytest.approx(40, abs=0.5)
    assert budget.delay_months[1] == pytest.approx(3, abs=0.1)  # "a" takes longer, and holds nothing up
    assert sum(budget.flow) == pytest.approx(40, abs=0.5)
    assert budget.flow[9] == 10
    blocked = gap_budget(
        found,
        [Closing(control="a", owner="it", due=None, cost=(0, 0, 0), months=(9, 9, 9), blocks=True)],
        today=date(2026, 11, 1),
    )
    assert blocked.delay_months == (9, 9, 9)
    assert np.sum(blocked.flow) == 0


@pytest.mark.parametrize(
    ("closing", "code"),
    [
        (Closing(control="d", owner="it", due=None, cost=(1, 1, 1), months=(1, 1, 1)), "no_gap"),
        (Closing(control="a", owner="it", due=None, cost=(3, 2, 1), months=(1, 1, 1)), "closing_order"),
    ],
)
def test_a_plan_that_makes_no_sense_is_refused(closing: Closing, code: str) -> None:
    found = assess(a_list("a", "d"), {"a": NOT_MET, "d": MET})
    with pytest.raises(CalculationError) as refused:
        gap_budget(found, [closing], today=date(2026, 11, 1))
    assert refused.value.code == code
