"""The exact recursion: a line without choices, part by part instead of event by event.

On a line of single machines that share nothing, parts never overtake: part n is loaded at station i when it has come
from station i-1, part n-1 has left, and the station is up and on; it leaves station i-1 when it is finished there and
part n - B has been loaded at station i (B places between them; with none, when it is loaded itself). Failures on the
operating clock happen inside the processing of a part; calendar failures and shifts are intervals that the line does
not influence. So every time is a maximum of earlier times, and each is computed once, with the same additions as in
the event kernel. Source: Ermakov and Krivulin 1995 for the recursion without failures; the rest here.
``recursion_applies`` refuses by default.
"""

from __future__ import annotations

import math

import numba
import numpy as np

from simulators.compiled import called, inlined
from simulators.distributions import Floats
from simulators.figures import BLOCKED, DOWN, OFF, STARVED, WORKING
from simulators.line import WEEK, Line
from simulators.twin_clocks import draw
from simulators.twin_sums import DOWN_FINISHED, DOWN_UNFINISHED, OFF_HOLDING
from simulators.twin_tables import CALENDAR, NONE, OPERATING, Records, Tables, record

#: A station in the recursion. ``finished``, ``free``: when its last part was finished and left; ``quiet``: no interval
#: begins before; ``starts``, ``room``, ``ring``: its last loading times;
#: ``first``, ``count``: its last active periods, the current one ``since``.
SERIAL = record(
    i="starts room ring first count source sources waits",
    f="free finished since quiet",
)
#: An interval that the line does not influence: off by the calendar (cause NONE) or down by a calendar cause.
SOURCE = record(i="cause turn week", f="begin end")
#: Parts between two looks at the bottleneck.
LOOK = 16
DONE, ENLARGE = 0, 1
SERIAL_TYPE, SOURCE_TYPE = (numba.from_dtype(dtype)[::1] for dtype in (SERIAL, SOURCE))


def recursion_applies(line: Line) -> bool:
    """Whether parts of this line can be followed one by one; anything not known to be so is refused."""
    named = [failure.crew for station in line.stations for failure in station.failures if failure.crew is not None]
    sizes = dict(line.crews)
    return (
        line.plain
        and all(station.servers == 1 for station in line.stations)
        and all(named.count(crew) <= sizes[crew] for crew in named)  # nobody ever waits for a crew
        and line.pallets is None
        and line.system_capacity is None
    )


def serial_tables(line: Line, start: Tables) -> tuple[Records, Records, int]:
    """Lay out what the recursion needs beside the tables: stations, sources, and the length of all rings of starts."""
    serial = np.zeros(len(line.stations), SERIAL)
    rows: list[int] = []
    length = 0
    for index in range(len(line.stations)):
        places = line.stations[index - 1].buffer if index else 0
        serial[index]["starts"], serial[index]["room"] = length, places or 0
        length += places or 0
        first, count = (int(start.servers[index][name]) for name in ("cause", "causes"))
        causes = [number for number in range(first, first + count) if start.causes[number]["clock"] == CALENDAR]
        own = causes + ([NONE] if start.switches.size else [])
        serial[index]["source"], serial[index]["sources"] = len(rows), len(own)
        rows += own
    sources = np.zeros(len(rows), SOURCE)
    sources["cause"] = rows
    sources["begin"] = -1.0
    return serial, sources, length


def week_marks(line: Line) -> Floats:
    """Edges of the week's working time and the working time until each; empty without a calendar."""
    if line.calendar is None:
        return np.zeros((0, 2))
    spans = np.asarray(line.calendar.working())
    edges = np.concatenate([[0.0], spans.ravel(), [WEEK]])
    worked = np.concatenate([[0.0], np.cumsum(np.diff(edges) * (np.arange(len(edges) - 1) % 2))])
    return np.column_stack([edges, worked])


@inlined
def clipped(begin: float, end: float, warmup: float, horizon: float) -> float:
    """Length of the interval within the window."""
    if begin >= warmup and end <= horizon:
        return end - begin
    return max(min(end, horizon) - max(begin, warmup), 0.0)


@inlined
def wait(
    serial: Records, intervals: Floats, seconds: Floats, index: int, begin: float, end: float, state: int,
    warmup: float, horizon: float,
) -> int:  # fmt: skip
    """A station waits from ``begin`` to ``end``, which ends its active period; returns 1 if there is no room for it.

    Whether it waits at all is a toss-up: nothing here branches on it.
    """
    seconds[index, state] += clipped(begin, end, warmup, horizon)
    station = serial[index]
    at = station.first + station.count
    at -= intervals.shape[1] if at >= intervals.shape[1] else 0
    intervals[index, at, 0] = station.since
    intervals[index, at, 1] = begin
    waits = end > begin
    station.count += waits & (begin > station.since)
    station.since = end if waits else station.since
    station.waits |= waits
    return 1 if station.count + 1 >= intervals.shape[1] else 0


