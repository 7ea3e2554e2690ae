"""A report as a text document that people go on writing in (DOCX), with real headings, tables and picture texts."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from io import BytesIO
from typing import Any

import docx
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Cm, Pt, RGBColor

from templates.report import Block, Bullets, Chart, Heading, Number, Numbers, Paragraph, Report, Table
from templates.report_pdf import write_picture

WIDTH = 17.0
CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
NO_TIME = datetime(2000, 1, 1, tzinfo=UTC)
MUTED, ACCENT = RGBColor(0x5A, 0x65, 0x72), RGBColor(0x0B, 0x6B, 0x75)


def write_docx(report: Report) -> bytes:
    """The report as DOCX; drawings become pictures with the words of what they show."""
    paper: Any = docx.Document()
    _style(paper, report)
    _line(paper, report.kind, size=9, colour=ACCENT)
    paper.add_heading(_said(report.title), level=1)
    _line(paper, report.about, size=8, colour=MUTED)
    if report.sample:
        _line(paper, report.sample, size=9, bold=True)
    for at, page in enumerate(report.front):
        if at:
            paper.add_page_break()
        for one in page:
            _block(paper, one, level=2)
    if report.annex:
        paper.add_page_break()
        paper.add_heading(_said(report.annex_title), level=2)
    for section in report.annex:
        paper.add_heading(_said(section.title), level=3)
        for one in section.blocks:
            _block(paper, one, level=4)
    data = BytesIO()
    paper.save(data)
    return data.getvalue()


def _said(text: str) -> str:
    """Words without the control characters that an XML file cannot hold."""
    return CONTROL.sub("", text)


def _style(paper: Any, report: Report) -> None:
    sheet = paper.sections[0]
    sheet.page_width, sheet.page_height = Cm(21), Cm(29.7)
    sheet.left_margin = sheet.right_margin = Cm(2)
    sheet.top_margin, sheet.bottom_margin = Cm(1.6), Cm(1.8)
    normal = paper.styles["Normal"]
    normal.font.name, normal.font.size = "Segoe UI", Pt(10)
    normal.element.rPr.rFonts.set(qn("w:eastAsia"), "Microsoft YaHei")
    language = OxmlElement("w:lang")
    language.set(qn("w:val"), report.language)
    language.set(qn("w:eastAsia"), report.language)
    normal.element.rPr.append(language)
    for level, size in ((1, 20), (2, 13), (3, 14), (4, 11)):
        style = paper.styles[f"Heading {level}"]
        style.font.size, style.font.color.rgb, style.font.name = Pt(size), RGBColor(0x1A, 0x1F, 0x26), "Segoe UI"
        style.element.rPr.rFonts.set(qn("w:eastAsia"), "Microsoft YaHei")
    about = paper.core_properties
    about.title, about.keywords, about.author, about.language = (
        _said(report.title)[:255],
        report.digest,
        "mingsuan",
        report.language,
    )
    about.created = about.modified = NO_TIME.replace(tzinfo=None)
    foot = sheet.footer.paragraphs[0].add_run(_said(report.footer))
    foot.font.size, foot.font.color.rgb = Pt(7), MUTED


def _line(paper: Any, text: str, *, size: float, colour: RGBColor | None = None, bold: bool = False) -> None:
    paragraph = paper.add_paragraph()
    paragraph.paragraph_format.space_after = Pt(4)
    run = paragraph.add_run(_said(text))
    run.font.size, run.font.bold = Pt(size), bold
    if colour is not None:
        run.font.color.rgb = colour


def _block(paper: Any, one: Block, *, level: int) -> None:
    match one:
        case Heading(text=text):
            paper.add_heading(_said(text), level=level)
        case Paragraph(text=text, kind="lead"):
            _line(paper, text, size=15, colour=ACCENT, bold=True)
        case Paragraph(text=text, kind="quiet"):
            _line(paper, text, size=8.5, colour=MUTED)
        case Paragraph(text=text):
            _line(paper, text, size=10.5)
        case Bullets(items=items):
            for item in items:
                paper.add_paragraph(_said(item), style="List Bullet").paragraph_format.space_after = Pt(2)
        case Chart(drawing=drawing):
            paper.add_picture(BytesIO(write_picture(drawing)), width=Cm(WIDTH))
            paper.element.xpath("//wp:docPr")[-1].set("descr", _said(drawing.alt))
        case Numbers(items=items):
            _numbers(paper, items)
        case Table():
            _table(paper, one)


def _numbers(paper: Any, items: tuple[Number, ...]) -> None:
    table = paper.add_table(rows=1, cols=len(items))
    for cell, one in zip(table.rows[0].cells, items, strict=True):
        said = (
            (one.label, 8, MUTED, False),
            (f"{one.value} {one.tier}".strip(), 12, None, True),
            (one.note, 8, MUTED, False),
        )
        for place, (text, size, colour, bold) in enumerate(said):
            paragraph = cell.paragraphs[0] if place == 0 else cell.add_paragraph()
            paragraph.paragraph_format.space_after = Pt(0)
            run = paragraph.add_run(_said(text))
            run.font.size, run.font.bold = Pt(size), bold
            if colour is not None:
                run.font.color.rgb = colour


def _table(paper: Any, one: Table) -> None:
    table = paper.add_table(rows=1, cols=len(one.headers), style="Table Grid")
    shares = one.widths or tuple(1 / len(one.headers) for _ in one.headers)
    rows = [one.headers, *one.rows]
    for place, row in enumerate(rows):
        cells = table.rows[0].cells if place == 0 else table.add_row().cells
        for at, words in enumerate(row):
            cells[at].width = Cm(WIDTH * shares[at])
            paragraph = cells[at].paragraphs[0]
            paragraph.paragraph_format.space_after = Pt(8 if one.tall and place else 0)
            if at in one.right:
                paragraph.alignment = WD_ALIGN_PARAGRAPH.RIGHT
            run = paragraph.add_run(_said(words))
            run.font.size, run.font.bold = Pt(8), place == 0
    heads = OxmlElement("w:tblHeader")  # the first row stands on top of every page
    heads.set(qn("w:val"), "true")
    paper.element.xpath("//w:tbl")[-1].tr_lst[0].get_or_add_trPr().append(heads)
    paper.add_paragraph().paragraph_format.space_after = Pt(2)
