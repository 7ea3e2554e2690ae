"""Clauses and parameters of tenders and data sheets: what is proposed, where it stands, what a person makes of it."""

from __future__ import annotations

import io

import pikepdf
import pytest
import typst
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from templates.amounts_in_words import amounts_in, only_amount
from templates.limited import picture_limited, read_limited, requirements_limited
from templates.requirements import KINDS, STRENGTHS, Line, edited, requirements_of, strength_of
from templates.tables import FileRefused

BOX = (0.1, 0.2, 0.9, 0.22)
HEAD = '#set page(width: 210mm, height: 297mm, margin: 20mm)\n#set text(size: 10pt, font: "Noto Serif CJK SC")\n'
TENDER = (
    HEAD
    + r"""
= 灌装线采购技术要求
3.1 灌装机额定产能应不低于2000瓶/小时，灌装精度±0.5%。

★3.2 整线可用率≥98%，噪声不超过75dB(A)。供应商应提供三年备件清单。

3.4 The supplier shall train the operators. Response time shall not exceed 4 h. All guards must be interlocked so that
no part can be reached while it moves at full speed, with or without the product in the machine.

#table(columns: (auto, 1fr, 1fr, auto), [序号], [参数], [要求], [单位], [1], [额定功率], [≤55], [kW],
  [2], [压缩空气], [0.6\~0.8], [MPa], [3], [触摸屏语言], [中文和英文], [-])
#pagebreak()
#table(columns: (1fr, 2fr, 2fr), [故障码], [含义], [处理], [E101], [主电机过载], [检查轴承],
  [E102], [气压不足], [检查气源], [E205], [安全门打开], [关闭安全门])
"""
)


def pdf(source: str) -> bytes:
    made = typst.compile(source.encode())
    assert isinstance(made, bytes)
    return made


@pytest.fixture(scope="module")
def tender() -> bytes:
    return pdf(TENDER)


def read(*texts: str):
    return requirements_of([Line(page=1, text=text, box=BOX) for text in texts])


def row(cells, heads=()):
    return requirements_of([Line(page=2, text=" | ".join(cells), box=BOX, cells=tuple(cells), heads=tuple(heads))])


def test_a_tender_is_read_with_page_and_box(tender):
    found = requirements_limited(tender, "tender.pdf")
    assert found["pages"] == found["looked_through"] == 2
    got = [(one["number"], one["name"], one["operator"], one["value"], one["upper"], one["unit"])
           for one in found["lines"] if one["kind"] == "parameter"]  # fmt: skip
    assert got == [
        ("3.1", "灌装机额定产能", "≥", 2000, None, "瓶/小时"),
        ("3.1", "灌装精度", "..", -0.5, 0.5, "%"),
        ("3.2", "整线可用率", "≥", 98, None, "%"),
        ("3.2", "噪声", "≤", 75, None, "dB(A)"),
        ("3.4", "Response time", "≤", 4, None, "h"),
        ("1", "额定功率", "≤", 55, None, "kW"),
        ("2", "压缩空气", "..", 0.6, 0.8, "MPa"),
    ]
    clauses = [one["text"] for one in found["lines"] if one["kind"] == "clause"]
    assert clauses[:2] == ["供应商应提供三年备件清单。", "The supplier shall train the operators."]
    assert clauses[2].startswith("All guards must") and clauses[2].endswith("in the machine.")
    assert clauses[3] == "触摸屏语言: 中文和英文"
    assert {one["page"] for one in found["lines"]} == {1}  # the alarm table holds none
    tops = [one["box"][1] for one in found["lines"]]
    assert tops == sorted(tops)


def test_a_box_lies_on_the_ink_of_its_line(tender):
    first = requirements_limited(tender, "tender.pdf")["lines"][0]["box"]
    page = Image.open(io.BytesIO(picture_limited(tender, "tender.pdf", page=1))).convert("L")
    wide, tall = page.size
    left, top, right, bottom = (
        round(share * size) for share, size in zip(first, (wide, tall, wide, tall), strict=True)
    )
    assert page.crop((left, top, right, bottom)).getextrema()[0] < 100  # letters
    assert page.crop((right + 4, top, wide, bottom)).getextrema()[0] > 200  # nothing to the right of it


def test_an_alarm_table_of_a_pdf_is_a_list_of_codes(tender):
    (codes,) = (one for one in read_limited(tender, "tender.pdf")["tables"] if one["kind"] == "codes")
    assert [column["field"] for column in codes["columns"]][:2] == ["code", "code_text"]
    assert codes["facts"]["rows"] == 3


def test_a_page_that_is_turned_is_shown_and_boxed_alike(tender):
    out = io.BytesIO()
    with pikepdf.open(io.BytesIO(tender)) as made:
        made.pages[0].Rotate = 90
        made.save(out)
    wide, tall = Image.open(io.BytesIO(picture_limited(out.getvalue(), "turned.pdf", page=1))).size
    assert wide > tall
    for one in requirements_limited(out.getvalue(), "turned.pdf")["lines"]:
        assert all(0 <= edge <= 1 for edge in one["box"])


@pytest.mark.parametrize("data", [b"machine,start\nM1,2026-01-01\n", b"%PDF-1.7 nothing more", b""])
def test_what_is_no_whole_pdf_is_refused(data):
    with pytest.raises(FileRefused):
        requirements_limited(data, "x.pdf")
    with pytest.raises(FileRefused):
        picture_limited(data, "x.pdf", page=1)


def test_a_page_that_is_not_there(tender):
    with pytest.raises(ValueError, match="no page 3") as refused:
        picture_limited(tender, "tender.pdf", page=3)
    assert refused.value.code == "no_such_page"


