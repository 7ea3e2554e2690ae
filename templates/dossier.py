"""The documents of one decision, in every form that people take to their boss."""

from __future__ import annotations

import json
from typing import Final

from calculators.sheet import Sheet
from templates.decision import Decision
from templates.memo import memo
from templates.report import LANGUAGES
from templates.report_docx import write_docx
from templates.report_html import write_html
from templates.report_pdf import write_pdf
from templates.report_workbook import write_decision_workbook

FORMS: Final = ("pdf", "docx", "html", "xlsx", "json")


def write_document(decision: Decision, sheet: Sheet | None, *, form: str, language: str) -> bytes:
    """One document: `form` of FORMS, `language` of `report.LANGUAGES`; JSON holds both languages.

    The same decision gives the same bytes. `sheet`: the calculator behind it, for the spreadsheet's live formulas.
    """
    if form == "json":
        document = {**decision.to_json(), "digest": decision.digest()}
        return (json.dumps(document, ensure_ascii=False, indent=1, sort_keys=True) + "\n").encode()
    if form == "xlsx":
        return write_decision_workbook(decision, sheet, language)
    writers = {"pdf": write_pdf, "docx": write_docx, "html": write_html}
    return writers[form](memo(decision, language))


def write_all(decision: Decision, sheet: Sheet | None, *, stem: str) -> dict[str, bytes]:
    """Every document by file name: `stem.zh-CN.pdf`, ..., and `stem.decision.json`."""
    files = {
        f"{stem}.{language}.{form}": write_document(decision, sheet, form=form, language=language)
        for language in LANGUAGES
        for form in FORMS
        if form != "json"
    }
    files[f"{stem}.decision.json"] = write_document(decision, sheet, form="json", language=LANGUAGES[0])
    return files
