"""Actions on benchmarks: a tenant lets itself be counted, an officer asks, a second person agrees to dear answers.

No person of the vendor sees a figure. This process opens the figures of the group for the length of one sum, OpenDP
adds its noise, and only that leaves; each counted tenant finds the question and its price in its own log.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from portal import notices, storage_benchmark, storage_release
from portal.actions import OFFICERS, OWNER, READERS, ActionError, action
from portal.benchmarking import add_question, asked_meanwhile, draw_question, standing_contributions
from portal.consenting import consent_document, own_pseudonym
from portal.forecast_book import released_standing
from portal.identity import VENDOR
from portal.storage import Transaction, new_id
from portal.storage_benchmark import ContributionRow, DrawRow
from portal.storage_release import ConsentRow
from portal.workspace import MissingError, Workspace
from privacy.benchmark import (
    BENCHMARK,
    MEASURES,
    YEAR_BUDGET,
    ask,
    terms,
)
from privacy.consent import Consent, give
from privacy.noise import can_draw
from privacy.vault import canonical


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """Where a tenant stands with benchmarks.

    `own`: its figures by measure (shares of 1), exact, inside the workspace; `sample` where they are invented.
    `counted` is the industry under which it is counted now ("" where it is not), under `consent` until `until`.
    `spent` and `most` are millionths of rho of this year. `paid`: when, measure, pack, price. `answers`: stored
    answers, newest first.
    """

    own: Mapping[str, float]
    sample: bool
    counted: str
    consent: str
    until: datetime | None
    year: int
    spent: int
    most: int
    paid: tuple[tuple[datetime, str, str, int], ...]
    answers: tuple[Mapping[str, Any], ...]


@action(needs=READERS, purpose="benchmark")
def benchmarks(workspace: Workspace) -> Standing:
    """Show the answers beside the own figures, whether the tenant is counted, and what is left of its year."""
    at = workspace.clock()
    own, sample = _figures(workspace)
    with workspace.store.reading() as tx:
        row = storage_benchmark.contribution_of(tx, workspace.tenant, workspace.room)
        consent = None if row is None else storage_release.consent_by_id(tx, workspace.tenant, row.consent)
        spent = storage_benchmark.spent(tx, at.year, [workspace.tenant])[workspace.tenant]
        paid = storage_benchmark.spendings_of(tx, workspace.tenant)
        answers = [draw.result for draw in storage_benchmark.all_draws(tx) if draw.result is not None]
    counted = ""
    if row is not None and consent is not None and consent.until > at.timestamp():
        counted = json.loads(workspace.unseal("contribution", row.id, row.sealed, key=row.data_key))["pack"]
    return Standing(
        own=own,
        sample=sample,
        counted=counted,
        consent=row.consent if row is not None and counted else "",
        until=datetime.fromtimestamp(consent.until, UTC) if consent is not None and counted else None,
        year=at.year,
        spent=spent,
        most=YEAR_BUDGET,
        paid=tuple((_when(one["at"]), one["measure"], one["pack"], int(one["price"])) for one in paid),
        answers=tuple(answers),
    )


@action(needs=OWNER, purpose="benchmark")
def contribute(workspace: Workspace, *, pack: str, digest: str, days: int = 365) -> str:
    """Consent to be counted among the tenants of an industry, with the figures shown. Returns the consent's id.

    `digest` is `shown_digest` of the figures that were shown. Raises ActionError nothing_to_count, sample_not_counted,
    already_counted (withdraw first), preview_changed, and the privacy error of a term that cannot be.
    """
    own, sample = _figures(workspace)
    if not own:
        raise ActionError("there is no baseline to be counted", code="nothing_to_count", remedy="Upload records first.")
    if sample:
        raise ActionError(
            "sample data are never counted", code="sample_not_counted", remedy="Upload records of your own plant."
        )
    if digest != shown_digest(own, pack):
        raise ActionError(
            "the payload is not the one that was shown",
            code="preview_changed",
            remedy="Look at the preview again; something has changed since.",
        )
    at, key, name = workspace.clock(), new_id(), new_id()
    with workspace.store.reading() as tx:
        before = storage_benchmark.contribution_of(tx, workspace.tenant, workspace.room)
        if before is not None and before.consent in {one.consent for one in standing_contributions(tx, at)}:
            raise ActionError(
                "this workspace is counted already",
                code="already_counted",
                remedy="Withdraw first; then agree again with the figures of today.",
            )
    draft = Consent(
        id=key,
        tenant=workspace.tenant,
        workspace=workspace.room,
        notice=notices.BENCHMARK,
        language=workspace.member.language,
        purposes=(BENCHMARK,),
        fields=tuple(own),
        recipient=VENDOR,
        begins=at,
        until=at + timedelta(days=days),
        payload_digest=digest,
    )
    given = give(draft, actor=own_pseudonym(workspace), at=at)
    record = workspace.put("consent", consent_document(workspace, given), slot=key)
    counted = {name: MEASURES[name].counted(value) for name, value in own.items()}
    data_key, sealed = workspace.seal("contribution", name, json.dumps({"pack": pack, "figures": counted}).encode())
    consent = ConsentRow(
        id=key,
        tenant=workspace.tenant,
        room=workspace.room,
        purpose=BENCHMARK,
        audience=VENDOR,
        given_at=at.timestamp(),
        until=given.until.timestamp(),
        withdrawn_at=None,
        record=record,
    )
    row = ContributionRow(
        id=name,
        tenant=workspace.tenant,
        room=workspace.room,
        consent=key,
        made_at=at.timestamp(),
        data_key=data_key,
        sealed=sealed,
    )

    def change(tx: Transaction) -> None:
        workspace.data_keys.must_stand(tx, workspace.tenant, data_key)
        storage_release.add_consent(tx, consent)
        storage_benchmark.put_contribution(tx, row)

    workspace.then(change)
    return key


@action(needs=OFFICERS, purpose="benchmark", highest_class="internal")
def ask_benchmark(workspace: Workspace, *, measure: str, pack: str, precision: str = "usual") -> str:
    """Ask for a benchmark of this year and return its id; a dear one waits for a second person, a known one is free.

    Raises ActionError too_few, budget_spent, and the privacy errors of an unknown measure or precision and of missing
    noise; nothing is spent then.
    """
    at = workspace.clock()
    question = ask(measure, pack, year=at.year, precision=precision)
    row = DrawRow(
        id=new_id(),
        question=question.digest,
        measure=measure,
        pack=pack,
        year=at.year,
        price=question.price,
        state="waiting",
        asked_by=workspace.member.id,
        approved_by="",
        asked_at=at.timestamp(),
        answered_at=None,
        answer="",
    )
    with workspace.store.reading() as tx:
        known = storage_benchmark.draw_of(tx, question.digest)
    if known is None and question.needs_approval:
        workspace.concern("", f"draw/{row.id}")
        workspace.then(lambda tx: add_question(tx, row))
        return row.id
    if known is None or known.state == "reserved":
        return draw_question(workspace, known or row, fresh=known is None, approved_by="")
    workspace.concern("", f"draw/{known.id}")
    return known.id


@action(needs=OFFICERS, purpose="benchmark", highest_class="internal")
def approve_benchmark(workspace: Workspace, draw: str) -> str:
    """Agree to a dear question that somebody else asked; it is answered at once. Raises as `ask_benchmark` does.

    ActionError own_request where it is one's own.
    """
    row = _waiting(workspace, draw)
    if row.asked_by == workspace.member.id:
        raise ActionError(
            "nobody agrees to his own question",
            code="own_request",
            remedy="Ask another compliance officer or audit administrator.",
        )
    return draw_question(workspace, row, fresh=False, approved_by=workspace.member.id)


@action(needs=OFFICERS, purpose="benchmark", highest_class="internal")
def decline_benchmark(workspace: Workspace, draw: str) -> None:
    """Drop a question that waits; nothing was spent for it."""
    row = _waiting(workspace, draw)
    workspace.concern("", f"draw/{row.id}")
    workspace.then(lambda tx: _gone(tx, row.id))


@action(needs=OFFICERS, purpose="benchmark", highest_class="internal")
def budget_ledger(workspace: Workspace) -> Mapping[str, Any]:
    """Return questions and budgets: `draws` (newest first), `tenants` that are counted or have spent this year.

    A tenant has `tenant`, `spent`, `left` (millionths of rho) and `counted`; a draw has its question, price, state,
    group size and answer. No figure of a tenant.
    """
    at = workspace.clock()
    with workspace.store.reading() as tx:
        spent = storage_benchmark.spent(tx, at.year)
        counted = {row.tenant for row in standing_contributions(tx, at)}
        draws = storage_benchmark.all_draws(tx)
    return {
        "year": at.year,
        "most": YEAR_BUDGET,
        "can_draw": can_draw(),
        "tenants": [
            {
                "tenant": tenant,
                "spent": spent.get(tenant, 0),
                "left": YEAR_BUDGET - spent.get(tenant, 0),
                "counted": tenant in counted,
            }
            for tenant in sorted(counted | spent.keys())
        ],
        "draws": [
            {
                "id": one.id,
                "measure": one.measure,
                "pack": one.pack,
                "year": one.year,
                "price": one.price,
                "state": one.state,
                "mine": one.asked_by == workspace.member.id,
                "asked_at": _when(one.asked_at),
                "answer": one.result,
            }
            for one in draws
        ],
    }


def shown_digest(own: Mapping[str, float], pack: str) -> str:
    """Return the digest of what an owner agrees to: the terms, the industry and the figures as they are counted."""
    figures = {name: MEASURES[name].counted(value) for name, value in own.items()}
    return hashlib.sha256(canonical({"terms": terms(), "pack": pack, "figures": figures})).hexdigest()


def _figures(workspace: Workspace) -> tuple[dict[str, float], bool]:
    """Return the figures of the newest baseline that can be counted, and whether they are of sample data."""
    kept = workspace.latest("baseline")
    if kept is None:
        return {}, False
    found = workspace.get("baseline", kept.id)
    line = found.get("line") or {}
    known = {name: line[name] for name in MEASURES if line.get(name) and line[name]["denominator"] > 0}
    figures = {name: one["numerator"] / one["denominator"] for name, one in known.items()}
    inside, _ = released_standing(workspace)
    if inside is not None:
        figures["forecast_inside"] = inside
    return figures, bool(found["sample"])


def _waiting(workspace: Workspace, draw: str) -> DrawRow:
    with workspace.store.reading() as tx:
        row = storage_benchmark.draw_by_id(tx, draw)
    if row is None or row.state != "waiting":
        raise MissingError(draw)
    return row


def _gone(tx: Transaction, draw: str) -> None:
    if not storage_benchmark.remove_waiting(tx, draw):
        raise asked_meanwhile()


def _when(at: float) -> datetime:
    return datetime.fromtimestamp(at, UTC)
