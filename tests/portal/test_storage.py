from __future__ import annotations

import threading

import pytest

from portal import storage_ledger, storage_release, storage_runs, storage_values
from portal.storage import FolderBlobs, MemoryBlobs, Store, new_id
from portal.storage_ledger import EntryRow, Filter
from portal.storage_release import LinkRow
from portal.storage_runs import RunRow
from portal.storage_values import Row


def row(tenant: str, kind: str = "line", *, at: float = 1.0, slot: str = "") -> Row:
    return Row(
        id=new_id(),
        tenant=tenant,
        room="main",
        kind=kind,
        slot=slot,
        digest="d",
        inputs=("a", "b"),
        created_at=at,
        author="m",
        data_key="k",
        sealed=b"sealed",
        blobs=(),
        size=6,
    )


def run(tenant: str = "north", *, at: float = 1.0) -> RunRow:
    return RunRow(
        id=new_id(), tenant=tenant, room="main", author="m", role="owner", kind="study", subject="s", state="queued",
        progress=0.0, stage="waiting", created_at=at, started_at=None, finished_at=None, worker="", heartbeat=at,
        lease_until=0.0, attempts=0, cancel=False, error="", rough="", result="",
    )  # fmt: skip


def test_sqlite_writes_ahead_and_waits_for_the_disk(installation) -> None:
    with installation.store.reading() as tx:
        settings = {
            name: tx.connection.exec_driver_sql(f"PRAGMA {name}").scalar()
            for name in ("journal_mode", "synchronous", "secure_delete", "temp_store")
        }
    assert settings == {"journal_mode": "wal", "synchronous": 2, "secure_delete": 1, "temp_store": 2}


def test_a_value_is_found_by_its_own_tenant_only(installation) -> None:
    mine, theirs = row("north"), row("south")
    with installation.store.writing() as tx:
        storage_values.add_record(tx, mine)
        storage_values.add_record(tx, theirs)
    with installation.store.reading() as tx:
        assert storage_values.record(tx, "north", "main", "line", mine.id) == mine
        assert storage_values.record(tx, "north", "main", "line", theirs.id) is None
        assert storage_values.record(tx, "north", "main", "result", mine.id) is None
        assert [one.id for one in storage_values.list_records(tx, "north", "main", "line")] == [mine.id]
    with installation.store.writing() as tx:
        assert storage_values.remove_record(tx, "north", "main", "line", theirs.id) is None
        assert storage_values.remove_record(tx, "south", "main", "line", theirs.id) == ()


def test_what_fails_leaves_nothing(installation) -> None:
    with pytest.raises(ZeroDivisionError), installation.store.writing() as tx:
        storage_values.add_record(tx, row("north"))
        1 / 0  # noqa: B018
    with installation.store.reading() as tx:
        assert storage_values.list_records(tx, "north", "main", "line") == []


