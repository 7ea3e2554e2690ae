"""A decision as a spreadsheet: every number in full, and the calculation itself as live formulas beside it."""

from __future__ import annotations

from collections.abc import Sequence
from io import BytesIO
from typing import Any

from calculators.excel import FIRST_COLUMN, Workbook, column_name
from calculators.sheet import Sheet
from templates.calculator_workbook import add_sheets, new_book
from templates.decision import Decision
from templates.report import Words

Cell = str | float | tuple[str, float] | None
"""A text, a number, a formula with the number it gives, or nothing."""
NUMBER, SHARE = "#,##0.00####", "0.0%"


def write_decision_workbook(decision: Decision, sheet: Sheet | None, language: str) -> bytes:
    """The XLSX file of a decision. `sheet`: the evaluated calculator behind it, None where nothing was valued.

    The calculation recalculates to the figures at the inputs' median, which stand beside the percentiles of all draws.
    """
    words = Words(language=language)
    data = BytesIO()
    book = new_book(data, words.pick(decision.title))
    pages = _Pages(book, words)
    first = pages.sheet(words("memo"), [16, 44, 16, 16, 16, 16, 10])
    live = None if sheet is None else add_sheets(book, sheet)
    _decision(first, decision, words, sheet, live)
    _registers(pages, decision, words)
    _curves(pages, decision, words)
    _rest(pages, decision, words)
    book.close()
    return data.getvalue()


class _Page:
    """One sheet that is filled row by row."""

    def __init__(self, paper: Any, styles: dict[str, Any]) -> None:
        self.paper, self.styles, self.at = paper, styles, 0

    def row(self, cells: Sequence[Cell], *, head: bool = False, form: str = NUMBER) -> int:
        """Write one row; returns its number from 1, as a formula names it."""
        for column, cell in enumerate(cells):
            if isinstance(cell, tuple):
                self.paper.write_formula(self.at, column, cell[0], self.styles[form], cell[1])
            elif isinstance(cell, str):
                self.paper.write_string(self.at, column, cell, self.styles["head" if head else "text"])
            elif cell is not None:
                self.paper.write_number(self.at, column, cell, self.styles[form])
        self.at += 1
        return self.at


class _Pages:
    """The sheets of one file with their styles."""

    def __init__(self, book: Any, words: Words) -> None:
        self.book, self.words = book, words
        wrapped = {"text_wrap": True, "valign": "top"}
        self.styles = {
            "head": book.add_format({"bold": True, "bottom": 1, **wrapped}),
            "text": book.add_format(wrapped),
            NUMBER: book.add_format({"num_format": NUMBER, "valign": "top"}),
            SHARE: book.add_format({"num_format": SHARE, "valign": "top"}),
        }

    def sheet(self, title: str, widths: Sequence[float]) -> _Page:
        paper = self.book.add_worksheet(title[:31])
        for column, width in enumerate(widths):
            paper.set_column(column, column, width)
        return _Page(paper, self.styles)

    def heads(self, page: _Page, *keys: str) -> None:
        page.row([self.words.said(key, key) for key in keys], head=True)
        page.paper.freeze_panes(1, 0)


def _decision(page: _Page, decision: Decision, words: Words, sheet: Sheet | None, live: Workbook | None) -> None:
    page.row([words("memo"), words.pick(decision.title)], head=True)
    page.row(["", decision.name, decision.made_at.isoformat()])
    page.row(["", words(f"verdict_{decision.verdict}" if decision.verdict else "verdict_none")])
    if decision.sample:
        page.row(["", words("sample")])
    page.row([words("loss"), "", decision.loss], form=SHARE)
    page.row([])
    page.row(
        [words("id"), words("figure"), "P10", "P50", "P90", words("at_median"), words("tier"), words("undefined")],
        head=True,
    )
    for one in decision.money:
        linked: Cell = None
        if live is not None and sheet is not None and one.id in live.where:
            place, row = live.where[one.id]
            linked = (f"={place}!${column_name(FIRST_COLUMN)}${row + 1}", sheet.model_row(one.id)[0])
        title = f"{words.pick(one.title)} ({one.unit})"
        page.row([one.id, title, one.p10, one.p50, one.p90, linked, one.tier, one.undefined])
    page.row([])
    page.row([words("digest"), decision.digest()])
    page.row([words("consent"), decision.mark.consent or words("consent_none")])
    holder = decision.mark.holder
    page.row([words("tag"), words("tag_inside", holder=holder) if holder else words("tag_none")])


