"""Watermarks of this installation on files of every form that it hands out."""

from __future__ import annotations

import io
import json

import docx
import openpyxl
import pikepdf
import pytest
import xlsxwriter

from portal.identity import Role
from portal.watermarks import published_key, watermark_of, watermarked
from privacy.marked import check_file
from privacy.vault import PrivacyError


def plain(form: str) -> bytes:
    out = io.BytesIO()
    if form == "json":
        return json.dumps({"oee": "70-75", "名称": "灌装线"}).encode()
    if form == "csv":
        return "字段,值\r\nOEE,70-75".encode()
    if form == "pdf":
        with pikepdf.new() as document:
            document.add_blank_page()
            document.save(out)
    elif form == "xlsx":
        with xlsxwriter.Workbook(out, {"in_memory": True}) as book:
            book.add_worksheet("值").write(0, 0, 71)
    else:
        paper = docx.Document()
        paper.add_paragraph("OEE 71 %")
        paper.save(out)
    return out.getvalue()


@pytest.mark.parametrize("form", ["json", "csv", "pdf", "xlsx", "docx"])
def test_every_form_carries_its_watermark_and_opens_as_before(installation, form) -> None:
    owner = installation.as_(Role.OWNER)
    mark = watermark_of(owner, purpose="own_use", consent="c-1", data_digest="ab" * 32)
    data = watermarked(owner, plain(form), mark, form=form)
    key = published_key(owner.data_keys, owner.clock)
    found = check_file(data, public_key=key).mark
    assert (found.consent, found.purpose, found.data_digest) == ("c-1", "own_use", "ab" * 32)
    assert found.recipient.startswith("m-")
    assert owner.member.id not in found.recipient
    if form == "json":
        assert json.loads(data)["名称"] == "灌装线"
    elif form == "csv":
        assert data.decode().splitlines()[:2] == ["字段,值", "OEE,70-75"]
    elif form == "pdf":
        with pikepdf.open(io.BytesIO(data)) as document:
            assert len(document.pages) == 1
    elif form == "xlsx":
        assert openpyxl.load_workbook(io.BytesIO(data))["值"]["A1"].value == 71
    else:
        assert docx.Document(io.BytesIO(data)).paragraphs[0].text == "OEE 71 %"


def test_two_people_who_take_the_same_are_told_apart(installation) -> None:
    taken = [watermark_of(installation.as_(role), purpose="own_use").recipient for role in (Role.OWNER, Role.ANALYST)]
    assert len(set(taken)) == 2


def test_another_installation_does_not_vouch_for_it(installation) -> None:
    owner = installation.as_(Role.OWNER)
    data = watermarked(owner, plain("json"), watermark_of(owner, purpose="own_use"), form="json")
    with pytest.raises(PrivacyError) as refusal:
        check_file(data, public_key=bytes(32))
    assert refusal.value.code == "watermark_forged"
