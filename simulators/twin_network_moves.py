"""How parts move in the network kernel; the same story as in reference.py, in the same order."""

from __future__ import annotations

from simulators.compiled import called, inlined
from simulators.twin_network_lists import (
    append,
    change,
    new_part,
    next_product,
    number,
    remove,
    set_level,
    set_timer,
    soil,
    touch,
)
from simulators.twin_network_tables import (
    BUFFER,
    HELD,
    IN_BLOCKED,
    IN_BUFFER,
    IN_HAND,
    IN_LIST,
    INBOX,
    ON_MACHINE,
    ON_RACK,
    PER_PLACE,
    World,
)
from simulators.twin_tables import NONE, UNLIMITED


@called
def join(w: World, part: int) -> None:
    """From now on the next station may take the part."""
    floor, pool = w.floors[0], w.pools[w.parts[part].pool]
    w.parts[part].number = floor.ready
    floor.ready += 1
    append(w, pool.list, part, IN_LIST)
    for turn in range(pool.at, pool.at + pool.count):
        soil(w, w.members[turn])


@called
def leave(w: World, part: int, good: int, now: float) -> None:
    """The part leaves the line."""
    floor, row = w.floors[0], w.parts[part]
    floor.inside -= 1
    if good == 1:
        sell(w, part, now)
    if row.order != NONE:
        order = w.orders[row.order]
        order.good += good
        order.left -= 1
        if order.left == 0:
            order.finished, order.finished_at = 1, now
    w.links[part, IN_LIST] = floor.free
    floor.free = part
    floor.spare += 1


@called
def sell(w: World, part: int, now: float) -> None:
    """A good part leaves the line; somebody may want it."""
    floor, row = w.floors[0], w.parts[part]
    lead = now - row.entered
    floor.good += 1
    floor.lead += lead
    # sums by product are kept with the first station
    product = w.products[row.product]
    product.good += 1
    product.lead += lead
    if floor.every <= 0.0:
        return
    period = float(int(now / floor.every))
    if period != floor.period:
        floor.period = period
        for index in range(w.wants.shape[0]):
            w.wants[index].sold = 0
    want = w.wants[w.want_of[row.product]]
    want.sold += 1
    if want.sold <= want.limit:
        floor.wanted += 1


@called
def drop(w: World, index: int, part: int, now: float) -> None:
    """A part is no longer in the hands of a machine."""
    machine = w.machines[index]
    if machine.hand == part:
        machine.hand = w.links[part, IN_HAND]
    else:
        before = machine.hand
        while w.links[before, IN_HAND] != part:
            before = w.links[before, IN_HAND]
        w.links[before, IN_HAND] = w.links[part, IN_HAND]
    machine.held -= 1
    change(w, machine.station, HELD, -1, now)
    touch(w, index)
    soil(w, machine.station)


@called
def unblock(w: World, index: int, now: float) -> None:
    """Let finished parts into the buffer behind a station while there is room."""
    place = w.places[index]
    blocked = w.lists[place.blocked]
    behind = w.areas[index * PER_PLACE + BUFFER]
    while blocked.count > 0 and (place.buffer == UNLIMITED or behind.level - place.racked < place.buffer):
        part = blocked.head
        remove(w, place.blocked, part, IN_BLOCKED)
        drop(w, w.parts[part].at, part, now)
        w.parts[part].where, w.parts[part].at = IN_BUFFER, index
        change(w, index, BUFFER, 1, now)
        if place.travel >= 0.0:
            w.parts[part].moment = now + place.travel
            append(w, place.belt, part, IN_LIST)
            if w.lists[place.belt].count == 1:
                set_timer(w, w.floors[0].belt_slot + index, w.parts[part].moment, now)


@called
def fetch(w: World, part: int, now: float) -> None:
    """Take a part from where it is: a buffer, a machine that waits to be rid of it, or where a vehicle put it."""
    row = w.parts[part]
    pool = w.pools[row.pool]
    remove(w, pool.list, part, IN_LIST)
    if row.where == IN_BUFFER:
        change(w, row.at, BUFFER, -1, now)
        unblock(w, row.at, now)
    elif row.where == ON_RACK:
        change(w, row.at, BUFFER, -1, now)
        w.places[row.at].racked -= 1
        unblock(w, row.at, now)
    elif row.where == ON_MACHINE:
        remove(w, w.places[w.machines[row.at].station].blocked, part, IN_BLOCKED)
        drop(w, row.at, part, now)
    else:
        pool.reserved -= 1
        pool.delivered -= 1
        change(w, w.members[pool.at], INBOX, -1, now)


