"""Drawing a benchmark: the group, the reservation before the draw, the answer after it.

No person of the vendor sees a figure. This process opens the figures of the group for the length of one sum, OpenDP
adds its noise, and only that leaves; each counted tenant finds the question and its price in its own log.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime

from portal import storage_benchmark, storage_release
from portal.actions import ActionError
from portal.noting import entry_of, write_entry
from portal.rooms import LOG, NAMES, Room, installation_key
from portal.storage import Transaction
from portal.storage_benchmark import BudgetSpentError, ContributionRow, DrawRow
from portal.workspace import Workspace
from privacy.benchmark import BENCHMARK, YEAR_BUDGET, Question, answer, smallest_group
from privacy.noise import can_draw, noisy_sum
from privacy.vault import PrivacyError

COUNTED = "count_in_benchmark"
"""The log's verb for a tenant that was counted: one entry for each, with the price, in its own log."""


def draw_question(workspace: Workspace, row: DrawRow, *, fresh: bool, approved_by: str) -> str:
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
                add_question(tx, row)
            still = {one.tenant for one in standing_contributions(tx, at)}
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
                raise asked_meanwhile()
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
        rows = standing_contributions(tx, at)
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


def standing_contributions(tx: Transaction, at: datetime) -> list[ContributionRow]:
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


def add_question(tx: Transaction, row: DrawRow) -> None:
    if not storage_benchmark.add_draw(tx, row):
        raise asked_meanwhile()


def asked_meanwhile() -> ActionError:
    return ActionError(
        "somebody else has just asked or changed the same",
        code="asked_meanwhile",
        remedy="Look again: the answer is there, or the group has changed. Nothing was spent twice.",
    )


def _keep(tx: Transaction, draw: str, kept: str, at: float) -> None:
    storage_benchmark.keep_answer(tx, draw, kept, at=at)  # where another process was quicker, its answer stays
