from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest

from portal import actions_audit, actions_benchmark, actions_journey, actions_release
from portal.actions import ActionError
from portal.actions_benchmark import shown_digest
from portal.identity import Role
from privacy.benchmark import PRICES, YEAR_BUDGET
from privacy.vault import PrivacyError

PACK = "discrete"


def tenants(count: int) -> list[str]:
    return [f"plant{number:02}" for number in range(count)]


def measured(installation: Any, tenant: str, *, oee: float = 0.6, sample: bool = False) -> Any:
    """The owner of a tenant whose records were measured."""
    owner = installation.as_(Role.OWNER, tenant)

    def ratio(share: float) -> dict[str, float]:
        return {"numerator": share * 100, "denominator": 100.0}

    line = {"oee": ratio(oee), "availability": ratio(0.8), "effectiveness": ratio(0.9), "quality": None}
    owner.put("baseline", {"line": line, "sample": sample}, slot="baseline", replace=True)
    with installation.store.writing() as tx:
        owner.flush(tx)
    owner.done()
    return owner


def join(owner: Any, pack: str = PACK) -> str:
    own = actions_benchmark.benchmarks(owner).own
    return actions_benchmark.contribute(owner, pack=pack, digest=shown_digest(own, pack))


def group(installation: Any, count: int = 10) -> list[Any]:
    owners = [measured(installation, tenant, oee=0.5 + 0.02 * number) for number, tenant in enumerate(tenants(count))]
    for owner in owners:
        join(owner)
    return owners


def ask(installation: Any, **more: Any) -> str:
    officer = installation.as_(Role.COMPLIANCE_OFFICER)
    return actions_benchmark.ask_benchmark(officer, **{"measure": "oee", "pack": PACK, **more})


def refused(call: Any, code: str) -> None:
    with pytest.raises((ActionError, PrivacyError)) as refusal:
        call()
    assert refusal.value.code == code


def ledger(installation: Any) -> Any:
    return actions_benchmark.budget_ledger(installation.as_(Role.AUDIT_ADMIN))


def test_ten_that_agreed_are_counted_and_each_pays_and_sees_it(installation) -> None:
    owners = group(installation)
    ask(installation)
    (draw,) = ledger(installation)["draws"]
    assert (draw["state"], draw["answer"]["group"]) == ("answered", 10)
    standing = actions_benchmark.benchmarks(owners[3])
    assert (standing.spent, standing.most, standing.counted) == (PRICES["usual"], YEAR_BUDGET, PACK)
    assert standing.own["oee"] == pytest.approx(0.56)
    assert [one["measure"] for one in standing.answers] == ["oee"]
    assert [(measure, price) for _, measure, _, price in standing.paid] == [("oee", PRICES["usual"])]
    mine = [entry for entry in actions_journey.access_log(owners[3]) if entry.action == "count_in_benchmark"]
    assert [entry.role for entry in mine] == ["compliance_officer"]


def test_the_same_question_is_answered_from_the_store_and_costs_nothing(installation) -> None:
    group(installation)
    first = ask(installation)
    answer = ledger(installation)["draws"][0]["answer"]
    for precision in PRICES:
        assert ask(installation, precision=precision) == first
    after = ledger(installation)
    assert [one["answer"] for one in after["draws"]] == [answer]
    assert {one["spent"] for one in after["tenants"]} == {PRICES["usual"]}


def test_nine_are_too_few_and_nothing_is_spent(installation) -> None:
    group(installation, 9)
    refused(lambda: ask(installation), "too_few")
    assert ledger(installation)["draws"] == []
    assert {one["spent"] for one in ledger(installation)["tenants"]} == {0}


def test_a_coarse_answer_needs_a_group_in_which_it_is_worth_its_price(installation) -> None:
    group(installation, 12)
    refused(lambda: ask(installation, precision="coarse"), "too_few")


def test_who_did_not_agree_withdrew_or_chose_another_industry_is_not_counted(installation) -> None:
    owners = group(installation, 11)
    measured(installation, "bystander")
    join(measured(installation, "stranger"), "process")
    actions_release.withdraw_consent(owners[0], actions_benchmark.benchmarks(owners[0]).consent)
    ask(installation)
    assert ledger(installation)["draws"][0]["answer"]["group"] == 10
    spent = {one["tenant"]: one["spent"] for one in ledger(installation)["tenants"]}
    assert spent["stranger"] == 0
    assert not {owners[0].tenant, "bystander"} & {name for name, value in spent.items() if value}
    actions_release.withdraw_consent(owners[1], actions_benchmark.benchmarks(owners[1]).consent)
    refused(lambda: ask(installation, measure="availability"), "too_few")


def test_an_agreement_ends_with_its_term(installation) -> None:
    owners = group(installation)
    installation.clock.ahead = timedelta(days=366)
    refused(lambda: ask(installation), "too_few")
    assert actions_benchmark.benchmarks(owners[0]).counted == ""
    join(owners[0])
    assert actions_benchmark.benchmarks(owners[0]).counted == PACK


