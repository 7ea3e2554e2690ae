"""Crews in the reference engine: who is called, who waits, who comes first."""

from __future__ import annotations

import bisect
import itertools
from collections.abc import Callable
from dataclasses import dataclass, field

import simpy


@dataclass(slots=True)
class Crew:
    """People who serve one machine each at a time; outside their shifts they finish what they have begun."""

    size: int
    on: bool = True
    busy: int = 0
    since: float = 0.0
    busy_s: float = 0.0
    wait_s: float = 0.0
    repairs: int = 0

    @property
    def free(self) -> bool:
        return self.on and self.busy < self.size

    def note(self, now: float, change: int) -> None:
        self.busy_s += self.busy * (now - self.since)
        self.since = now
        self.busy += change


@dataclass(slots=True, eq=False)
class Call:
    """Somebody of one of ``crews`` is needed; ``crew`` is the one who came. The highest priority is served first."""

    crews: tuple[Crew, ...]
    priority: int
    number: int
    since: float
    come: Callable[[], object]
    crew: Crew | None = None

    @property
    def rank(self) -> tuple[int, int]:
        return -self.priority, self.number


@dataclass(slots=True)
class Office:
    """Takes all calls; nobody waits while one who could come is free."""

    env: simpy.Environment
    waiting: list[Call] = field(default_factory=list)
    numbers: itertools.count[int] = field(default_factory=itertools.count)

    def call(self, crews: tuple[Crew, ...], priority: int, come: Callable[[], object]) -> Call:
        """Call one of ``crews``, the first with somebody free; ``come`` is told when that is only later."""
        call = Call(crews, priority, next(self.numbers), self.env.now, come)
        bisect.insort(self.waiting, call, key=lambda one: one.rank)
        self.serve()
        return call

    def serve(self) -> None:
        """Send everybody who is free to whoever waits, in order of rank."""
        for call in self.waiting.copy():
            crew = next((crew for crew in call.crews if crew.free), None)
            if crew is not None:
                self.waiting.remove(call)
                call.crew = crew
                crew.note(self.env.now, +1)
                crew.wait_s += self.env.now - call.since
                crew.repairs += 1
                call.come()

    def done(self, call: Call) -> None:
        """The one who came is free again."""
        assert call.crew is not None
        call.crew.note(self.env.now, -1)
        self.serve()
