"""A released result as a file: JSON, CSV, XLSX or PDF; what stands in it is the disclosure and nothing else."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping
from typing import Any

import xlsxwriter

from portal.catalogue import in_words, titled
from portal.text import language, t
from privacy.disclosure import Disclosure, words
from templates.report import Paragraph, Report, Table
from templates.report_pdf import write_pdf

Row = tuple[str, str, str, str]

MEDIA: Mapping[str, str] = {
    "json": "application/json",
    "csv": "text/csv; charset=utf-8",
    "pdf": "application/pdf",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}


def released_file(made: Disclosure, *, account: str, form: str) -> bytes:
    """Return the disclosure in one of the forms of `MEDIA`; `account` is the name under which its reader knows it."""
    if form == "json":
        return json.dumps(_document(made, account), ensure_ascii=False, indent=2).encode()
    rows: list[Row] = [(item.field, titled(item), " ".join(item.codes), in_words(item)) for item in words(made.payload)]
    head = ("field", t("release.field"), "code", t("release.sent"))
    if form == "pdf":
        return _pdf(rows, made, account)
    return _csv(head, rows) if form == "csv" else _xlsx(head, rows, made, account)


def _document(made: Disclosure, account: str) -> dict[str, Any]:
    return {
        "mingsuan": "disclosure/1",
        "id": made.id,
        "account": account,
        "purpose": made.purpose,
        "released_at": made.made_at.isoformat(),
        "until": made.until.isoformat(),
        "payload": dict(made.payload),
        "payload_digest": made.payload_digest,
    }


def _csv(head: tuple[str, ...], rows: list[Row]) -> bytes:
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(head)
    writer.writerows(rows)
    return b"\xef\xbb\xbf" + text.getvalue().encode()  # with its mark, spreadsheets read it as UTF-8


def _pdf(rows: list[Row], made: Disclosure, account: str) -> bytes:
    purpose = t(f"release.purpose_{made.purpose}")
    ends = t("release.until_day", day=made.until.date().isoformat())
    terms = Paragraph(text=t("desk.terms"), kind="quiet")
    table = Table(headers=(t("release.field"), t("release.sent")), rows=tuple((row[1], row[3]) for row in rows))
    page = (Paragraph(text=f"{purpose} · {ends}", kind="lead"), table, terms)
    report = Report(
        language=language(),
        kind=t("shell.pages.released"),
        title=account,
        about=t("watermark.made", at=made.made_at.strftime("%Y-%m-%d %H:%M UTC"), id=made.id),
        sample="",
        front=(page,),
        annex_title="",
        annex=(),
        footer=t("watermark.footer"),
        digest=made.payload_digest,
    )
    return write_pdf(report)


def _xlsx(head: tuple[str, ...], rows: list[Row], made: Disclosure, account: str) -> bytes:
    out = io.BytesIO()
    with xlsxwriter.Workbook(out, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}) as book:
        book.set_properties({"title": account, "created": made.made_at.replace(tzinfo=None)})
        sheet = book.add_worksheet("release")
        bold = book.add_format({"bold": True, "bottom": 1})
        sheet.write_row(0, 0, head, bold)
        for number, row in enumerate(rows, 1):
            sheet.write_row(number, 0, row)
        sheet.set_column(0, 3, 28)
        sheet.freeze_panes(1, 0)
        sheet.set_footer(f"&L{made.id} · {t(f'release.purpose_{made.purpose}')}&R{t('watermark.footer')}")
    return out.getvalue()
