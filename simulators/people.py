"""People at work, in SimPy: who has the skill takes the most urgent case that waits, the longest waiting first.

A case is a process that goes from step to step. Each signature of a step is a task; a free person on duty takes it at
once, or it waits. At the end of a shift work is laid down and taken up again by the same person. Nobody drops a case
for a more urgent one. Random numbers belong to the case (its kind and number), the step and the visit, so that two
variants of a process see the same cases; see streams.py.
"""

from __future__ import annotations

import heapq
import itertools
from collections.abc import Generator
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import numpy as np
import simpy

from simulators.distributions import Distribution, Floats
from simulators.figures import Window
from simulators.line import WEEK
from simulators.people_figures import HOURS, PeopleFigures, Tally
from simulators.process import Pool, Process, Rule, Signature, Step, Work, WorkClock
from simulators.reference_clock import Alarm
from simulators.streams import checked_seed, fill, recipe, stream_id

#: After everything else of the same moment: work that ends with the shift is done, an answer at the deadline in time.
SHIFT_CHANGE, DEADLINE, HOUR_ENDS = 100, 200, 300
BLOCK, BLOCKS_KEPT = 256, 64
Story = Generator[simpy.Event, Any, None]


class Numbers:
    """One stream of random times, read at any place: number n belongs to case n."""

    def __init__(self, of: Distribution, seed: int, replication: int, stream: int) -> None:
        kind, table, count, a, b, c = recipe(of)
        self.recipe = (np.array(table) if table.size else np.zeros(1), kind, 0, count, a, b, c)
        self.key = (np.uint64(seed), np.uint64(replication), np.uint64(stream))
        self.blocks: dict[int, Floats] = {}

    def at(self, index: int) -> float:
        block, place = divmod(index, BLOCK)
        if block not in self.blocks:
            if len(self.blocks) >= BLOCKS_KEPT:
                self.blocks.pop(next(iter(self.blocks)))
            out = np.empty(BLOCK)
            fill(out, *self.recipe, *self.key, np.uint64(block * BLOCK))
            self.blocks[block] = out
        return float(self.blocks[block][place])


@dataclass(slots=True, eq=False)
class Person:
    """One member of a pool."""

    pool: int
    skills: tuple[str, ...]
    speed: float  # at the start; 1 is full
    full_after: float
    on: bool
    task: Task | None = None
    story: simpy.Process | None = None
    back: simpy.Event | None = None  # while off duty with a task laid down
    idle_since: float = 0.0

    def speed_at(self, now: float) -> float:
        return min(1.0, self.speed + (1 - self.speed) * now / self.full_after) if self.speed < 1 else 1.0


@dataclass(slots=True, eq=False)
class Watch:
    """One rule, running for one case or one visit."""

    rule: int
    start: float
    visit: Visit | None
    kept_at: float | None = None
    gone: bool = False  # the case has left by another way: the rule does not apply


@dataclass(slots=True, eq=False)
class Case:
    """One case on its way."""

    kind: int
    number: int
    arrived: float
    priority: int
    visits: dict[int, int] = field(default_factory=dict)
    watches: list[Watch] = field(default_factory=list)
    helpers: dict[int, str] = field(default_factory=dict)  # by step: a further skill, after an escalation
    now_at: Visit | None = None


@dataclass(slots=True, eq=False)
class Visit:
    """A case at a step."""

    case: Case
    step: int
    number: int
    queued: float
    over: simpy.Event
    started: float | None = None
    left: int = 0  # signatures that are not done
    tasks: list[Task] = field(default_factory=list)


@dataclass(slots=True, eq=False)
class Task:
    """One signature that waits, or is being worked on."""

    visit: Visit
    index: int
    work: float
    queued: float
    place: int
    skills: list[str]
    waiting: bool = True


#: Priority, time and number decide who is next; an escalated task stands in a queue twice, the later entry counts.
Waiting: TypeAlias = tuple[tuple[int, float, int], int, Task]


