"""One contract for every way to run jobs, up to a real cluster whose workers may die in the middle."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import rfc8785

from portal import cluster, executors
from portal.cluster import ClusterError
from simulators.line import Distribution, Failure, Line, ModelError, Station
from simulators.scenario import Adoption, Effect, Module, Scenario
from simulators.simulate import simulate
from simulators.study import Study, run
from tests.portal.certificates import certificates


def square(number: int) -> int:
    return number * number


def whose(_: int) -> int:
    return os.getpid()


def slowly(folder: str, number: int) -> int:
    """Say that the work has begun and who does it, then take a while."""
    Path(folder, f"{number}-{os.getpid()}").touch()
    time.sleep(0.3)
    return number * number


def broken(number: int) -> int:
    return 1 // number


def refused(number: int) -> int:
    raise ModelError("no", code="no_stops", place="stops", remedy="r", number=number)


@dataclass
class Machines:
    """A scheduler and workers as processes of their own, started as the documentation says."""

    folder: Path
    environment: dict[str, str] = field(default_factory=dict)
    options: tuple[str, ...] = ()
    address: str = ""
    running: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    def scheduler(self, *options: str) -> None:
        file = self.folder / "scheduler.json"
        self.start("scheduler", "--port", "0", "--no-dashboard", "--scheduler-file", str(file), *options)
        until = time.monotonic() + 60
        while not file.exists() or not (found := file.read_text(encoding="utf-8")).strip():
            assert time.monotonic() < until
            time.sleep(0.05)
        self.address = found.split('"address": "')[1].split('"')[0]

    def worker(self, name: str) -> None:
        self.start(name, self.address, "--nthreads", "1", "--no-nanny", "--no-dashboard", "--name", name)

    def start(self, name: str, *arguments: str) -> None:
        kind = "scheduler" if name == "scheduler" else "worker"
        command = [sys.executable, "-m", f"distributed.cli.dask_{kind}", "--host", "127.0.0.1", *arguments]
        with (self.folder / f"{name}.log").open("wb") as log:
            self.running[name] = subprocess.Popen(
                [*command, *self.options], stdout=log, stderr=log, cwd=self.folder,
                env={**os.environ, **self.environment},
            )  # fmt: skip

    def stop(self) -> None:
        for process in reversed(self.running.values()):
            process.kill()
            process.wait()

    def told(self) -> str:
        return "".join(file.read_text(encoding="utf-8") for file in self.folder.glob("*.log"))


@pytest.fixture
def machines(tmp_path: Path) -> Iterator[Machines]:
    made = Machines(tmp_path)
    yield made
    executors.close()
    made.stop()


@pytest.fixture(scope="module")
def two_workers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    made = Machines(tmp_path_factory.mktemp("cluster"))
    made.scheduler()
    made.worker("a")
    made.worker("b")
    yield made.address
    made.stop()


@pytest.fixture(params=["inline", "threads", "processes", "cluster"])
def spread(request: pytest.FixtureRequest) -> Iterator[executors.Executor]:
    match request.param:
        case "inline":
            yield executors.inline
        case "threads":
            yield executors.threads(3)
        case "processes":
            yield executors.processes(2)
        case _:
            yield executors.cluster(request.getfixturevalue("two_workers"))
    executors.close()


def line() -> Line:
    jam = Failure(
        name="secret jam", clock="operating", uptime=Distribution.exponential(1800), repair=Distribution.exponential(90)
    )
    cycle = Distribution.lognormal(30, cv=0.3)
    return Line(
        name="line",
        stations=tuple(Station(name=n, cycle=cycle, failures=(jam,), buffer=0 if n == "c" else 3) for n in "abc"),
    )


def study() -> Study:
    quicker = Effect(
        parameter="repair", low=0.2, likely=0.3, high=0.4, change="reduction", tier="C", source={"en": "a case"}
    )
    module = Module(id="m", title={"en": "m"}, effects=(quicker,), adoption=Adoption(start=1, t10=1, t90=4))
    return Study(
        line=line(), scenarios=(Scenario(id="s", title={"en": "s"}, modules=(module,)),), months=8, draws=12,
        operations=2e6,
    )  # fmt: skip


def study_bytes(executor: executors.Executor) -> bytes:
    result = run(study(), executor=executor)
    assert result is not None
    return rfc8785.dumps(result.to_json())


@pytest.fixture(scope="module")
def truth() -> bytes:
    return study_bytes(map)


def test_results_come_in_the_order_of_the_jobs(spread: executors.Executor) -> None:
    assert list(spread(square, range(20))) == [number * number for number in range(20)]
    assert list(spread(square, [])) == []
    assert list(spread(pow, [2, 3], [3, 2])) == [8, 9]


def test_an_error_of_a_job_reaches_the_caller(spread: executors.Executor) -> None:
    with pytest.raises(ZeroDivisionError):
        list(spread(broken, [1, 0, 1]))
    with pytest.raises(ModelError) as error:
        list(spread(refused, [1, 2]))
    assert (error.value.code, error.value.place, error.value.params) == ("no_stops", "stops", {"number": 1})
    assert list(spread(square, [3])) == [9]


def test_a_simulation_has_the_same_bytes_everywhere(spread: executors.Executor) -> None:
    def document(executor: executors.Executor) -> bytes:
        done = simulate(line(), horizon=86_400.0, warmup=3_600.0, replications=18, executor=executor)
        return rfc8785.dumps(done.to_json())

    assert document(spread) == document(map)


def test_a_study_has_the_same_bytes_everywhere(spread: executors.Executor, truth: bytes) -> None:
    assert study_bytes(spread) == truth


def test_a_worker_killed_in_the_middle_costs_no_result(machines: Machines, tmp_path: Path, truth: bytes) -> None:
    machines.scheduler()
    machines.worker("a")
    machines.worker("b")
    begun = tmp_path / "begun"
    begun.mkdir()
    results = executors.cluster(machines.address)(partial(slowly, str(begun)), range(12))
    found = [next(results)]
    victim = machines.running["a"]
    until = time.monotonic() + 60
    while not list(begun.glob(f"*-{victim.pid}")):
        assert time.monotonic() < until
        time.sleep(0.02)
    os.kill(victim.pid, signal.SIGKILL)
    found += results
    assert found == [number * number for number in range(12)]
    assert victim.wait() == -signal.SIGKILL
    assert len(list(begun.iterdir())) >= 12  # what died with it was begun again
    machines.worker("c")
    killer = threading.Timer(0.5, lambda: os.kill(machines.running["b"].pid, signal.SIGKILL))
    killer.start()
    assert study_bytes(executors.cluster(machines.address)) == truth
    killer.join()


def test_a_scheduler_that_comes_back_is_used_again(machines: Machines, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cluster, "LOOK_SECONDS", 0.3)
    machines.scheduler()
    port = machines.address.rsplit(":", 1)[1]
    machines.worker("a")
    results = executors.cluster(machines.address)(square, range(6))
    found = [next(results)]
    for name in ("scheduler", "a"):
        machines.running[name].kill()
        machines.running[name].wait()
    machines.start("scheduler", "--port", port, "--no-dashboard")
    machines.worker("b")
    assert found + list(results) == [0, 1, 4, 9, 16, 25]


def test_a_cluster_without_workers_or_scheduler_is_said(machines: Machines, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cluster, "LOOK_SECONDS", 0.1)
    monkeypatch.setattr(cluster, "PATIENCE_SECONDS", 0.3)
    monkeypatch.setattr(cluster, "CONNECT_SECONDS", 1.0)
    machines.scheduler()
    with pytest.raises(ClusterError) as empty:
        list(executors.cluster(machines.address)(square, range(3)))
    assert empty.value.code == "cluster_empty"
    machines.stop()
    executors.close()
    with pytest.raises(ClusterError) as away:
        list(executors.cluster(machines.address)(square, range(3)))
    assert away.value.code == "cluster_away"


def test_a_worker_with_other_code_is_refused(two_workers: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cluster, "code_state", lambda: "another version")
    with pytest.raises(ClusterError) as refusal:
        list(executors.cluster(two_workers)(square, range(3)))
    assert refusal.value.code == "cluster_differs"
    executors.close()


def test_nothing_of_a_job_gets_into_the_logs_of_the_cluster(machines: Machines) -> None:
    machines.environment = {"DASK_LOGGING__DISTRIBUTED": "debug"}
    machines.scheduler()
    machines.worker("a")
    with pytest.raises(ValueError, match="secret"):
        list(executors.cluster(machines.address)(int, ["secret words"]))
    executors.close()
    machines.stop()
    assert "secret" not in machines.told()


def test_beyond_loopback_only_mutual_tls_will_do(machines: Machines, monkeypatch: pytest.MonkeyPatch) -> None:
    for address, code in (
        ("tcp://10.0.0.7:8786", "cluster_unencrypted"),
        ("tcp://scheduler.example:8786", "cluster_unencrypted"),
        ("http://127.0.0.1:8786", "cluster_address"),
        ("tls://127.0.0.1", "cluster_address"),
        ("tcp://127.0.0.1:x", "cluster_address"),
    ):
        with pytest.raises(ClusterError) as refusal:
            executors.cluster(address)
        assert refusal.value.code == code
    settings = certificates(machines.folder, until=datetime.now(UTC) + timedelta(hours=1))
    machines.environment = settings
    machines.options = ("--protocol", "tls")
    machines.scheduler()
    assert machines.address.startswith("tls://")
    machines.worker("a")
    with pytest.raises(ClusterError) as without:
        list(executors.cluster(machines.address)(square, [1]))
    assert without.value.code == "cluster_certificates"
    executors.close()
    dask: Any = pytest.importorskip("dask")
    names = {"ca-file": "CA_FILE", "client.cert": "CLIENT__CERT", "client.key": "CLIENT__KEY"}
    given = {f"distributed.comm.tls.{key}": settings[f"DASK_DISTRIBUTED__COMM__TLS__{n}"] for key, n in names.items()}
    with dask.config.set(given):
        assert list(executors.cluster(machines.address)(square, [1, 2])) == [1, 4]


def test_processes_are_others_than_ours() -> None:
    assert os.getpid() not in set(executors.processes(1)(whose, range(3)))
    executors.close()


def test_a_pool_is_started_once() -> None:
    names = set(executors.threads(1)(lambda _: threading.current_thread().name, range(3)))
    again = set(executors.threads(1)(lambda _: threading.current_thread().name, range(3)))
    assert names == again
    with pytest.raises(ValueError):
        executors.threads(0)
    executors.close()


def test_one_core_needs_no_pool() -> None:
    assert executors.best(1) is executors.inline
    assert executors.best(2) is not executors.inline
    executors.close()
