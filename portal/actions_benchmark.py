"""Actions on benchmarks: a tenant lets itself be counted, an officer asks, a second person agrees to dear answers.

No person of the vendor sees a figure. This process opens the figures of the group for the length of one sum, OpenDP
adds its noise, and only that leaves; each counted tenant finds the question and its price in its own log.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from portal import notices, storage_benchmark, storage_release
from portal.actions import OFFICERS, OWNER, READERS, ActionError, action
from portal.consenting import consent_document, own_pseudonym
from portal.forecast_book import released_standing
from portal.identity import VENDOR
from portal.noting import entry_of, write_entry
from portal.rooms import LOG, NAMES, Room, installation_key
from portal.storage import Transaction, new_id
from portal.storage_benchmark import BudgetSpentError, ContributionRow, DrawRow
from portal.storage_release import ConsentRow
from portal.workspace import MissingError, Workspace
from privacy.benchmark import (
    BENCHMARK,
    MEASURES,
    YEAR_BUDGET,
    Question,
    answer,
    ask,
    smallest_group,
    terms,
)
from privacy.consent import Consent, give
from privacy.noise import can_draw, noisy_sum
from privacy.vault import PrivacyError, canonical

COUNTED = "count_in_benchmark"
"""The log's verb for a tenant that was counted: one entry for each, with the price, in its own log."""


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
        if before is not None and before.consent in {one.consent for one in _standing(tx, at)}:
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
        workspace.then(lambda tx: _add(tx, row))
        return row.id
    if known is None or known.state == "reserved":
        return _draw(workspace, known or row, fresh=known is None, approved_by="")
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
    return _draw(workspace, row, fresh=False, approved_by=workspace.member.id)


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
        counted = {row.tenant for row in _standing(tx, at)}
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


def _draw(workspace: Workspace, row: DrawRow, *, fresh: bool, approved_by: str) -> str:
    """Reserve the price, then draw, then keep the answer; killed in between, the next one who asks goes on from there.

    What was reserved is never given back; what was reserved and not answered is answered without paying again.
    """
    question = Question(measure=row.measure, pack=row.pack, year=row.year, price=row.price)
    if not can_draw():
        noisy_sum([], price=question.price)  # raises
    figures = _group(workspace, question)
    if row.state == "reserved":
        with workspace.store.reading() as tx:
            paid = set(storage_benchmark.counted_in(tx, row.id))
        figures = {tenant: value for tenant, value in figures.items() if tenant in paid}
        _enough(figures, question)
    else:
        _enough(figures, question)
        _reserve(workspace, row, sorted(figures), fresh=fresh, approved_by=approved_by)
    found = answer(question, noisy_sum(list(figures.values()), price=question.price), group=len(figures))
    kept, at = json.dumps(found.to_json()), workspace.clock().timestamp()
    workspace.concern("", f"draw/{row.id}")
    workspace.then(lambda tx: _keep(tx, row.id, kept, at))
    return row.id


def _reserve(workspace: Workspace, row: DrawRow, tenants: Sequence[str], *, fresh: bool, approved_by: str) -> None:
    at = workspace.clock()
    for purpose in (LOG, NAMES):
        installation_key(workspace.data_keys, purpose, at=at)
    try:
        with workspace.store.writing() as tx:
            if fresh:
                _add(tx, row)
            still = {one.tenant for one in _standing(tx, at)}
            if not set(tenants) <= still or not storage_benchmark.reserve(
                tx,
                row.id,
                tenants,
                year=row.year,
                price=row.price,
                most=YEAR_BUDGET,
                approved_by=approved_by,
                at=at.timestamp(),
            ):
                raise _changed()
            for tenant in tenants:
                entry = entry_of(
                    workspace.data_keys,
                    tx,
                    member=workspace.member,
                    tenant=tenant,
                    action=COUNTED,
                    touched={f"draw/{row.id}": "", f"budget/{row.year}/{row.price}": ""},
                    purpose=BENCHMARK,
                    decision="allowed",
                    policies=(),
                    reason="",
                    at=at,
                )
                write_entry(workspace.data_keys, tx, entry)
    except BudgetSpentError:
        raise ActionError(
            "a tenant of the group has not enough left of its year",
            code="budget_spent",
            remedy="Ask again next year, or for a coarser answer.",
        ) from None


def _group(workspace: Workspace, question: Question) -> dict[str, int]:
    """Return the figures that can be counted, by tenant: of the industry, consented, paid for, and open."""
    at = workspace.clock()
    with workspace.store.reading() as tx:
        rows = _standing(tx, at)
        spent = storage_benchmark.spent(tx, question.year, [row.tenant for row in rows])
        paid = storage_benchmark.draw_of(tx, question.digest)
        settled = set() if paid is None else set(storage_benchmark.counted_in(tx, paid.id))
    found = {}
    for row in rows:
        if row.tenant not in settled and spent[row.tenant] + question.price > YEAR_BUDGET:
            continue  # a year that is used up: not counted again before the next
        room = Room(workspace.data_keys, row.tenant, row.room)
        try:
            held = json.loads(room.open("contribution", row.id, row.sealed, key=row.data_key))
        except PrivacyError:
            continue  # a tenant that holds its own key and is not there is not counted
        if held["pack"] == question.pack and question.measure in held["figures"]:
            found[row.tenant] = int(held["figures"][question.measure])
    return found


def _standing(tx: Transaction, at: datetime) -> list[ContributionRow]:
    """Return the contributions whose consent is in force now."""
    consents = {
        row.id
        for row in storage_release.consents_of(tx)
        if row.purpose == BENCHMARK and row.withdrawn_at is None and row.until > at.timestamp()
    }
    return [row for row in storage_benchmark.all_contributions(tx) if row.consent in consents]


def _enough(figures: Mapping[str, int], question: Question) -> None:
    need = smallest_group(question.price)
    if len(figures) < need:
        raise ActionError(
            f"{len(figures)} tenants can be counted; this answer needs {need}",
            code="too_few",
            remedy="Wait until more take part; nothing was spent.",
            there=len(figures),
            need=need,
        )


def _waiting(workspace: Workspace, draw: str) -> DrawRow:
    with workspace.store.reading() as tx:
        row = storage_benchmark.draw_by_id(tx, draw)
    if row is None or row.state != "waiting":
        raise MissingError(draw)
    return row


def _add(tx: Transaction, row: DrawRow) -> None:
    if not storage_benchmark.add_draw(tx, row):
        raise _changed()


def _gone(tx: Transaction, draw: str) -> None:
    if not storage_benchmark.remove_waiting(tx, draw):
        raise _changed()


def _keep(tx: Transaction, draw: str, kept: str, at: float) -> None:
    storage_benchmark.keep_answer(tx, draw, kept, at=at)  # where another process was quicker, its answer stays


def _changed() -> ActionError:
    return ActionError(
        "somebody else has just asked or changed the same",
        code="asked_meanwhile",
        remedy="Look again: the answer is there, or the group has changed. Nothing was spent twice.",
    )


def _when(at: float) -> datetime:
    return datetime.fromtimestamp(at, UTC)
