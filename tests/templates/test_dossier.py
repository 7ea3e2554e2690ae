"""All documents of a decision say the same numbers, open where they should, and need nothing from outside."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from dataclasses import replace
from datetime import date
from html.parser import HTMLParser
from io import BytesIO
from pathlib import Path
from typing import Any

import docx
import openpyxl
import pdfplumber
import pikepdf
import pytest
from hypothesis import given, settings, strategies

from calculators.insight import insights
from calculators.sheet import Sheet, evaluate
from templates import drawings
from templates.calculator_document import shipped_calculator
from templates.deciding import Known, decide
from templates.decision import Decision, Mark
from templates.dossier import FORMS, write_all, write_document
from templates.memo import memo
from templates.report import LANGUAGES, Numbers, Table, words
from templates.report_pdf import write_pictures

TRAPS = ("trap-ai-cures-all", "trap-feature-pile", "trap-silent-organisation")
ALWAYS_RECALCULATE = """<?xml version="1.0" encoding="UTF-8"?>
<oor:items xmlns:oor="http://openoffice.org/2001/registry" xmlns:xs="http://www.w3.org/2001/XMLSchema"
 xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"><item oor:path="/org.openoffice.Office.Calc/Formula/Load">
<prop oor:name="OOXMLRecalcMode" oor:op="fuse"><value>0</value></prop></item></oor:items>
"""


def band(start: float, end: float, months: int) -> dict[str, list[float]]:
    mean = [start + (end - start) * min(month / 6, 1) for month in range(months)]
    spread = {"p10": -0.02, "p50": 0.0, "p90": 0.02, "mean": 0.0, "mean_low": -0.003, "mean_high": 0.003}
    return {name: [value + by for value in mean] for name, by in spread.items()}


def summary(months: int = 24, *, more: int = 0) -> dict[str, Any]:
    ends = {"availability": (0.83, 0.86), "effectiveness": (0.92, 0.92), "quality": (0.99, 0.99)}
    ends["oee"] = (0.83 * 0.92 * 0.99, 0.86 * 0.92 * 0.99)
    titles = {"baseline": "Baseline", "both": "Two & <modules>"} | {f"m{n}": f"Option {n}" for n in range(more)}
    return {
        "sample": False, "draws": 200, "seed": 7, "months": months,
        "scenarios": [
            {
                "id": name, "title": {"en": title, "zh-CN": f"{title} 方案"}, "claims": False,
                "bands": {kpi: band(low, low if name == "baseline" else high, months) for kpi, (low, high) in ends.items()},
            }
            for name, title in titles.items()
        ],
    }  # fmt: skip


@pytest.fixture(scope="module")
def sheet() -> Sheet:
    given_values = {
        "extra_good": 360.0, "contribution_margin": "25 / 38 / 52 CNY/piece", "sellable_extra": "400 / 2000 / 4000 piece",
        "internal_hours": "300 / 500 / 900 person*h", "hourly_cost": "60 / 75 / 95 CNY/(person*h)",
        "price_once": "120000 / 190000 / 300000 CNY", "price_monthly": "3000 / 4700 / 7000 CNY/month",
    }  # fmt: skip
    return evaluate(shipped_calculator("module_roi"), given_values, draws=2000, seed=1, claims=False)


def known() -> Known:
    risks = [
        {
            "id": name, "title": {"en": name, "zh-CN": f"陷阱 {name}"}, "level": 2, "rule": "", "value": None, "trap": True,
            "owner_role": "management", "next_step": {"en": "Ask.", "zh-CN": "问。"},
            "question": {"en": "Who may overrule it?", "zh-CN": "谁能否决？"},
        }
        for name in (*TRAPS, *TRAPS)
    ]  # fmt: skip
    risks.append(
        {**risks[0], "id": "slow", "trap": False, "rule": "payback_p90_months > 36", "value": "∞", "question": None}
    )
    measure = {"name": "good_per_h", "low": 98.0, "median": 104.3, "high": 110.2, "coverage": 0.75, "bias": 0.013}
    test = {"verdict": "reproduces", "grade": "B", "fitted_weeks": 18, "judged_weeks": 8}
    gap = {"control": "8.1.2", "title": {"en": "Zones", "zh-CN": "分区"}, "why": "not_met", "points_lost": 1.5,
           "remediation": {"en": "Split the network.", "zh-CN": "划分网络。"}}  # fmt: skip
    return Known(
        history=[["calendar", 3600.0 * 100], ["closed", 3600.0 * 40], ["good", 3600.0 * 60]],
        risks=risks,
        back_test={**test, "measures": [{**measure, "verdict": "reproduces"}]},
        gaps={
            "title": {"en": "MLPS", "zh-CN": "等保"},
            "answered": 3,
            "applicable": 9,
            "score": [0.2, 0.8],
            "gaps": [gap],
        },
        limits=[{"en": "No rework loops.", "zh-CN": "不含返工回路。"}],
    )


@pytest.fixture(scope="module")
def decision(sheet: Sheet) -> Decision:
    case = {**sheet.to_json(), "insights": insights(sheet, samples=64)}
    made = decide(
        summary(), "both", {"both": case}, name="Line 3", made_at=date(2026, 11, 26), known=known(),
        lineage={"result": "r-123", "case": "c-456"},
    )  # fmt: skip
    return made.marked(Mark(consent="c1", holder="member-7"))


def flat(text: str) -> str:
    """Text without the blanks and breaks that setting a page puts in."""
    return re.sub(r"[\s\u200b]+", "", text)


def pdf_text(data: bytes) -> tuple[int, str]:
    with pdfplumber.open(BytesIO(data)) as opened:
        return len(opened.pages), flat("".join(page.extract_text() for page in opened.pages))


def test_a_decision_says_what_its_sources_say(decision: Decision, sheet: Sheet) -> None:
    npv = decision.figure("npv")
    assert npv is not None
    assert (npv.p10, npv.p50, npv.p90) == tuple(getattr(sheet.outputs["npv"], end) for end in ("p10", "p50", "p90"))
    assert decision.loss == pytest.approx((sheet.outputs["npv"].values < 0).mean())
    assert sum(one.before for one in decision.losses) == pytest.approx(1)
    assert sum(one.after for one in decision.losses) == pytest.approx(1)
    assert [risk["id"] for risk in decision.risks] == [*TRAPS, "slow"]  # each once, however many packs bring it
    ranked = [one for one in decision.assumptions if one.rank]
    assert [one.id for one in sorted(ranked, key=lambda one: one.rank or 0)] == [one.id for one in decision.drivers]


def test_the_digest_is_that_of_the_numbers_and_not_of_the_copy(decision: Decision) -> None:
    assert replace(decision.marked(Mark()), made_at=date(2027, 1, 1)).digest() == decision.digest()
    assert replace(decision, worst=1.0).digest() != decision.digest()
    assert json.loads(json.dumps(decision.to_json())) == decision.to_json()


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_pdf_says_every_number_of_the_memo(decision: Decision, language: str) -> None:
    data = write_document(decision, None, form="pdf", language=language)
    report = memo(decision, language)
    pages, text = pdf_text(data)
    assert 3 <= pages <= 12
    for block in (one for page in report.front for one in page):
        if isinstance(block, Numbers):
            for number in block.items:
                assert flat(number.value) in text
    for section in report.annex:
        assert flat(section.title) in text
        for block in section.blocks:
            if isinstance(block, Table):
                for cell in (row[at] for row in block.rows for at in block.right):
                    assert all(number in text for number in re.findall(r"−?[\d.,]*\d", cell)), cell
    assert flat(report.footer) in text
    assert decision.mark.holder in text


def test_the_pdf_is_tagged_titled_and_marked(decision: Decision) -> None:
    data = write_document(decision, None, form="pdf", language="en")
    with pikepdf.open(BytesIO(data)) as opened:
        assert opened.Root.MarkInfo.Marked
        assert "/StructTreeRoot" in opened.Root
        assert str(opened.Root.Lang) == "en"
        assert str(opened.docinfo["/Title"]) == "Two & <modules>"
        assert str(opened.docinfo["/Keywords"]) == decision.digest()
        names = {
            str(font.BaseFont) for page in opened.pages for font in page.Resources.get("/Font", {}).values()
        }  # a subset has six letters and a plus in front of its name
        assert names
        assert all(re.match(r"/[A-Z]{6}\+", name) for name in names)
    assert len(data) < 900_000


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_memo_has_two_pages_however_much_there_is_to_say(sheet: Sheet, language: str) -> None:
    case = {**sheet.to_json(), "insights": insights(sheet, samples=64)}
    much = decide(
        summary(60, more=6), "both", {"both": case, **{f"m{n}": case for n in range(6)}}, name="Line 3",
        made_at=date(2026, 11, 26), known=known(),
    )  # fmt: skip
    front = memo(much, language)
    alone = type(front)(**{name: getattr(front, name) for name in front.__dataclass_fields__} | {"annex": ()})
    assert len(write_pictures(alone, dots=20)) == 2


def test_without_a_value_the_memo_speaks_of_the_line_alone() -> None:
    plain = decide(summary(), "both", {}, name="Line 3", made_at=date(2026, 11, 26))
    files = write_all(plain, None, stem="x")
    assert sorted(files) == sorted(
        [f"x.{lang}.{form}" for lang in LANGUAGES for form in FORMS if form != "json"] + ["x.decision.json"]
    )
    _, text = pdf_text(files["x.en.pdf"])
    assert "Notvaluedyet" in text
    assert "unsigned" in text


class References(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self.tags: list[str] = []
        self.ids: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.found += [value or "" for name, value in attrs if name in {"href", "src", "srcset", "data", "action"}]
        self.ids |= {value or "" for name, value in attrs if name == "id"}


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_page_for_closed_plants_refers_to_nothing_outside(decision: Decision, language: str) -> None:
    text = write_document(decision, None, form="html", language=language).decode()
    read = References()
    read.feed(text)
    assert {"script", "link", "iframe", "img", "form"}.isdisjoint(read.tags)
    inner = [one for one in read.found if one.startswith("#")]
    assert inner
    assert inner == read.found
    assert {one[1:] for one in inner} - read.ids <= {"n-oee"}
    assert "http" not in text.replace("http://www.w3.org/2000/svg", "").replace("http-equiv", "")
    assert "default-src &#x27;none&#x27;" in text
    assert "Two &amp; &lt;modules&gt;" in text
    assert decision.digest() in text


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_text_document_opens_with_headings_tables_and_picture_texts(decision: Decision, language: str) -> None:
    report = memo(decision, language)
    opened = docx.Document(BytesIO(write_document(decision, None, form="docx", language=language)))
    heads = [one.text for one in opened.paragraphs if one.style is not None and one.style.name.startswith("Heading")]
    assert [section.title for section in report.annex] == [
        head for head in heads if head in {s.title for s in report.annex}
    ]
    told = {cell.text for table in opened.tables for row in table.rows for cell in row.cells}
    for section in report.annex:
        for block in section.blocks:
            if isinstance(block, Table):
                assert {cell for row in block.rows for cell in row} <= told
    assert all(picture.get("descr") for picture in opened.element.xpath("//wp:docPr"))
    assert report.footer in opened.sections[0].footer.paragraphs[0].text


def recalculated(data: bytes, folder: Path) -> openpyxl.Workbook:
    bare = openpyxl.load_workbook(BytesIO(data))
    bare.save(folder / "bare.xlsx")
    (folder / "profile" / "user").mkdir(parents=True)
    (folder / "profile" / "user" / "registrymodifications.xcu").write_text(ALWAYS_RECALCULATE, "utf-8")
    program = shutil.which("soffice")
    assert program, "LibreOffice is missing: install libreoffice-calc-nogui"
    subprocess.run(
        [program, f"-env:UserInstallation=file://{folder / 'profile'}", "--headless", "--convert-to",
         "xlsx:Calc MS Excel 2007 XML", "--outdir", str(folder / "out"), str(folder / "bare.xlsx")],
        check=True, capture_output=True, timeout=180,
    )  # fmt: skip
    return openpyxl.load_workbook(folder / "out" / "bare.xlsx", data_only=True)


def test_the_spreadsheet_recalculates_to_the_figures_of_the_decision(
    decision: Decision, sheet: Sheet, tmp_path: Path
) -> None:
    data = write_document(decision, sheet, form="xlsx", language="en")
    book = recalculated(data, tmp_path)
    page = book[words()["memo"]["en"]]
    rows = {row[0].value: row for row in page.iter_rows() if row[0].value}
    for one in decision.money:
        row = rows[one.id]
        for cell, mine in zip(row[2:5], (one.p10, one.p50, one.p90), strict=True):
            assert cell.value == (None if mine is None else pytest.approx(mine, rel=1e-12))
        assert row[5].value == pytest.approx(sheet.model_row(one.id)[0], rel=1e-9, abs=1e-9)
    losses = book[words()["a_losses"]["en"]]
    assert losses.cell(len(decision.losses) + 2, 2).value == pytest.approx(1, rel=1e-9)
    fan = book[words()["a_cash"]["en"]]
    assert decision.fan is not None
    assert [fan.cell(row, 3).value for row in range(2, 6)] == [pytest.approx(v) for v in decision.fan.p50[:4]]


@settings(max_examples=15)
@given(strategies.text(min_size=1, max_size=60))
def test_whatever_people_type_can_be_written_in_every_form(text: str) -> None:
    told = summary(2)
    told["scenarios"][1]["title"] = {"en": text, "zh-CN": text}
    plain = decide(told, "both", {}, name=text, made_at=date(2026, 11, 26))
    for form in FORMS:
        assert write_document(plain, None, form=form, language="en")


@pytest.mark.parametrize("form", FORMS)
def test_the_same_decision_gives_the_same_bytes(decision: Decision, sheet: Sheet, form: str) -> None:
    first, second = (write_document(decision, sheet, form=form, language="en") for _ in range(2))
    assert first == second


def test_every_word_of_the_documents_is_there_in_both_languages() -> None:
    for key, text in words().items():
        assert set(text) == set(LANGUAGES), key
        assert re.findall(r"\{\w+\}", text["en"]).sort() == re.findall(r"\{\w+\}", text["zh-CN"]).sort(), key
        assert not re.search(r"[\u4e00-\u9fff]", text["en"]), key


@settings(max_examples=60)
@given(
    strategies.lists(strategies.floats(-1e9, 1e9), min_size=1, max_size=40),
    strategies.text(max_size=40),
    strategies.booleans(),
)
def test_any_curve_can_be_drawn(values: list[float], label: str, zero: bool) -> None:
    curve = drawings.Curve(label=label, mean=values, p10=values, p90=values, colour=drawings.ACCENT)
    drawn = drawings.curves([curve], first=0, month="month", shown=str, alt="x", zero=zero)
    for shape in drawn.shapes:
        if not isinstance(shape, drawings.Label):
            assert all(-1 <= y <= drawn.height + 1 for _, y in shape.points)


@given(strategies.floats(-1e12, 1e12), strategies.floats(0, 1e12))
def test_ticks_hold_what_they_must(low: float, span: float) -> None:
    found = drawings.ticks(low, low + span)
    slack = 1e-6 * max(abs(low), abs(low + span), 1)
    assert 2 <= len(found) <= 9
    assert found[0] <= low + slack
    assert found[-1] >= low + span - slack
