from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from calculators.checklist import Answer, CheckList, Control, Scoring, Section, Status, assess
from calculators.units import CalculationError

WORDS = {"zh-CN": "字", "en": "word"}
SCORING = Scoring(met=1.0, partly=0.5, not_met=0.0, grades=(("good", 0.8, WORDS), ("fair", 0.5, WORDS)))


def a_list(count: int = 4, **more: object) -> CheckList:
    controls = tuple(
        Control(
            id=f"c{i}", section="a" if i % 2 == 0 else "b", reference=f"8.{i}", title=WORDS, question=WORDS,
            **{"weight": 1.0 + i, "veto": i == 0, **more},
        )
        for i in range(count)
    )  # fmt: skip
    return CheckList(
        id="list", version="1.0.0", title=WORDS, edition="2019", as_of="2026-11-01", source=WORDS,
        sections=(Section(id="a", title=WORDS), Section(id="b", title=WORDS)), controls=controls, scoring=SCORING,
    )  # fmt: skip


answers = st.dictionaries(
    st.sampled_from(["c0", "c1", "c2", "c3"]), st.one_of(st.none(), st.sampled_from(list(Status)))
).map(lambda found: {name: Answer(status=status, reason="because") for name, status in found.items()})


def test_nothing_answered_is_neither_met_nor_left_out():
    found = assess(a_list(), {})
    assert (found.low, found.high, found.open_share) == (0, 1, 1)
    assert (found.answered, found.applicable) == (0, 4)
    assert found.gaps == ()
    assert (found.grade_low, found.grade_high) == ("", "good")


@given(answers)
def test_the_score_is_an_interval_that_answers_narrow(given_answers):
    found = assess(a_list(), given_answers)
    assert 0 <= found.low <= found.high <= 1
    assert sum(found.counts.values()) == sum(answer.status is not None for answer in given_answers.values())
    for name in ("c0", "c1", "c2", "c3"):
        if given_answers.get(name) is None or given_answers[name].status is None:
            for status in (Status.MET, Status.PARTLY, Status.NOT_MET):
                more = assess(a_list(), {**given_answers, name: Answer(status=status)})
                assert found.low - 1e-12 <= more.low <= more.high <= found.high + 1e-12


@given(answers)
def test_what_does_not_apply_leaves_both_numerator_and_denominator(given_answers):
    without = {name: answer for name, answer in given_answers.items() if name != "c3"}
    found = assess(a_list(), {**without, "c3": Answer(status=Status.NOT_APPLICABLE, reason="no such machine")})
    shorter = assess(a_list(3), without)
    assert (found.low, found.high) == pytest.approx((shorter.low, shorter.high))


def test_weights_sections_grades_and_vetoes():
    found = assess(
        a_list(),
        {"c0": Answer(status=Status.NOT_MET), "c1": Answer(status=Status.MET), "c2": Answer(status=Status.PARTLY),
         "c3": Answer(status=Status.MET)},
    )  # fmt: skip
    assert found.low == found.high == pytest.approx((2 + 1.5 + 4) / 10)
    assert found.vetoes == ("c0",)
    assert [gap.control.id for gap in found.gaps] == ["c0", "c2"]
    assert [gap.points_lost for gap in found.gaps] == [1, 1.5]
    assert found.grade_low == "fair"
    first, second = found.sections
    assert first.low == pytest.approx(1.5 / 4)
    assert second.low == 1


def test_met_without_evidence_or_with_old_evidence_is_a_gap_that_costs_no_points():
    listed = a_list(2, evidence=(WORDS,), evidence_max_age_days=365)
    found = assess(
        listed,
        {"c0": Answer(status=Status.MET), "c1": Answer(status=Status.MET, evidence=("scan",), evidence_age_days=400)},
    )
    assert {gap.control.id: (gap.why, gap.points_lost) for gap in found.gaps} == {
        "c0": ("evidence_missing", 0), "c1": ("evidence_old", 0),
    }  # fmt: skip
    assert found.low == 1


@pytest.mark.parametrize(
    ("given_answers", "code"),
    [
        ({"c9": Answer(status=Status.MET)}, "unknown_control"),
        ({"c1": Answer(status=Status.NOT_APPLICABLE, reason=" ")}, "reason_missing"),
    ],
)
def test_an_answer_must_fit_the_list(given_answers, code):
    with pytest.raises(CalculationError) as caught:
        assess(a_list(), given_answers)
    assert caught.value.code == code
