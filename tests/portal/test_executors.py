from __future__ import annotations

import os
import threading

import pytest

from portal import executors


def square(number: int) -> int:
    return number * number


def whose(_: int) -> int:
    return os.getpid()


@pytest.fixture(autouse=True)
def _closed():
    yield
    executors.close()


@pytest.mark.parametrize(
    "make", [lambda: executors.inline, lambda: executors.threads(3), lambda: executors.processes(2)]
)
def test_every_executor_gives_the_results_in_the_order_of_the_jobs(make) -> None:
    assert list(make()(square, range(20))) == [number * number for number in range(20)]
    assert list(make()(square, [])) == []


def test_an_error_of_a_job_reaches_the_caller() -> None:
    with pytest.raises(ZeroDivisionError):
        list(executors.threads(2)(lambda number: 1 // number, [1, 0, 1]))


def test_processes_are_others_than_ours() -> None:
    assert os.getpid() not in set(executors.processes(1)(whose, range(3)))


def test_a_pool_is_started_once() -> None:
    names = set(executors.threads(1)(lambda _: threading.current_thread().name, range(3)))
    again = set(executors.threads(1)(lambda _: threading.current_thread().name, range(3)))
    assert names == again
    with pytest.raises(ValueError):
        executors.threads(0)


def test_one_core_needs_no_pool() -> None:
    assert executors.best(1) is executors.inline
    assert executors.best(2) is not executors.inline
