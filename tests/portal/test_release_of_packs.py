"""The pack of a case has the last word on what may be released: fields, purposes, and for how long."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from industry_packs.content import ReleasePolicy
from industry_packs.pack import shipped_pack
from portal import actions_release, releasable
from portal.actions import ActionError
from portal.identity import VENDOR, Profile, Role, Tenant
from portal.releasable import Releasable, policy_for
from portal.storage_accounts import add_tenant, admit
from privacy.disclosure import CaseFigures, FindingsFigures
from privacy.release import FIELDS

PACK = "discrete-manufacturing"
STRICT = ReleasePolicy(allowed=("oee_uplift", "pack"), purposes=("feasibility_review",), days_at_most=14, never=())


@pytest.fixture
def strict(monkeypatch: pytest.MonkeyPatch) -> None:
    pack = replace(shipped_pack(PACK), release_policy=STRICT)
    monkeypatch.setattr(releasable, "packs", lambda: (pack,))


def test_fields_that_the_pack_does_not_allow_stay_out_even_when_asked_for(strict: None) -> None:
    assert set(policy_for(pack=PACK).fields) == {"oee_uplift", "pack"}
    assert set(policy_for(("oee_uplift", "npv_low"), pack=PACK).fields) == {"oee_uplift"}
    assert set(policy_for().fields) == set(FIELDS)


def test_every_shipped_pack_allows_the_whole_schema_and_two_purposes() -> None:
    assert set(policy_for(pack=PACK).fields) == set(FIELDS)
    assert shipped_pack(PACK).release_policy.purposes == ("offer_preparation", "feasibility_review")


def test_a_purpose_or_term_beyond_the_packs_is_refused(installation, strict: None, monkeypatch) -> None:
    profile = Profile(tenant=VENDOR, role=Role.REP, subject="chen", name="Chen", email="c@v.example", provider="v")
    with installation.store.writing() as tx:
        add_tenant(tx, Tenant(id=VENDOR, name="Vendor"), now=installation.clock())
        rep = admit(tx, profile, language="en", now=installation.clock())
    owner = installation.as_(Role.OWNER)
    case = CaseFigures(oee_baseline=0.7, oee_scenario=0.75, pack=PACK)
    found = Releasable(scenario="s", case=case, findings=FindingsFigures(), data_digest="ab" * 32)
    monkeypatch.setattr(actions_release, "releasable", lambda *_: found)
    shown = actions_release.preview_release(owner)
    assert (shown.purposes, shown.days_at_most) == (("feasibility_review",), 14)
    assert {item.field for item in shown.items} <= {"oee_uplift", "pack"}

    def consent(purpose: str, days: int) -> None:
        until = installation.clock() + timedelta(days=days)
        actions_release.give_consent(owner, purpose=purpose, until=until, digest=shown.digest, recipient=rep.id)

    for purpose, days in (("offer_preparation", 7), ("feasibility_review", 30)):
        with pytest.raises(ActionError) as refused:
            consent(purpose, days)
        assert refused.value.code == "pack_forbids"
    consent("feasibility_review", 7)
