"""The small change of the network kernel: levels, lists of parts, marks, timers."""

from __future__ import annotations

from simulators.compiled import called, inlined
from simulators.twin_clocks import draw
from simulators.twin_network_tables import IN_LIST, LONGING, PER_PLACE, World
from simulators.twin_tables import NONE


@called
def number(w: World, stream: int) -> float:
    """The next number of a stream."""
    floor = w.floors[0]
    return draw(w.streams, w.store, w.numbers, stream, floor.seed, floor.replication)


@called
def set_level(w: World, index: int, level: int, now: float) -> None:
    """A level is ``level`` from now on."""
    area = w.areas[index]
    area.area += area.level * (now - area.at)
    area.at = now
    area.level = level


@inlined
def change(w: World, station: int, kind: int, by: int, now: float) -> None:
    """Change a level of a station."""
    index = station * PER_PLACE + kind
    set_level(w, index, w.areas[index].level + by, now)


@inlined
def longing(w: World, station: int, now: float) -> None:
    """Machines that are starved while a part for them waits for transport or is on its way."""
    place = w.places[station]
    set_level(w, station * PER_PLACE + LONGING, place.starved if place.coming > 0 else 0, now)


@inlined
def crew_note(w: World, index: int, by: int, now: float) -> None:
    crew = w.crews[index]
    crew.busy_area += crew.busy * (now - crew.at)
    crew.at = now
    crew.busy += by


@inlined
def touch(w: World, index: int) -> None:
    """Remember that the state of a machine may have changed at this moment."""
    machine = w.machines[index]
    if machine.touched == 0:
        machine.touched = 1
        w.touched[w.floors[0].touched] = index
        w.floors[0].touched += 1


@inlined
def soil(w: World, index: int) -> None:
    """Remember that parts may move at a station."""
    floor = w.floors[0]
    if w.places[index].dirty == 0:
        w.places[index].dirty = 1
        floor.dirty += 1
        floor.low, floor.high = min(floor.low, index), max(floor.high, index)


@inlined
def set_timer(w: World, slot: int, at: float, now: float) -> None:
    """Something happens at ``at``; a time too short to move the clock belongs to the same moment."""
    w.when[slot] = at
    w.floors[0].same |= at <= now


@called
def append(w: World, index: int, part: int, kind: int) -> None:
    """Put a part at the end of a list; ``kind``: the columns of its links."""
    row = w.lists[index]
    w.links[part, kind], w.links[part, kind + 1] = NONE, row.tail
    if row.count == 0:
        row.head = part
    else:
        w.links[row.tail, kind] = part
    row.tail = part
    row.count += 1


@called
def remove(w: World, index: int, part: int, kind: int) -> None:
    """Take a part out of a list."""
    row = w.lists[index]
    after, before = w.links[part, kind], w.links[part, kind + 1]
    if before == NONE:
        row.head = after
    else:
        w.links[before, kind] = after
    if after == NONE:
        row.tail = before
    else:
        w.links[after, kind + 1] = before
    row.count -= 1


@called
def new_part(w: World, entered: float, product: int, order: int) -> int:
    floor = w.floors[0]
    index = int(floor.free)
    floor.free = w.links[index, IN_LIST]
    floor.spare -= 1
    part = w.parts[index]
    part.entered, part.product, part.order = entered, product, order
    for column in range(w.rounds.shape[1]):
        w.rounds[index, column] = 0
    return index


@called
def next_product(w: World, index: int) -> int:
    """The product of the next part of a source: drawn from the mix, or lot by lot."""
    source, floor = w.sources[index], w.floors[0]
    if floor.mix == 1:
        chance = number(w, source.products)
        product = 0
        while chance >= w.mix[product]:
            product += 1
        return product
    if floor.lots == 0:
        return 0
    while source.left == 0:
        source.lot = source.lot + 1 if source.lot + 1 < floor.lots else 0
        source.left = w.lots[2 * source.lot + 1]
    source.left -= 1
    return int(w.lots[2 * source.lot])
