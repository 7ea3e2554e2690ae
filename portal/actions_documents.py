"""Actions on the documents of a decision: look at them, take one along."""

from __future__ import annotations

import hashlib
from typing import cast

from portal.actions import READERS, ActionError, action
from portal.decisions import decision_of, sheet_of
from portal.text import best_language
from portal.watermarks import Form, watermark_of, watermarked
from portal.workspace import Workspace
from templates.decision import Mark
from templates.dossier import FORMS, write_document
from templates.memo import memo
from templates.report_pdf import write_pictures

PURPOSE = "appraisal"


@action(needs=READERS, purpose=PURPOSE)
def take_document(workspace: Workspace, *, form: str, language: str, scenario: str = "", claims: bool = False) -> bytes:
    """Return the decision memo of a scenario as a file: pdf, docx, html, xlsx or json, under a signed watermark.

    Each copy is noted with its digest. Raises ActionError form_unknown, no_result, not_simulated.
    """
    if form not in FORMS:
        raise ActionError(
            f"a decision is not written as {form!r}",
            code="form_unknown",
            place="form",
            remedy=f"Choose one of {', '.join(FORMS)}.",
            known=", ".join(FORMS),
        )
    decision = decision_of(workspace, scenario, claims=claims)
    mark = watermark_of(workspace, purpose=PURPOSE, data_digest=decision.digest())
    decision = decision.marked(Mark(holder=mark.recipient))
    sheet = sheet_of(workspace, scenario, claims=claims) if form == "xlsx" and decision.money else None
    plain = write_document(decision, sheet, form=form, language=best_language(language))
    data = watermarked(workspace, plain, mark, form=cast("Form", form))
    workspace.touched[f"document/{form}"] = hashlib.sha256(data).hexdigest()
    workspace.then(lambda _: None)  # every copy is noted
    return data


@action(needs=READERS, purpose=PURPOSE)
def show_document(
    workspace: Workspace, *, language: str, page: int = 1, scenario: str = "", claims: bool = False
) -> bytes:
    """Return one page of the memo as a picture (PNG), pages counted from 1.

    Raises ActionError no_such_page, no_result, not_simulated.
    """
    pictures = write_pictures(memo(decision_of(workspace, scenario, claims=claims), best_language(language)))
    if not 1 <= page <= len(pictures):
        raise ActionError(
            f"the memo has no page {page}",
            code="no_such_page",
            place="page",
            remedy=f"It has the pages 1 to {len(pictures)}.",
            last=len(pictures),
        )
    return pictures[page - 1]


@action(needs=READERS, purpose=PURPOSE)
def document_pages(workspace: Workspace, *, language: str, scenario: str = "", claims: bool = False) -> int:
    """Count the pages of the memo. Raises ActionError no_result, not_simulated."""
    return len(write_pictures(memo(decision_of(workspace, scenario, claims=claims), best_language(language)), dots=10))
