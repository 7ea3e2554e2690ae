"""Copies of what was released: their watermark, who may take them, and what the log says of it."""

from __future__ import annotations

import csv
import io
import json
from datetime import timedelta
from typing import Any

import openpyxl
import pdfplumber
import pytest

from portal import actions_audit, actions_copies, actions_release
from portal.actions import ActionError
from portal.identity import VENDOR, Profile, Role, Tenant
from portal.releasable import Releasable
from portal.released_files import MEDIA
from portal.rooms import NAMES, installation_key
from portal.storage_accounts import add_tenant, admit
from portal.watermarks import published_key
from privacy.audit import pseudonym
from privacy.disclosure import CaseFigures, FindingsFigures
from privacy.marked import check_file, content_sha256


@pytest.fixture
def released(installation, monkeypatch) -> tuple[Any, Any, Any]:
    """The owner, the rep, and a release from the one to the other."""
    profile = Profile(tenant=VENDOR, role=Role.REP, subject="chen", name="Chen", email="c@v.example", provider="v")
    with installation.store.writing() as tx:
        add_tenant(tx, Tenant(id=VENDOR, name="Vendor"), now=installation.clock())
        rep = admit(tx, profile, language="en", now=installation.clock())
    owner = installation.as_(Role.OWNER)
    found = Releasable(
        scenario="s", case=CaseFigures(oee_baseline=0.71), findings=FindingsFigures(), data_digest="ab" * 32
    )
    monkeypatch.setattr(actions_release, "releasable", lambda *_: found)
    shown = actions_release.preview_release(owner)
    until = installation.clock() + timedelta(days=30)
    given = actions_release.give_consent(
        owner, purpose="offer_preparation", until=until, digest=shown.digest, recipient=rep.id
    )
    view = actions_release.disclose(owner, consent=given.id, digest=shown.digest)
    return owner, installation.as_(Role.REP, who=rep.id), view


def missing(call: Any) -> None:
    with pytest.raises(ActionError) as refusal:
        call()
    assert refusal.value.code == "no_such_value"


@pytest.mark.parametrize("form", sorted(MEDIA))
def test_a_copy_names_its_consent_and_who_took_it_and_holds_the_bands_only(installation, released, form) -> None:
    _, rep, view = released
    data = actions_copies.take_disclosure(rep, view.id, form=form)
    mark = check_file(data, public_key=published_key(rep.data_keys, rep.clock)).mark
    names = installation_key(rep.data_keys, NAMES, at=rep.clock())
    assert (mark.consent, mark.purpose, mark.recipient) == (
        view.consent,
        "offer_preparation",
        pseudonym(names, rep.member.id),
    )
    assert mark.data_digest == view.digest
    if form == "json":
        told = json.loads(data)
        assert told["payload"]["fields"]["oee_baseline"] == ["70-75"]
        assert "north" not in data.decode()
    elif form == "csv":
        rows = list(csv.reader(io.StringIO(data.decode("utf-8-sig"))))
        assert ["oee_baseline", "70-75"] in [[row[0], row[2]] for row in rows if len(row) == 4]
        assert rows[-1][0] == "#watermark"
    elif form == "xlsx":
        sheet = openpyxl.load_workbook(io.BytesIO(data))["release"]
        assert "70-75" in [cell.value for cell in sheet["C"]]
        assert "/verify" in sheet.oddFooter.right.text
    else:
        with pdfplumber.open(io.BytesIO(data)) as document:
            assert "70–75 %" in document.pages[0].extract_text()
    assert b"0.71" not in data


def test_each_copy_is_in_the_log_with_its_own_digest(installation, released) -> None:
    owner, rep, view = released
    copies = [actions_copies.take_disclosure(rep, view.id), actions_copies.take_release(owner, view.id)]
    assert content_sha256(copies[0]) != content_sha256(copies[1]) or copies[0] != copies[1]
    officer = installation.as_(Role.COMPLIANCE_OFFICER)
    entries = [one for one in actions_audit.read_log(officer) if one.action in {"take_disclosure", "take_release"}]
    assert {(one.action, one.tenant) for one in entries} == {("take_disclosure", "north"), ("take_release", "north")}
    assert all(f"disclosure/{view.id}" in one.resources for one in entries)


def test_what_is_withdrawn_ended_foreign_or_unknown_cannot_be_taken(installation, released) -> None:
    owner, rep, view = released
    missing(lambda: actions_copies.take_disclosure(rep, "unknown"))
    missing(lambda: actions_copies.take_disclosure(installation.as_(Role.REP, who="another"), view.id))
    missing(lambda: actions_copies.take_release(installation.as_(Role.OWNER, "south"), view.id))
    installation.clock.ahead = timedelta(days=31)
    missing(lambda: actions_copies.take_disclosure(rep, view.id))
    installation.clock.ahead = timedelta()
    actions_release.withdraw_consent(owner, view.consent)
    missing(lambda: actions_copies.take_disclosure(rep, view.id))


def test_no_other_form_and_no_other_role(installation, released) -> None:
    _, rep, view = released
    with pytest.raises(ActionError) as refusal:
        actions_copies.take_disclosure(rep, view.id, form="exe")
    assert refusal.value.code == "form_unknown"
    for role in (Role.ANALYST, Role.FINANCE_READER, Role.GUEST):
        with pytest.raises(ActionError):
            actions_copies.take_release(installation.as_(role), view.id)
    for role in (Role.ARCHITECT, Role.SYSTEM_ADMIN, Role.COMPLIANCE_OFFICER):
        with pytest.raises(ActionError):
            actions_copies.take_disclosure(installation.as_(role), view.id)
