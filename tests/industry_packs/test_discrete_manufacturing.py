"""The content of the pack is what the standards count and what somebody from the trade would expect."""

from __future__ import annotations

from collections import Counter

from industry_packs.pack import shipped_pack
from industry_packs.schemas import kinds, schema
from simulators.scenario import Scenario

PACK = shipped_pack("discrete-manufacturing")
MLPS = PACK.checklists["mlps-3-computing-network"]


def test_the_mlps_list_has_every_requirement_of_computing_and_network_and_none_more() -> None:
    ids = [control.id for control in MLPS.controls]
    computing = [f"CES1-{number:02}" for number in range(1, 36) if number != 16]
    assert ids == [f"CNS1-{number:02}" for number in range(1, 9)] + computing
    counts = Counter(control.section for control in MLPS.controls)
    assert [counts[f"8.1.2.{number}"] for number in (1, 2, 3)] == [5, 2, 1]
    assert [counts[f"8.1.4.{number}"] for number in range(1, 12)] == [4, 7, 4, 6, 1, 1, 2, 2, 3, 2, 2]


def test_every_control_asks_in_both_languages_and_says_what_to_show_and_to_do() -> None:
    for control in MLPS.controls:
        for text in (control.title, control.question, control.remediation, *control.evidence):
            assert set(text) == {"zh-CN", "en"}
        assert control.question["zh-CN"].endswith("？")
        assert control.question["en"].endswith("?")
        assert control.evidence
        assert control.owner_role
    assert any(control.veto for control in MLPS.controls)


def test_three_traps_five_obstacles_and_a_brief_of_fives() -> None:
    assert sum(rule.trap for rule in PACK.risks) == 3
    assert len(PACK.decision_map.obstacles) == 5
    assert {len(PACK.brief.questions), len(PACK.brief.formulas), len(PACK.brief.objections)} == {5}
    assert all(PACK.decision_map.route(pain.id) for pain in PACK.decision_map.pains)


def test_no_first_answer_needs_more_than_ten_fields() -> None:
    assert all(len(template.fields) <= 10 for template in PACK.templates.values())


def test_vendor_claims_are_off_until_somebody_turns_them_on() -> None:
    module = PACK.modules["predictive-maintenance"]
    tiers = {effect.tier for _, effect in Scenario(id="x", title={}, modules=(module,)).active()}
    assert tiers == {"C"}


def test_every_kind_of_pack_document_has_a_schema() -> None:
    for kind in kinds():
        assert schema(kind)["$id"].startswith("urn:mingsuan:schema:")


def test_a_sample_is_found_by_name() -> None:
    assert PACK.sample("stops_zh.csv").startswith(b"\xef\xbb\xbf")
