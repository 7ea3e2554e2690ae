"""From a number back to the columns of files, and the OpenLineage document of it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from portal import (
    actions_data,
    actions_lineage,
    actions_packs,
    actions_release,
    actions_runs,
    actions_study,
    actions_value,
)
from portal.actions import ActionError
from portal.identity import VENDOR, Role, Tenant
from portal.runner import Worker
from portal.storage_accounts import add_tenant
from portal.watermarks import published_key
from privacy.marked import check_file

INPUTS = {
    "contribution_margin": "0.8 CNY/piece",
    "sellable_extra": 20_000,
    "internal_hours": "80 / 120 / 200 person*h",
    "hourly_cost": {"value": 90, "reason": "payroll of May"},
}


@pytest.fixture(scope="module")
def studied(tmp_path_factory, plant) -> Iterator[Any]:
    """The owner of a plant that was measured, modelled, simulated and released."""
    made = plant.install(tmp_path_factory.mktemp("lineage"))
    with made.store.writing() as tx:
        add_tenant(tx, Tenant(id=VENDOR, name="Vendor"), now=made.clock())
    owner = made.as_(Role.OWNER)
    plant.upload(owner)
    actions_study.baseline(owner)
    actions_study.fit_line(owner)
    module = actions_packs.open_pack(owner)["modules"][0]["id"]
    effects = {0: [0.1, 0.2, 0.3]}
    actions_study.plan_scenario(owner, name="S", modules=[{"id": module, "effects": effects, "reason": "we saw less"}])
    actions_value.set_inputs(owner, INPUTS)
    actions_runs.run_study(owner, months=4, draws=8)
    worker = Worker(made.portal(), executor=map)
    while worker.once():
        pass
    yield owner
    made.store.close()


def test_a_value_rests_on_columns_of_files_engine_pack_and_typed_values(studied) -> None:
    found = actions_lineage.lineage(studied, "npv_likely")
    files = {node.id for node in found.sources if node.kind == "file"}
    assert files == {"stops.csv", "counts.csv", "equipment.csv"}
    versions = {edge.version for edge in found.edges}
    assert any(version.startswith("engine@") for version in versions)
    assert any("module-roi" in version or "roi" in version for version in versions)
    assert {edge.job for edge in found.edges} >= {
        "appraise",
        "run_study",
        "fit_line",
        "upload_dataset",
        "plan_scenario",
    }
    headers = {node.field for node in found.sources if node.kind == "file"}
    assert {"start", "end", "produced"} <= headers


def test_what_was_set_by_hand_stands_beside_what_would_count_without_it(studied) -> None:
    found = actions_lineage.lineage(studied, "irr")
    by_name = {one.name: one for one in found.overrides}
    assert by_name["hourly_cost"].reason == "payroll of May"
    assert set(by_name) == set(INPUTS)
    reasons = {edge.override for edge in found.edges if edge.override}
    assert {"payroll of May", "we saw less"} <= reasons


def test_a_measured_figure_needs_no_study_and_a_result_no_prices(studied) -> None:
    assert {edge.job for edge in actions_lineage.lineage(studied, "main_loss").edges} == {"baseline", "upload_dataset"}
    found = actions_lineage.lineage(studied, "oee_uplift")
    assert "appraise" not in {edge.job for edge in found.edges}
    assert found.overrides == ()


def test_a_released_number_leads_over_its_consent(studied) -> None:
    shown = actions_release.preview_release(studied)
    until = studied.clock() + timedelta(days=9)
    given = actions_release.give_consent(studied, purpose="offer_preparation", until=until, digest=shown.digest)
    release = actions_release.disclose(studied, consent=given.id, digest=shown.digest)
    found = actions_lineage.lineage(studied, "npv_likely", release=release.id)
    assert (found.consent, found.node.kind, found.edges[0].masking) == (given.id, "disclosure", True)
    assert any(node.kind == "file" for node in found.sources)


def test_the_document_is_open_lineage_signed_and_without_values(studied) -> None:
    data = actions_lineage.take_lineage(studied, "npv_likely")
    assert check_file(data, public_key=published_key(studied.data_keys, studied.clock)).mark.purpose == "own_use"
    events = json.loads(data)["events"]
    assert {event["eventType"] for event in events} == {"COMPLETE"}
    assert all(event["outputs"][0]["facets"]["columnLineage"]["fields"] for event in events)
    figures = actions_value.appraise(studied)["outputs"]["npv"]
    assert f"{figures['p50']:.0f}".encode() not in data


def test_foreign_unknown_and_uncomputed_numbers_have_none(installation, studied) -> None:
    for field, release, code in (("currency", "", "no_lineage"), ("irr", "unknown", "no_such_value")):
        with pytest.raises(ActionError) as refusal:
            actions_lineage.lineage(studied, field, release=release)
        assert refusal.value.code == code
    empty = installation.as_(Role.OWNER, "south")
    with pytest.raises(ActionError) as refusal:
        actions_lineage.lineage(empty, "irr")
    assert refusal.value.code == "no_result"
    with pytest.raises(ActionError) as refusal:
        actions_lineage.lineage(installation.as_(Role.GUEST), "irr")
    assert refusal.value.code == "action_refused"
    assert actions_data.datasets(empty) == []
