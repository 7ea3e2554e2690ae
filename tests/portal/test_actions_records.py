"""What the law asks to be written down, and the officer's signed reports."""

from __future__ import annotations

import io
import json
from datetime import datetime, timedelta
from typing import Any

import pdfplumber
import pytest

from portal import actions_benchmark, actions_oversight, actions_records, actions_release, actions_review
from portal.actions import ACTIONS, ActionError
from portal.identity import VENDOR, Role, Tenant
from portal.notices import NOTICES, notice_digest
from portal.storage_accounts import add_tenant
from portal.watermarks import published_key
from privacy.marked import check_file
from privacy.release import FIELDS

SAID = {
    "subject": "Release of banded results to the vendor's sales side",
    "necessity": "Without it no offer can be prepared",
    "risks": "A band could tell something together with other knowledge",
    "measures": "Bands of a public grid, consent, withdrawal",
    "opinion": "The remaining risk is low",
}


@pytest.fixture
def officer(installation) -> Any:
    with installation.store.writing() as tx:
        add_tenant(tx, Tenant(id=VENDOR, name="Vendor Ltd"), now=installation.clock())
        for name in ("north", "south"):
            add_tenant(tx, Tenant(id=name, name=name.title()), now=installation.clock())
    return installation.as_(Role.COMPLIANCE_OFFICER)


def refused(call: Any, code: str) -> None:
    with pytest.raises(ActionError) as refusal:
        call()
    assert refusal.value.code == code


def test_a_notice_that_was_shown_never_changes() -> None:
    """A consent names a version for ever: a changed text needs a new version, with a digest of its own here."""
    assert {name: notice_digest(name)[:16] for name in NOTICES} == {
        "release-notice/1": "98bb6495ee92e61d",
        "benchmark-notice/1": "7fbf7c1b0378d8de",
    }


def test_the_processing_record_is_made_of_what_the_code_declares(officer) -> None:
    record = actions_records.processing_record(officer)
    named = {name for one in record["purposes"] for name in one["actions"]}
    assert named == ACTIONS.keys() >= {actions_benchmark.contribute.__name__, actions_release.disclose.__name__}
    assert [one["field"] for one in record["released"]] == list(FIELDS)
    bases = {one["purpose"]: one["basis"] for one in record["purposes"]}
    assert (bases["release"], bases["benchmark"], bases["audit"]) == ("consent", "consent", "legal_duty")
    assert (record["controller"], record["location"]) == ("Vendor Ltd", None)


def test_where_data_are_is_stated_to_every_tenant_version_by_version(installation, officer) -> None:
    guest = installation.as_(Role.GUEST)
    assert actions_records.trust_statements(guest)["location"] is None
    refused(lambda: actions_records.state_location(officer, country="CN", place="", contact=""), "location_missing")
    first = {"country": "CN", "place": "Shanghai, own servers", "contact": "dpo@vendor.example"}
    assert actions_records.state_location(officer, **first) == 1
    assert actions_records.state_location(officer, **{**first, "place": "Suzhou"}, transfers="none") == 2
    told = actions_records.trust_statements(guest)
    assert (told["version"], told["location"]["place"], told["location"]["transfers"]) == (2, "Suzhou", "none")
    refused(lambda: actions_records.state_location(guest, **first), "action_refused")


def test_an_assessment_is_kept_for_three_years_with_the_record_of_its_day(installation, officer) -> None:
    refused(lambda: actions_records.assess_impact(officer, **{**SAID, "risks": ""}), "assessment_incomplete")
    key = actions_records.assess_impact(officer, **SAID)
    (kept,) = actions_records.impacts(officer)
    years = datetime.fromisoformat(kept["keep_until"]).year - datetime.fromisoformat(kept["made_at"]).year
    assert (kept["id"], years, kept["record"]["mingsuan"]) == (key, 3, "processing-record/1")


