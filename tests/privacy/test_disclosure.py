"""What leaves: bands only, exactly what was approved, and nothing that the schema does not know."""

from __future__ import annotations

import json
import math
from dataclasses import fields, replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from privacy.bands import grids
from privacy.consent import Consent, give, withdraw
from privacy.disclosure import (
    CaseFigures,
    Disclosure,
    FindingsFigures,
    disclose,
    lead_handle,
    may_refresh,
    preview,
    release_filter,
    standard_policy,
    sticky_key,
    words,
)
from privacy.release import FIELDS
from privacy.vault import PrivacyError

AT = datetime(2026, 11, 25, 22, 30, tzinfo=UTC)
CASE = CaseFigures(
    oee_baseline=0.7149,
    oee_scenario=0.7712,
    npv_p10=-203_411.77,
    npv_p50=1_402_118.03,
    npv_p90=3_118_904.2,
    payback_months=19.37,
    irr=0.3122,
    loss_probability=0.1637,
    forecast_inside=0.7431,
    forecast_bias="centred",
    currency="CNY",
    backtest_grade="A",
    main_loss="changeover",
    modules=("discrete_manufacturing/fast_changeover", "secret project Falcon"),
    pack="discrete_manufacturing",
    stations=7,
    weeks_of_data=26.3,
)
FINDINGS = FindingsFigures(checklist="mlps_level_3", gap_share=0.318, not_assessed_share=0.0, highest_risk=2)
POLICY = standard_policy(
    packs=("discrete_manufacturing",),
    modules=("discrete_manufacturing/fast_changeover",),
    checklists=("mlps_level_3",),
)
PAYLOAD = preview(CASE, FINDINGS, POLICY)
CONSENT = give(
    Consent(
        id="c-1",
        tenant="acme",
        workspace="plant-2",
        notice="release-notice/1",
        language="en",
        purposes=("offer_preparation",),
        fields=tuple(FIELDS),
        recipient="chen.wei",
        begins=AT,
        until=AT + timedelta(days=30),
        payload_digest=PAYLOAD.digest,
    ),
    actor="m-owner",
    at=AT,
)


def refusal(code: str) -> pytest.RaisesExc[PrivacyError]:
    return pytest.RaisesExc(PrivacyError, check=lambda error: error.code == code)


def made(consent: Consent = CONSENT, case: CaseFigures = CASE, **changes: object) -> Disclosure:
    rest = {"purpose": "offer_preparation", "disclosure_id": "d-1", "data_digest": "ff" * 32, "at": AT, **changes}
    return disclose(case, FINDINGS, consent, POLICY, **rest)  # type: ignore[arg-type]


def sent(payload: object) -> dict[str, list[str]]:
    return payload["fields"]  # type: ignore[index, no-any-return]


def test_figures_become_bands() -> None:
    codes = sent(PAYLOAD.to_json())
    assert codes["oee_baseline"] == ["70-75"]
    assert codes["oee_uplift"] == ["5..10"]
    assert codes["npv_low"] == ["minus200k-500k"]
    assert codes["npv_likely"] == ["plus1m-2m"]
    assert codes["payback"] == ["18-24"]
    assert codes["loss_probability"] == ["10-25"]
    assert codes["gap_share"] == ["25-50"]
    assert codes["stations"] == ["6-10"]
    assert codes["highest_risk"] == ["2"]


def test_no_exact_figure_and_no_free_text_is_in_the_payload() -> None:
    text = json.dumps(made().to_json(), ensure_ascii=False)
    for figure in ("0.71", "1402118", "203411", "19.37", "0.318", "26.3", "Falcon"):
        assert figure not in text
    assert sent(PAYLOAD.to_json())["modules"] == ["discrete_manufacturing/fast_changeover", "unpublished"]


def test_every_field_has_words_in_both_languages() -> None:
    for item in PAYLOAD.fields:
        assert item.title["zh-CN"] != item.title["en"]
        assert item.value["zh-CN"]
        assert item.value["en"]
    assert words(PAYLOAD.to_json()) == PAYLOAD.fields
    assert all(text["zh-CN"] and text["en"] for text in PAYLOAD.not_sent)


def test_what_was_not_computed_is_said_to_be_absent() -> None:
    codes = sent(preview(CaseFigures(), FindingsFigures(), POLICY).to_json())
    assert codes.keys() == FIELDS.keys()
    assert all(code == ["not_available"] for code in codes.values())


def test_never_paying_back_is_an_answer() -> None:
    assert sent(preview(replace(CASE, payback_months=math.inf), FINDINGS, POLICY).to_json())["payback"] == ["never"]


@given(st.floats(allow_nan=False))
def test_every_number_has_exactly_one_band(value: float) -> None:
    for grid in grids().values():
        band = grid.band(value)
        inside = band.low <= value < band.high
        outside = value < grid.bands[0].low or value >= grid.bands[-1].high
        assert inside or outside or value == math.inf
        assert [other.code for other in grid.bands].count(band.code) == 1


def test_grids_have_no_gaps_and_their_words_differ() -> None:
    for grid in grids().values():
        assert all(one.high == two.low for one, two in zip(grid.bands, grid.bands[1:], strict=False))
        for language in ("zh-CN", "en"):
            assert len({band.title[language] for band in grid.bands}) == len(grid.bands)


def test_a_figure_that_is_not_a_number_is_refused() -> None:
    with refusal("not_a_number"):
        preview(replace(CASE, irr=math.nan), FINDINGS, POLICY)


