from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from calculators.checklist import (
    Answer,
    CheckList,
    Condition,
    Control,
    Kind,
    Level,
    Scoring,
    Section,
    Status,
    assess,
    status_of,
)
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


def asked(**more: object) -> CheckList:
    """A scope question, what follows from it, and one of each kind."""

    def control(name: str, **kind: object) -> Control:
        return Control(id=name, section=str(kind.pop("section", "a")), reference=name, title={}, question={}, **kind)

    levels = (
        Level(id="none", points=0, title={}), Level(id="half", points=0.5, title={}), Level(id="all", points=1, title={}),
    )  # fmt: skip
    return CheckList(
        id="kinds",
        version="1.0.0",
        title={},
        edition="own",
        as_of="2026-11-01",
        source={},
        sections=(Section(id="a", title={}, **more), Section(id="b", title={}, **more)),
        controls=(
            control("scope", kind=Kind.CHOICE, levels=levels),
            control("field", kind=Kind.FIELD, applies_if=Condition(control="scope", among=("half", "all"))),
            control("after", applies_if=Condition(control="field", among=("met",))),
            control("paper", kind=Kind.ATTACHMENT, evidence=({"en": "x"},), section="b"),
            control("deed", kind=Kind.ACTION, section="b"),
        ),
        scoring=Scoring(met=1, partly=0.5, not_met=0),
    )


def test_the_verdict_of_other_kinds_is_computed_and_not_typed() -> None:
    checklist = asked()
    by_id = {control.id: control for control in checklist.controls}
    assert status_of(by_id["scope"], Answer(status=Status.MET)) is None
    assert [status_of(by_id["scope"], Answer(level=level)) for level in ("none", "half", "all")] == [
        Status.NOT_MET, Status.PARTLY, Status.MET,
    ]  # fmt: skip
    assert status_of(by_id["field"], Answer(status=Status.MET)) is Status.NOT_MET
    assert status_of(by_id["field"], Answer(value=" 12 ")) is Status.MET
    assert status_of(by_id["paper"], Answer(value="signed")) is None
    assert status_of(by_id["paper"], Answer(evidence=("file",))) is Status.MET
    assert status_of(by_id["deed"], Answer(value="Li Na, 2026-11-03")) is Status.MET
    assert status_of(by_id["deed"], Answer(status=Status.NOT_APPLICABLE, reason="x")) is Status.NOT_APPLICABLE


def test_a_level_earns_its_points() -> None:
    found = assess(
        asked(), {"scope": Answer(level="half"), "field": Answer(value="x"), "after": Answer(status=Status.MET)}
    )
    assert (found.low, found.high) == ((0.5 + 2) / 5, (0.5 + 2 + 2) / 5)
    with pytest.raises(CalculationError) as refused:
        assess(asked(), {"scope": Answer(level="most")})
    assert refused.value.code == "unknown_level"


def test_what_another_answer_makes_superfluous_is_not_asked_and_counts_nowhere() -> None:
    left = assess(asked(), {"scope": Answer(level="none")})
    assert left.not_asked == ("field", "after")
    assert left.applicable == 3
    assert assess(asked(), {}).not_asked == ()  # while it is open, everything is asked
    assert assess(asked(), {"scope": Answer(level="all"), "field": Answer(status=Status.NOT_MET)}).not_asked == (
        "after",
    )


def test_weighted_sections_count_by_their_weight() -> None:
    answers = {
        "scope": Answer(level="none"), "paper": Answer(evidence=("f",)), "deed": Answer(value="done"),
    }  # fmt: skip
    plain, weighted = assess(asked(), answers), assess(asked(weight=1.0), answers)
    assert plain.low == pytest.approx(2 / 3)
    assert weighted.low == pytest.approx(0.5)
