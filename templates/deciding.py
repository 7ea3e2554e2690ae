"""From a simulated scenario, its case and what else is known to the one decision that documents are written from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import accumulate
from typing import Any

from templates.decision import (
    Assumption,
    Band,
    BreakEven,
    Decision,
    Driver,
    Fan,
    Loss,
    Money,
    Option,
    Ramp,
    Text,
)

RAMPS = ("oee", "availability", "effectiveness", "quality")
KEPT = 12
"""Drivers that are worth a line; the rest is in the assumption register."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What is known beside the simulation and the case; all of it may be missing."""

    history: Sequence[Sequence[Any]] = ()
    risks: Sequence[Mapping[str, Any]] = ()
    back_test: Mapping[str, Any] | None = None
    gaps: Mapping[str, Any] | None = None
    pilot: Mapping[str, Any] | None = None
    limits: Sequence[Text] = ()


def decide(
    summary: Mapping[str, Any],
    scenario: str,
    cases: Mapping[str, Mapping[str, Any]],
    *,
    name: str,
    made_at: date,
    currency: str = "CNY",
    known: Known | None = None,
    lineage: Mapping[str, str] | None = None,
) -> Decision:
    """The decision about one scenario of a result.

    `summary` has the shape of the action `result`, `cases` hold by scenario id what `Sheet.to_json()` gives, with its
    `insights`; a scenario without a case is told by its key figures alone.
    """
    known = known or Known()
    found = {one["id"]: one for one in summary["scenarios"]}
    before, after = summary["scenarios"][0], found[scenario]
    case = cases.get(scenario)
    insights = (case or {}).get("insights") or {}
    verdict = insights.get("verdict") or {}
    drivers = () if case is None else _drivers(case, insights)
    return Decision(
        id=scenario,
        name=name,
        title=dict(after["title"]),
        made_at=made_at,
        sample=bool(summary["sample"]),
        claims=bool(after["claims"] if case is None else case["claims"]),
        currency=currency,
        draws=int(summary["draws"]),
        seed=int(summary["seed"]),
        months=int(summary["months"]),
        verdict=verdict.get("verdict", ""),
        reason=verdict.get("reason", ""),
        buy_below=verdict.get("buy_below"),
        refuse_above=verdict.get("refuse_above"),
        worst=insights.get("worst_5_percent"),
        money=() if case is None else _money(case),
        drivers=drivers,
        assumptions=() if case is None else _assumptions(case, drivers),
        break_evens=() if case is None else _break_evens(case, insights),
        fan=None if case is None else _fan(case),
        ramps=tuple(Ramp(kpi=kpi, before=_band(before, kpi), after=_band(after, kpi)) for kpi in RAMPS),
        losses=_losses(before, after),
        options=_options(summary, cases),
        history=tuple((str(loss), float(seconds)) for loss, seconds in known.history),
        risks=_once(known.risks),
        back_test=known.back_test,
        gaps=known.gaps,
        pilot=known.pilot,
        limits=tuple(dict(one) for one in known.limits),
        lineage=dict(lineage or {}),
    )


def _money(case: Mapping[str, Any]) -> tuple[Money, ...]:
    return tuple(
        Money(
            id=name,
            title=dict(one["title"]),
            unit=one["unit"],
            p10=one["p10"],
            p50=one["p50"],
            p90=one["p90"],
            undefined=one["undefined"] or 0.0,
            chance=None if one["chance"] is None else tuple(one["chance"]),
            tier=one["tier"],
        )
        for name, one in case["outputs"].items()
        if not isinstance(one["p50"], list)
    )


def _drivers(case: Mapping[str, Any], insights: Mapping[str, Any]) -> tuple[Driver, ...]:
    bars = case["outputs"].get("npv", {}).get("tornado") or ()
    shares = {one["input"]: one["total"] for one in insights.get("drivers", ())}
    moving = [bar for bar in bars if bar["at_p10"] is not None and abs(bar["at_p90"] - bar["at_p10"]) > 0]
    return tuple(
        Driver(
            id=bar["input"],
            title=dict(bar["title"]),
            tier=bar["tier"],
            unit=bar["unit"],
            at_p10=bar["at_p10"],
            at_p90=bar["at_p90"],
            low=bar["input_p10"],
            high=bar["input_p90"],
            share=shares.get(bar["input"]),
        )
        for bar in moving[:KEPT]
    )


