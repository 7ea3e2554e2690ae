"""Benchmarks across tenants: a noisy mean of bounded figures, paid for from a yearly budget of each tenant.

Who takes part is known to the operator (consents are records); what is protected is each tenant's figure. Neighbours
are two groups that differ in one tenant's figure, figures are clamped to the public range of their measure, and the
discrete Gaussian noise of OpenDP (`privacy.noise`) makes one answer cost `price` of zero-concentrated differential
privacy (Bun and Steinke 2016): rho = step count squared over twice the variance. Prices add up over a year; an answer
is bought once and repeated from the store for nothing.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from privacy.bands import Text
from privacy.vault import PrivacyError, canonical

BENCHMARK: Final = "benchmark"  # the purpose of a consent to be counted
TERMS: Final = "benchmark-terms/1"
GROUP: Final = 10  # fewer tenants are never counted together
MICRO: Final = 1_000_000  # a budget and a price are whole millionths of rho
YEAR_BUDGET: Final = 1 * MICRO
PRICES: Final[Mapping[str, int]] = MappingProxyType({"coarse": 125_000, "usual": 250_000, "fine": 500_000})
APPROVAL_ABOVE: Final = 250_000  # a dearer answer waits for a second person
STEPS: Final = 10_000  # a figure is counted in so many steps of its range
WORTH: Final = 0.3  # an answer with a wider noise interval (half-width, share of the range) is not bought
_NORMAL_95: Final = 1.959963984540054


@dataclass(frozen=True, slots=True, kw_only=True)
class Measure:
    """A figure that can be compared: its public range (shares of 1) and the step to which answers are rounded."""

    id: str
    low: float
    high: float
    step: float
    title: Text

    def counted(self, value: float) -> int:
        """The figure as it is counted: clamped to the range, in whole steps; NaN is refused (not_a_number).

        >>> MEASURES["oee"].counted(0.6), MEASURES["oee"].counted(2.0)
        (5000, 10000)
        """
        if math.isnan(value):
            raise PrivacyError(
                f"the figure {self.id} is not a number",
                code="not_a_number",
                place=self.id,
                remedy="Leave the figure out where it could not be computed.",
                grid=self.id,
            )
        share = (min(max(value, self.low), self.high) - self.low) / (self.high - self.low)
        return round(share * STEPS)


def _text(zh: str, en: str) -> Text:
    return MappingProxyType({"zh-CN": zh, "en": en})


MEASURES: Final[Mapping[str, Measure]] = MappingProxyType(
    {
        one.id: one
        for one in (
            Measure(id="oee", low=0.3, high=0.9, step=0.01, title=_text("设备综合效率（OEE）", "OEE")),
            Measure(id="availability", low=0.5, high=1.0, step=0.01, title=_text("可用率", "Availability")),
            Measure(id="effectiveness", low=0.5, high=1.0, step=0.01, title=_text("表现率", "Effectiveness")),
            Measure(id="quality", low=0.8, high=1.0, step=0.005, title=_text("质量率", "Quality")),
            Measure(
                id="forecast_inside",
                low=0.0,
                high=1.0,
                step=0.05,
                title=_text("实际值落在预测区间内的占比", "Actual figures inside the forecast band"),
            ),
        )
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What is asked: the mean of a measure over the tenants of one industry (a pack's id) in one year."""

    measure: str
    pack: str
    year: int
    price: int  # millionths of rho that each counted tenant pays

    @property
    def digest(self) -> str:
        """The same question has the same digest: it is answered from the store, whatever it once cost."""
        same = canonical({"terms": TERMS, "measure": self.measure, "pack": self.pack, "year": self.year})
        return hashlib.sha256(same).hexdigest()

    @property
    def needs_approval(self) -> bool:
        """Is it so dear that a second person must agree?"""
        return self.price > APPROVAL_ABOVE


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """The noisy mean: `mean` rounded to the measure's step, the 95 % interval of the noise around it, group size."""

    measure: str
    pack: str
    year: int
    price: int
    group: int
    mean: float
    low: float
    high: float

    def to_json(self) -> dict[str, object]:
        return {name: getattr(self, name) for name in self.__dataclass_fields__}


def ask(measure: str, pack: str, *, year: int, precision: str) -> Question:
    """A question; `PrivacyError` (measure_unknown, precision_unknown)."""
    if measure not in MEASURES:
        raise PrivacyError(
            f"there is no measure {measure!r}",
            code="measure_unknown",
            place="measure",
            remedy=f"Choose one of {', '.join(MEASURES)}.",
            known=", ".join(MEASURES),
        )
    if precision not in PRICES:
        raise PrivacyError(
            f"there is no precision {precision!r}",
            code="precision_unknown",
            place="precision",
            remedy=f"Choose one of {', '.join(PRICES)}.",
            known=", ".join(PRICES),
        )
    return Question(measure=measure, pack=pack, year=year, price=PRICES[precision])


def deviation(price: int) -> float:
    """The standard deviation of the noise on a sum, in steps: STEPS / sqrt(2 rho)."""
    return STEPS / math.sqrt(2 * price / MICRO)


def smallest_group(price: int) -> int:
    """How many tenants it takes: never fewer than `GROUP`, and so many that the answer is worth its price.

    >>> [smallest_group(price) for price in PRICES.values()]
    [14, 10, 10]
    """
    return max(GROUP, math.ceil(_NORMAL_95 * deviation(price) / (STEPS * WORTH)))


def answer(question: Question, noisy_sum: int, *, group: int) -> Answer:
    """What is published of a noisy sum over `group` tenants; only arithmetic on what the noise has covered."""
    measure = MEASURES[question.measure]
    width = measure.high - measure.low
    mean = measure.low + width * noisy_sum / (STEPS * group)
    half = width * _NORMAL_95 * deviation(question.price) / (STEPS * group)

    def shown(value: float) -> float:
        return round(round(min(max(value, measure.low), measure.high) / measure.step) * measure.step, 6)

    return Answer(
        measure=question.measure,
        pack=question.pack,
        year=question.year,
        price=question.price,
        group=group,
        mean=shown(mean),
        low=shown(mean - half),
        high=shown(mean + half),
    )


def terms() -> dict[str, object]:
    """What a tenant agrees to when it lets itself be counted: the rules as data; a consent binds their digest."""
    return {
        "terms": TERMS,
        "measures": {one.id: [one.low, one.high] for one in MEASURES.values()},
        "smallest_group": GROUP,
        "year_budget_micro_rho": YEAR_BUDGET,
        "prices_micro_rho": dict(PRICES),
        "approval_above_micro_rho": APPROVAL_ABOVE,
        "noise": "discrete Gaussian, OpenDP, zCDP, neighbours differ in one tenant's figure",
    }


def terms_digest() -> str:
    """Hex SHA-256 of the RFC 8785 JSON of `terms()`."""
    return hashlib.sha256(canonical(terms())).hexdigest()
