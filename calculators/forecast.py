"""A forecast that cannot be rewritten, scored against what happened; and typed figures held against measured ones."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

import numpy as np
import rfc8785

from calculators.declarations import Given, Tier
from calculators.sheet import Sheet
from calculators.uncertainty import chance
from calculators.units import Array, CalculationError


@dataclass(frozen=True, slots=True, kw_only=True)
class Forecast:
    """P10, P50 and P90 of each output as they stood at the decision; `digest` is the SHA-256 of their RFC 8785 JSON.

    `rests_on` is the digest of what they were computed from (a simulation and the values of the inputs), "" where there
    was none.
    """

    calculator: str
    version: str
    claims: bool
    figures: Mapping[str, tuple[Any, Any, Any]]
    units: Mapping[str, str]
    digest: str
    rests_on: str = ""

    def to_json(self) -> dict[str, Any]:
        """What is kept; `digest` is over everything else."""
        body = _body(self.calculator, self.version, self.figures, self.units, self.rests_on, claims=self.claims)
        return {**body, "digest": self.digest}


def lock(sheet: Sheet, more: Mapping[str, tuple[Any, Any, Any, str]] | None = None, *, rests_on: str = "") -> Forecast:
    """The forecast of a sheet, to be kept when the decision is made.

    `more`: P10, P50, P90 and unit of figures that the sheet does not show, such as OEE by month.
    """
    figures = {name: (figure.p10, figure.p50, figure.p90) for name, figure in sheet.outputs.items()}
    units = {name: figure.unit for name, figure in sheet.outputs.items()}
    for name, (p10, p50, p90, unit) in (more or {}).items():
        figures[name], units[name] = (p10, p50, p90), unit
    calculator = sheet.calculator
    body = _body(calculator.id, calculator.version, figures, units, rests_on, claims=sheet.claims)
    return Forecast(
        calculator=calculator.id,
        version=calculator.version,
        claims=sheet.claims,
        figures=figures,
        units=units,
        digest=_digest(body),
        rests_on=rests_on,
    )


def reopen(kept: Mapping[str, Any]) -> Forecast:
    """A kept forecast, as `to_json` gave it.

    Raises CalculationError `forecast_changed` when it is not what was locked.
    """
    body = {key: value for key, value in kept.items() if key != "digest"}
    if _digest(body) != kept.get("digest"):
        raise CalculationError(
            "the forecast is not the one that was locked",
            code="forecast_changed",
            remedy="Restore the kept copy; a forecast is never edited.",
        )
    return Forecast(
        calculator=body["calculator"],
        version=body["version"],
        claims=body["claims"],
        figures={name: (row["p10"], row["p50"], row["p90"]) for name, row in body["figures"].items()},
        units={name: row["unit"] for name, row in body["figures"].items()},
        digest=str(kept["digest"]),
        rests_on=str(body.get("rests_on", "")),
    )


def _body(
    calculator: str,
    version: str,
    figures: Mapping[str, tuple[Any, Any, Any]],
    units: Mapping[str, str],
    rests_on: str,
    *,
    claims: bool,
) -> dict[str, Any]:
    return {
        **({"rests_on": rests_on} if rests_on else {}),
        "calculator": calculator,
        "version": version,
        "claims": claims,
        "figures": {
            name: {"p10": _known(p10), "p50": _known(p50), "p90": _known(p90), "unit": units[name]}
            for name, (p10, p50, p90) in figures.items()
        },
    }


def _known(value: Any) -> Any:
    """NaN has no JSON: a value that does not exist is null."""
    if isinstance(value, list):
        return [_known(part) for part in value]
    return value if value is not None and np.isfinite(value) else None


def _digest(body: Mapping[str, Any]) -> str:
    return sha256(rfc8785.dumps(dict(body))).hexdigest()


@dataclass(frozen=True, slots=True, kw_only=True)
class Hit:
    """An actual figure against its forecast: inside P10 to P90, and its distance from P50 in half-widths of that band
    (0 in the middle, 1 at an end); `above`: it lies above P50."""

    output: str
    period: int | None
    actual: float
    inside: bool
    distance: float
    above: bool = False


def score(forecast: Forecast, actuals: Mapping[str, float | Mapping[int, float]]) -> tuple[Hit, ...]:
    """Hold actual figures against the forecast; a series is given by period number.

    Outputs without a forecast value (a payback that never came) are missed. Raises CalculationError `unknown_number`.
    """
    hits = []
    for name, actual in actuals.items():
        if name not in forecast.figures:
            raise CalculationError(
                f"the forecast has no {name!r}",
                code="unknown_number",
                place=name,
                remedy=f"It has {', '.join(forecast.figures)}.",
                name=name,
            )
        bands = forecast.figures[name]
        if isinstance(actual, Mapping):
            hits += [
                _hit(name, period, value, tuple(band[period] for band in bands)) for period, value in actual.items()
            ]
        else:
            hits.append(_hit(name, None, actual, bands))
    return tuple(hits)


def _hit(name: str, period: int | None, actual: float, bands: tuple[Any, ...]) -> Hit:
    if any(_known(band) is None for band in bands):
        return Hit(output=name, period=period, actual=actual, inside=False, distance=np.inf)
    low, middle, high = (float(band) for band in bands)
    inside = low <= actual <= high
    half = middle - low if actual < middle else high - middle
    distance = abs(actual - middle) / half if half else (0.0 if actual == middle else np.inf)
    return Hit(
        output=name, period=period, actual=actual, inside=inside, distance=float(distance), above=actual > middle
    )


def hit_rate(hits: Iterable[Hit]) -> tuple[float, float, float]:
    """Share of actual figures inside P10 to P90 with its 95 % interval; an honest forecast has about 80 %."""
    inside = [hit.inside for hit in hits]
    return chance(sum(inside), len(inside))


def bias(hits: Iterable[Hit]) -> float:
    """Median of the signed distances: 0 for a forecast in the middle, 1 where what came lies at its P90, NaN for none.

    Figures that had no forecast value are left out.
    """
    signed = [hit.distance if hit.above else -hit.distance for hit in hits if np.isfinite(hit.distance)]
    return float(np.median(signed)) if signed else np.nan


@dataclass(frozen=True, slots=True, kw_only=True)
class Contradiction:
    """A typed figure that the upload speaks against: what to use instead, with a wider band and a lower grade."""

    typed: float
    measured: float
    measured_low: float
    measured_high: float
    instead: Given


def contradiction(given: Given, measured: Array, *, tolerance: float) -> Contradiction | None:
    """Hold a typed figure against draws of the same figure from the upload (such as a bootstrap), in the same unit.

    None when the typed value lies within the 95 % interval of the measured one, or within `tolerance` (a share) of its
    median. Otherwise the band spans both, and the tier falls to C: neither is taken for granted any more.
    """
    value = given.value
    parts = value if isinstance(value, tuple) else [np.median(np.asarray(value, float))]
    points = [float(part) for part in parts]
    typed = points[len(points) // 2]
    low, middle, high = (float(end) for end in np.quantile(measured, [0.025, 0.5, 0.975]))
    if low <= typed <= high or abs(typed - middle) <= tolerance * abs(middle):
        return None
    band = (min(low, *points), (typed + middle) / 2, max(high, *points))
    return Contradiction(
        typed=typed,
        measured=middle,
        measured_low=low,
        measured_high=high,
        instead=Given(
            value=band,
            tier=Tier.PUBLIC,
            source=given.source,
            age_days=given.age_days,
            joint=given.joint,
            objections=given.objections,
        ),
    )
