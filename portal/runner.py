"""The worker: takes queued runs, computes them, reports how far it is, stops when asked, survives a crash.

One process runs `serve`. It claims a run by a lease, renews the lease every few seconds from a thread of its own,
writes progress at most twice a second, and looks for the wish to cancel as often. A worker that dies leaves its lease
to end; then another one takes the run up again, at most three times. Keys are unwrapped here: a run's row names ids and
nothing else.
"""

from __future__ import annotations

import logging
import os
import threading
import time
from collections.abc import Callable
from queue import Queue
from typing import Self

from portal import actions_runs, custody, executors, storage_accounts, storage_runs, wiring
from portal.actions import ActionError
from portal.catalogue import failure_predictor
from portal.digests import send_digests
from portal.identity import Member, Role
from portal.materials import datasets_in_force, logs, open_line
from portal.outgoing import send_waiting
from portal.problems import where
from portal.retention import erase_staged
from portal.rooms import data_keys_of
from portal.storage import DatabaseError, new_id
from portal.storage_runs import RunRow
from portal.studies import prepare, summary
from portal.wiring import Portal, build, read_settings
from portal.witness import witness_head
from portal.workspace import Workspace
from privacy.custody import TenantLocked
from simulators.backtest import back_test
from simulators.figures import Engine
from simulators.study import Progress, run
from simulators.twin import run_twin

log = logging.getLogger("mingsuan.worker")

LEASE_SECONDS = 30.0
HEARTBEAT_SECONDS = 5.0
REPORT_SECONDS = 0.5
IDLE_SECONDS = 0.4
CHORES_SECONDS = 10.0
RETENTION_SECONDS = 3600.0
NICE = 5  # pages go before simulations


class Stopped(Exception):  # noqa: N818  # it says what happened; nothing is wrong
    """The worker is being stopped; the run goes back into the queue."""


class Watch:
    """What a running computation asks and tells: how far it is, whether to stop. Safe to ask from several threads."""

    def __init__(self, portal: Portal, row: RunRow, *, worker: str, stop: threading.Event) -> None:
        self._portal = portal
        self._row = row
        self._worker = worker
        self._stop = stop
        self._progress = 0.0
        self._stage = "starting"
        self._next = 0.0
        self._lock = threading.Lock()
        self.lost = False
        self.cancelled = False
        self._over = threading.Event()
        self._beat = threading.Thread(target=self._beating, name="heartbeat", daemon=True)

    def __enter__(self) -> Self:
        self._beat.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._beat.join(timeout=HEARTBEAT_SECONDS)

    def tell(self, progress: float, stage: str) -> None:
        """Say how far the run is; written at most twice a second."""
        with self._lock:
            self._progress, self._stage = min(max(progress, 0.0), 1.0), stage
        self._report(force=False)

    def stopping(self) -> bool:
        """Say whether the computation should end now."""
        self._report(force=False)
        return self.cancelled or self.lost or self._stop.is_set() or self.locked

    @property
    def locked(self) -> bool:
        """Say whether the run's tenant was locked meanwhile; one that was never is not looked up again."""
        return data_keys_of(self._portal.store, self._portal.keys).secrets.over(self._row.tenant)

    def _beating(self) -> None:
        while not self._over.wait(HEARTBEAT_SECONDS):
            self._report(force=True)

    def _report(self, *, force: bool) -> None:
        with self._lock:
            now = time.monotonic()
            if not force and now < self._next:
                return
            self._next = now + REPORT_SECONDS
            try:
                with self._portal.store.writing() as tx:
                    kept, cancelled = storage_runs.report(
                        tx,
                        self._row.id,
                        worker=self._worker,
                        at=self._portal.now().timestamp(),
                        lease=LEASE_SECONDS,
                        progress=self._progress,
                        stage=self._stage,
                    )
            except DatabaseError as error:  # the lease outlives a database that is away for a moment
                log.warning("no report of run %s: %s", self._row.id, type(error).__name__)
                return
            self.lost = self.lost or not kept
            self.cancelled = self.cancelled or cancelled