def test_many_threads_append_to_the_log_without_gaps(installation) -> None:
    store = installation.store

    def append() -> None:
        for _ in range(10):
            with store.writing() as tx:
                storage_ledger.lock_head(tx)
                size, _ = storage_ledger.read_head(tx)
                entry = EntryRow(
                    seq=size, at=1.0, tenant="t", actor="a", action="x", decision="allowed", entry=b"e", leaf=b"l"
                )
                storage_ledger.add_entry(tx, entry, edge=size.to_bytes(8, "big"))

    threads = [threading.Thread(target=append) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with store.reading() as tx:
        assert [one.seq for one in storage_ledger.every_entry(tx, chunk=7)] == list(range(60))
        assert storage_ledger.read_head(tx)[0] == 60
        assert len(storage_ledger.entries(tx, Filter(before=10), limit=100)) == 10


def test_a_run_is_taken_by_one_worker_and_taken_up_again_when_its_lease_ends(installation) -> None:
    store, queued = installation.store, run()
    with store.writing() as tx:
        storage_runs.add_run(tx, queued)
    with store.writing() as tx:
        first = storage_runs.claim(tx, worker="one", at=10.0, lease=30.0)
        assert storage_runs.claim(tx, worker="two", at=11.0, lease=30.0) is None
    assert first is not None
    assert (first.state, first.attempts) == ("running", 1)
    with store.writing() as tx:
        assert storage_runs.report(tx, queued.id, worker="one", at=30.0, lease=30.0, progress=0.4, stage="s") == (
            True,
            False,
        )
        assert not storage_runs.waiting(tx, at=50.0)
        again = storage_runs.claim(tx, worker="two", at=61.0, lease=30.0)
    assert again is not None
    assert again.attempts == 2
    with store.writing() as tx:
        assert storage_runs.report(tx, queued.id, worker="one", at=62.0, lease=30.0, progress=0.9, stage="s") == (
            False,
            False,
        )
        assert not storage_runs.finish(tx, queued.id, worker="one", at=63.0, state="done")
        assert storage_runs.finish(tx, queued.id, worker="two", at=63.0, state="done", result="r")


def test_a_run_whose_workers_keep_dying_fails(installation) -> None:
    with installation.store.writing() as tx:
        storage_runs.add_run(tx, run())
        for attempt in range(3):
            assert storage_runs.claim(tx, worker=str(attempt), at=100.0 * attempt, lease=30.0) is not None
        assert storage_runs.claim(tx, worker="last", at=900.0, lease=30.0) is None
        assert storage_runs.give_up(tx, at=900.0) == 1
        (found,) = storage_runs.runs_of(tx, "north", "main")
    assert (found.state, found.error) == ("failed", "worker_died")


def test_a_queued_run_is_cancelled_at_once_and_a_running_one_is_asked(installation) -> None:
    waiting, working = run(at=2.0), run(at=1.0)
    with installation.store.writing() as tx:
        storage_runs.add_run(tx, waiting)
        storage_runs.add_run(tx, working)
        storage_runs.claim(tx, worker="w", at=3.0, lease=30.0)
        assert not storage_runs.cancel(tx, "south", "main", waiting.id, at=4.0)
        assert storage_runs.cancel(tx, "north", "main", waiting.id, at=4.0)
        assert storage_runs.cancel(tx, "north", "main", working.id, at=4.0)
        assert storage_runs.report(tx, working.id, worker="w", at=5.0, lease=30.0, progress=0.0, stage="") == (
            True,
            True,
        )
        states = {one.id: one.state for one in storage_runs.runs_of(tx, "north", "main")}
    assert states == {waiting.id: "cancelled", working.id: "running"}


def test_uses_of_a_link_are_counted_in_one_statement(installation) -> None:
    link = LinkRow(
        id=new_id(), tenant="vendor", author="r", kind="sandbox", token_hash="h", created_at=0.0, expires_at=100.0,
        max_uses=3, uses=0, revoked_at=None, data_key="k", terms=b"t",
    )  # fmt: skip
    store, won = installation.store, []
    with store.writing() as tx:
        storage_release.add_link(tx, link)

    def use() -> None:
        with store.writing() as tx:
            if storage_release.use_link(tx, link.id, at=50.0):
                won.append(1)

    threads = [threading.Thread(target=use) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(won) == 3
    with store.writing() as tx:
        assert not storage_release.use_link(tx, link.id, at=50.0)


@pytest.mark.parametrize("make", [lambda root: MemoryBlobs(), lambda root: FolderBlobs(root / "blobs")])
def test_blobs_come_back_until_they_are_deleted(make, tmp_path) -> None:
    blobs = make(tmp_path)
    name = blobs.put(b"sealed")
    chosen = blobs.put(b"other", name="0" * 32)
    assert (blobs.get(name), blobs.get(chosen), chosen) == (b"sealed", b"other", "0" * 32)
    blobs.delete(name)
    blobs.delete(name)
    for missing in (name, "../../etc/passwd", "", "G" * 32):
        with pytest.raises(KeyError):
            blobs.get(missing)


def test_a_folder_of_blobs_is_for_its_owner_only(tmp_path) -> None:
    blobs = FolderBlobs(tmp_path / "blobs")
    blobs.put(b"x")
    assert (tmp_path / "blobs").stat().st_mode & 0o077 == 0


def test_erased_rows_are_gone_from_every_file(installation) -> None:
    mark = b"\x00CANARY-of-a-sealed-row" * 20
    one = row("north")
    store = installation.store
    with store.writing() as tx:
        storage_values.add_record(
            tx, Row(**{name: getattr(one, name) for name in one.__dataclass_fields__} | {"sealed": mark})
        )
        storage_values.remove_record(tx, "north", "main", "line", one.id)
    store.purge()
    assert not any(mark in path.read_bytes() for path in (installation.root / "data").rglob("*") if path.is_file())


def test_two_processes_may_create_the_tables_at_once(tmp_path) -> None:
    url = f"sqlite:///{tmp_path / 'new.sqlite3'}"
    failures: list[BaseException] = []

    def create() -> None:
        try:
            Store.at(url).close()
        except BaseException as error:  # noqa: BLE001
            failures.append(error)

    threads = [threading.Thread(target=create) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert Store.at(url).ready()
