"""The OEE family: one time model, several definitions that must not be mixed.

Times share one unit of the caller's choice, quantities are pieces. Every ratio is printed with its denominator, because
that is where the definitions differ: ISO 22400-2 divides by planned busy time, SEMI E79 by total time. Element and
ratio names follow ISO 22400-2 as reproduced in the HSU ontology and OPC 40501-1 annex C; TEEP and OOE are conventions
outside the standard.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import ArrayLike
from scipy import special

from calculators.units import Array, CalculationError


class Definition(StrEnum):
    """What an effectiveness figure divides by."""

    ISO_22400 = "iso22400"  # planned busy time
    NEE = "nee"  # planned busy time, setup not a loss
    TPM = "tpm"  # loading time
    OOE = "ooe"  # planned operation time
    TEEP = "teep"  # calendar time
    SEMI_E79 = "semi_e79"  # total time


DENOMINATOR: dict[Definition, str] = {
    Definition.ISO_22400: "planned busy time",
    Definition.NEE: "planned busy time, setup counted as use",
    Definition.TPM: "loading time",
    Definition.OOE: "planned operation time",
    Definition.TEEP: "calendar time",
    Definition.SEMI_E79: "total time",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Effectiveness:
    """A figure of the family, which knows its definition."""

    value: float
    definition: Definition
    denominator_time: float

    @property
    def denominator(self) -> str:
        return DENOMINATOR[self.definition]

    def minus(self, other: Effectiveness) -> float:
        """The difference to another figure of the same definition.

        Raises CalculationError `mixed_definitions`.
        """
        check_same((self, other))
        return self.value - other.value


def check_same(figures: Sequence[Effectiveness]) -> Definition:
    """The definition all figures share; comparing two definitions is an error, not a footnote."""
    found = {figure.definition for figure in figures}
    if len(found) != 1:
        names = ", ".join(sorted(found))
        raise CalculationError(
            f"figures of different definitions cannot be compared: {names}",
            code="mixed_definitions",
            remedy="Recompute them over the same denominator.",
            definitions=names,
        )
    return found.pop()


@dataclass(frozen=True, slots=True, kw_only=True)
class Elements:
    """Time and quantity elements of a work unit (ISO 22400-2).

    `pbt` planned busy, `apt` actual production, `aust` actual setup, `adet` delay while an order runs, `aoet` order
    execution, `pot` planned operation, `calendar` calendar time; `pri` planned run time per item, `pq` produced, `gq`
    good, `sq` scrap, `rq` rework, `gp` good at the first pass, `ip` inspected.
    """

    pbt: float
    apt: float
    aust: float
    adet: float
    aoet: float
    pri: float
    pq: float
    gq: float
    sq: float
    rq: float
    gp: float
    ip: float
    pot: float
    calendar: float


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkUnitRatios:
    availability: float
    effectiveness: float
    quality_ratio: float
    oee: Effectiveness
    nee: Effectiveness
    ooe: Effectiveness
    teep: Effectiveness
    allocation_efficiency: float
    utilization_efficiency: float
    technical_efficiency: float
    setup_ratio: float
    allocation_ratio: float
    production_process_ratio: float
    throughput_rate: float
    scrap_ratio: float
    rework_ratio: float
    first_pass_yield: float

    @property
    def wrong_run_time(self) -> bool:
        """Effectiveness above 1: the planned run time per item is too long. Shown, never clipped."""
        return self.effectiveness > 1


def iso22400(e: Elements) -> WorkUnitRatios:
    """Ratios of a work unit. Availability = allocation efficiency x utilization efficiency; OEE = PRI GQ / PBT."""
    processing, busy = e.apt + e.aust, e.apt + e.aust + e.adet
    ideal = e.pri * e.gq

    def figure(value: float, definition: Definition, time: float) -> Effectiveness:
        return Effectiveness(value=value, definition=definition, denominator_time=time)

    return WorkUnitRatios(
        availability=_share(e.apt, e.pbt),
        effectiveness=_share(e.pri * e.pq, e.apt),
        quality_ratio=_share(e.gq, e.pq),
        oee=figure(_share(ideal, e.pbt), Definition.ISO_22400, e.pbt),
        nee=figure(_share(processing, e.pbt) * _share(e.pri * e.pq, e.apt) * _share(e.gq, e.pq), Definition.NEE, e.pbt),
        ooe=figure(_share(ideal, e.pot), Definition.OOE, e.pot),
        teep=figure(_share(ideal, e.calendar), Definition.TEEP, e.calendar),
        allocation_efficiency=_share(busy, e.pbt),
        utilization_efficiency=_share(e.apt, busy),
        technical_efficiency=_share(e.apt, e.apt + e.adet),
        setup_ratio=_share(e.aust, processing),
        allocation_ratio=_share(busy, e.aoet),
        production_process_ratio=_share(e.apt, e.aoet),
        throughput_rate=_share(e.pq, e.aoet),
        scrap_ratio=_share(e.sq, e.pq),
        rework_ratio=_share(e.rq, e.pq),
        first_pass_yield=_share(e.gp, e.ip),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class ShiftOee:
    availability: float
    performance: float
    quality: float
    oee: Effectiveness


def oee_of_shift(
    *,
    shift_length: float,
    breaks: float,
    down_time: float,
    ideal_cycle: float,
    total_pieces: float,
    reject_pieces: float,
) -> ShiftOee:
    """OEE from a shift sheet: planned time = shift - breaks, run time = planned - down time.

    `ideal_cycle` is time per piece (the inverse of the ideal run rate). OEE = good pieces x ideal cycle / planned time.
    """
    planned = shift_length - breaks
    run, good = planned - down_time, total_pieces - reject_pieces
    return ShiftOee(
        availability=_share(run, planned),
        performance=_share(ideal_cycle * total_pieces, run),
        quality=_share(good, total_pieces),
        oee=Effectiveness(
            value=_share(ideal_cycle * good, planned), definition=Definition.TPM, denominator_time=planned
        ),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class SixLosses:
    """TPM ratios, and the waterfall of the loading time, whose parts add up to it."""

    availability: float
    operating_speed_rate: float
    net_operating_rate: float
    performance: float
    quality: float
    oee: Effectiveness
    loading_time: float
    breakdown: float
    setup_adjustment: float
    minor_stops: float
    reduced_speed: float
    defects: float
    fully_productive: float


def six_big_losses(
    *,
    shift: float,
    planned_stops: float,
    breakdown: float,
    setup: float,
    ideal_cycle: float,
    actual_cycle: float,
    pieces: float,
    defects: float,
) -> SixLosses:
    """Nakajima's losses as times: performance = speed rate (ideal/actual cycle) x net rate (actual cycle x pieces/run).

    Minor stops = run - actual cycle x pieces; reduced speed = (actual - ideal) x pieces; defects = ideal x rejects.
    """
    loading = shift - planned_stops
    run = loading - breakdown - setup
    speed, net = _share(ideal_cycle, actual_cycle), _share(actual_cycle * pieces, run)
    availability, quality = _share(run, loading), _share(pieces - defects, pieces)
    return SixLosses(
        availability=availability,
        operating_speed_rate=speed,
        net_operating_rate=net,
        performance=speed * net,
        quality=quality,
        oee=Effectiveness(
            value=availability * speed * net * quality, definition=Definition.TPM, denominator_time=loading
        ),
        loading_time=loading,
        breakdown=breakdown,
        setup_adjustment=setup,
        minor_stops=run - actual_cycle * pieces,
        reduced_speed=actual_cycle * pieces - ideal_cycle * pieces,
        defects=ideal_cycle * defects,
        fully_productive=ideal_cycle * (pieces - defects),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class EquipmentStates:
    """The six exclusive states of SEMI E10, as times that add up to total time."""

    productive: float
    standby: float
    engineering: float
    scheduled_down: float
    unscheduled_down: float
    non_scheduled: float

    @property
    def total(self) -> float:
        return self.operations + self.non_scheduled

    @property
    def operations(self) -> float:
        return self.uptime + self.scheduled_down + self.unscheduled_down

    @property
    def uptime(self) -> float:
        return self.productive + self.standby + self.engineering


@dataclass(frozen=True, slots=True, kw_only=True)
class SemiE79:
    operational_uptime: float
    total_uptime: float
    availability_efficiency: float
    operational_efficiency: float
    rate_efficiency: float
    quality_efficiency: float
    oee: Effectiveness
    productive_time_per_failure: float  # NaN without failures


def semi_e79(
    states: EquipmentStates, *, theoretical_time: float, units: float, effective_units: float, failures: int
) -> SemiE79:
    """SEMI E79 in time: OEE = theoretical time of effective units / total time.

    This is nearer to TEEP than to the ISO index: the two are never benchmarked against each other.
    """
    total, theoretical = states.total, theoretical_time * units
    return SemiE79(
        operational_uptime=_share(states.uptime, states.operations),
        total_uptime=_share(states.uptime, total),
        availability_efficiency=_share(states.uptime, total),
        operational_efficiency=_share(states.productive, states.uptime),
        rate_efficiency=_share(theoretical, states.productive),
        quality_efficiency=_share(effective_units, units),
        oee=Effectiveness(
            value=_share(theoretical_time * effective_units, total),
            definition=Definition.SEMI_E79,
            denominator_time=total,
        ),
        productive_time_per_failure=states.productive / failures if failures else np.nan,
    )


def aggregate(ideal_times: ArrayLike, denominators: ArrayLike, definition: Definition) -> Effectiveness:
    """One figure over several units or days: sum of ideal times over sum of denominators, never the mean of ratios."""
    time = float(np.sum(np.asarray(denominators, np.float64)))
    return Effectiveness(
        value=_share(float(np.sum(np.asarray(ideal_times, np.float64))), time),
        definition=definition,
        denominator_time=time,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Capability:
    """Cm, Cmk with short-run spread; Cp, Cpk are the same formulas with the long-run estimate."""

    cm: Array
    cmk_upper: Array
    cmk_lower: Array
    cmk: Array
    fraction_outside_if_normal: Array


def capability(*, usl: ArrayLike, lsl: ArrayLike, mean: ArrayLike, sd: ArrayLike) -> Capability:
    """Machine or process capability against the specification limits."""
    upper, lower, m, s = (np.asarray(value, np.float64) for value in (usl, lsl, mean, sd))
    above, below = (upper - m) / (3 * s), (m - lower) / (3 * s)
    return Capability(
        cm=(upper - lower) / (6 * s),
        cmk_upper=above,
        cmk_lower=below,
        cmk=np.minimum(above, below),
        fraction_outside_if_normal=special.ndtr(-3 * above) + special.ndtr(-3 * below),
    )


def _share(part: float, whole: float) -> float:
    """A ratio; NaN when there is nothing to divide by."""
    return part / whole if whole else np.nan