class Worker:
    """Takes runs one after another. `executor` is the `map` that a study's jobs go through."""

    def __init__(
        self, portal: Portal, *, executor: executors.Executor | None = None, engine: Engine = run_twin
    ) -> None:
        self.portal = portal
        self.name = f"{os.getpid()}-{new_id()[:12]}"
        self.secrets = data_keys_of(portal.store, portal.keys).secrets  # of tenants that hold their own key
        self.executor = executor or wiring.executor(portal.settings)
        self.engine = engine
        self.stop = threading.Event()
        self._chores_at = 0.0
        self._retention_at = 0.0

    def serve(self) -> None:
        """Take runs until `stop` is set."""
        while not self.stop.is_set():
            try:
                busy = self.once()
                self.chores()
            except Exception as error:  # noqa: BLE001  # a database that is away for a moment must not end the worker
                log.error("the worker could not look for work: %s at %s", type(error).__name__, where(error))  # noqa: TRY400
                self.stop.wait(2.0)
                continue
            if not busy:
                self.stop.wait(IDLE_SECONDS)

    def once(self) -> bool:
        """Take and compute one run; says whether there was one."""
        at = self.portal.now().timestamp()
        opened = self.secrets.tenants()
        with self.portal.store.reading() as tx:
            if not storage_runs.waiting(tx, at=at, opened=opened):
                return False
        with self.portal.store.writing() as tx:
            storage_runs.give_up(tx, at=at)
            row = storage_runs.claim(tx, worker=self.name, at=at, lease=LEASE_SECONDS, opened=opened)
        if row is None:
            return False
        log.info("run %s (%s) taken, attempt %d", row.id, row.kind, row.attempts)
        self.compute(row)
        return True

    def chores(self) -> None:
        """Send waiting mail, witness the log's head, fail runs whose workers died, erase what is past its term;
        once an hour, the digests of alerts."""
        if time.monotonic() < self._chores_at:
            return
        self._chores_at = time.monotonic() + CHORES_SECONDS
        with self.portal.store.writing() as tx:
            storage_runs.give_up(tx, at=self.portal.now().timestamp())
        if self.portal.settings.smtp:  # without a server the web process shows the mail on its outbox page
            send_waiting(self.portal.store, self.portal.keys, self.portal.mailer, self.portal.now)
        witness_head(self.portal.store)
        if time.monotonic() >= self._retention_at:
            self._retention_at = time.monotonic() + RETENTION_SECONDS
            erase_staged(self.portal.store, self.portal.keys, self.portal.now)
            send_digests(self.portal.store, self.portal.keys, self.portal.now)

    def compute(self, row: RunRow) -> None:
        """Compute a claimed run and end it as done, failed or cancelled."""
        with Watch(self.portal, row, worker=self.name, stop=self.stop) as watch:
            try:
                workspace = self.portal.workspace(member_of(self.portal, row))
                JOBS[row.kind](self, workspace, row, watch)
            except (Stopped, TenantLocked):
                with self.portal.store.writing() as tx:
                    storage_runs.put_back(tx, row.id, worker=self.name)
                log.info("run %s put back", row.id)
            except Exception as error:  # noqa: BLE001  # whatever it was, the run has failed
                code = str(getattr(error, "code", "fault"))
                if code == "fault":  # its message may hold values of the tenant
                    log.error("run %s failed: %s at %s", row.id, type(error).__name__, where(error))  # noqa: TRY400
                else:
                    log.warning("run %s failed: %s", row.id, code)
                self.end(row, "failed", error=code)

    def end(self, row: RunRow, state: str, *, error: str = "") -> None:
        """End a run without a result."""
        at = self.portal.now().timestamp()
        with self.portal.store.writing() as tx:
            storage_runs.finish(tx, row.id, worker=self.name, at=at, state=state, error=error)


def compute_study(worker: Worker, workspace: Workspace, row: RunRow, watch: Watch) -> None:
    """Compute a study; the first batch is kept as a rough result, a cancelled one keeps what it has."""
    prepared = prepare(workspace, row.subject)
    rough_kept = False

    def progress(now: Progress) -> None:
        nonlocal rough_kept
        watch.tell(now.done / max(now.planned, 1), "simulating")
        if now.partial is not None and not rough_kept and now.done < now.planned:
            rough_kept = True
            seen = summary(now.partial, records=prepared.records, sample=prepared.sample, rough=True)
            actions_runs.keep_rough(workspace, row.id, worker=worker.name, summary=seen)

    found = run(
        prepared.study, engine=worker.engine, executor=worker.executor, progress=progress, cancelled=watch.stopping
    )
    if (worker.stop.is_set() or watch.locked) and not watch.cancelled:
        raise Stopped
    if found is None or watch.lost:
        worker.end(row, "cancelled")
        return
    watch.tell(0.99, "keeping")
    actions_runs.keep_result(
        workspace,
        row.id,
        worker=worker.name,
        study=row.subject,
        result=found.to_json(),
        summary=summary(found, records=prepared.records, sample=prepared.sample, rough=watch.cancelled),
        state="cancelled" if watch.cancelled else "done",
    )


def compute_back_test(worker: Worker, workspace: Workspace, row: RunRow, watch: Watch) -> None:
    """Judge whether the line, fitted on the first part of the history, reproduces the rest."""
    watch.tell(0.05, "back_test")
    records = logs(workspace, datasets_in_force(workspace))
    if records.stops is None:
        raise ActionError("there are no records", code="no_data", remedy="Upload a stop log.")
    line = open_line(workspace, row.subject)
    verdict = back_test(
        records.stops,
        records.counts,
        records.equipment,
        line,
        engine=worker.engine,
        timezone=records.timezone,
        executor=worker.executor,
        predictor=failure_predictor(),
    )
    if watch.cancelled:
        worker.end(row, "cancelled")
        return
    actions_runs.keep_back_test(workspace, row.id, worker=worker.name, line=row.subject, verdict=verdict.to_json())


JOBS: dict[str, Callable[[Worker, Workspace, RunRow, Watch], None]] = {
    "study": compute_study,
    "back_test": compute_back_test,
}


def member_of(portal: Portal, row: RunRow) -> Member:
    """Return the member a run is computed for, as he is now; a run of a shut member or tenant is not computed."""
    with portal.store.reading() as tx:
        tenant = storage_accounts.tenant(tx, row.tenant)
        person = storage_accounts.member(tx, row.author)
    if (tenant is not None and not tenant.active) or (person is not None and not person.active):
        raise ActionError(
            "the member who asked for this run has no access any more",
            code="access_ended",
            remedy="Sign in again and start it anew.",
        )
    if person is not None:
        return person
    return Member(id=row.author, tenant=row.tenant, role=Role(row.role), subject=row.author, name="")


def main(
    environment: dict[str, str], stopping: threading.Event | None = None, lines: Queue[bytes] | None = None
) -> None:
    """Run a worker process with the settings of its launcher (the target of a spawned process).

    `lines`: what the launcher tells of the secrets of tenants that hold their own key.
    """
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(name)s %(message)s")
    os.nice(NICE)
    worker = Worker(build(read_settings(environment)))
    if stopping is not None:
        worker.stop = stopping
    if lines is not None:
        threading.Thread(target=custody.follow, args=(worker.portal, lines), name="secrets", daemon=True).start()
    try:
        worker.serve()
    except KeyboardInterrupt:
        log.info("stopped")
    finally:
        executors.close()
