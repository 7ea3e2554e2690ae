"""Ways to run many jobs: each is shaped like `map`, gives results in the order of the jobs, and can be swapped freely.

Pools are started once for a process and kept. Processes are spawned, never forked: a forked one would inherit the
sockets of the portal and locks held by other threads.
"""

from __future__ import annotations

import multiprocessing
import os
import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Executor as Pool
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from typing import Any, TypeVar

from portal.cluster import Cluster

T = TypeVar("T")
Executor = Callable[..., Iterable[Any]]

_lock = threading.Lock()
_pools: dict[tuple[str, int], Pool] = {}
_clusters: dict[str, Cluster] = {}


def inline(function: Callable[..., T], *jobs: Iterable[Any]) -> Iterator[T]:
    """Run the jobs here, one after another."""
    return map(function, *jobs)


def threads(workers: int) -> Executor:
    """Return a `map` over threads: for jobs that leave the interpreter (compiled code, input and output)."""
    return _pool("threads", workers, lambda: ThreadPoolExecutor(workers, thread_name_prefix="job")).map


def processes(workers: int) -> Executor:
    """Return a `map` over spawned processes; functions and arguments must be picklable."""
    context = multiprocessing.get_context("spawn")
    return _pool("processes", workers, lambda: ProcessPoolExecutor(workers, mp_context=context)).map


def best(workers: int = 0) -> Executor:
    """Return the executor for compiled simulation jobs on this machine: threads, as many as there are cores."""
    cores = workers or os.cpu_count() or 1
    return inline if cores < 2 else threads(cores)


def cluster(address: str) -> Executor:
    """Return a `map` over the Dask cluster whose scheduler has this address; connected when first used.

    Raises:
        ClusterError: the address cannot be one, or would carry plain text to another machine.
    """
    with _lock:
        if address not in _clusters:
            _clusters[address] = Cluster(address)
        return _clusters[address].map


def close() -> None:
    """Stop the pools of this process and leave its clusters."""
    with _lock:
        pools, clusters = list(_pools.values()), list(_clusters.values())
        _pools.clear()
        _clusters.clear()
    for one in clusters:
        one.close()
    for pool in pools:
        pool.shutdown(wait=False, cancel_futures=True)


def _pool(kind: str, workers: int, make: Callable[[], Pool]) -> Pool:
    if workers < 1:
        raise ValueError("an executor needs at least one worker")
    with _lock:
        if (kind, workers) not in _pools:
            _pools[kind, workers] = make()
        return _pools[kind, workers]