@called
def let_in(w: World, index: int, now: float) -> int:
    """Let the next part of a source into the line."""
    source, floor = w.sources[index], w.floors[0]
    if source.saturated == 1:
        floor.inside += 1
        return new_part(w, now, next_product(w, index), NONE)
    part = w.lists[source.list].head
    remove(w, source.list, part, IN_LIST)
    set_level(w, floor.yard, w.areas[floor.yard].level - 1, now)
    entered = w.parts[part].entered
    floor.queue_wait += now - entered
    floor.starts += 1
    floor.waited += now > entered
    return int(part)


@called
def seize(w: World, index: int, part: int, now: float) -> None:
    """A part comes into the hands of a machine, behind those it has."""
    machine = w.machines[index]
    w.links[part, IN_HAND] = NONE
    if machine.held == 0:
        machine.hand = part
    else:
        last = machine.hand
        while w.links[last, IN_HAND] != NONE:
            last = w.links[last, IN_HAND]
        w.links[last, IN_HAND] = part
    machine.held += 1
    w.parts[part].where, w.parts[part].at = ON_MACHINE, index
    change(w, machine.station, HELD, 1, now)


@called
def assemble(w: World, index: int, at: int, now: float) -> int:
    """Take all that makes one part, once it is there; the first of the first input is the part from now on."""
    place = w.places[index]
    for turn in range(place.inputs_at, place.inputs_at + place.inputs):
        pool = w.pools[w.members[w.inputs[turn].at]]
        if w.lists[pool.list].count < w.inputs[turn].parts:
            return 0
    main = NONE
    for turn in range(place.inputs_at, place.inputs_at + place.inputs):
        pool = w.pools[w.members[w.inputs[turn].at]]
        for _ in range(w.inputs[turn].parts):
            part = w.lists[pool.list].head
            fetch(w, part, now)
            if main == NONE:
                main = part
            else:
                leave(w, part, 0, now)
    seize(w, at, main, now)
    return 1


@called
def take(w: World, index: int, at: int, now: float) -> int:
    """Take the next part for a station, or as many as make a batch: from inside the line first, then new ones."""
    place = w.places[index]
    if place.assembly == 1:
        return assemble(w, index, at, now)
    entry = w.inputs[place.inputs_at]
    there = 0
    for turn in range(entry.at, entry.at + entry.count):
        there += w.lists[w.pools[w.members[turn]].list].count
    if place.source != NONE:
        if w.sources[place.source].saturated == 1:
            there += place.most
        else:
            there += w.lists[w.sources[place.source].list].count
    if there < place.least:
        return 0
    wanted = min(there, place.most)
    for _ in range(wanted):
        part = NONE
        for turn in range(entry.at, entry.at + entry.count):
            row = w.lists[w.pools[w.members[turn]].list]
            if row.count > 0 and (part == NONE or w.parts[row.head].number < w.parts[part].number):
                part = row.head
        if part == NONE:
            part = let_in(w, place.source, now)
        else:
            fetch(w, part, now)
        seize(w, at, part, now)
    return 1


@called
def load(w: World, index: int, now: float) -> None:
    """Fill the idle machines of a station, and the room they make behind the ones before."""
    place = w.places[index]
    for at in range(place.first, place.first + place.servers):
        machine = w.machines[at]
        if machine.held > 0 or machine.down > 0:
            continue
        if take(w, index, at, now) == 0:
            return
        product = w.parts[machine.hand].product
        machine.work = number(w, w.products[place.product_at + product].cycle)
        machine.begun = 0
        if NONE not in (machine.product, place.setup_at):
            stream = w.setups[place.setup_at + machine.product * w.floors[0].products + product]
            if stream != NONE:
                machine.setup = number(w, stream)
                place.set_up += 1
        machine.product = product
        touch(w, at)


@inlined
def settle(w: World, now: float) -> None:
    """Move every part that can move, from the end of the line to its beginning, until none can."""
    floor = w.floors[0]
    while floor.dirty > 0:
        index = floor.high
        floor.high = 0
        while index >= floor.low:
            if w.places[index].dirty == 1:
                w.places[index].dirty = 0
                floor.dirty -= 1
                if floor.on == 1:
                    load(w, index, now)
                unblock(w, index, now)
            index -= 1
    floor.low, floor.high = floor.stations, 0
