"""What becomes of finished parts in the network kernel, and how conveyors and vehicles carry them."""

from __future__ import annotations

import math

from simulators.compiled import called, inlined
from simulators.twin_network_lists import (
    append,
    change,
    longing,
    next_product,
    number,
    remove,
    set_level,
    set_timer,
    soil,
)
from simulators.twin_network_moves import drop, join, leave, sell
from simulators.twin_network_tables import (
    BUFFER,
    CARRYING,
    FETCHING,
    IDLE,
    IN_BLOCKED,
    IN_LIST,
    INBOX,
    LOADED,
    NEAREST,
    ON_MACHINE,
    ON_RACK,
    ON_VEHICLE,
    PER_FLEET,
    PER_PLACE,
    PUT_DOWN,
    World,
)
from simulators.twin_tables import NONE


@called
def pass_on(w: World, index: int, part: int, pool: int, now: float) -> None:
    """A part waits on its machine for room behind it, for the next station, a conveyor or a vehicle."""
    station = w.machines[index].station
    place = w.places[station]
    w.parts[part].pool = pool
    append(w, place.blocked, part, IN_BLOCKED)
    soil(w, station)
    if place.fleet == NONE and place.travel < 0.0:
        join(w, part)
        return
    expect(w, part, place.fleet, now)


@called
def expect(w: World, part: int, fleet: int, now: float) -> None:
    """The next station waits for a part that is not there yet; vehicles are asked for it where they bring it."""
    pool = w.pools[w.parts[part].pool]
    for turn in range(pool.at, pool.at + pool.count):
        w.places[w.members[turn]].coming += 1
        longing(w, w.members[turn], now)
    if fleet != NONE:
        w.parts[part].moment = now
        append(w, w.fleets[fleet].list, part, IN_LIST)


@called
def send_back(w: World, index: int, part: int, now: float) -> None:
    """A part is to be worked on again; it waits beside the machine, where there is always room."""
    station = w.machines[index].station
    place = w.places[station]
    place.reworked += 1
    drop(w, index, part, now)
    w.parts[part].where, w.parts[part].at, w.parts[part].pool = ON_RACK, station, place.back
    place.racked += 1
    change(w, station, BUFFER, 1, now)
    if place.fleet == NONE:
        join(w, part)
    else:
        expect(w, part, place.fleet, now)


@inlined
def way(w: World, station: int, product: int) -> int:
    """Where a finished part goes: drawn where there is a choice."""
    row = w.products[w.places[station].product_at + product]
    if row.ways == 1:
        return int(w.ways[row.ways_at].pool)
    chance = number(w, w.places[station].way_stream)
    at = row.ways_at
    while chance >= w.ways[at].upper:
        at += 1
    return int(w.ways[at].pool)


@called
def finish_part(w: World, index: int, part: int, now: float) -> int:
    """Count a finished part; it leaves for good, goes back, or waits for room. Returns 1 at the end of the line."""
    machine, floor, row = w.machines[index], w.floors[0], w.parts[part]
    station = machine.station
    place = w.places[station]
    own = w.products[place.product_at + row.product]
    place.processed += 1
    place.ideal += own.ideal
    chance_of_scrap = own.scrap
    if machine.cold > 0:
        machine.cold -= 1
        chance_of_scrap = max(chance_of_scrap, place.cold_scrap)
    scrapped = 0
    if chance_of_scrap > 0.0 and number(w, place.scrap_stream) < chance_of_scrap:
        scrapped = 1
    if scrapped == 0 and own.rework > 0.0 and number(w, place.rework_stream) < own.rework:
        rounds = w.rounds[part, place.column]
        w.rounds[part, place.column] += 1
        if rounds < place.tries:
            send_back(w, index, part, now)
            return 0
        scrapped = 1
    place.scrapped += scrapped
    if floor.closed > 0:
        if place.exit == 1:
            place.out += 1
            if scrapped == 0:
                sell(w, part, now)
            row.entered = now
            row.product = next_product(w, 0)
        pass_on(w, index, part, way(w, station, row.product), now)
        return int(place.exit)
    pool = NONE if scrapped == 1 else way(w, station, row.product)
    if pool != NONE:
        pass_on(w, index, part, pool, now)
        return 0
    drop(w, index, part, now)
    leave(w, part, 1 - scrapped, now)
    out = 1 if place.exit == 1 or scrapped == 0 else 0
    place.out += out
    return out