class Office:
    """The process in motion."""

    def __init__(self, process: Process, window: Window, seed: int, replication: int) -> None:
        self.process, self.window = process, window
        self.seed, self.replication = checked_seed(seed), replication
        self.env = simpy.Environment()
        self.tally = Tally(process, window)
        self.clocks = {"elapsed": WorkClock(None), "working": WorkClock(process.calendar)}
        self.people = [person for index, pool in enumerate(process.pools) for person in _members(index, pool)]
        self.by_skill: dict[str, list[Person]] = {}
        for person in self.people:
            for skill in person.skills:
                self.by_skill.setdefault(skill, []).append(person)
        self.queues: dict[str, list[Waiting]] = {skill: [] for skill in self.by_skill}
        self.places = itertools.count()
        self.numbers: dict[tuple[str, str, str], Numbers] = {}
        self.rules_at: dict[int, list[int]] = {}
        for index, rule in enumerate(process.rules):
            if rule.since == "queued":
                self.rules_at.setdefault(process.step(rule.step), []).append(index)

    def run(self) -> PeopleFigures:
        """Start empty on Monday 00:00; count from the warm-up to the horizon."""
        for index, kind in enumerate(self.process.work):
            self.env.process(self.arrivals(index, kind))
        for index, pool in enumerate(self.process.pools):
            on, edges = pool.calendar.switches() if pool.calendar else (True, ())
            for person in self.people:
                if person.pool == index:
                    person.on = on
            self.tally.on[index].set(0.0, pool.people if on else 0)
            if edges:
                self.env.process(self.shifts(index, pool, on, edges))
        self.env.process(self.hours())
        if self.window.warmup > 0:
            self.env.run(until=self.window.warmup)
            self.tally.forget(self.env.now)
        self.env.run(until=self.window.horizon)
        return self.tally.figures(self.env.now)

    # -- cases -------------------------------------------------------------------------------------------------

    def arrivals(self, index: int, kind: Work) -> Story:
        """Bring cases, while the calendar of this kind is open."""
        clock, worked = WorkClock(kind.calendar), 0.0
        gaps = self.stream(kind.arrivals, kind.name, "arrivals", "")
        for number in itertools.count():
            worked += gaps.at(number)
            moment = clock.moment(worked) if kind.calendar is not None else worked
            yield self.env.timeout(max(moment - self.env.now, 0.0))
            self.env.process(self.case(Case(index, number, self.env.now, kind.priority), kind))

    def case(self, case: Case, kind: Work) -> Story:
        """Go from step to step until there is none."""
        self.tally.arrived(case.kind, self.env.now)
        for index, rule in enumerate(self.process.rules):
            if rule.since == "arrival" and (not rule.work or kind.name in rule.work):
                self.watch(index, rule, case, None)
        at: int | None = self.process.step(kind.first)
        given_up = False
        while at is not None:
            spec = self.process.steps[at]
            visit = Visit(case, at, case.visits.get(at, 0), self.env.now, self.env.event())
            case.visits[at] = visit.number + 1
            case.now_at = visit
            for index in self.rules_at.get(at, ()):
                rule = self.process.rules[index]
                if not rule.work or kind.name in rule.work:
                    self.watch(index, rule, case, visit)
            self.begin(visit, spec)
            yield visit.over
            if visit.left:
                self.tally.gave_up(at)
                given_up = not spec.given_up
                at = self.process.step(spec.given_up) if spec.given_up else None
            else:
                self.note(case, visit, "done")
                at = self.route(case, visit, spec)
        case.now_at = None
        for watch in case.watches:
            rule = self.process.rules[watch.rule]
            if watch.kept_at is None and watch.visit is None and not given_up:
                if rule.step:
                    watch.gone = True
                else:
                    self.keep(watch)
        self.tally.left(case.kind, self.env.now, self.env.now - case.arrived, given_up=given_up)

    def route(self, case: Case, visit: Visit, spec: Step) -> int | None:
        """The next step of a case; None where it ends."""
        if len(spec.next) < 2:
            name = spec.next[0].step if spec.next else ""
        else:
            u = self.number(_UNIFORM, case, visit, "route")
            name = spec.next[-1].step
            for branch in spec.next:
                u -= branch.share
                if u < 0:
                    name = branch.step
                    break
        return self.process.step(name) if name else None

    # -- steps, signatures, people -----------------------------------------------------------------------------

    def begin(self, visit: Visit, spec: Step) -> None:
        """Ask for the first signature, or for all of them."""
        visit.left = len(spec.signatures)
        self.tally.waiting[visit.step].add(self.env.now, 1)
        for index in range(visit.left if spec.order == "parallel" else 1):
            self.ask(visit, index, spec.signatures[index])
        if spec.patience is not None and visit.started is None:
            self.env.process(self.give_up(visit, self.number(spec.patience, visit.case, visit, "patience")))

    def give_up(self, visit: Visit, patience: float) -> Story:
        yield self.env.timeout(patience)
        if visit.started is None:
            for task in visit.tasks:
                task.waiting = False
            self.tally.waiting[visit.step].add(self.env.now, -1)
            visit.over.succeed()

    def ask(self, visit: Visit, index: int, signature: Signature) -> None:
        """Give a task to somebody who is free, or let it wait; without a skill time just passes."""
        work = self.number(signature.time, visit.case, visit, f"time {index}")
        if not signature.skill:
            self.start(visit)
            self.env.process(self.pass_time(visit, work))
            return
        skills = [signature.skill]
        if visit.case.helpers.get(visit.step, signature.skill) != signature.skill:
            skills.append(visit.case.helpers[visit.step])
        task = Task(visit, index, work, self.env.now, next(self.places), skills)
        visit.tasks.append(task)
        free = next((found for skill in skills if (found := self.free(skill)) is not None), None)
        if free is not None:
            self.take(free, task)
            return
        busy = [person.task for person in self.by_skill[signature.skill] if person.on and person.task is not None]
        if any(other.visit.case.priority > visit.case.priority for other in busy):
            self.tally.conflicts[visit.step] += 1
        self.queue(task)

    def pass_time(self, visit: Visit, seconds: float) -> Story:
        yield self.env.timeout(seconds)
        self.signed(visit)

    def queue(self, task: Task) -> None:
        for skill in task.skills:
            order = (task.visit.case.priority, task.queued, task.place)
            heapq.heappush(self.queues[skill], (order, next(self.places), task))

    def free(self, skill: str) -> Person | None:
        """Who has the skill and nothing to do: pools in the order of the document, then who has waited longest."""
        best: Person | None = None
        for person in self.by_skill[skill]:
            if best is not None and person.pool != best.pool:
                break
            if person.on and person.task is None and (best is None or person.idle_since < best.idle_since):
                best = person
        return best

    def look_for_work(self, person: Person) -> None:
        """Take the most urgent task that this person can do."""
        person.idle_since = self.env.now
        if not person.on:
            return
        best: Waiting | None = None
        for skill in person.skills:
            queue = self.queues[skill]
            while queue and not queue[0][2].waiting:
                heapq.heappop(queue)
            if queue and (best is None or queue[0][0] < best[0]):
                best = queue[0]
        if best is not None:
            self.take(person, best[2])

    def take(self, person: Person, task: Task) -> None:
        task.waiting = False
        person.task = task
        self.start(task.visit)
        self.tally.took(person.pool, self.env.now)
        person.story = self.env.process(self.work(person, task))

    def start(self, visit: Visit) -> None:
        """The first signature begins."""
        if visit.started is None:
            visit.started = self.env.now
            self.tally.waiting[visit.step].add(self.env.now, -1)
            self.tally.started(visit.step, visit.started - visit.queued)
            self.note(visit.case, visit, "started")

    def work(self, person: Person, task: Task) -> Story:
        """Work until it is done, with a pause whenever the shift ends."""
        left = task.work / person.speed_at(self.env.now)
        while True:
            began = self.env.now
            try:
                yield self.env.timeout(left)
                break
            except simpy.Interrupt:
                left -= self.env.now - began
                person.back = self.env.event()
                yield person.back
                person.back = None
        self.tally.busy[person.pool].add(self.env.now, -1)
        person.task = person.story = None
        self.look_for_work(person)  # what waits comes before what follows from this task
        self.signed(task.visit)

    def signed(self, visit: Visit) -> None:
        """One signature is done; ask for the next, or end the visit."""
        visit.left -= 1
        spec = self.process.steps[visit.step]
        if visit.left == 0:
            visit.over.succeed()
        elif spec.order == "serial":
            index = len(spec.signatures) - visit.left
            self.ask(visit, index, spec.signatures[index])

    def shifts(self, index: int, pool: Pool, on: bool, edges: tuple[float, ...]) -> Story:
        """Send a pool home and call it back, week by week."""
        members = [person for person in self.people if person.pool == index]
        for moment in (week * WEEK + edge for week in itertools.count() for edge in edges):
            yield Alarm(self.env, moment - self.env.now, SHIFT_CHANGE)
            on = not on
            self.tally.on[index].set(self.env.now, pool.people if on else 0)
            for person in members:
                person.on = on
                if person.task is None:
                    if on:
                        self.look_for_work(person)
                elif on and person.back is not None:
                    self.tally.busy[index].add(self.env.now, 1)
                    person.back.succeed()
                elif not on and person.story is not None:
                    self.tally.busy[index].add(self.env.now, -1)
                    self.tally.pauses[index] += 1
                    person.story.interrupt()

    def hours(self) -> Story:
        """Note at the end of each hour who was busy and what waited."""
        for hour in itertools.count(1):
            yield Alarm(self.env, hour * 3600.0 - self.env.now, HOUR_ENDS)
            self.tally.hour_ends(self.env.now, (hour - 1) % HOURS)

    # -- rules -------------------------------------------------------------------------------------------------

    def watch(self, index: int, rule: Rule, case: Case, visit: Visit | None) -> None:
        watch = Watch(index, self.env.now, visit)
        case.watches.append(watch)
        self.env.process(self.deadline(watch, rule, case))

    def deadline(self, watch: Watch, rule: Rule, case: Case) -> Story:
        """Wait for the deadline, then count, and escalate what is late."""
        clock, left = self.clocks["working"], rule.within
        if rule.clock == "working":
            left = max(clock.moment(clock.worked(watch.start) + rule.within) - watch.start, 0.0)
        yield Alarm(self.env, left, DEADLINE)
        if watch.gone:
            return
        late = watch.kept_at is None
        self.tally.judged(watch.rule, watch.start, kept=not late)
        if late and case.now_at is not None and rule.escalation is not None:
            self.tally.escalated[watch.rule] += 1
            self.escalate(case, rule)

    def escalate(self, case: Case, rule: Rule) -> None:
        """Make a case more urgent and open it to others, what already waits included."""
        assert rule.escalation is not None
        if rule.escalation.priority is not None:
            case.priority = min(case.priority, rule.escalation.priority)
        visit = case.now_at
        assert visit is not None
        step = self.process.step(rule.step) if rule.step else visit.step
        if rule.escalation.skill:
            case.helpers[step] = rule.escalation.skill
        for task in visit.tasks:
            if not task.waiting:
                continue
            helper = case.helpers.get(visit.step, "")
            if helper and helper not in task.skills:
                task.skills.append(helper)
                free = self.free(helper)
                if free is not None:
                    self.take(free, task)
                    continue
            self.queue(task)

    def note(self, case: Case, visit: Visit, event: str) -> None:
        """Something a rule may wait for has happened."""
        name = self.process.steps[visit.step].name
        for watch in case.watches:
            rule = self.process.rules[watch.rule]
            if watch.kept_at is None and rule.step == name and rule.event == event and watch.visit in {None, visit}:
                self.keep(watch)

    def keep(self, watch: Watch) -> None:
        watch.kept_at = self.env.now
        clock = self.clocks[self.process.rules[watch.rule].clock]
        self.tally.kept(watch.rule, watch.start, clock.worked(self.env.now) - clock.worked(watch.start))

    # -- random numbers ----------------------------------------------------------------------------------------

    def number(self, of: Distribution, case: Case, visit: Visit, purpose: str) -> float:
        kind, step = self.process.work[case.kind].name, self.process.steps[visit.step].name
        cause = f"{kind}/{visit.number}" if visit.number else kind
        return self.stream(of, step, purpose, cause).at(case.number)

    def stream(self, of: Distribution, step: str, purpose: str, cause: str) -> Numbers:
        key = (step, purpose, cause)
        if key not in self.numbers:
            self.numbers[key] = Numbers(of, self.seed, self.replication, stream_id(step, purpose, cause))
        return self.numbers[key]


_UNIFORM = Distribution.uniform(0, 1)


def _members(index: int, pool: Pool) -> list[Person]:
    new = pool.newcomers
    return [
        Person(
            index,
            pool.skills,
            new.speed if new is not None and number < new.people else 1.0,
            new.full_after if new is not None else 1.0,
            True,
        )
        for number in range(pool.people)
    ]


def run_people(process: Process, window: Window, seed: int, replication: int) -> PeopleFigures:
    """Simulate one replication; the same arguments give the same figures."""
    return Office(process, window, seed, replication).run()
