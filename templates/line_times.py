"""Times in a line document, read and written: distributions, shifts, calendars and time zones."""

from __future__ import annotations

import re
from collections.abc import Mapping
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from simulators.distributions import PARAMETERS, TIMES, Distribution
from simulators.line import Calendar, Shift
from templates.documents import Node, build, closest, time_text

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_clock = re.compile(r"(\d{1,2}):(\d{2})(?::(\d{2}))?")
_FULL_DAYS: Mapping[str, str] = {
    "mon": "monday",
    "tue": "tuesday",
    "wed": "wednesday",
    "thu": "thursday",
    "fri": "friday",
    "sat": "saturday",
    "sun": "sunday",
}


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


def _parameter(name: str, node: Node) -> float | tuple[float, ...]:
    if name in {"values", "probabilities"}:
        items = node.items(at_least=1, at_most=20_000)
        return tuple(item.seconds(zero=True) if name == "values" else item.share() for item in items)
    return node.seconds(zero=True) if name in TIMES else node.number()


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


def calendar_from(node: Node, *, closings: bool = False) -> Calendar:
    """A calendar of shifts; with `closings` also the days on which nobody comes."""
    entries = node.fields(needed=("shifts",), optional=("first", "closed") if closings else ())
    shifts = entries["shifts"]
    return build(
        node,
        lambda: Calendar(
            shifts=tuple(_shift(shift) for shift in shifts.items(at_most=100)),
            first=entries["first"].day() if "first" in entries else None,
            closed=tuple(day.day() for day in entries["closed"].items(at_most=4000)) if "closed" in entries else (),
        ),
    )


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


def calendar_plain(calendar: Calendar) -> dict[str, object]:
    """A calendar as plain data: what `calendar_from` reads."""
    plain: dict[str, object] = {"shifts": [_shift_plain(shift) for shift in calendar.shifts]}
    if calendar.first is not None:
        plain["first"] = calendar.first.isoformat()
    if calendar.closed:
        plain["closed"] = [day.isoformat() for day in calendar.closed]
    return plain


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