@inlined
def load_after(serial: Records, intervals: Floats, index: int, loaded: float) -> int:
    """A part is loaded: the station may have waited since the last one was finished. Returns 1 if out of room."""
    station = serial[index]
    at = station.first + station.count
    at -= intervals.shape[1] if at >= intervals.shape[1] else 0
    intervals[index, at, 0] = station.since
    intervals[index, at, 1] = station.finished
    waits = loaded > station.finished
    station.count += waits & (station.finished > station.since)
    station.since = loaded if waits else station.since
    return 1 if station.count + 1 >= intervals.shape[1] else 0


@inlined
def catch_up(serial: Records, intervals: Floats, index: int) -> int:
    """Bring the record of a station up to ``free``, before it is looked at slowly. Returns 1 if out of room."""
    station = serial[index]
    if station.free <= station.finished:
        return 0
    full = load_after(serial, intervals, index, station.free)
    station.waits, station.finished = 1, station.free
    return full


@inlined
def act(
    serial: Records, seconds: Floats, index: int, begin: float, end: float, state: int, warmup: float, horizon: float
) -> None:  # fmt: skip
    """A station does not wait from ``begin`` to ``end``, or it is off."""
    seconds[index, state] += clipped(begin, end, warmup, horizon)
    station = serial[index]
    if state not in (OFF, OFF_HOLDING):
        station.waits = 0
    elif station.waits == 1:
        station.since = end


@called
def next_interval(
    sources: Records, causes: Records, crews: Records, stations: Records, streams: Records, store: Floats,
    numbers: Floats, switches: Floats, index: int, station: int, warmup: float, horizon: float, seed: np.uint64,
    replication: np.uint64,
) -> None:  # fmt: skip
    """Replace an interval that is over by the next one of its kind."""
    source = sources[index]
    if source.cause == NONE:
        for turn in range(2):
            at = source.week * WEEK + switches[source.turn]
            if turn == 0:
                source.begin = source.end + (at - source.end)
            else:
                source.end = source.begin + (at - source.begin)
            source.turn += 1
            if source.turn == switches.shape[0]:
                source.turn, source.week = 0, source.week + 1
        return
    cause = causes[source.cause]
    source.begin = source.end + draw(streams, store, numbers, cause.uptime, seed, replication)
    source.end = source.begin + draw(streams, store, numbers, cause.repair, seed, replication)
    count_failure(stations, causes, crews, source.cause, station, source.begin, source.end, warmup, horizon)


@inlined
def count_failure(
    stations: Records, causes: Records, crews: Records, cause: int, station: int, begin: float, end: float,
    warmup: float, horizon: float,
) -> None:  # fmt: skip
    inside = 1 if warmup <= begin < horizon else 0
    stations[station].failures += inside
    if causes[cause].crew != NONE:
        crew = crews[causes[cause].crew]
        crew.repairs += inside
        crew.busy_area += clipped(begin, end, warmup, horizon)


@called
def advance(
    serial: Records, sources: Records, causes: Records, crews: Records, stations: Records, streams: Records,
    store: Floats, numbers: Floats, switches: Floats, intervals: Floats, seconds: Floats, index: int, begin: float,
    until: float, state: int, ready: int, warmup: float, horizon: float, seed: np.uint64, replication: np.uint64,
) -> float:  # fmt: skip
    """Let a station be in a state from ``begin`` to ``until``, and on to where it is up and on if ``ready``.

    ``state`` is STARVED (holding nothing), BLOCKED (a finished part) or DOWN_UNFINISHED (being repaired on the
    operating clock, or waiting with a part in work). Returns the end, and something negative if the intervals are full.
    """
    now = begin
    while True:
        off, down, then, quiet = 0, 0, math.inf, math.inf
        for number in range(serial[index].source, serial[index].source + serial[index].sources):
            while sources[number].end <= now:
                next_interval(
                    sources, causes, crews, stations, streams, store, numbers, switches, number, index, warmup,
                    horizon, seed, replication,
                )  # fmt: skip
            quiet = min(quiet, sources[number].begin)
            if sources[number].begin <= now:
                then = min(then, sources[number].end)
                if sources[number].cause == NONE:
                    off = 1
                else:
                    down = 1
            else:
                then = min(then, sources[number].begin)
        if now >= until and (ready == 0 or (off == 0 and down == 0)):
            serial[index].quiet = quiet
            return now
        if now < until:
            then = min(then, until)
        detail = state
        if off == 1:
            detail = OFF if state == STARVED else OFF_HOLDING
        elif down == 1 and state == STARVED:
            detail = DOWN
        elif down == 1 and state == BLOCKED:
            detail = DOWN_FINISHED
        if detail in (STARVED, BLOCKED):
            if wait(serial, intervals, seconds, index, now, then, detail, warmup, horizon) == 1:
                return -max(then, 1.0)
        else:
            act(serial, seconds, index, now, then, detail, warmup, horizon)
        now = then


