"""The check list document, and the general check lists that are shipped."""

from __future__ import annotations

from collections import Counter

import pytest

from calculators.checklist import Answer, CheckList, Status, assess
from templates.checklist_document import read_checklist, shipped_checklist, shipped_checklists
from templates.documents import DocumentError

TEXT = """\
mingsuan: checklist/1
id: small-list
version: 1.0.0
title: {zh-CN: 小清单, en: Small list}
edition: own
as_of: 2026-11-01
source: {zh-CN: 自编, en: Our own}
notice: {zh-CN: 不构成测评, en: No assessment}
scoring: {met: 1, partly: 0.5, not_met: 0, grades: [{id: good, from: 80 %, title: {zh-CN: 好, en: Good}}, {id: low, from: 0, title: {zh-CN: 差, en: Low}}]}
sections: [{id: A, title: {zh-CN: 甲, en: A}}, {id: B, title: {zh-CN: 乙, en: B}}]
controls:
  - id: A1
    section: A
    reference: own 1
    title: {zh-CN: 一, en: One}
    question: {zh-CN: 有吗？, en: Is it there?}
    evidence: [{zh-CN: 记录, en: Record}]
    remediation: {zh-CN: 补上, en: Add it}
    owner_role: it
    veto: true
    evidence_max_age_days: 90
  - id: B1
    section: B
    reference: own 2
    title: {zh-CN: 二, en: Two}
    question: {zh-CN: 有吗？, en: Is it there?}
    evidence: [{zh-CN: 记录, en: Record}]
    remediation: {zh-CN: 补上, en: Add it}
    owner_role: quality
    weight: 2
"""


def test_a_list_is_read_with_sections_weights_and_grades() -> None:
    checklist = read_checklist(TEXT, "x")
    assert [(control.id, control.weight, control.veto) for control in checklist.controls] == [
        ("A1", 1.0, True),
        ("B1", 2.0, False),
    ]
    assert checklist.controls[0].evidence_max_age_days == 90
    assert [grade[:2] for grade in checklist.scoring.grades] == [("good", 0.8), ("low", 0.0)]
    assert checklist.as_of == "2026-11-01"


@pytest.mark.parametrize(
    ("old", "new", "code", "place"),
    [
        ("- id: B1", "- id: A1", "same_id", "line 22: controls[1].id"),
        ("section: B", "section: C", "unknown_section", "line 23: controls[1].section"),
        ("section: B", "section: A", "empty_section", "line 10: sections[1]"),
        ("from: 80 %", "from: 0", "grades_order", "line 9: scoring.grades"),
        ("owner_role: it", "owner_role: boss", "expected_choice", "line 19: controls[0].owner_role"),
        ("evidence: [{zh-CN: 记录, en: Record}]", "evidence: []", "wrong_length", "line 17: controls[0].evidence"),
        ("weight: 2", "weight: 0", "out_of_range", "line 30: controls[1].weight"),
        (
            "evidence_max_age_days: 90",
            "evidence_max_age_days: 0",
            "out_of_range",
            "line 21: controls[0].evidence_max_age_days",
        ),
        ("as_of: 2026-11-01", "as_of: November", "expected_date", "line 6: as_of"),
    ],
)
def test_nonsense_is_refused_and_its_place_named(old: str, new: str, code: str, place: str) -> None:
    assert old in TEXT
    with pytest.raises(DocumentError) as caught:
        read_checklist(TEXT.replace(old, new, 1), "x.yaml")
    assert (caught.value.code, caught.value.place) == (code, place)


@pytest.mark.parametrize("identity", shipped_checklists())
def test_every_general_list_is_read_scored_and_claims_nothing(identity: str) -> None:
    checklist: CheckList = shipped_checklist(identity)
    assert checklist.id == identity
    found = assess(checklist, {})
    assert (found.low, found.high, found.open_share) == (0.0, 1.0, 1.0)
    assert "no certificate" in checklist.notice["en"]
    assert "不是认证" in checklist.notice["zh-CN"]


