"""A real worker process that is killed in the middle of a real study, and another one that finishes it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from typing import Any

import pytest

from portal import actions_packs, actions_runs, actions_study, storage_runs
from portal.identity import Role
from portal.wiring import child_environment


def start(installation: Any) -> subprocess.Popen[bytes]:
    environment = child_environment(installation.portal().settings)
    return subprocess.Popen([sys.executable, "-m", "portal.worker"], env=environment, stdin=subprocess.PIPE)


def wait_for(what: Any, *, seconds: float = 240.0) -> None:
    until = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < until
        time.sleep(0.2)


@pytest.mark.slow
def test_a_study_survives_the_death_of_its_worker(installation, plant) -> None:
    owner = installation.as_(Role.OWNER)
    plant.upload(owner, weeks=6)
    actions_study.fit_line(owner)
    module = actions_packs.open_pack(owner)["modules"][0]["id"]
    actions_study.plan_scenario(owner, name="one", modules=[{"id": module}])
    run = actions_runs.run_study(owner, draws=40, months=6)

    def state() -> Any:
        return actions_runs.run_status(owner, run)

    with start(installation) as first:
        try:
            wait_for(lambda: state().progress > 0)
            os.kill(first.pid, signal.SIGKILL)
        finally:
            first.kill()
    assert state().state == "running"
    assert state().rough
    with installation.store.writing() as tx:  # its lease has ended
        row = storage_runs.run_by_id(tx, "north", "main", run)
        assert row is not None
        storage_runs.report(
            tx, run, worker=row.worker, at=row.heartbeat, lease=-1.0, progress=row.progress, stage=row.stage
        )
    with start(installation) as second:
        try:
            wait_for(lambda: not state().open)
        finally:
            second.send_signal(signal.SIGTERM)
    assert (state().state, state().error) == ("done", "")
    result = actions_runs.result(owner)
    assert result is not None
    assert (result["draws"], result["rough"]) == (40, False)
