"""The documents of a decision in the portal: the same numbers as on its pages, marked, noted, and for readers alone."""

from __future__ import annotations

import io
import json

import openpyxl
import pdfplumber
import pytest

from portal import actions_documents, actions_value
from portal.actions import ActionError
from portal.identity import Role
from portal.storage_ledger import Filter, entries
from portal.watermarks import published_key
from privacy.audit import AuditEntry
from privacy.marked import check_file
from privacy.vault import PrivacyError
from templates.dossier import FORMS


def key_of(workspace) -> bytes:
    return published_key(workspace.data_keys, workspace.clock)


def noted(installation, action: str) -> list[AuditEntry]:
    with installation.store.reading() as tx:
        found = [AuditEntry.from_bytes(row.entry) for row in entries(tx, Filter(), limit=500)]
    return [one for one in found if one.action == action]


@pytest.mark.parametrize("form", FORMS)
def test_every_form_is_marked_for_its_holder_and_noted_each_time(valued, form) -> None:
    before = len(noted(valued.installation, "take_document"))
    for _ in range(2):
        data = actions_documents.take_document(valued.owner, form=form, language="en")
    mark = check_file(data, public_key=key_of(valued.owner)).mark
    assert (mark.purpose, mark.consent) == ("appraisal", "")
    assert mark.data_digest == actions_documents.decision_of(valued.owner).digest()
    assert len(noted(valued.installation, "take_document")) == before + 2
    place = len(data) // 2
    with pytest.raises(PrivacyError):
        check_file(data[:place] + bytes([data[place] ^ 1]) + data[place + 1 :], public_key=key_of(valued.owner))


def test_the_documents_say_what_the_page_says(valued) -> None:
    case = actions_value.appraise(valued.owner)
    decision = json.loads(actions_documents.take_document(valued.owner, form="json", language="en"))
    shown = {one["id"]: one for one in decision["money"]}
    for name, figure in case["outputs"].items():
        if not isinstance(figure["p50"], list):
            assert (shown[name]["p10"], shown[name]["p50"]) == (figure["p10"], figure["p50"])
    assert decision["lineage"]["case"] == case["id"]
    assert decision["lineage"]["result"] == case["rests_on"]["result"]
    assert decision["history"]
    assert len([risk for risk in decision["risks"] if risk["trap"]]) == 3
    book = openpyxl.load_workbook(
        io.BytesIO(actions_documents.take_document(valued.owner, form="xlsx", language="zh-CN"))
    )
    assert {"Inputs", "Calculation"} <= set(book.sheetnames)
    assert any(str(cell.value).startswith("=Calculation!") for row in book.worksheets[0].iter_rows() for cell in row)


@pytest.mark.parametrize(("language", "word"), [("zh-CN", "决策备忘录"), ("en", "Decision memo")])
def test_the_memo_can_be_looked_at_page_by_page(valued, language, word) -> None:
    pages = actions_documents.document_pages(valued.owner, language=language)
    assert pages > 2
    assert actions_documents.show_document(valued.owner, language=language, page=pages).startswith(b"\x89PNG")
    with pytest.raises(ActionError) as refusal:
        actions_documents.show_document(valued.owner, language=language, page=pages + 1)
    assert refusal.value.code == "no_such_page"
    data = actions_documents.take_document(valued.owner, form="pdf", language=language)
    with pdfplumber.open(io.BytesIO(data)) as opened:
        assert len(opened.pages) == pages
        assert word in (opened.pages[0].extract_text() or "")


@pytest.mark.parametrize("role", [Role.GUEST, Role.REP, Role.COMPLIANCE_OFFICER, Role.ARCHITECT, Role.SYSTEM_ADMIN])
def test_nobody_but_readers_of_values_gets_them(valued, role) -> None:
    with pytest.raises(ActionError) as refusal:
        actions_documents.take_document(valued.installation.as_(role), form="pdf", language="en")
    assert refusal.value.code == "action_refused"


def test_another_tenant_finds_nothing(valued) -> None:
    other = valued.installation.as_(Role.OWNER, "south")
    with pytest.raises(ActionError) as refusal:
        actions_documents.take_document(other, form="pdf", language="en")
    assert refusal.value.code == "no_result"


def test_an_unknown_form_is_refused_before_anything_is_opened(valued) -> None:
    with pytest.raises(ActionError) as refusal:
        actions_documents.take_document(valued.owner, form="exe", language="en")
    assert refusal.value.code == "form_unknown"
