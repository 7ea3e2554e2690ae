"""The two processes of an installation start, stop and find their data again."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

import httpx2
import pytest

from .conftest import RunningPortal, start_portal


def children(pid: int) -> list[int]:
    """Whoever was started by any thread of a process."""
    return [int(name) for file in Path(f"/proc/{pid}/task").glob("*/children") for name in file.read_text().split()]


def gone(pids: list[int], *, within: float) -> bool:
    until = time.monotonic() + within
    while time.monotonic() < until:
        if not any(Path(f"/proc/{pid}").exists() and "Z" not in _state(pid) for pid in pids):
            return True
        time.sleep(0.1)
    return False


def _state(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return "Z"


def sign_in(portal: RunningPortal, client: httpx2.Client) -> None:
    to_provider = client.get("/auth/start?provider=huacheng").headers["location"]
    back = client.get(f"{to_provider}&person=lina").headers["location"]
    assert client.get(back).status_code == 303


def test_ctrl_c_ends_it_and_a_new_start_finds_the_data_and_the_people_signed_in(tmp_path):
    portal = start_portal(tmp_path)
    workers = children(portal.process.pid)
    assert workers
    with httpx2.Client(base_url=portal.url, trust_env=False) as client:
        sign_in(portal, client)
        assert client.get("/auth/alive").status_code == 204
        token = client.cookies["mingsuan"]
    portal.process.send_signal(signal.SIGINT)
    assert portal.process.wait(timeout=20) == 0
    assert gone(workers, within=10)
    assert not [line for line in portal.lines if "Traceback" in line or "Fatal" in line]
    assert token not in "\n".join(portal.lines)

    again = start_portal(tmp_path)
    try:
        with httpx2.Client(base_url=again.url, trust_env=False, cookies={"mingsuan": token}) as client:
            assert client.get("/auth/alive").status_code == 204
    finally:
        again.stop()


@pytest.mark.slow
def test_workers_do_not_outlive_a_launcher_that_was_killed(tmp_path):
    portal = start_portal(tmp_path)
    workers = children(portal.process.pid)
    os.kill(portal.process.pid, signal.SIGKILL)
    portal.process.wait(timeout=10)
    assert gone(workers, within=20)


@pytest.mark.slow
def test_a_worker_that_dies_is_started_again(tmp_path):
    portal = start_portal(tmp_path)
    try:
        first = children(portal.process.pid)
        os.kill(first[0], signal.SIGKILL)
        until = time.monotonic() + 20
        while not set(children(portal.process.pid)) - set(first) and time.monotonic() < until:
            time.sleep(0.2)
        assert set(children(portal.process.pid)) - set(first)
    finally:
        portal.stop()