@called
def have_come(w: World, part: int, now: float) -> None:
    pool = w.pools[w.parts[part].pool]
    for turn in range(pool.at, pool.at + pool.count):
        w.places[w.members[turn]].coming -= 1
        longing(w, w.members[turn], now)
    join(w, part)


@called
def arrive(w: World, station: int, now: float) -> None:
    """The first part on a conveyor is at its end."""
    belt = w.places[station].belt
    part = w.lists[belt].head
    remove(w, belt, part, IN_LIST)
    have_come(w, part, now)
    slot = w.floors[0].belt_slot + station
    w.when[slot] = math.inf
    if w.lists[belt].count > 0:
        set_timer(w, slot, w.parts[w.lists[belt].head].moment, now)


@inlined
def fleet_level(w: World, fleet: int, kind: int, by: int, now: float) -> None:
    index = w.floors[0].stations * PER_PLACE + fleet * PER_FLEET + kind
    set_level(w, index, w.areas[index].level + by, now)


@inlined
def site(w: World, part: int) -> int:
    """The station at which a part waits for its vehicle."""
    row = w.parts[part]
    return int(w.machines[row.at].station if row.where == ON_MACHINE else row.at)


@called
def send_vehicles(w: World, index: int, now: float) -> None:
    """Send idle vehicles to the parts that wait for one; a part goes only where there is a place to put it down."""
    fleet, count = w.fleets[index], w.floors[0].stations
    while True:
        best, chosen, found = math.inf, NONE, NONE
        part = w.lists[fleet.list].head
        while part != NONE:
            pool = w.pools[w.parts[part].pool]
            if pool.reserved < w.places[w.members[pool.at]].inbox:
                base = index * count * count + site(w, part)
                for vehicle in range(fleet.first, fleet.first + fleet.vehicles):
                    row = w.vehicles[vehicle]
                    if row.stage == IDLE and w.travel[base + row.at * count] < best:
                        best, chosen, found = w.travel[base + row.at * count], vehicle, part
                if fleet.rule != NEAREST:
                    break
            part = w.links[part, IN_LIST]
        if found == NONE:
            return
        remove(w, fleet.list, found, IN_LIST)
        w.pools[w.parts[found].pool].reserved += 1
        w.vehicles[chosen].part, w.vehicles[chosen].stage = found, FETCHING
        fleet_level(w, index, 0, 1, now)
        set_timer(w, w.floors[0].vehicle_slot + chosen, now + best, now)


@called
def vehicle_comes(w: World, index: int, now: float) -> None:
    """A vehicle is where a part waits for it, or where it brings one."""
    vehicle, floor = w.vehicles[index], w.floors[0]
    fleet, part = w.fleets[vehicle.fleet], vehicle.part
    row, pool = w.parts[part], w.pools[w.parts[part].pool]
    end, slot = w.members[pool.at], floor.vehicle_slot + index
    if vehicle.stage == FETCHING:
        start = site(w, part)
        if row.where == ON_MACHINE:
            remove(w, w.places[start].blocked, part, IN_BLOCKED)
            drop(w, row.at, part, now)
        else:
            change(w, start, BUFFER, -1, now)
            w.places[start].racked -= 1 if row.where == ON_RACK else 0
            soil(w, start)
        row.where, vehicle.stage = ON_VEHICLE, CARRYING
        fleet_level(w, vehicle.fleet, LOADED, 1, now)
        base = vehicle.fleet * floor.stations * floor.stations
        trip = fleet.load + w.travel[base + start * floor.stations + end] + fleet.unload
        set_timer(w, slot, now + trip, now)
        return
    vehicle.at, vehicle.part, vehicle.stage = end, NONE, IDLE
    w.when[slot] = math.inf
    fleet.deliveries += 1
    fleet.delivery += now - row.moment
    fleet_level(w, vehicle.fleet, LOADED, -1, now)
    fleet_level(w, vehicle.fleet, 0, -1, now)
    row.where = PUT_DOWN
    pool.delivered += 1
    change(w, end, INBOX, 1, now)
    have_come(w, part, now)
