"""What is unusual in the log: simple rules with their figures, so that an officer can judge each finding himself.

Each rule compares a person with what is known of him, or with a fixed bound; none of them decides anything. Persons are
the pseudonyms of the log, times are aware.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from statistics import median
from typing import Final

DAY: Final = timedelta(days=1)
LEAST_VOLUME: Final = 40  # entries in a day below which volume is never unusual
TIMES_USUAL: Final = 4.0  # so many times one's own usual day
LEAST_HISTORY: Final = 50  # entries before which one's usual hours are not known
RARE_HOUR: Final = 0.01  # share of one's entries in an hour of the day below which it is rare
LEAST_REFUSALS: Final = 5
REFUSED_SHARE: Final = 0.2
MANY_TENANTS: Final = 5  # tenants that one person of the vendor met within an hour


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """One entry of the log, as far as it matters here."""

    at: datetime
    actor: str
    role: str
    tenant: str
    refused: bool
    vendor: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Unusual:
    """One finding. `rule`: volume, hours, refusals, breadth; `figures` fill the words that explain it."""

    rule: str
    actor: str
    role: str
    at: datetime
    figures: Mapping[str, float] = field(default_factory=dict)


def unusual(entries: Iterable[Seen], *, now: datetime) -> tuple[Unusual, ...]:
    """What was unusual in the day before `now`, against everything handed in; newest first."""
    by_actor: dict[str, list[Seen]] = defaultdict(list)
    for one in entries:
        if one.at <= now:
            by_actor[one.actor].append(one)
    found: list[Unusual] = []
    for seen in by_actor.values():
        seen.sort(key=lambda one: one.at)
        today = [one for one in seen if one.at > now - DAY]
        before = [one for one in seen if one.at <= now - DAY]
        if today:
            found += _volume(today, before, now)
            found += _hours(today, before)
            found += _refusals(today)
            found += _breadth(today)
    return tuple(sorted(found, key=lambda one: (one.at, one.rule, one.actor), reverse=True))


def _volume(today: Sequence[Seen], before: Sequence[Seen], now: datetime) -> list[Unusual]:
    """More than `TIMES_USUAL` times the median of one's own active days, and more than `LEAST_VOLUME`."""
    days = Counter(int((now - one.at) / DAY) for one in before)
    usual = median(days.values()) if days else LEAST_VOLUME / TIMES_USUAL
    if len(today) <= LEAST_VOLUME or len(today) <= TIMES_USUAL * usual:
        return []
    return [_of("volume", today[-1], count=len(today), usual=usual, days=len(days))]


def _hours(today: Sequence[Seen], before: Sequence[Seen]) -> list[Unusual]:
    """At an hour of the day (UTC) in which this person hardly ever did anything before."""
    if len(before) < LEAST_HISTORY:
        return []
    usual = Counter(one.at.hour for one in before)
    rare = [one for one in today if usual[one.at.hour] / len(before) < RARE_HOUR]
    if not rare:
        return []
    hour = rare[-1].at.hour
    return [_of("hours", rare[-1], count=len(rare), hour=hour, before=usual[hour], history=len(before))]


def _refusals(today: Sequence[Seen]) -> list[Unusual]:
    """At least `LEAST_REFUSALS` refusals, and more than `REFUSED_SHARE` of what this person tried."""
    refused = [one for one in today if one.refused]
    if len(refused) < LEAST_REFUSALS or len(refused) <= REFUSED_SHARE * len(today):
        return []
    return [_of("refusals", refused[-1], count=len(refused), tried=len(today))]


def _breadth(today: Sequence[Seen]) -> list[Unusual]:
    """One person of the vendor met `MANY_TENANTS` tenants or more within an hour."""
    met = [one for one in today if one.vendor and one.tenant]
    most, last, first = 0, None, 0
    for index, one in enumerate(met):
        while met[first].at < one.at - timedelta(hours=1):
            first += 1
        tenants = len({other.tenant for other in met[first : index + 1]})
        if tenants > most:
            most, last = tenants, one
    if last is None or most < MANY_TENANTS:
        return []
    return [_of("breadth", last, tenants=most)]


def _of(rule: str, one: Seen, **figures: float) -> Unusual:
    return Unusual(rule=rule, actor=one.actor, role=one.role, at=one.at, figures=figures)
