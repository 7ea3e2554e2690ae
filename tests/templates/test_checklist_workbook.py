"""A check list as a workbook: what goes out comes back, and what people write into it is looked at."""

from __future__ import annotations

from io import BytesIO

import openpyxl
import pytest

from calculators.checklist import Answer, Status, assess
from templates.checklist_document import shipped_checklist
from templates.checklist_workbook import read_answers, write_checklist
from templates.documents import DocumentError

CRYPTO = shipped_checklist("gbt-39786")
ANSWERS = {
    "PHY-identity": Answer(level="DA", reason="=1+1"),
    "NET-peer": Answer(status=Status.NOT_APPLICABLE, reason="no network"),
    "MAN-policy": Answer(status=Status.PARTLY, evidence=("policy.pdf",)),
}


def filled(language: str, **cells: str) -> bytes:
    book = openpyxl.load_workbook(BytesIO(write_checklist(CRYPTO, {}, language=language)))
    for place, value in cells.items():
        book["answers"][place] = value
    data = BytesIO()
    book.save(data)
    return data.getvalue()


@pytest.mark.parametrize("language", ["en", "zh-CN"])
def test_what_goes_out_comes_back_unchanged(language: str) -> None:
    data = write_checklist(CRYPTO, ANSWERS, language=language)
    found = read_answers(data, "a.xlsx", CRYPTO, ANSWERS)
    assert found.answers == ANSWERS
    assert found.refused == ()
    assert assess(CRYPTO, found.answers) == assess(CRYPTO, ANSWERS)
    assert data == write_checklist(CRYPTO, ANSWERS, language=language)


def test_every_shipped_list_can_go_out_and_come_back() -> None:
    for name in ("mlps-3", "part-11", "tisax"):
        checklist = shipped_checklist(name)
        answers = {control.id: Answer(status=Status.PARTLY) for control in checklist.controls if not control.levels}
        back = read_answers(write_checklist(checklist, answers, language="zh-CN"), "a.xlsx", checklist, {})
        assert back.answers == answers


def test_what_people_write_is_understood_and_nonsense_is_named_with_its_row() -> None:
    data = filled("zh-CN", F2="DAK", F3="D = 用了", F4="不适用", F5="也许", F27="达标", A6="XYZ", G7="看机房")
    found = read_answers(data, "a.xlsx", CRYPTO, {"NET-rules": Answer(level="D", evidence=("old",))})
    assert found.answers["PHY-identity"].level == "DAK"
    assert found.answers["PHY-records"].level == "D"
    assert found.answers["MAN-emergency"].status is Status.MET
    assert found.answers["NET-secrecy"].reason == "看机房"
    assert found.answers["NET-rules"].evidence == ("old",)
    assert found.refused == (
        (4, "reason_missing", "PHY-video"),
        (5, "unknown_answer", "也许"),
        (6, "unknown_control", "XYZ"),
    )


def test_no_text_becomes_a_formula() -> None:
    book = openpyxl.load_workbook(BytesIO(write_checklist(CRYPTO, ANSWERS)))
    assert book["answers"]["G2"].value == "=1+1"
    assert book["answers"]["G2"].data_type == "s"
    assert book["answers"]["F2"].value == "DA"


def test_a_workbook_of_another_list_is_refused() -> None:
    data = write_checklist(shipped_checklist("tisax"), {})
    with pytest.raises(DocumentError) as refused:
        read_answers(data, "a.xlsx", CRYPTO, {})
    assert refused.value.code == "other_list"
