"""The line document `mingsuan: line/1`: what a process engineer writes becomes a `simulators.line.Line`, and back.

Times carry a unit and become seconds. The line itself checks what makes sense (a buffer of -1, a crew that does not
exist); here its refusal gets the line of the file. `read_line(write_line(line), name) == line` for every line.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from simulators.distributions import PARAMETERS, TIMES, Distribution
from simulators.line import Calendar, Failure, Line, Shift, Station
from templates.documents import Node, build, closest, expect_kind, load, time_text, write

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_clock = re.compile(r"(\d{1,2}):(\d{2})(?::(\d{2}))?")


def read_line(text: str | bytes, name: str) -> Line:
    """The line that a document describes; `name` is the file's name for messages.

    Raises DocumentError with the place ("line 7: stations[0].buffer") for whatever is wrong, from YAML to sense.
    """
    return line_from(load(text, name=name))


def line_from(document: Node) -> Line:
    """The line of a document that is already loaded, or that stands inside another one."""
    expect_kind(document, "line")
    entries = document.fields(
        needed=("mingsuan", "name", "stations"),
        optional=("crews", "arrivals", "timezone", "calendar", "products", "pallets", "system_capacity"),
    )
    if "products" in entries:
        raise entries["products"].error(
            "a product mix is not simulated yet",
            code="products_not_simulated",
            remedy="Describe the main product: cycle as a distribution over the mix, changeovers as a failure with a "
            "calendar clock.",
        )
    crews: dict[str, int] = {}
    if "crews" in entries:
        crews = {crew: node.integer() for crew, node in entries["crews"].mapping().items()}
    stations = tuple(_station(node) for node in entries["stations"].items(at_most=500))
    return build(
        document,
        lambda: Line(
            name=entries["name"].text(at_most=200),
            stations=stations,
            crews=tuple(crews.items()),
            arrivals=_arrivals(entries["arrivals"]) if "arrivals" in entries else None,
            timezone=timezone_from(entries["timezone"]) if "timezone" in entries else "UTC",
            calendar=calendar_from(entries["calendar"]) if "calendar" in entries else None,
            pallets=entries["pallets"].integer() if "pallets" in entries else None,
            system_capacity=entries["system_capacity"].integer() if "system_capacity" in entries else None,
        ),
    )


def distribution_from(node: Node) -> Distribution:
    """A time ("2.5 s") or {kind: {parameter: value}} with the kinds and parameters of `simulators.distributions`."""
    if not node.is_mapping:
        return build(node, lambda: Distribution.constant(node.seconds(zero=True)))
    if len(node.mapping()) != 1:
        raise node.error(
            "a distribution has one name, such as {exponential: {mean: 45 min}}",
            code="one_distribution",
            remedy=f"Give one of {', '.join(PARAMETERS)}.",
            known=", ".join(PARAMETERS),
        )
    ((kind, inner),) = node.mapping().items()
    if kind not in PARAMETERS:
        guess = closest(kind, list(PARAMETERS))
        raise inner.error(
            f"{kind!r} is not a distribution",
            code="unknown_distribution",
            remedy=f"Did you mean {guess!r}?" if guess else f"Use one of {', '.join(PARAMETERS)}.",
            kind=kind,
            known=guess or ", ".join(PARAMETERS),
        )
    if kind == "constant" and not inner.is_mapping:
        return build(inner, lambda: Distribution.constant(inner.seconds(zero=True)))
    entries = inner.fields(needed=PARAMETERS[kind])
    values = {name: _parameter(name, value) for name, value in entries.items()}
    return build(inner, lambda: Distribution.of(kind, **values))


def write_line(line: Line) -> str:
    """The document of a line; what is left at its default is left out."""
    document: dict[str, object] = {
        "mingsuan": "line/1",
        "name": line.name,
        "stations": [_station_plain(station) for station in line.stations],
    }
    if line.crews:
        document["crews"] = dict(line.crews)
    if line.arrivals is not None:
        document["arrivals"] = distribution_plain(line.arrivals)
    if line.timezone != "UTC":
        document["timezone"] = line.timezone
    if line.calendar is not None:
        document["calendar"] = calendar_plain(line.calendar)
    if line.pallets is not None:
        document["pallets"] = line.pallets
    if line.system_capacity is not None:
        document["system_capacity"] = line.system_capacity
    return write(document)


def calendar_plain(calendar: Calendar) -> dict[str, object]:
    """A calendar as plain data: what `calendar_from` reads."""
    return {"shifts": [_shift_plain(shift) for shift in calendar.shifts]}


def distribution_plain(distribution: Distribution) -> object:
    """A distribution as plain data: what `distribution_from` reads."""
    if distribution.kind == "constant":
        return time_text(distribution.number("value"))
    inner: dict[str, object] = {}
    for name, value in distribution.params:
        if isinstance(value, tuple):
            inner[name] = [time_text(item) if name in TIMES else item for item in value]
        elif name == "k":
            inner[name] = int(value)
        else:
            inner[name] = time_text(value) if name in TIMES else value
    return {distribution.kind: inner}


# --- reading --------------------------------------------------------------------------------------------------------


def _station(node: Node) -> Station:
    entries = node.fields(needed=("name", "cycle"), optional=("servers", "ideal_cycle", "scrap", "failures", "buffer"))
    failures = entries["failures"].items(at_most=200) if "failures" in entries else []
    return build(
        node,
        lambda: Station(
            name=entries["name"].text(at_most=200),
            servers=entries["servers"].integer() if "servers" in entries else 1,
            cycle=distribution_from(entries["cycle"]),
            ideal_cycle=entries["ideal_cycle"].seconds() if "ideal_cycle" in entries else None,
            scrap=entries["scrap"].share() if "scrap" in entries else 0.0,
            failures=tuple(_failure(failure) for failure in failures),
            buffer=_buffer(entries["buffer"]) if "buffer" in entries else 0,
        ),
    )


def _buffer(node: Node) -> int | None:
    if node.value == "unlimited":
        return None
    if isinstance(node.value, str):
        guess = closest(node.value, ["unlimited"])
        raise node.error(
            f"a buffer is a number of places or the word unlimited, not {node.value!r}",
            code="buffer_word",
            remedy="Did you mean 'unlimited'?" if guess else "Write a whole number such as 20, or unlimited.",
            value=node.value,
        )
    return node.integer()


def _failure(node: Node) -> Failure:
    entries = node.fields(needed=("name", "clock", "uptime", "repair"), optional=("crew",))
    clock = entries["clock"].choice(("operating", "calendar"))
    return build(
        node,
        lambda: Failure(
            name=entries["name"].text(at_most=200),
            clock="calendar" if clock == "calendar" else "operating",
            uptime=distribution_from(entries["uptime"]),
            repair=distribution_from(entries["repair"]),
            crew=entries["crew"].text(at_most=200) if "crew" in entries else None,
        ),
    )


def _parameter(name: str, node: Node) -> float | tuple[float, ...]:
    if name in {"values", "probabilities"}:
        items = node.items(at_least=1, at_most=20_000)
        return tuple(item.seconds(zero=True) if name == "values" else item.share() for item in items)
    return node.seconds(zero=True) if name in TIMES else node.number()


def _arrivals(node: Node) -> Distribution | None:
    if isinstance(node.value, str) and not any(character.isdigit() for character in node.value):
        if node.value == "saturated":
            return None
        raise node.error(
            f"arrivals are saturated or the time between two arrivals, not {node.value!r}",
            code="arrivals_word",
            remedy="Write saturated, a time such as '30 s', or a distribution.",
            value=node.value,
        )
    return distribution_from(node)


def timezone_from(node: Node) -> str:
    """The name of a time zone."""
    name = node.text(at_most=400)
    if name == "UTC":
        return name
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        guess = closest(name, sorted(available_timezones()))
        raise node.error(
            f"{name!r} is not a time zone",
            code="unknown_timezone",
            remedy=f"Did you mean {guess!r}?" if guess else "Write a place such as Asia/Shanghai, or UTC.",
            value=name,
            guess=guess or "Asia/Shanghai",
        ) from None
    return name


def calendar_from(node: Node) -> Calendar:
    """A weekly calendar: {shifts: [...]}."""
    shifts = node.fields(needed=("shifts",))["shifts"]
    return build(node, lambda: Calendar(shifts=tuple(_shift(shift) for shift in shifts.items(at_most=100))))


def _shift(node: Node) -> Shift:
    entries = node.fields(needed=("days", "from", "to"), optional=("breaks",))
    breaks = []
    for pause in entries["breaks"].items(at_most=50) if "breaks" in entries else []:
        inner = pause.fields(needed=("from", "to"))
        breaks.append((_time_of_day(inner["from"]), _time_of_day(inner["to"])))
    return build(
        node,
        lambda: Shift(
            days=_days(entries["days"]),
            start_s=_time_of_day(entries["from"]),
            end_s=_time_of_day(entries["to"]),
            breaks=tuple(breaks),
        ),
    )


def _days(node: Node) -> tuple[int, ...]:
    """`mon-fri`, `sat`, `mon, wed-fri`, `daily`, or a list of these; Monday is 0."""
    words = [item.text(at_most=400) for item in node.items(at_least=1)] if node.is_list else node.text().split(",")
    days: set[int] = set()
    for word in words:
        first, _, last = ("mon-sun" if word.strip() == "daily" else word).partition("-")
        ends = [_day(node, end) for end in (first, last) if end.strip()]
        start, stop = ends[0] if ends else _day(node, word), ends[-1]
        days.update(day % 7 for day in range(start, stop + 1 if stop >= start else stop + 8))
    return tuple(sorted(days))


def _day(node: Node, word: str) -> int:
    found = word.strip().lower()[:3]
    if found not in DAYS or word.strip().lower() not in {found, _FULL_DAYS[found]}:
        raise node.error(
            f"{word.strip()!r} is not a day",
            code="unknown_day",
            remedy="Write days such as mon-fri, or [sat, sun].",
            value=word.strip(),
        )
    return DAYS.index(found)


_FULL_DAYS: Mapping[str, str] = {
    "mon": "monday",
    "tue": "tuesday",
    "wed": "wednesday",
    "thu": "thursday",
    "fri": "friday",
    "sat": "saturday",
    "sun": "sunday",
}


def _time_of_day(node: Node) -> float:
    found = _clock.fullmatch(node.text(at_most=400).strip())
    hours, minutes, seconds = (int(part or 0) for part in found.groups()) if found else (99, 0, 0)
    if minutes > 59 or seconds > 59 or hours * 3600 + minutes * 60 + seconds > 86_400:
        raise node.error(
            f"{node.written!r} is not a time of day",
            code="time_of_day",
            remedy='Write hours and minutes in quotes, such as "06:00"; the end of the day is "24:00".',
            value=node.written,
        )
    return float(hours * 3600 + minutes * 60 + seconds)


# --- writing --------------------------------------------------------------------------------------------------------


def _station_plain(station: Station) -> dict[str, object]:
    plain: dict[str, object] = {"name": station.name}
    if station.servers != 1:
        plain["servers"] = station.servers
    plain["cycle"] = distribution_plain(station.cycle)
    if station.ideal_cycle is not None:
        plain["ideal_cycle"] = time_text(station.ideal_cycle)
    if station.scrap:
        plain["scrap"] = station.scrap
    if station.failures:
        plain["failures"] = [_failure_plain(failure) for failure in station.failures]
    if station.buffer != 0:
        plain["buffer"] = "unlimited" if station.buffer is None else station.buffer
    return plain


def _failure_plain(failure: Failure) -> dict[str, object]:
    plain: dict[str, object] = {
        "name": failure.name,
        "clock": failure.clock,
        "uptime": distribution_plain(failure.uptime),
        "repair": distribution_plain(failure.repair),
    }
    return plain if failure.crew is None else {**plain, "crew": failure.crew}


def _shift_plain(shift: Shift) -> dict[str, object]:
    plain: dict[str, object] = {
        "days": [DAYS[day] for day in shift.days],
        "from": _clock_text(shift.start_s),
        "to": _clock_text(shift.end_s),
    }
    if shift.breaks:
        plain["breaks"] = [{"from": _clock_text(start), "to": _clock_text(end)} for start, end in shift.breaks]
    return plain


def _clock_text(seconds: float) -> str:
    hours, rest = divmod(round(seconds), 3600)
    return f"{hours:02}:{rest // 60:02}" + (f":{rest % 60:02}" if rest % 60 else "")