@called
def processed(
    serial: Records, sources: Records, causes: Records, crews: Records, stations: Records, servers: Records,
    streams: Records, store: Floats, numbers: Floats, switches: Floats, intervals: Floats, seconds: Floats,
    index: int, begin: float, work: float, warmup: float, horizon: float, seed: np.uint64, replication: np.uint64,
) -> float:  # fmt: skip
    """Process a part loaded at ``begin`` through failures and interruptions; return when it is finished.

    What happens after the horizon does not count, so it is not followed.
    """
    now = begin
    first, last = servers[index].cause, servers[index].cause + servers[index].causes
    while True:
        step = work
        for number in range(first, last):
            step = min(step, causes[number].left)
        end = now + step
        if end > serial[index].quiet:
            end = serial[index].quiet
            step = end - now
        act(serial, seconds, index, now, end, WORKING, warmup, horizon)
        now = up = end
        work -= step
        for number in range(first, last):
            causes[number].left -= step
        if work <= 0.0 or now >= horizon:
            return now
        for number in range(first, last):
            if causes[number].left <= 0.0:
                repaired = now + draw(streams, store, numbers, causes[number].repair, seed, replication)
                causes[number].left = draw(streams, store, numbers, causes[number].uptime, seed, replication)
                count_failure(stations, causes, crews, number, index, now, repaired, warmup, horizon)
                up = max(up, repaired)
        if up < serial[index].quiet:
            act(serial, seconds, index, now, up, DOWN_UNFINISHED, warmup, horizon)
            now = up
        else:
            now = advance(
                serial, sources, causes, crews, stations, streams, store, numbers, switches, intervals, seconds, index,
                now, up, DOWN_UNFINISHED, 1, warmup, horizon, seed, replication,
            )  # fmt: skip


@inlined
def working_time(moment: float, marks: Floats) -> float:
    """Working time from 0 to ``moment``; ``marks`` [edge, (second of the week, working time until then)]."""
    if marks.shape[0] == 0:
        return moment
    week = math.floor(moment / WEEK)
    second = moment - week * WEEK
    last = marks.shape[0] - 1
    low, high = 0, last
    while high - low > 1:
        middle = (low + high) // 2
        if marks[middle, 0] <= second:
            low = middle
        else:
            high = middle
    worked = marks[low, 1]
    if marks[high, 1] > marks[low, 1]:
        worked += second - marks[low, 0]
    return float(week * marks[last, 1] + worked)


@called
def look(
    serial: Records, stations: Records, intervals: Floats, floor: Records, marks: Floats, warmup: float, horizon: float
) -> None:  # fmt: skip
    """Follow the station with the longest current active period as far as every station's past is known."""
    size = intervals.shape[1]
    until = horizon
    for index in range(floor.stations):
        until = min(until, serial[index].finished)
    now = floor.bottleneck_at
    while now < until:
        first, then = math.inf, until
        chosen, ends = NONE, until
        for index in range(floor.stations):
            station = serial[index]
            while station.count > 0 and intervals[index, station.first, 1] <= now:
                station.first = station.first + 1 if station.first + 1 < size else 0
                station.count -= 1
            if station.count > 0:
                begin, end = intervals[index, station.first, 0], intervals[index, station.first, 1]
            elif station.waits == 0:
                begin, end = station.since, until
            else:
                continue
            if begin > now:
                then = min(then, begin)
            elif begin < first:
                first, chosen, ends = begin, index, end
        if chosen == NONE:
            now = then
            continue
        ends = min(ends, until)
        begin, end = max(now, warmup), min(ends, horizon)
        if end > begin:
            if marks.shape[0] == 0:
                stations[chosen].bottleneck += end - begin
            else:
                stations[chosen].bottleneck += working_time(end, marks) - working_time(begin, marks)
        now = ends
    floor.bottleneck_at = now


@called
def begin_serial(
    serial: Records, sources: Records, causes: Records, streams: Records, store: Floats, numbers: Floats,
    switches: Floats, floor: Records, seed: np.uint64, replication: np.uint64,
) -> None:  # fmt: skip
    """Draw the first times to failure on the operating clock; the line may begin in off time."""
    for number in range(causes.shape[0]):
        if causes[number].clock == OPERATING:
            causes[number].left = draw(streams, store, numbers, causes[number].uptime, seed, replication)
        else:
            causes[number].left = math.inf
    for number in range(sources.shape[0]):
        if sources[number].cause == NONE and floor.on == 0:
            sources[number].begin, sources[number].end, sources[number].turn = 0.0, switches[0], 1
    for index in range(floor.stations):
        serial[index].waits = 1
        serial[index].quiet = math.inf if serial[index].sources == 0 else -1.0
