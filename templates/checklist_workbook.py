"""A check list as a workbook for people who answer on paper, on a train or without an account; and back again.

One row a control. The file says which list and version it is; what was exported is read back unchanged. Texts are never
taken for formulas, and nothing but the columns of answers is read.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from io import BytesIO

from calculators.checklist import Answer, CheckList, Kind, Status
from templates.calculator_workbook import new_book
from templates.node import DocumentError
from templates.readers_excel import raw_sheets
from templates.tables import Caps

HEADINGS: Mapping[str, tuple[str, ...]] = {
    "en": (
        "Control", "Reference", "Title", "Question", "Answers to choose from", "Answer", "Note or reason",
        "Filled in, or who and when", "Evidence", "Who answers",
    ),
    "zh-CN": (
        "控制项", "依据", "标题", "问题", "可选答案", "答案", "说明或理由", "填写内容，或谁在何时完成", "证据",
        "由谁回答",
    ),
}  # fmt: skip
WORDS: Mapping[str, Mapping[Status, str]] = {
    "en": {
        Status.MET: "met", Status.PARTLY: "partly", Status.NOT_MET: "not met", Status.NOT_APPLICABLE: "not applicable",
    },
    "zh-CN": {
        Status.MET: "达标", Status.PARTLY: "部分达标", Status.NOT_MET: "未达标", Status.NOT_APPLICABLE: "不适用",
    },
}  # fmt: skip
WIDTHS = (16, 26, 24, 60, 30, 16, 36, 28, 30, 16)
BETWEEN = " | "
PLACES = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Returned:
    """Answers from a workbook: by control, with the rows that could not be read (row number, code, value)."""

    answers: Mapping[str, Answer]
    refused: tuple[tuple[int, str, str], ...]


def write_checklist(checklist: CheckList, answers: Mapping[str, Answer], *, language: str = "en") -> bytes:
    """The XLSX file, one sheet, in one of the languages; cells to fill in are yellow and offer their answers."""
    data = BytesIO()
    book = new_book(data, checklist.title.get(language, checklist.id))
    page = book.add_worksheet("answers")
    head, wrapped = (
        book.add_format({"bold": True, "bottom": 1, "text_wrap": True}),
        book.add_format({"text_wrap": True}),
    )
    wrapped.set_align("top")
    open_ = book.add_format({"text_wrap": True, "bg_color": "#FFF8DC", "valign": "top"})
    for column, (text, width) in enumerate(zip(HEADINGS[language], WIDTHS, strict=True)):
        page.write_string(0, column, text, head)
        page.set_column(column, column, width)
    for number, control in enumerate(checklist.controls, start=1):
        answer = answers.get(control.id, Answer())
        choices = _choices(
            control.kind, [(level.id, level.title.get(language, "")) for level in control.levels], language
        )
        told = (
            control.id, control.reference, control.title.get(language, ""), control.question.get(language, ""),
            BETWEEN.join(choices),
        )  # fmt: skip
        for column, text in enumerate(told):
            page.write_string(number, column, text, wrapped)
        said = answer.level or (WORDS[language].get(answer.status, "") if answer.status else "")
        for column, text in enumerate((said, answer.reason, answer.value, BETWEEN.join(answer.evidence)), start=5):
            page.write_string(number, column, text, open_)
        page.write_string(number, 9, control.owner_role, wrapped)
        picks = [word.partition(" = ")[0] for word in choices]
        if sum(len(pick) + 1 for pick in picks) < 250:
            page.data_validation(number, 5, number, 5, {"validate": "list", "source": picks, "ignore_blank": True})
    page.freeze_panes(1, 1)
    about = book.add_worksheet("list")
    for row, (key, value) in enumerate(
        (("id", checklist.id), ("version", checklist.version), ("edition", checklist.edition),
         ("notice", checklist.notice.get(language, "")))
    ):  # fmt: skip
        about.write_string(row, 0, key, head)
        about.write_string(row, 1, value, wrapped)
    about.set_column(1, 1, 90)
    book.close()
    return data.getvalue()


def _choices(kind: Kind, levels: list[tuple[str, str]], language: str) -> list[str]:
    words = WORDS[language]
    if levels:
        return [*(f"{name} = {title}" for name, title in levels), words[Status.NOT_APPLICABLE]]
    if kind is Kind.STATEMENT:
        return list(words.values())
    return [words[Status.NOT_MET], words[Status.NOT_APPLICABLE]]


def read_answers(data: bytes, name: str, checklist: CheckList, kept: Mapping[str, Answer]) -> Returned:
    """The answers of a workbook that `write_checklist` made and somebody filled in, in either language.

    A blank row leaves what was kept; evidence is never taken from the file, only kept. Raises DocumentError other_list
    where the file is of another list or version; and the refusals of files.
    """
    tables = raw_sheets(data, name, Caps())
    head = {str(row[0]): str(row[1]) for row in tables.get("list", []) if len(row) > 1}
    if head.get("id") != checklist.id or head.get("version") != checklist.version:
        raise DocumentError(
            f"{name} holds answers to {head.get('id', '?')} {head.get('version', '')}, not to {checklist.id} "
            f"{checklist.version}",
            code="other_list",
            place="list",
            remedy="Export this version of the list and carry the answers over.",
            file=name,
            id=checklist.id,
            version=checklist.version,
        )
    known = {control.id: control for control in checklist.controls}
    words = {text.casefold(): status for each in WORDS.values() for status, text in each.items()}
    found, refused = dict(kept), []
    for number, row in enumerate(tables.get("answers", [])[1:], start=2):
        cells = [str(cell or "").strip() for cell in (*row, *[""] * PLACES)][:PLACES]
        control = known.get(cells[0])
        said, reason, value = cells[5], cells[6], cells[7]
        if control is None or not (said or reason or value):
            if control is None and cells[0]:
                refused.append((number, "unknown_control", cells[0]))
            continue
        before = kept.get(control.id, Answer())
        levels = {level.id.casefold(): level.id for level in control.levels}
        level, status = levels.get(said.partition(" = ")[0].casefold(), ""), words.get(said.casefold())
        if said and not level and status is None:
            refused.append((number, "unknown_answer", said))
        elif status is Status.NOT_APPLICABLE and not reason:
            refused.append((number, "reason_missing", control.id))
        else:
            found[control.id] = replace(before, status=status, level=level, reason=reason, value=value)
    return Returned(answers=found, refused=tuple(refused))