def test_the_general_lists_count_what_their_standards_count() -> None:
    mlps = Counter(control.section.rpartition(".")[0] for control in shipped_checklist("mlps-3").controls)
    assert [mlps[f"8.1.{area}"] for area in range(1, 11)] == [22, 8, 20, 34, 12, 7, 14, 12, 34, 48]
    assert len(shipped_checklist("mlps-3").sections) == 71
    iso = Counter(control.section for control in shipped_checklist("iso-27001-annex-a").controls)
    assert iso == {"A.5": 37, "A.6": 8, "A.7": 14, "A.8": 34}
    iec = Counter(control.section for control in shipped_checklist("iec-62443-3-3").controls)
    assert [iec[f"FR{number}"] for number in range(1, 8)] == [13, 12, 9, 3, 4, 2, 8]
    assert {control.reference.split()[0] for control in shipped_checklist("pipl").controls} == {"PIPL"}


def test_an_unknown_list_is_answered_with_those_there_are() -> None:
    with pytest.raises(DocumentError) as caught:
        shipped_checklist("mlps-9")
    assert caught.value.code == "unknown_checklist"


def test_the_score_of_cryptography_follows_its_levels_and_layers() -> None:
    """D alone earns a quarter, D with one of A and K a half; technical layers weigh 70, management 30."""
    checklist = shipped_checklist("gbt-39786")
    managed = {control.id: Answer(status=Status.MET) for control in checklist.controls if not control.levels}
    for level, earned in (("none", 0.0), ("D", 0.25), ("DA", 0.5), ("DK", 0.5), ("DAK", 1.0)):
        answers = managed | {control.id: Answer(level=level) for control in checklist.controls if control.levels}
        assert assess(checklist, answers).low == pytest.approx(0.7 * earned + 0.3)


def test_maturity_above_the_target_earns_nothing_more_and_prototypes_are_asked_only_in_scope() -> None:
    checklist = shipped_checklist("tisax")
    scores = [assess(checklist, {"ISA-1": Answer(level=level)}).low for level in ("0", "3", "5")]
    assert scores[0] == 0
    assert scores[1] == scores[2] > 0
    assert assess(checklist, {"ISA-prototypes": Answer(level="no")}).not_asked == ("ISA-8",)
    assert sum(control.weight for control in checklist.controls if control.section in {"1", "8", "9"}) == 80


def test_without_a_predicate_rule_part_11_asks_nothing_more() -> None:
    checklist = shipped_checklist("part-11")
    found = assess(checklist, {"P11-scope": Answer(status=Status.NOT_MET)})
    assert len(found.not_asked) == len(checklist.controls) - 1
    closed = assess(checklist, {"P11-scope": Answer(status=Status.MET), "P11-system": Answer(level="closed")})
    assert closed.not_asked == ("P11-30",)


@pytest.mark.parametrize(
    ("old", "new", "code", "place"),
    [
        (
            "    owner_role: quality",
            "    owner_role: quality\n    kind: choice",
            "choice_levels",
            "line 22: controls[1]",
        ),
        (
            "    owner_role: quality",
            "    owner_role: quality\n    applies_if: {control: C1, among: [met]}",
            "unknown_condition",
            "line 30: controls[1].applies_if.control",
        ),
        (
            "    owner_role: quality",
            "    owner_role: quality\n    applies_if: {control: A1, among: [yes]}",
            "unknown_answer_word",
            "line 30: controls[1].applies_if.among[0]",
        ),
    ],
)
def test_kinds_and_conditions_are_checked(old: str, new: str, code: str, place: str) -> None:
    with pytest.raises(DocumentError) as caught:
        read_checklist(TEXT.replace(old, new, 1), "x.yaml")
    assert (caught.value.code, caught.value.place) == (code, place)