def _registers(pages: _Pages, decision: Decision, words: Words) -> None:
    if decision.assumptions:
        page = pages.sheet(words("a_assumptions"), [22, 36, 12, 12, 12, 16, 8, 48, 10, 10, 30])
        pages.heads(page, "id", "input", "P10", "P50", "P90", "unit", "tier", "source", "age", "rank", "objections")
        for one in decision.assumptions:
            notes = "; ".join([*one.objections, *([words("stale")] * one.stale), *([words("off")] * one.claim_off)])
            page.row([one.id, words.pick(one.title), one.p10, one.p50, one.p90, one.unit, one.tier,
                      words.pick(one.source) if one.source else "", one.age_days, one.rank, notes])  # fmt: skip
    if decision.drivers:
        page = pages.sheet(words("a_sensitivity"), [22, 36, 16, 16, 16, 16, 16, 16])
        pages.heads(page, "id", "input", "unit", "P10", "P90", "low", "high", "share")
        for driver in decision.drivers:
            title = words.pick(driver.title)
            page.row(
                [driver.id, title, driver.unit, driver.low, driver.high, driver.at_p10, driver.at_p90, driver.share]
            )
        page.row([])
        page.row([words(key) for key in ("id", "must", "turns_at", "plausible")], head=True)
        for turn in decision.break_evens:
            for value in turn.values:
                said = words("within" if turn.plausible else "outside")
                page.row([turn.id, f"{words.pick(turn.title)} ({turn.unit})", value, said])


def _curves(pages: _Pages, decision: Decision, words: Words) -> None:
    if decision.fan is not None:
        fan = decision.fan
        page = pages.sheet(words("a_cash"), [10, 16, 16, 16, 16])
        pages.heads(page, "month", "P10", "P50", "P90", "nothing")
        for month, cells in enumerate(zip(fan.p10, fan.p50, fan.p90, fan.nothing, strict=True)):
            page.row([float(month), *cells])
        _chart(pages, page, len(fan.p50), columns=4, at="G2")
    page = pages.sheet(words("a_ramp"), [10, *([14] * 2 * len(decision.ramps))])
    kinds = [(one, label) for one in decision.ramps for label in ("before", "after")]
    page.row([words("month"), *(f"{words(one.kpi)} · {words(label)}" for one, label in kinds)], head=True)
    page.paper.freeze_panes(1, 1)
    for month in range(decision.months):
        page.row([float(month + 1), *(getattr(one, label).mean[month] for one, label in kinds)], form=SHARE)
        page.paper.write_number(page.at - 1, 0, month + 1)
    _chart(pages, page, decision.months, columns=2, at="K2")
    page = pages.sheet(words("a_losses"), [40, 14, 14])
    pages.heads(page, "loss_step", "before", "after")
    for loss in decision.losses:
        page.row([words(f"loss_{loss.id}"), loss.before, loss.after], form=SHARE)
    last = page.at
    whole = [sum(one.before for one in decision.losses), sum(one.after for one in decision.losses)]
    page.row(["Σ", (f"=SUM(B2:B{last})", whole[0]), (f"=SUM(C2:C{last})", whole[1])], form=SHARE)
    for name, seconds in decision.history:
        page.row([words.said(f"history_{name}", name), seconds / 3600])


def _chart(pages: _Pages, page: _Page, rows: int, *, columns: int, at: str) -> None:
    """A line for each of the first columns beside the numbers."""
    chart = pages.book.add_chart({"type": "line"})
    name = page.paper.get_name()
    for column in range(1, columns + 1):
        chart.add_series(
            {
                "name": [name, 0, column],
                "categories": [name, 1, 0, rows, 0],
                "values": [name, 1, column, rows, column],
            }
        )
    chart.set_size({"width": 640, "height": 320})
    page.paper.insert_chart(at, chart)


def _rest(pages: _Pages, decision: Decision, words: Words) -> None:
    page = pages.sheet(words("a_risks"), [24, 8, 34, 40, 12, 16, 44])
    pages.heads(page, "id", "level", "cause", "trigger", "now", "owner", "next")
    for risk in decision.risks:
        trigger = words.pick(risk["question"]) if risk["trap"] else str(risk["rule"])
        level: Cell = words("trap") if risk["trap"] else float(risk["level"])
        owner = words.said(f"owner_{risk['owner_role']}", risk["owner_role"])
        now: Cell = None if risk["trap"] else risk["value"]
        page.row([risk["id"], level, words.pick(risk["title"]), trigger, now, owner, words.pick(risk["next_step"])])
    if decision.back_test is not None and decision.back_test["measures"]:
        page = pages.sheet(words("a_backtest"), [24, 14, 14, 14, 14, 14, 24])
        pages.heads(page, "measure", "P10", "P50", "P90", "coverage", "bias", "fit")
        for one in decision.back_test["measures"]:
            verdict = words(f"verdict_{one['verdict']}")
            page.row([words.said(one["name"], one["name"]), one["low"], one["median"], one["high"], one["coverage"],
                      one["bias"], verdict])  # fmt: skip
    if decision.gaps is not None and decision.gaps["gaps"]:
        page = pages.sheet(words("a_gaps"), [16, 44, 16, 10, 60])
        pages.heads(page, "id", "control", "state", "points", "remediation")
        for gap in decision.gaps["gaps"]:
            page.row([gap["control"], words.pick(gap["title"]), words.said(f"why_{gap['why']}", gap["why"]),
                      gap["points_lost"], words.pick(gap["remediation"])])  # fmt: skip
    if decision.pilot is not None:
        page = pages.sheet(words("a_pilot"), [36, 100])
        pages.heads(page, "what", "plan")
        for line in decision.pilot["lines"]:
            page.row([words.pick(line["title"]), words.pick(line["text"])])