def test_a_year_that_is_used_up_counts_nobody_before_the_next(installation) -> None:
    from portal import storage_benchmark

    group(installation)
    year = installation.clock().year
    with installation.store.writing() as tx:
        storage_benchmark.add_draw(tx, _draw(year))
        storage_benchmark.reserve(
            tx, "d", ["plant04"], year=year, price=YEAR_BUDGET - 1, most=YEAR_BUDGET, approved_by="", at=0.0
        )
    refused(lambda: ask(installation), "too_few")
    assert next(one for one in ledger(installation)["tenants"] if one["tenant"] == "plant04")["left"] == 1


def _draw(year: int) -> Any:
    from portal.storage_benchmark import DrawRow

    return DrawRow(
        id="d", question="q", measure="oee", pack=PACK, year=year, price=YEAR_BUDGET - 1, state="waiting",
        asked_by="", approved_by="", asked_at=0.0, answered_at=None, answer="",
    )  # fmt: skip


def test_a_dear_answer_waits_for_a_second_person(installation) -> None:
    group(installation)
    draw = ask(installation, precision="fine")
    assert ledger(installation)["draws"][0]["state"] == "waiting"
    assert {one["spent"] for one in ledger(installation)["tenants"]} == {0}
    officer = installation.as_(Role.COMPLIANCE_OFFICER)
    refused(lambda: actions_benchmark.approve_benchmark(officer, draw), "own_request")
    actions_benchmark.approve_benchmark(installation.as_(Role.AUDIT_ADMIN), draw)
    assert ledger(installation)["draws"][0]["state"] == "answered"
    assert {one["spent"] for one in ledger(installation)["tenants"]} == {PRICES["fine"]}
    refused(lambda: actions_benchmark.approve_benchmark(installation.as_(Role.AUDIT_ADMIN), draw), "no_such_value")


def test_a_question_that_waits_can_be_dropped(installation) -> None:
    group(installation)
    draw = ask(installation, precision="fine")
    actions_benchmark.decline_benchmark(installation.as_(Role.AUDIT_ADMIN), draw)
    assert ledger(installation)["draws"] == []


def test_only_what_was_shown_is_agreed_to(installation) -> None:
    owner = measured(installation, "north")
    refused(lambda: actions_benchmark.contribute(owner, pack=PACK, digest="0" * 64), "preview_changed")
    refused(lambda: join(measured(installation, "south", sample=True)), "sample_not_counted")
    refused(lambda: join(installation.as_(Role.OWNER, "empty")), "nothing_to_count")
    join(owner)
    refused(lambda: join(owner), "already_counted")


@pytest.mark.parametrize("role", [Role.ANALYST, Role.FINANCE_READER, Role.GUEST])
def test_only_an_owner_agrees(installation, role) -> None:
    measured(installation, "north")
    member = installation.as_(role)
    refused(lambda: actions_benchmark.contribute(member, pack=PACK, digest=""), "action_refused")


@pytest.mark.parametrize("role", [Role.REP, Role.SYSTEM_ADMIN, Role.SECURITY_ADMIN, Role.ARCHITECT, Role.OWNER])
def test_nobody_but_an_officer_asks(installation, role) -> None:
    refused(lambda: actions_benchmark.ask_benchmark(installation.as_(role), measure="oee", pack=PACK), "action_refused")


def numbers_in(value: Any) -> set[float]:
    """Every number that stands anywhere in a value."""
    if isinstance(value, dict):
        return set().union(*map(numbers_in, value.values()))
    if isinstance(value, list | tuple):
        return set().union(*map(numbers_in, value))
    return {float(value)} if isinstance(value, int | float) else set()


def test_no_figure_stands_in_the_ledger_or_in_the_clear(installation) -> None:
    owners = group(installation)
    ask(installation)
    figures = {actions_benchmark.benchmarks(owner).own["oee"] for owner in owners}
    shown = ledger(installation)
    plain = json.loads(json.dumps(shown, default=str))
    (draw,) = plain["draws"]
    answer = draw.pop("answer")  # the drawn mean may happen to be somebody's figure; nothing beside it may
    assert answer.keys() == {"measure", "pack", "year", "price", "group", "mean", "low", "high"}
    assert len(figures) == 10
    assert not figures & numbers_in(plain)
    with installation.store.reading() as tx:
        rows = tx.connection.exec_driver_sql("SELECT sealed FROM contributions").fetchall()
    assert rows
    assert not any(b"figures" in bytes(row[0]) for row in rows)


def test_a_budget_edited_in_the_database_is_named(installation) -> None:
    group(installation)
    ask(installation)
    officer = installation.as_(Role.COMPLIANCE_OFFICER)
    assert actions_audit.verify_log(officer)["differences"] == []
    with installation.store.writing() as tx:
        tx.connection.exec_driver_sql("UPDATE budgets SET spent = 0 WHERE tenant = 'plant07'")
    (found,) = actions_audit.verify_log(officer)["differences"]
    assert (found["kind"], found["tenant"], found["code"]) == ("budget", "plant07", "row_missing")
