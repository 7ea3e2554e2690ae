"""Workers on real runs: progress, cancel, a crash, a stop; with a stand-in for the computation where time matters."""

from __future__ import annotations

import threading
import time
from datetime import timedelta
from typing import Any

import pytest

from portal import actions_audit, actions_data, actions_runs, runner, storage_accounts, storage_runs
from portal.actions import ActionError
from portal.identity import Profile, Role, Tenant
from portal.materials import queue
from portal.outgoing import send_waiting
from portal.retention import erase_staged
from portal.runner import Stopped, Worker
from portal.workspace import Workspace


def queued(workspace: Workspace, kind: str = "trial") -> str:
    run = queue(workspace, kind, "subject")
    with workspace.store.writing() as tx:
        workspace.flush(tx)
    workspace.done()
    return run


def status(workspace: Workspace, run: str) -> Any:
    return actions_runs.run_status(workspace, run)


@pytest.fixture
def job(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Puts a stand-in for a computation among the jobs."""

    def use(function: Any) -> None:
        monkeypatch.setitem(runner.JOBS, "trial", function)

    return use


def test_progress_is_written_and_a_wish_to_cancel_ends_the_run(installation, job, monkeypatch) -> None:
    monkeypatch.setattr(runner, "REPORT_SECONDS", 0.02)
    owner, started = installation.as_(Role.OWNER), threading.Event()

    def work(worker: Worker, workspace: Workspace, row: Any, watch: Any) -> None:
        del workspace
        watch.tell(0.3, "simulating")
        started.set()
        until = time.monotonic() + 20
        while not watch.stopping():
            assert time.monotonic() < until
            time.sleep(0.01)
        worker.end(row, "cancelled")

    job(work)
    run = queued(owner)
    worker = Worker(installation.portal(), executor=map)
    thread = threading.Thread(target=worker.once)
    thread.start()
    assert started.wait(20)
    seen = status(owner, run)
    assert (seen.state, seen.progress, seen.stage, seen.open) == ("running", 0.3, "simulating", True)
    actions_runs.cancel_run(owner, run)
    thread.join(timeout=20)
    assert status(owner, run).state == "cancelled"


def test_a_run_left_by_a_dead_worker_is_taken_up_again(installation, job) -> None:
    done: list[int] = []
    job(lambda worker, workspace, row, watch: (done.append(row.attempts), worker.end(row, "done")))
    owner = installation.as_(Role.OWNER)
    run = queued(owner)
    with installation.store.writing() as tx:  # another worker took it, and died
        storage_runs.claim(tx, worker="dead", at=installation.clock().timestamp(), lease=30.0)
    worker = Worker(installation.portal(), executor=map)
    assert not worker.once()
    installation.clock.ahead = timedelta(seconds=31)
    assert worker.once()
    assert (done, status(owner, run).state) == ([2], "done")


def test_a_worker_that_is_stopped_puts_its_run_back(installation, job) -> None:
    def stopped(worker: Worker, *_: Any) -> None:
        raise Stopped

    job(stopped)
    owner = installation.as_(Role.OWNER)
    run = queued(owner)
    assert Worker(installation.portal(), executor=map).once()
    assert status(owner, run).state == "queued"
    with installation.store.reading() as tx:
        (row,) = storage_runs.runs_of(tx, "north", "main")
    assert row.attempts == 0


def test_a_fault_fails_the_run_with_a_code_and_no_text(installation, job, caplog) -> None:
    def broken(*_: Any) -> None:
        raise ZeroDivisionError("secret values")

    def refused(*_: Any) -> None:
        raise ActionError("no", code="no_data")

    owner = installation.as_(Role.OWNER)
    worker = Worker(installation.portal(), executor=map)
    for function, code in ((broken, "fault"), (refused, "no_data")):
        job(function)
        run = queued(owner)
        assert worker.once()
        seen = status(owner, run)
        assert (seen.state, seen.error, seen.result) == ("failed", code, "")
    assert "ZeroDivisionError at test_runner.py" in caplog.text  # the place, so that it can be mended
    assert "secret values" not in caplog.text


def test_no_run_is_computed_for_a_member_or_tenant_that_was_shut_out(installation, job) -> None:
    job(lambda worker, workspace, row, watch: worker.end(row, "done"))
    with installation.store.writing() as tx:
        storage_accounts.add_tenant(tx, Tenant(id="north", name="North"), now=installation.clock())
        profile = Profile(tenant="north", role=Role.OWNER, subject="s", name="N", email="n@n.example", provider="p")
        member = storage_accounts.admit(tx, profile, language="en", now=installation.clock())
    owner = installation.as_(Role.OWNER, who=member.id)
    worker = Worker(installation.portal(), executor=map)
    first = queued(owner)
    with installation.store.writing() as tx:
        storage_accounts.set_member_active(tx, member.id, False)
    worker.once()
    with installation.store.writing() as tx:
        storage_accounts.set_member_active(tx, member.id, True)
        storage_accounts.set_tenant_state(tx, "north", "suspended", now=installation.clock())
    second = queued(owner)
    worker.once()
    assert [status(owner, run).error for run in (first, second)] == ["access_ended", "access_ended"]


def test_a_result_is_kept_only_by_the_worker_that_holds_the_run(installation) -> None:
    owner = installation.as_(Role.OWNER)
    run = queued(owner)
    with installation.store.writing() as tx:
        storage_runs.claim(tx, worker="holder", at=installation.clock().timestamp(), lease=30.0)
    with pytest.raises(ActionError) as refusal:
        actions_runs.keep_result(owner, run, worker="other", study="s", result={"a": 1}, summary={"b": 2})
    assert refusal.value.code == "run_lost"
    assert owner.list("result") == ()
    assert owner.list("summary") == ()
    actions_runs.keep_result(owner, run, worker="holder", study="s", result={"a": 1}, summary={"b": 2})
    assert status(owner, run).state == "done"


def test_a_study_needs_a_line_and_a_scenario(installation) -> None:
    owner = installation.as_(Role.OWNER)
    with pytest.raises(ActionError) as no_line:
        actions_runs.run_study(owner)
    assert no_line.value.code == "no_line"


def test_waiting_mail_is_sent_once_and_then_emptied(installation) -> None:
    owner, portal = installation.as_(Role.OWNER), installation.portal()
    owner.mail(to="a@b.example", subject="hello", text="words")
    with installation.store.writing() as tx:
        owner.flush(tx)
    owner.done()
    assert send_waiting(portal.store, portal.keys, portal.mailer, portal.now) == 1
    assert send_waiting(portal.store, portal.keys, portal.mailer, portal.now) == 0
    ((_, mail),) = portal.mailer.mails()
    assert (mail.to, mail.subject, mail.body) == ("a@b.example", "hello", "words")


def test_staged_files_that_nobody_confirmed_are_erased_after_a_week(installation) -> None:
    owner = installation.as_(Role.OWNER)
    actions_data.paste_rows(owner, "a,b\n" + "1,2\n" * 40_000)
    worker = Worker(installation.portal(), executor=map)
    worker.chores()
    assert len(actions_data.uploads(owner)) == 1
    installation.clock.ahead = timedelta(days=8)
    fresh = actions_data.paste_rows(owner, "c,d\n3,4\n")
    assert erase_staged(installation.store, installation.keys, installation.clock) == 2
    assert [view.id for view in actions_data.uploads(owner)] == [fresh]
    assert not [path for path in (installation.root / "data" / "blobs").rglob("*") if path.is_file()]
    officer = installation.as_(Role.COMPLIANCE_OFFICER)
    (entry,) = actions_audit.read_log(officer, verb="erase_staged")
    assert (entry.tenant, entry.role) == ("north", "system")
    assert actions_audit.verify_log(officer)["passed"]


def test_the_page_of_a_run_that_is_not_there_says_so(installation) -> None:
    owner = installation.as_(Role.OWNER)
    for call in (actions_runs.run_status, actions_runs.cancel_run):
        with pytest.raises(ActionError) as refusal:
            call(owner, "0" * 32)
        assert refusal.value.code == "no_such_value"
    assert actions_runs.run_status(owner) is None
    assert list(actions_data.datasets(owner)) == []
