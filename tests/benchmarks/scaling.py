"""How the simulators grow: stations, parts, replications, workers, memory, a cold start, and a whole ramp.

Limits in seconds are held against the processor's time, which other programs on the machine do not lengthen.
"""

from __future__ import annotations

import math
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Sequence
from multiprocessing import get_context
from statistics import median

import numpy as np

from portal import executors
from simulators.figures import Window
from simulators.line import DAY, WEEK
from simulators.replications import replicate
from simulators.scenario import Adoption, Effect, Module, Scenario
from simulators.study import Progress, Study, run
from simulators.twin import run_rows
from tests.benchmarks.row import Row
from tests.benchmarks.simulation import benchmark_line

ROUNDS = 5
CHILD = """
import resource, sys, time
begun = time.perf_counter()
from simulators.figures import Window
from simulators.line import WEEK
from simulators.twin import run_rows
from tests.benchmarks.simulation import benchmark_line
weeks, replications = float(sys.argv[1]), int(sys.argv[2])
line, window = benchmark_line(10), Window(warmup=0.0, horizon=weeks * WEEK)
for number in range(replications):
    run_rows(line, window, 1, [number])
first = time.perf_counter() - begun
begun = time.perf_counter()
run_rows(line, Window(warmup=0.0, horizon=WEEK), 1, [0])
print(first, time.perf_counter() - begun, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
"""


def rows() -> Iterable[Row]:
    """The rows of this module, one after the other."""
    yield from growth()
    yield from cold_start()
    yield from memory()
    yield two_workers()
    yield from ramp_of_five_years()


def child(weeks: float, replications: int, **environment: str) -> tuple[float, float, float, float]:
    """A new process that simulates: its processor time, until the first answer, a warm answer in s; its peak in MiB."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    command = [sys.executable, "-c", CHILD, str(weeks), str(replications)]
    done = subprocess.run(command, env=os.environ | environment, capture_output=True, text=True, check=True)
    first, warm, peak = (float(word) for word in done.stdout.split())
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, first, warm, peak


def exponent(sizes: Sequence[float], work: Callable[[float], None]) -> float:
    """Slope of log time over log size; the sizes in turn, the median of several rounds of each."""
    taken: dict[float, list[float]] = {size: [] for size in sizes}
    for _ in range(ROUNDS):
        for size in sizes:
            begun = time.process_time()
            work(size)
            taken[size].append(time.process_time() - begun)
    times = [median(taken[size]) for size in sizes]
    return float(np.polyfit(np.log(sizes), np.log(times), 1)[0])


def growth() -> Iterable[Row]:
    fortnight = Window(warmup=0.0, horizon=2 * WEEK)

    def stations(size: float) -> None:
        run_rows(benchmark_line(int(size)), fortnight, 1, range(4))

    def parts(size: float) -> None:
        run_rows(benchmark_line(10), Window(warmup=0.0, horizon=size * WEEK), 1, [0])

    def replications(size: float) -> None:
        run_rows(benchmark_line(10), fortnight, 1, range(int(size)))

    for name, sizes, work in (
        ("stations (5 to 40)", (5.0, 10.0, 20.0, 40.0), stations),
        ("parts (4 to 64 weeks)", (4.0, 16.0, 64.0), parts),
        ("replications (4 to 64)", (4.0, 16.0, 64.0), replications),
    ):
        work(sizes[0])
        found = exponent(sizes, work)
        yield Row(work=f"growth with {name}", ours=found, peer=1.0, ratio=found, must="<= 1.1", unit="exponent")


def cold_start() -> Iterable[Row]:
    with tempfile.TemporaryDirectory() as empty:
        cold, *_ = child(1, 1, NUMBA_CACHE_DIR=empty)
        found = [child(1, 1, NUMBA_CACHE_DIR=empty) for _ in range(3)]
    fresh, warm = median(one[0] for one in found), median(one[2] for one in found)
    for work, seconds, must in (
        ("first answer on a fresh machine, everything compiled", cold, "< 15"),
        ("first answer of a new process", fresh, "< 2"),
        ("answer of a warm worker, a week of 10 machines", warm, "< 0.05"),
    ):
        yield Row(work=work, ours=seconds, peer=math.nan, ratio=seconds, must=must, unit="s")


def memory() -> Iterable[Row]:
    base, long, many = (child(*size)[3] for size in ((1, 2), (104, 2), (1, 200)))
    yield Row(work="memory of 104 weeks against 1", ours=long, peer=base, ratio=long / base, must="<= 1.05", unit="MiB")
    yield Row(
        work="memory of 200 replications against 2", ours=many, peer=base, ratio=many / base, must="<= 1.05", unit="MiB"
    )
    yield Row(
        work="memory of a worker", ours=max(long, many), peer=400.0, ratio=max(long, many), must="< 400", unit="MiB"
    )


def spin(number: int) -> float:
    """Something that only computes."""
    total = 0.0
    for n in range(6_000_000):
        total += (n ^ number) & 7
    return total


def two_workers() -> Row:
    """How much two workers gain over one, against what two processes gain that do nothing but compute."""
    line, window = benchmark_line(10), Window(warmup=DAY, horizon=26 * WEEK)
    ours, plain = [], []
    context = get_context("spawn")
    with context.Pool(2) as pool:
        pool.map(spin, range(2))
        two = executors.threads(2)
        one_row = replicate(line, window, 1, range(8), executor=map)
        assert np.array_equal(one_row, replicate(line, window, 1, range(8), executor=two)), "the same bytes"
        for _ in range(ROUNDS):
            alone = clocked(lambda: replicate(line, window, 1, range(8), executor=map))
            ours.append(alone / clocked(lambda: replicate(line, window, 1, range(8), executor=two)))
            alone = clocked(lambda: [spin(n) for n in range(2)])
            plain.append(alone / clocked(lambda: pool.map(spin, range(2), 1)))
    executors.close()
    gain, possible = median(ours), median(plain)
    return Row(
        work="speed of 2 workers over 1; two plain processes",
        ours=gain,
        peer=possible,
        ratio=gain / possible,
        must=">= 0.9",
        unit="times",
    )


def clocked(work: Callable[[], object]) -> float:
    begun = time.perf_counter()
    work()
    return time.perf_counter() - begun


def ramp_of_five_years() -> Iterable[Row]:
    """60 months of 10 machines, 500 paired draws: processor time until the first band and the last, shared by 2 cores."""
    effect = Effect(
        parameter="repair", low=0.1, likely=0.2, high=0.3, change="reduction", tier="C", source={"en": "a case"}
    )
    module = Module(id="m", title={"en": "m"}, effects=(effect,), adoption=Adoption(start=3, t10=2, t90=12))
    scenario = Scenario(id="s", title={"en": "s"}, modules=(module,))
    study = Study(line=benchmark_line(10), scenarios=(scenario,), months=60, draws=500)
    run_rows(study.line, Window(warmup=0.0, horizon=DAY), 1, [0])
    seen: list[float] = []
    begun = time.process_time()

    def tell(_: Progress) -> None:
        seen.append((time.process_time() - begun) / 2)

    result = run(study, progress=tell)
    assert result is not None
    assert result.difference("s", "oee").low > 0
    yield Row(
        work="60-month ramp, 10 machines: first band", ours=seen[0], peer=math.nan, ratio=seen[0], must="< 1", unit="s"
    )
    yield Row(
        work=f"60-month ramp, 10 machines, {result.draws} paired draws: final ({result.method.replace('_', ' ')})",
        ours=seen[-1],
        peer=math.nan,
        ratio=seen[-1],
        must="< 30",
        unit="s",
    )