def test_the_clock_of_a_breach_runs_from_when_it_was_known(installation, officer) -> None:
    now = installation.clock()
    said = {"title": "Lost laptop", "about": "An export of the log, no values", "measures": "Keys rotated"}
    refused(
        lambda: actions_records.report_breach(officer, known_at=now + timedelta(hours=1), **said), "breach_in_future"
    )
    refused(lambda: actions_records.report_breach(officer, known_at=now, **{**said, "about": ""}), "breach_incomplete")
    refused(lambda: actions_records.report_breach(officer, known_at=now, tenants=["nobody"], **said), "no_such_value")
    actions_records.report_breach(officer, known_at=now - timedelta(hours=70), tenants=["north"], **said)
    (one,) = actions_records.breaches(officer)
    assert one["hours_left"] == pytest.approx(2, abs=0.1)
    installation.clock.ahead = timedelta(hours=5)
    assert actions_records.breaches(officer)[0]["hours_left"] == pytest.approx(-3, abs=0.1)
    key = actions_records.update_breach(officer, one["id"], told_authority=True)
    assert actions_records.breaches(officer)[0]["hours_left"] is None
    actions_records.update_breach(officer, key, outcome="Found again, nothing was read")
    assert actions_records.breaches(officer)[0]["closed_at"] is not None


def test_the_tenants_concerned_are_told_at_once_and_of_the_outcome(installation, officer) -> None:
    now = installation.clock()
    said = {"title": "Lost laptop", "about": "An export of the log", "measures": "Keys rotated"}
    key = actions_records.report_breach(officer, known_at=now, tenants=["north"], **said)
    owner, other = installation.as_(Role.OWNER), installation.as_(Role.OWNER, "south")
    assert [one["title"] for one in actions_records.trust_statements(owner)["breaches"]] == ["Lost laptop"]
    actions_records.update_breach(officer, key, outcome="Found again")
    assert [one["outcome"] for one in actions_records.trust_statements(owner)["breaches"]] == ["Found again"]
    assert actions_records.trust_statements(other)["breaches"] == []


def test_the_report_counts_what_is_open(installation, officer) -> None:
    actions_review.open_finding(officer, title="Backup was not restored", severity="high")
    report = actions_oversight.officer_report(officer)
    assert [one["title"] for one in report["findings"]] == ["Backup was not restored"]
    assert report["proof"] is None
    assert report["done"]["open_finding"] == 1


@pytest.mark.parametrize("kind", actions_oversight.KINDS)
@pytest.mark.parametrize("form", sorted(actions_oversight.MEDIA))
def test_every_report_is_signed_and_readable(installation, officer, kind, form) -> None:
    name = ""
    if kind == "impact":
        name = actions_records.assess_impact(officer, **SAID)
    elif kind == "breach":
        name = actions_records.report_breach(
            officer, title="Lost laptop", known_at=installation.clock(), about="An export", measures="Rotated"
        )
    else:
        actions_review.open_finding(officer, title="Backup was not restored", severity="high")
    data = actions_oversight.take_report(officer, kind, name=name, form=form)
    assert check_file(data, public_key=published_key(officer.data_keys, officer.clock)).mark.purpose == "audit"
    if form == "json":
        assert "mingsuan" in json.loads(data)
    else:
        with pdfplumber.open(io.BytesIO(data)) as document:
            assert document.pages[0].extract_text()


def test_no_other_report_and_no_other_role(installation, officer) -> None:
    refused(lambda: actions_oversight.take_report(officer, "salaries"), "report_unknown")
    refused(lambda: actions_oversight.take_report(officer, "impact", name="x"), "no_such_value")
    refused(lambda: actions_oversight.take_report(officer, "oversight", form="exe"), "form_unknown")
    for role in (Role.REP, Role.SYSTEM_ADMIN, Role.OWNER):
        refused(lambda role=role: actions_oversight.take_report(installation.as_(role), "oversight"), "action_refused")