@given(st.floats(0.7, 0.7499999), st.floats(0.0201, 0.0499))
def test_moving_within_a_band_changes_nothing_that_leaves(baseline: float, uplift: float) -> None:
    moved = replace(CASE, oee_baseline=baseline, oee_scenario=baseline + uplift)
    other = replace(CASE, oee_baseline=0.71, oee_scenario=0.74)
    assert preview(moved, FINDINGS, POLICY).digest == preview(other, FINDINGS, POLICY).digest


def test_the_scenario_s_oee_is_not_sent_beside_the_difference() -> None:
    """Both together would narrow the baseline to less than its band."""
    assert "oee_scenario" not in FIELDS
    assert "oee_baseline" in FIELDS


def test_a_release_under_consent_carries_what_was_approved() -> None:
    disclosure = made()
    assert disclosure.payload_digest == CONSENT.payload_digest == PAYLOAD.digest
    assert Disclosure.from_json(json.loads(json.dumps(disclosure.to_json()))) == disclosure


def test_without_a_consent_in_force_nothing_leaves() -> None:
    with refusal("consent_missing"):
        made(withdraw(CONSENT, actor="m-owner", at=AT))
    with refusal("consent_missing"):
        made(at=CONSENT.until)
    with refusal("consent_missing"):
        made(purpose="service_improvement")


def test_other_figures_than_the_approved_ones_do_not_leave() -> None:
    with refusal("payload_changed"):
        made(case=replace(CASE, oee_baseline=0.61))
    assert made(case=replace(CASE, oee_baseline=0.7151)).payload == made().payload


def test_a_field_beyond_the_consent_does_not_leave() -> None:
    with refusal("field_not_consented"):
        made(replace(CONSENT, fields=CONSENT.fields[:-1]))


def test_a_policy_can_only_leave_fields_out() -> None:
    narrow = replace(POLICY, fields=("oee_baseline", "gap_share"))
    assert sent(preview(CASE, FINDINGS, narrow).to_json()).keys() == {"oee_baseline", "gap_share"}
    with refusal("release_field_unknown"):
        replace(POLICY, fields=("oee_baseline", "salary"))


@pytest.mark.parametrize(
    "change",
    [
        {"note": "call me"},
        {"schema": "release/2"},
        {"grid": "grid/9"},
        {"policy": "名字"},
        {"policy": 7},
        {"fields": {"salary": ["1"]}},
        {"fields": {"oee_baseline": ["71.49"]}},
        {"fields": {"oee_baseline": "70-75"}},
        {"fields": {"oee_baseline": ["70-75", "75-80"]}},
        {"fields": {"oee_baseline": []}},
        {"fields": {"oee_baseline": [0.7149]}},
        {"fields": {"main_loss": ["the labeller of Li Na"]}},
        {"fields": {"modules": ["call Li Na on 555"]}},
        {"fields": {"modules": ["a"] * 21}},
        {"fields": ["oee_baseline"]},
    ],
)
def test_the_last_gate_refuses_what_the_schema_does_not_know(change: dict[str, object]) -> None:
    with refusal("payload_foreign"):
        release_filter({**PAYLOAD.to_json(), **change})
    with refusal("payload_foreign"):
        Disclosure.from_json({**made().to_json(), "payload": {**PAYLOAD.to_json(), **change}})


@pytest.mark.parametrize("payload", [None, [], "x", {}])
def test_what_is_no_payload_is_refused(payload: object) -> None:
    with refusal("payload_foreign"):
        release_filter(payload)  # type: ignore[arg-type]


def test_a_disclosure_changed_in_the_store_is_refused() -> None:
    held = made().to_json()
    other = preview(replace(CASE, oee_baseline=0.4), FINDINGS, POLICY).to_json()
    with refusal("disclosure_unreadable"):
        Disclosure.from_json({**held, "payload": other})
    for nonsense in (None, {}, {**held, "extra": 1}):
        with refusal("disclosure_unreadable"):
            Disclosure.from_json(nonsense)


def test_the_same_data_replays_and_a_new_one_waits_a_day() -> None:
    key = {"data_digest": "ff" * 32, "policy": POLICY, "purpose": "offer_preparation", "recipient": "chen.wei"}
    assert sticky_key(**key) == made().sticky  # type: ignore[arg-type]
    others = [
        {"data_digest": "00" * 32},
        {"purpose": "feasibility_review"},
        {"recipient": "x"},
        {"policy": replace(POLICY, version="2")},
    ]
    assert len({sticky_key(**{**key, **other}) for other in others} | {made().sticky}) == 5  # type: ignore[arg-type]
    assert may_refresh(None, at=AT)
    assert not may_refresh(AT, at=AT + timedelta(hours=23))
    assert may_refresh(AT, at=AT + timedelta(days=1))


def test_differencing_two_releases_tells_no_more_than_their_bands() -> None:
    """Who knows every other figure and sees both payloads learns the band of the change, never the change."""
    before = preview(CASE, FINDINGS, POLICY).to_json()
    guesses = {
        round(0.70 + step / 1000, 3)
        for step in range(50)
        if preview(
            replace(CASE, oee_baseline=0.70 + step / 1000, oee_scenario=0.7563 + step / 1000), FINDINGS, POLICY
        ).to_json()
        == before
    }
    assert len(guesses) == 50


def test_handles_name_nobody_and_differ_by_purpose() -> None:
    handles = {lead_handle(b"k" * 32, tenant="acme", purpose=purpose) for purpose in ("a", "b")}
    assert len(handles) == 2
    assert all(handle.startswith("lead-") and "acme" not in handle for handle in handles)


def test_every_figure_of_the_case_has_its_test_value() -> None:
    assert all(getattr(CASE, field.name) is not None for field in fields(CaseFigures))