def _assumptions(case: Mapping[str, Any], drivers: Sequence[Driver]) -> tuple[Assumption, ...]:
    ranks = {driver.id: place for place, driver in enumerate(drivers, 1)}
    return tuple(
        Assumption(
            id=name,
            title=dict(one["title"]),
            unit=one["unit"],
            p10=_middle(one["p10"]),
            p50=_middle(one["p50"]),
            p90=_middle(one["p90"]),
            tier=one["tier"],
            source=dict(one["source"]),
            age_days=one["age_days"],
            stale=one["stale"],
            claim_off=one["claim_off"],
            objections=tuple(one["objections"]),
            rank=ranks.get(name),
        )
        for name, one in case["numbers"].items()
        if one["kind"] == "input"
    )


def _middle(value: Any) -> float | None:
    """A number as it is; of a series its mean over the periods after now."""
    if not isinstance(value, list):
        return None if value is None else float(value)
    later = [one for one in value[1:] or value if one is not None]
    return sum(later) / len(later) if later else None


def _break_evens(case: Mapping[str, Any], insights: Mapping[str, Any]) -> tuple[BreakEven, ...]:
    shares = {one["input"]: one["total"] for one in insights.get("drivers", ())}
    turning = [one for one in insights.get("break_even", ()) if one["values"]]
    return tuple(
        BreakEven(
            id=one["input"],
            title=dict(case["numbers"][one["input"]]["title"]),
            unit=one["unit"],
            values=tuple(one["values"]),
            p10=one["p10"],
            p90=one["p90"],
            plausible=one["plausible"],
        )
        for one in sorted(turning, key=lambda one: -shares.get(one["input"], 0.0))
    )


def _fan(case: Mapping[str, Any]) -> Fan | None:
    flow = case["outputs"].get("cumulative_flow")
    if flow is None:
        return None
    nothing = case["outputs"].get("do_nothing_flow")
    line = accumulate(nothing["p50"]) if nothing else [0.0] * len(flow["p50"])
    return Fan(
        period=case["period"],
        p10=tuple(flow["p10"]),
        p50=tuple(flow["p50"]),
        p90=tuple(flow["p90"]),
        nothing=tuple(line),
    )


def _band(one: Mapping[str, Any], kpi: str) -> Band:
    band = one["bands"][kpi]
    return Band(**{name: tuple(band[name]) for name in ("p10", "p90", "mean", "mean_low", "mean_high")})


def _losses(before: Mapping[str, Any], after: Mapping[str, Any]) -> tuple[Loss, ...]:
    """Planned time less stops, less slow and waiting running, less scrap, is what OEE counts; in the last month."""

    def steps(one: Mapping[str, Any]) -> dict[str, float]:
        a, e, q = (one["bands"][kpi]["mean"][-1] for kpi in ("availability", "effectiveness", "quality"))
        return {"availability": 1 - a, "effectiveness": a * (1 - e), "quality": a * e * (1 - q), "good": a * e * q}

    first, last = steps(before), steps(after)
    return tuple(Loss(id=name, before=first[name], after=last[name]) for name in first)


def _options(summary: Mapping[str, Any], cases: Mapping[str, Mapping[str, Any]]) -> tuple[Option, ...]:
    options = []
    for place, one in enumerate(summary["scenarios"]):
        band, case = one["bands"]["oee"], cases.get(one["id"])
        npv: Any = {"p10": 0.0, "p50": 0.0, "p90": 0.0, "chance": (0.0, 0.0, 0.0)} if place == 0 and cases else None
        if case is not None:
            npv = case["outputs"]["npv"]
        options.append(
            Option(
                id=one["id"],
                title=dict(one["title"]),
                oee_p10=band["p10"][-1],
                oee=band["mean"][-1],
                oee_p90=band["p90"][-1],
                npv_p10=None if npv is None else npv["p10"],
                npv_p50=None if npv is None else npv["p50"],
                npv_p90=None if npv is None else npv["p90"],
                loss=None if npv is None or not npv["chance"] else npv["chance"][0],
            )
        )
    return tuple(options)


def _once(risks: Sequence[Mapping[str, Any]]) -> tuple[Mapping[str, Any], ...]:
    """Each rule once, however many packs bring it."""
    return tuple({one["id"]: dict(one) for one in risks}.values())
