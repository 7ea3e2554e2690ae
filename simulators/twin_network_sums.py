"""The sums that the network kernel keeps, and how they are written down."""

from __future__ import annotations

from simulators.compiled import called
from simulators.distributions import Floats
from simulators.figures import CREW_SUMS, LINE_SUMS, PLACE_SUMS, STATION_SUMS
from simulators.states import DOWN, SETUP, STATES, WORKING
from simulators.twin_network_lists import crew_note, set_level
from simulators.twin_network_tables import BUFFER, HELD, INBOX, LOADED, LONGING, PER_FLEET, PER_PLACE, World
from simulators.twin_tables import NONE

#: One state more than there are names: down with unfinished parts in hand.
DOWN_BUSY = len(STATES)
N_STATES, N_STATION, N_CREW, N_LINE = len(STATES), len(STATION_SUMS), len(CREW_SUMS), len(LINE_SUMS)
N_PLACE = len(PLACE_SUMS)


@called
def flush(w: World, now: float) -> None:
    """Bring all sums up to this moment."""
    floor = w.floors[0]
    for index in range(w.machines.shape[0]):
        machine = w.machines[index]
        w.seconds[machine.station, machine.state] += now - machine.since
        machine.since = now
    for index in range(w.areas.shape[0]):
        set_level(w, index, w.areas[index].level, now)
    for index in range(w.crews.shape[0]):
        crew_note(w, index, 0, now)
    if floor.bottleneck != NONE and floor.on == 1:
        w.places[floor.bottleneck].bottleneck += now - floor.bottleneck_at
    floor.bottleneck_at = now


@called
def forget(w: World) -> None:
    """Start counting afresh: the warm-up is over. Orders are counted over the whole run."""
    floor = w.floors[0]
    w.seconds[:, :] = 0.0
    for index in range(w.areas.shape[0]):
        w.areas[index].area = 0.0
    for index in range(w.places.shape[0]):
        place = w.places[index]
        place.bottleneck = place.ideal = 0.0
        place.processed = place.scrapped = place.failures = place.reworked = place.set_up = place.out = 0
    for index in range(w.crews.shape[0]):
        w.crews[index].busy_area = w.crews[index].wait = 0.0
        w.crews[index].repairs = 0
    for index in range(floor.products):
        w.products[index].good = w.products[index].lead = 0.0
    for index in range(w.fleets.shape[0]):
        w.fleets[index].deliveries, w.fleets[index].delivery = 0, 0.0
    floor.queue_wait = floor.lead = 0.0
    floor.lost = floor.arrivals = floor.starts = floor.waited = floor.good = floor.wanted = 0


@called
def write(w: World, horizon: float, out: Floats) -> None:
    """Write the sums in the order of RunFigures.vector, without the bins."""
    floor = w.floors[0]
    n = floor.stations
    wip = 0.0
    for index in range(n):
        place, row, base = w.places[index], w.seconds[index], index * PER_PLACE
        for state in range(N_STATES):
            out[index * N_STATES + state] = row[state]
        out[index * N_STATES + DOWN] += row[DOWN_BUSY]
        at = n * N_STATES + index * N_STATION
        out[at] = row[WORKING] + row[SETUP] + row[DOWN_BUSY]
        out[at + 1], out[at + 2] = w.areas[base + HELD].area, w.areas[base + BUFFER].area
        out[at + 3] = place.bottleneck
        out[at + 4], out[at + 5], out[at + 6] = place.processed, place.scrapped, place.failures
        wip += w.areas[base + HELD].area + w.areas[base + BUFFER].area + w.areas[base + INBOX].area
    at = n * (N_STATES + N_STATION)
    for index in range(w.crews.shape[0]):
        crew = w.crews[index]
        out[at], out[at + 1], out[at + 2] = crew.busy_area, crew.wait, crew.repairs
        at += N_CREW
    fleets = n * PER_PLACE
    for index in range(w.fleets.shape[0]):
        wip += w.areas[fleets + index * PER_FLEET + LOADED].area
    out[at], out[at + 1], out[at + 2], out[at + 3] = floor.good, floor.lead, wip, w.areas[floor.yard].area
    out[at + 4], out[at + 5], out[at + 6] = floor.queue_wait, floor.starts, floor.waited
    out[at + 7], out[at + 8] = floor.arrivals, floor.lost
    at += N_LINE
    for index in range(n):
        place, base = w.places[index], index * PER_PLACE
        out[at], out[at + 1], out[at + 2], out[at + 3] = place.ideal, place.reworked, place.set_up, place.out
        out[at + 4], out[at + 5] = w.areas[base + INBOX].area, w.areas[base + LONGING].area
        at += N_PLACE
    for index in range(floor.products):
        out[at], out[at + 1] = w.products[index].good, w.products[index].lead
        at += 2
    for index in range(w.orders.shape[0]):
        order = w.orders[index]
        ended = order.finished_at if order.finished == 1 else horizon
        out[at], out[at + 1], out[at + 2] = order.good, order.finished, order.finished_at
        out[at + 3] = max(0.0, ended - order.due)
        at += 4
    for index in range(w.fleets.shape[0]):
        fleet = w.fleets[index]
        out[at] = w.areas[fleets + index * PER_FLEET].area
        out[at + 1] = w.areas[fleets + index * PER_FLEET + LOADED].area
        out[at + 2], out[at + 3] = fleet.deliveries, fleet.delivery
        at += 4
    out[at] = floor.wanted
