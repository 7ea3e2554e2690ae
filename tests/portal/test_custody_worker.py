"""Workers and tenants that hold their own key: what waits, what goes back, what a launcher tells."""

from __future__ import annotations

import threading
import time
from queue import Queue
from typing import Any

import pytest

from portal import actions_custody, actions_runs, custody, runner
from portal.identity import Role
from portal.materials import queue
from portal.rooms import data_keys_of
from portal.runner import Worker
from portal.secrets_held import as_line
from portal.workspace import Workspace


def queued(workspace: Workspace) -> str:
    run = queue(workspace, "trial", "subject")
    with workspace.store.writing() as tx:
        workspace.flush(tx)
    workspace.done()
    return run


def test_a_run_goes_back_into_the_queue_when_its_tenant_is_locked(
    installation: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runner, "REPORT_SECONDS", 0.02)
    owner, started = installation.as_(Role.OWNER), threading.Event()
    words = "correct horse battery 订书机"
    run = queued(owner)
    actions_custody.take_key(owner, passphrase=words, again=words)
    keys = data_keys_of(installation.store, installation.keys)

    def work(worker: Worker, workspace: Workspace, row: Any, watch: Any) -> None:
        if not started.is_set():
            started.set()
            until = time.monotonic() + 20
            while not watch.stopping():
                assert time.monotonic() < until
                time.sleep(0.01)
            workspace.put("note", {})  # nothing can be kept any more
        worker.end(row, "cancelled")

    monkeypatch.setitem(runner.JOBS, "trial", work)
    worker = Worker(installation.portal(), executor=map)
    thread = threading.Thread(target=worker.once)
    thread.start()
    assert started.wait(20)
    custody.forget(keys, "north")
    thread.join(20)
    assert actions_runs.run_status(owner, run).state == "queued"
    assert worker.once() is False  # it waits
    actions_custody.open_key(owner, passphrase=words)
    assert worker.once() is True
    assert actions_runs.run_status(owner, run).state == "cancelled"


def test_a_worker_follows_what_its_launcher_tells(installation: Any) -> None:
    lines: Queue[bytes] = Queue()
    portal = installation.portal()
    thread = threading.Thread(target=custody.follow, args=(portal, lines), daemon=True)
    thread.start()
    secrets = data_keys_of(portal.store, portal.keys).secrets
    for held, known in ((("lock", b"s" * 32), {"north"}), (None, set())):
        lines.put(as_line("north", held))
        until = time.monotonic() + 20
        while secrets.tenants() != known:
            assert time.monotonic() < until
            time.sleep(0.01)
