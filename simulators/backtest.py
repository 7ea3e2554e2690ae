"""Does the model reproduce the customer's own history? Fitted on the first weeks, judged on the rest."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from simulators.line import Line
from simulators.records import CountLog, EquipmentList, StopLog
from simulators.study import Engine

Verdict = Literal["reproduces", "biased", "too_narrow", "too_wide", "too_little_data"]
Grade = Literal["A", "B", "C", "D"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Measure:
    """One weekly figure compared: share of weeks in the 80 % band, mean error with 95 % interval, PIT, lag-1 correlation."""

    name: str
    observed: tuple[float, ...]
    low: tuple[float, ...]
    median: tuple[float, ...]
    high: tuple[float, ...]
    coverage: float
    coverage_p: float
    bias: float
    bias_interval: tuple[float, float]
    pit_p: float
    autocorrelation: float


@dataclass(frozen=True, slots=True, kw_only=True)
class BackTest:
    """The verdict, its grade, and the figures it rests on."""

    verdict: Verdict
    grade: Grade
    fitted_weeks: int
    judged_weeks: int
    measures: tuple[Measure, ...]

    def to_json(self) -> dict[str, Any]:
        """Plain JSON values; `BackTest.from_json` gives an equal object."""
        raise RuntimeError("being written")

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> BackTest:
        """The back-test that `to_json` wrote."""
        raise RuntimeError("being written")


def back_test(
    stops: StopLog,
    counts: CountLog | None,
    equipment: EquipmentList | None,
    template: Line,
    *,
    engine: Engine,
    seed: int = 1,
    replications: int = 200,
    timezone: str = "UTC",
) -> BackTest:
    """Fit on the first 70 % of whole weeks, simulate the others with the line's calendar, judge."""
    raise RuntimeError("being written")