def test_pictures_of_pages_are_said_to_be_a_scan():
    with pytest.raises(FileRefused) as refused:
        requirements_limited(pdf("#rect(width: 5cm, height: 3cm)"), "scan.pdf")
    assert refused.value.code == "scan"


@pytest.mark.parametrize(
    ("text", "operator", "value", "upper", "unit"),
    [
        ("设备应具有不低于98%的可用率", "≥", 98, None, "%"),
        ("availability of at least 98 %", "≥", 98, None, "%"),
        ("cost not more than 1,250,000 CNY", "≤", 1_250_000, None, "CNY"),
        ("质保3年以上", "≥", 3, None, "年"),
        ("环境温度:-10~45℃", "..", -10, 45, "°C"),
        ("air pressure: 0.6 to 0.8 MPa", "..", 0.6, 0.8, "MPa"),
        ("consumption must be below 3 kWh/h", "<", 3, None, "kWh/h"),
        ("Weight: 1200 kg", "=", 1200, None, "kg"),
        ("speed ≥ 40 cycles per min", "≥", 40, None, "cycles per min"),
    ],
)
def test_operators_of_both_languages(text, operator, value, upper, unit):
    (one,) = read(text)
    assert (one.operator, one.value, one.upper, one.unit) == (operator, value, upper, unit)


def test_what_a_value_is_of():
    assert read("设备应具有不低于98%的可用率")[0].name == "可用率"
    assert read("The cell shall have a noise level of at most 75 dB(A).")[0].name == "noise level"
    assert read("The availability shall be at least 98 %.")[0].name == "availability"


@pytest.mark.parametrize(
    "text",
    [
        "GB/T 19001-2016 质量管理体系",
        "电话 0571-88886666",
        "2026-03-04",
        "供应商名录",
        "应用软件",
        "Machine M12 of line 3",
        "2.5 kW",
    ],
)
def test_what_is_no_requirement(text):
    assert read(text) == ()


def test_wrapped_lines_are_one_clause_with_one_box():
    lines = [
        Line(page=1, text="4.2 The guards must be inter-", box=(0.1, 0.30, 0.9, 0.32)),
        Line(page=1, text="locked at every door.", box=(0.1, 0.325, 0.4, 0.345)),
        Line(page=1, text="4.3 Doors must close.", box=(0.1, 0.35, 0.4, 0.37)),
    ]
    first, second = requirements_of(lines)
    assert (first.number, first.box, second.number) == ("4.2", (0.1, 0.30, 0.9, 0.345), "4.3")


def test_rows_of_data_sheets():
    heads = ("Parameter", "Unit", "Model A", "Model B")
    two = row(("Rated power", "kW", "55", "75"), heads)
    assert [(one.name, one.value, one.unit, one.strength) for one in two] == [
        ("Rated power · Model A", 55, "kW", "stated"),
        ("Rated power · Model B", 75, "kW", "stated"),
    ]
    assert row(("Filler", "12", "15"), ("Machine", "Stops", "Parts")) == ()
    assert row(("E101", "Overload above 5 A"), ("Alarm code", "Text")) == ()
    assert row(heads, heads) == ()


def test_telephone_numbers_and_addresses_are_masked():
    (one,) = read("投标人应联系张工13812345678或zhang.gong@example.com获取图纸。")
    assert "13812345678" not in one.text
    assert "example.com" not in one.text


def test_a_correction_keeps_what_was_read():
    (one,) = read("噪声≤75dB(A)")
    line = one.to_json()
    assert edited(line, {"value": 75.0}) == line
    clause = read("供应商应提供备件清单。")[0].to_json()
    assert edited(clause, {"name": "备件", "operator": "≥", "value": 2})["kind"] == "parameter"
    made = edited(line, {"value": 72.0, "name": "噪声(1 m)"})
    assert (made["value"], made["as_read"]) == (72.0, {"name": "噪声", "value": 75.0})
    for change in ({"name": " "}, {"value": None}, {"value": float("inf")}, {"operator": "about"}, {"operator": ".."}, {"upper": 80.0},
                   {"text": ""}, {"value": "x"}):  # fmt: skip
        with pytest.raises(ValueError):  # whichever of the two sentences
            edited(line, change)


@given(st.lists(st.tuples(st.text(max_size=80), st.lists(st.text(max_size=20), max_size=4)), max_size=8))
def test_any_text_gives_whole_lines(rows):
    lines = [Line(page=1, text=text, box=BOX, cells=tuple(cells)) for text, cells in rows]
    for one in requirements_of(lines):
        assert (one.kind in KINDS, one.strength in STRENGTHS, one.box) == (True, True, BOX)
        assert (one.value is not None and bool(one.name)) == (one.kind == "parameter")
        assert one.upper is None or one.value <= one.upper
        assert one.text


@given(
    st.decimals(min_value=0, max_value=10**6, places=2),
    st.sampled_from(["kW", "MPa", "dB(A)", "瓶/小时", "pcs/h", "%", "°C", "个月"]),
    st.sampled_from([("不低于", "≥"), ("≤", "≤"), ("at least ", "≥"), ("not exceeding ", "≤"), ("大于", ">")]),
)
def test_a_written_amount_is_read_back(value, unit, operator):
    words, sign = operator
    (one,) = amounts_in(f"额定值{words}{value}{unit}")
    assert (one.operator, one.value, one.unit) == (sign, float(value), unit)
    assert only_amount(f"{words}{value} {unit}").value == float(value)


@given(st.text(max_size=60))
def test_binding_words_are_found_wherever_they_stand(text):
    assert strength_of(f"{text} 必须 {text}") == "must"
