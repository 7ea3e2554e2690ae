"""The sums that a kernel keeps, and how they are written down."""

from __future__ import annotations

from simulators.compiled import called, inlined
from simulators.distributions import Floats
from simulators.figures import BLOCKED, CREW_SUMS, DOWN, LINE_SUMS, OFF, STARVED, STATES, STATION_SUMS, WORKING
from simulators.twin_tables import NONE, Records

N_STATES, N_STATION, N_CREW, N_LINE = len(STATES), len(STATION_SUMS), len(CREW_SUMS), len(LINE_SUMS)
#: States in more detail than STATES: what a machine that is down or off holds.
DOWN_UNFINISHED, DOWN_FINISHED, OFF_HOLDING = N_STATES, N_STATES + 1, N_STATES + 2
DETAILS = N_STATES + 3


@inlined
def level(station: Records, change: int, now: float) -> None:
    """Change the number of parts behind a station."""
    station.level_area += station.level * (now - station.level_at)
    station.level_at = now
    station.level += change


@inlined
def crew_note(crew: Records, change: int, now: float) -> None:
    crew.busy_area += crew.busy * (now - crew.at)
    crew.at = now
    crew.busy += change


@inlined
def state_of(server: Records, on: int) -> int:
    if on == 0:
        return OFF_HOLDING if server.has == 1 else OFF
    if server.down > 0:
        if server.has == 0:
            return DOWN
        return DOWN_UNFINISHED if server.work > 0.0 else DOWN_FINISHED
    if server.has == 0:
        return STARVED
    return WORKING if server.work > 0.0 else BLOCKED


@called
def flush(stations: Records, servers: Records, crews: Records, floor: Records, seconds: Floats, now: float) -> None:
    """Bring all sums up to this moment."""
    for index in range(servers.shape[0]):
        server = servers[index]
        seconds[server.station, server.state] += now - server.since
        server.since = now
    for index in range(stations.shape[0]):
        level(stations[index], 0, now)
    for index in range(crews.shape[0]):
        crew_note(crews[index], 0, now)
    if floor.bottleneck != NONE and floor.on == 1:
        stations[floor.bottleneck].bottleneck += now - floor.bottleneck_at
    floor.bottleneck_at = now


@called
def forget(stations: Records, crews: Records, floor: Records, seconds: Floats) -> None:
    """Start counting afresh: the warm-up is over."""
    for index in range(stations.shape[0]):
        for state in range(DETAILS):
            seconds[index, state] = 0.0
        station = stations[index]
        station.level_area = station.bottleneck = 0.0
        station.processed = station.scrapped = station.failures = 0
    for index in range(crews.shape[0]):
        crews[index].busy_area = crews[index].wait = 0.0
        crews[index].repairs = 0
    floor.queue_wait = floor.lead = 0.0
    floor.lost = floor.arrivals = floor.starts = floor.waited = floor.good = 0


@called
def write(stations: Records, crews: Records, floor: Records, seconds: Floats, out: Floats) -> None:
    """Write the sums in the order of RunFigures.vector, without the bins."""
    n = floor.stations
    wip = 0.0
    for index in range(n):
        station, row = stations[index], seconds[index]
        for state in range(N_STATES):
            out[index * N_STATES + state] = row[state]
        out[index * N_STATES + DOWN] += row[DOWN_UNFINISHED] + row[DOWN_FINISHED]
        out[index * N_STATES + OFF] += row[OFF_HOLDING]
        held = row[WORKING] + row[BLOCKED] + row[DOWN_UNFINISHED] + row[DOWN_FINISHED] + row[OFF_HOLDING]
        at = n * N_STATES + index * N_STATION
        out[at] = row[WORKING] + row[DOWN_UNFINISHED]
        out[at + 1] = held
        out[at + 2] = station.level_area
        out[at + 3] = station.bottleneck
        out[at + 4], out[at + 5], out[at + 6] = station.processed, station.scrapped, station.failures
        wip += held + station.level_area
    for index in range(crews.shape[0]):
        at = n * (N_STATES + N_STATION) + index * N_CREW
        out[at], out[at + 1], out[at + 2] = crews[index].busy_area, crews[index].wait, crews[index].repairs
    at = n * (N_STATES + N_STATION) + crews.shape[0] * N_CREW
    out[at], out[at + 1], out[at + 2], out[at + 3] = floor.good, floor.lead, wip, stations[n].level_area
    out[at + 4], out[at + 5], out[at + 6] = floor.queue_wait, floor.starts, floor.waited
    out[at + 7], out[at + 8] = floor.arrivals, floor.lost
