"""Functions of the formula language with rates and times: present values, returns, taxes, loans, ramps."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from calculators import flows as money_flows
from calculators import money, ramps
from calculators.irr import irr
from calculators.parts import PERIOD, TIME, Builder, Kind, Part, Run
from calculators.series_functions import along, full, over_time
from calculators.syntax import Call
from calculators.units import NUMBER, Array, Dimension

PER_TIME = TIME**-1


def _annual(builder: Builder, argument: Part) -> Run:
    """A rate per year as a plain number."""
    rate = builder.measured(argument, PER_TIME, "%/year")
    run, year = rate.run, builder.frame.units.year
    return lambda values: run(values) * year


def _per_period(builder: Builder, argument: Part) -> Run:
    """An annual effective rate as the rate per period that compounds to it, one per draw: shape [draw]."""
    if argument.kind.axis:
        raise builder.source.error(
            "one rate is needed here, not a series",
            argument.node.at,
            code="single_needed",
            remedy="Reduce it with mean or last.",
        )
    annual, times = _annual(builder, argument), builder.frame.periods_a_year

    def run(values: Mapping[str, Array]) -> Array:
        rate = annual(values)[:, 0]
        return rate if times == 1 else np.expm1(np.log1p(rate) / times)

    return run


def _periods(builder: Builder, argument: Part) -> Run:
    """A time in periods."""
    time = builder.measured(argument, TIME, builder.frame.period)
    run, length = time.run, builder.frame.period_seconds
    return lambda values: run(values) / length


def _arguments(builder: Builder, node: Call) -> list[Part]:
    return [builder.number(argument) for argument in node.arguments]


def _flows(builder: Builder, part: Part) -> Run:
    run, frame = over_time(builder, along(builder, part)).run, builder.frame
    return lambda values: full(run(values), frame)


def _rate_or_number(rate: Array) -> Array:
    """One rate for all draws as a plain number, which is quicker."""
    return rate.reshape(()) if rate.size == 1 else rate


def build_npv(builder: Builder, node: Call) -> Part:
    flow, rate = _arguments(builder, node)
    run, per_period = _flows(builder, flow), _per_period(builder, rate)
    return Part(
        Kind(flow.kind.dimension),
        lambda values: money.npv(run(values), _rate_or_number(per_period(values)))[:, None],
        node,
    )


def build_discount(builder: Builder, node: Call) -> Part:
    flow, rate = _arguments(builder, node)
    run, per_period, frame = _flows(builder, flow), _per_period(builder, rate), builder.frame
    return Part(
        Kind(flow.kind.dimension, PERIOD),
        lambda values: run(values) * money.discount_factors(per_period(values), frame.periods + 1),
        node,
    )


def build_irr(builder: Builder, node: Call) -> Part:
    (flow,) = _arguments(builder, node)
    run, frame = _flows(builder, flow), builder.frame

    def annual(values: Mapping[str, Array]) -> Array:
        rate = irr(run(values)).rate
        return (np.expm1(np.log1p(rate) * frame.periods_a_year) / frame.units.year)[:, None]

    return Part(Kind(PER_TIME), annual, node)


def build_mirr(builder: Builder, node: Call) -> Part:
    flow, finance, reinvest = _arguments(builder, node)
    run, frame = _flows(builder, flow), builder.frame
    borrow, lend = _per_period(builder, finance), _per_period(builder, reinvest)

    def annual(values: Mapping[str, Array]) -> Array:
        rate = money.mirr(run(values), _rate_or_number(borrow(values)), _rate_or_number(lend(values)))
        return (np.expm1(np.log1p(rate) * frame.periods_a_year) / frame.units.year)[:, None]

    return Part(Kind(PER_TIME), annual, node)


def build_payback(builder: Builder, node: Call) -> Part:
    (flow,) = _arguments(builder, node)
    run, length = _flows(builder, flow), builder.frame.period_seconds
    return Part(Kind(TIME), lambda values: money.payback(run(values)).time[:, None] * length, node)


def build_discounted_payback(builder: Builder, node: Call) -> Part:
    flow, rate = _arguments(builder, node)
    run, per_period, length = _flows(builder, flow), _per_period(builder, rate), builder.frame.period_seconds
    return Part(
        Kind(TIME),
        lambda values: (
            money.discounted_payback(run(values), _rate_or_number(per_period(values))).time[:, None] * length
        ),
        node,
    )


def build_ratio(function: Callable[[Array, Array], Array]) -> Callable[[Builder, Call], Part]:
    def build(builder: Builder, node: Call) -> Part:
        top, bottom = _arguments(builder, node)
        builder.same_dimension(top, bottom)
        one, other = top.run, bottom.run
        return Part(
            Kind(NUMBER, builder.joint_axis(top, bottom)), lambda values: function(one(values), other(values)), node
        )

    return build


def build_equal_payments(builder: Builder, node: Call) -> Part:
    amount, rate, duration = _arguments(builder, node)
    run, per_period, periods = amount.run, _per_period(builder, rate), _periods(builder, duration)
    return Part(
        Kind(amount.kind.dimension),
        lambda values: run(values) / money.annuity(per_period(values)[:, None], periods(values)),
        node,
    )


def build_indexed(builder: Builder, node: Call) -> Part:
    amount, rate = _arguments(builder, node)
    run, annual, frame = over_time(builder, amount).run, _annual(builder, rate), builder.frame
    times = max(1, round(frame.periods_a_year))
    steps = np.where(frame.t > 0, (frame.t - 1) // times, 0.0)
    years, year_of = np.unique(steps[0], return_inverse=True)
    paid = frame.t > 0

    def prices(values: Mapping[str, Array]) -> Array:
        growth = 1.0 + annual(values)
        # one rate for all periods: a power a year, not one a period
        level = growth**steps if growth.shape[1] > 1 else (growth**years)[:, year_of]
        return np.where(paid, run(values) * level, 0.0)

    return Part(
        Kind(amount.kind.dimension, PERIOD),
        prices,
        node,
    )


def build_decay(builder: Builder, node: Call) -> Part:
    amount, rate = _arguments(builder, node)
    run, annual, frame = amount.run, _annual(builder, rate), builder.frame
    years = frame.t / frame.periods_a_year
    return Part(
        Kind(amount.kind.dimension, PERIOD),
        lambda values: run(values) * (1.0 - (1.0 - annual(values)) ** years),
        node,
    )


def build_depreciated(kind: ramps.Depreciation) -> Callable[[Builder, Call], Part]:
    def build(builder: Builder, node: Call) -> Part:
        cost, life = _arguments(builder, node)
        run, periods, frame = cost.run, _periods(builder, life), builder.frame
        return Part(
            Kind(cost.kind.dimension, PERIOD),
            lambda values: run(values) * kind(periods(values), frame.t),
            node,
        )

    return build


def build_taxed(function: Callable[[Array, Array], Array]) -> Callable[[Builder, Call], Part]:
    def build(builder: Builder, node: Call) -> Part:
        profit, rate = _arguments(builder, node)
        run, share = _flows(builder, profit), builder.pure(rate).run
        return Part(
            Kind(profit.kind.dimension, PERIOD),
            lambda values: function(run(values), share(values)[:, 0]),
            node,
        )

    return build


def build_loan(interest: bool) -> Callable[[Builder, Call], Part]:
    def build(builder: Builder, node: Call) -> Part:
        principal, rate, months = _arguments(builder, node)
        run, per_period, frame = principal.run, _per_period(builder, rate), builder.frame
        instalments = _periods(builder, months)

        def schedule(values: Mapping[str, Array]) -> Array:
            if not run(values).any():
                return np.zeros((1, frame.periods + 1))
            count = max(1, round(float(instalments(values).flat[0])))
            loan = money_flows.loan(run(values)[:, 0], per_period(values), count, frame.periods)
            return loan.interest if interest else loan.flows

        return Part(Kind(principal.kind.dimension, PERIOD), schedule, node)

    return build


def _times(run: Run, factor: float) -> Run:
    return lambda values: run(values) * factor


def build_ramp(shape: Callable[..., Array], dimensions: tuple[Dimension, ...]) -> Callable[[Builder, Call], Part]:
    """Share of the full effect in each period: the mean over the period, not its end value."""

    def build(builder: Builder, node: Call) -> Part:
        length, frame = builder.frame.period_seconds, builder.frame
        scaled: list[Run] = []
        for part, dimension in zip(_arguments(builder, node), dimensions, strict=True):
            unit = frame.period if dimension == TIME else f"1/{frame.period}"
            run = builder.measured(part, dimension, unit).run
            factor = 1 / length if dimension == TIME else length
            scaled.append(_times(run, factor))
        return Part(Kind(NUMBER, PERIOD), lambda values: shape(frame.t, *(run(values) for run in scaled)), node)

    return build
