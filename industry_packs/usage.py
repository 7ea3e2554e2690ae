"""How versions of packs fare: counts that name nobody, when a canary is stopped, which defaults and cards are weak.

Counts are kept by version, never by person. What is shown of them hides groups of fewer than five tenants and rounds
the rest to fives. Every judgement here is a proposal: a person stops, widens or retires.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

FEWEST_TENANTS = 5
ROUNDED_TO = 5
HOURS = (1.0, 4.0, 24.0, 168.0)
"""Ends of the bands in which the time from the first value to the verdict is counted; the last band is open."""

ALPHA = 0.01
"""A canary is stopped when it is worse by one of three measures, and chance alone does that less often than this."""

ENOUGH, MARGIN = 30, 0.10
FLAGGED_SHARE, FEWEST_SHOWN = 0.5, 10
HALF = 0.5
Confidence: TypeAlias = Literal["unproven", "weak", "mixed", "proven"]
Advice: TypeAlias = Literal["stop", "wait", "widen"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Tried:
    """So many of so many: `bad` of `of`."""

    bad: int
    of: int

    @property
    def share(self) -> float:
        return self.bad / self.of if self.of else 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """What happened with one version: studies begun and not finished, defaults rejected, back-tests that failed.

    `verdict_hours` counts finished studies by the bands of HOURS; `rejected` holds, by the name of a default, how often
    it was shown and rejected.
    """

    pack: str
    version: str
    tenants: int
    given_up: Tried
    rejected: Mapping[str, Tried] = field(default_factory=dict)
    failed_backtests: Tried = field(default_factory=lambda: Tried(bad=0, of=0))
    verdict_hours: tuple[int, ...] = (0,) * (len(HOURS) + 1)

    @property
    def rejections(self) -> Tried:
        """Rejections of all defaults together."""
        every = self.rejected.values()
        return Tried(bad=sum(one.bad for one in every), of=sum(one.of for one in every))


def band(hours: float) -> int:
    """The band of a time to the verdict.

    >>> [band(hours) for hours in (0.5, 1.0, 30.0, 1000.0)]
    [0, 1, 3, 4]
    """
    return sum(hours >= end for end in HOURS)


def shown(usage: Usage) -> dict[str, object] | None:
    """What may be shown of a version: None below five tenants, else counts rounded to fives."""
    if usage.tenants < FEWEST_TENANTS:
        return None
    return {
        "pack": usage.pack,
        "version": usage.version,
        "tenants": _rounded(usage.tenants),
        "studies": _rounded(usage.given_up.of),
        "given_up": _rounded(usage.given_up.bad),
        "verdict_hours": [_rounded(count) for count in usage.verdict_hours],
        "defaults_shown": _rounded(usage.rejections.of),
        "defaults_rejected": _rounded(usage.rejections.bad),
        "backtests": _rounded(usage.failed_backtests.of),
        "backtests_failed": _rounded(usage.failed_backtests.bad),
    }


def _rounded(count: int) -> int:
    return ROUNDED_TO * round(count / ROUNDED_TO)


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """What to do with a canary; `measure` and `chance` say by what, where it is to be stopped."""

    advice: Advice
    measure: str = ""
    chance: float = 1.0


def judge(canary: Usage, published: Usage) -> Judgement:
    """The stop rule: worse by giving up, rejections or failed back-tests than the published version, beyond chance.

    Fisher's exact test, one-sided, each measure at a third of ALPHA. `widen` needs 30 studies of the canary and none of
    the three shares more than ten points worse; anything else waits.
    """
    pairs = {
        "given_up": (canary.given_up, published.given_up),
        "rejected": (canary.rejections, published.rejections),
        "failed_backtests": (canary.failed_backtests, published.failed_backtests),
    }
    chances = {name: worse_by_chance(new, old) for name, (new, old) in pairs.items()}
    measure = min(chances, key=chances.__getitem__)
    if chances[measure] < ALPHA / len(pairs):
        return Judgement(advice="stop", measure=measure, chance=chances[measure])
    near = all(new.share <= old.share + MARGIN for new, old in pairs.values())
    return Judgement(advice="widen" if canary.given_up.of >= ENOUGH and near else "wait")


def worse_by_chance(new: Tried, old: Tried) -> float:
    """The chance that at least so many of the bad ones fall to `new` if both are alike (Fisher, exact, one-sided).

    >>> worse_by_chance(Tried(bad=3, of=3), Tried(bad=0, of=3))
    0.05
    """
    bad, total = new.bad + old.bad, new.of + old.of
    ways = sum(
        math.comb(bad, hits) * math.comb(total - bad, new.of - hits) for hits in range(new.bad, min(bad, new.of) + 1)
    )
    return ways / math.comb(total, new.of)


def weak_defaults(usage: Usage) -> tuple[str, ...]:
    """Defaults that half of those who saw them rejected, the most rejected first; ten must have seen one."""
    found = [(one.share, name) for name, one in usage.rejected.items() if one.of >= FEWEST_SHOWN]
    return tuple(name for share, name in sorted(found, key=lambda one: (-one[0], one[1])) if share >= FLAGGED_SHARE)


@dataclass(frozen=True, slots=True, kw_only=True)
class CardUse:
    """How often a guide card was adopted, adopted in part, and rejected."""

    adopted: int = 0
    partly: int = 0
    rejected: int = 0

    @property
    def refused(self) -> Tried:
        """The refusals of all uses, as `weak_cards` takes them."""
        return Tried(bad=self.rejected, of=self.adopted + self.partly + self.rejected)


def card_confidence(use: CardUse) -> tuple[Confidence, float, float]:
    """How sure it is that a card helps, with Wilson's 95 % interval of the share adopted as it is.

    Below ten uses nothing is said; a card is proven where the whole interval lies at a half or above, weak where all of
    it lies below.

    >>> card_confidence(CardUse(adopted=19, partly=1))[0], card_confidence(CardUse(adopted=3))[0]
    ('proven', 'unproven')
    """
    of = use.refused.of
    low = _wilson_low(Tried(bad=use.adopted, of=of)) if of else 0.0
    high = 1 - _wilson_low(Tried(bad=of - use.adopted, of=of)) if of else 1.0
    if of < FEWEST_SHOWN:
        return "unproven", low, high
    return ("proven" if low >= HALF else "weak" if high < HALF else "mixed"), low, high


def weak_cards(uses: Mapping[str, Tried], *, most: int = 3) -> tuple[str, ...]:
    """Guide cards to propose for retirement this month: the weakest three of ten uses or more; `bad` counts refusals.

    Ordered by the lower end of Wilson's 95 % interval of the share refused, so that a card is not retired for a few
    bad days.
    """
    sure = {name: _wilson_low(one) for name, one in uses.items() if one.of >= FEWEST_SHOWN}
    ranked = sorted(sure, key=lambda name: (-sure[name], name))
    return tuple(name for name in ranked[:most] if sure[name] > 0)


def _wilson_low(one: Tried, z: float = 1.959964) -> float:
    middle = one.share + z * z / (2 * one.of)
    spread = z * math.sqrt(one.share * (1 - one.share) / one.of + z * z / (4 * one.of**2))
    return max(0.0, (middle - spread) / (1 + z * z / one.of)) if one.bad else 0.0
