"""An evaluated calculator as a spreadsheet file with live formulas."""

from __future__ import annotations

import math
from datetime import UTC, datetime
from io import BytesIO
from typing import Any

import xlsxwriter

from calculators.excel import FIRST_COLUMN, FIRST_ROW, Row, Workbook, workbook
from calculators.sheet import Sheet

NO_TIME = datetime(2000, 1, 1, tzinfo=UTC)
"""The same sheet gives the same bytes."""

HEADINGS = ("name", "名称", "title", "unit", "tier", "source / formula")


def write_workbook(sheet: Sheet) -> bytes:
    """The XLSX file: inputs at their median in blue, everything else computed from them by the spreadsheet itself.

    Texts are written as texts, whatever they begin with; results as last computed are stored beside the formulas.
    """
    data = BytesIO()
    book = new_book(data, sheet.calculator.title.get("en", ""))
    add_sheets(book, sheet)
    book.close()
    return data.getvalue()


def new_book(data: BytesIO, title: str) -> Any:
    """An empty spreadsheet file that never takes a text for a formula or a link."""
    book = xlsxwriter.Workbook(data, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False})
    book.set_properties({"title": title, "comments": "mingsuan", "created": NO_TIME})
    return book


def add_sheets(book: Any, sheet: Sheet) -> Workbook:
    """Add a calculator's sheets to a spreadsheet file; returns where each number stands."""
    pages = workbook(sheet)
    known = {name: sheet.model_row(name) for name in pages.where if name in sheet.calculator.plan.compiled}
    head = book.add_format({"bold": True, "bottom": 1})
    typed = book.add_format({"font_color": "#0000FF", "num_format": "#,##0.######"})
    plain = book.add_format({"num_format": "#,##0.00####"})
    rows = {place: name for name, place in pages.where.items()}
    for page, found in pages.sheets.items():
        paper = book.add_worksheet(page)
        _head(paper, head, pages)
        for index, row in enumerate(found):
            values = known.get(rows[page, FIRST_ROW + index], ())
            _write(paper, FIRST_ROW + index, row, values, typed if row.is_input else plain)
        paper.freeze_panes(FIRST_ROW, FIRST_COLUMN)
        paper.set_column(0, FIRST_COLUMN - 1, 22)
        paper.set_column(FIRST_COLUMN, FIRST_COLUMN + pages.periods, 14)
    return pages


def _head(paper: Any, head: Any, pages: Workbook) -> None:
    for column, text in enumerate(HEADINGS):
        paper.write_string(0, column, text, head)
    for period in range(pages.periods + 1):
        paper.write_number(1, FIRST_COLUMN + period, period, head)


def _write(paper: Any, at: int, row: Row, values: tuple[float, ...], style: Any) -> None:
    for column, text in enumerate(row.heading):
        if text:
            paper.write_string(at, column, text)
    for place, cell in enumerate(row.cells):
        column = FIRST_COLUMN + place
        if isinstance(cell, str):
            value = values[place] if place < len(values) else 0
            paper.write_formula(at, column, cell, style, "#N/A" if math.isnan(value) else value)
        else:
            paper.write_number(at, column, cell, style)
