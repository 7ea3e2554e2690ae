"""People in the network kernel: who is called, who waits, who comes first; failures and repairs."""

from __future__ import annotations

from simulators.compiled import called
from simulators.twin_network_lists import crew_note, number, set_timer, soil, touch
from simulators.twin_network_tables import CALLED, NOBODY, World
from simulators.twin_tables import NONE, OPERATING


@called
def come(w: World, index: int, crew: int, now: float) -> None:
    """Somebody of a crew comes to whoever called: a cause to be repaired, or a machine."""
    causes = w.causes.shape[0]
    crew_note(w, crew, 1, now)
    w.crews[crew].wait += now - w.calls[index].since
    w.crews[crew].repairs += 1
    if index < causes:
        w.causes[index].crew = crew
        begin_repair(w, index, now)
        return
    machine = (index - causes) // 2
    if (index - causes) % 2 == 0:
        w.machines[machine].operator = crew
    else:
        w.machines[machine].setter = crew
    touch(w, machine)


@called
def free_crew(w: World, index: int) -> int:
    """The first crew that can answer a call and has somebody free, or NONE."""
    row = w.calls[index]
    for turn in range(row.crews_at, row.crews_at + row.crews):
        crew = w.crews[w.members[turn]]
        if crew.on == 1 and crew.busy < crew.size:
            return int(w.members[turn])
    return NONE


@called
def call(w: World, index: int, now: float) -> None:
    """Call people; the call waits behind those of the same or a higher priority, unless somebody is free."""
    w.calls[index].since = now
    crew = free_crew(w, index)
    if crew != NONE:
        come(w, index, crew, now)
        return
    floor, priority = w.floors[0], w.calls[index].priority
    before, after = NONE, floor.caller
    while after != NONE and w.calls[after].priority >= priority:
        before, after = after, w.calls[after].next
    w.calls[index].next = after
    if before == NONE:
        floor.caller = index
    else:
        w.calls[before].next = index


@called
def serve(w: World, now: float) -> None:
    """Send everybody who is free to whoever waits, in order."""
    before, index = NONE, w.floors[0].caller
    while index != NONE:
        after = w.calls[index].next
        crew = free_crew(w, index)
        if crew == NONE:
            before = index
        else:
            if before == NONE:
                w.floors[0].caller = after
            else:
                w.calls[before].next = after
            come(w, index, crew, now)
        index = after


@called
def done(w: World, crew: int, now: float) -> None:
    """The one who came is free again."""
    crew_note(w, crew, -1, now)
    serve(w, now)


@called
def begin_repair(w: World, index: int, now: float) -> None:
    set_timer(w, w.floors[0].repair_slot + index, now + number(w, w.causes[index].repair), now)


@called
def fail(w: World, index: int, now: float) -> None:
    """A cause strikes: the machine is down, somebody is called."""
    cause = w.causes[index]
    machine = w.machines[cause.server]
    machine.down += 1
    w.places[machine.station].failures += 1 - cause.planned
    touch(w, cause.server)
    if w.calls[index].crews > 0:
        call(w, index, now)
    else:
        begin_repair(w, index, now)


@called
def repaired(w: World, index: int, now: float) -> None:
    """A repair ends: the clock of the cause starts again."""
    cause = w.causes[index]
    machine = w.machines[cause.server]
    if cause.crew != NOBODY:
        crew, cause.crew = cause.crew, NOBODY
        done(w, crew, now)
    machine.down -= 1
    touch(w, cause.server)
    soil(w, machine.station)
    time = number(w, cause.uptime)
    if cause.clock == OPERATING:
        cause.left = time
    else:
        set_timer(w, w.floors[0].calendar_slot + cause.calendar_slot, now + time, now)


@called
def staffed(w: World, index: int, now: float) -> int:
    """Whether a machine that could run has the people it needs now; those who are missing are called."""
    machine = w.machines[index]
    place = w.places[machine.station]
    base = w.causes.shape[0] + 2 * index
    if place.operators > 0 and machine.operator == NOBODY:
        machine.operator = CALLED
        call(w, base, now)
    if machine.operator == CALLED:
        return 0
    if machine.setup > 0.0 and place.setters > 0 and machine.setter == NOBODY:
        machine.setter = CALLED
        call(w, base + 1, now)
    return 0 if machine.setup > 0.0 and machine.setter == CALLED else 1
