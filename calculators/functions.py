"""The functions a formula may call. Each checks the units of its arguments once and works on all draws at once.

Arguments along the time axis have shape [draw or 1, periods + 1]; period 0 is now. Rates are annual effective ones
(unit 1/year or %/year); times are converted to periods here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
from numpy.typing import NDArray

from calculators import flows as money_flows
from calculators import money, ramps, tax
from calculators.irr import irr
from calculators.parts import PERIOD, TIME, Builder, Frame, Function, Kind, Part, Run
from calculators.syntax import Call, Name, closest
from calculators.units import NUMBER, Array, Dimension

PER_TIME = TIME**-1


def _words(zh: str, en: str) -> Mapping[str, str]:
    return {"zh-CN": zh, "en": en}


def _runs(*parts: Part) -> list[Run]:
    return [part.run for part in parts]


# --- one number in, one number out ----------------------------------------------------------------------------------


def _pure(function: Callable[[Array], Array]) -> Callable[[Builder, Call], Part]:
    """A function of a pure number."""

    def build(builder: Builder, node: Call) -> Part:
        part = builder.pure(builder.number(node.arguments[0]))
        run = part.run
        return Part(Kind(NUMBER, part.kind.axis), lambda values: function(run(values)), node)

    return build


def _keeping(function: Callable[..., Array]) -> Callable[[Builder, Call], Part]:
    """A function whose arguments and result share one dimension and one axis."""

    def build(builder: Builder, node: Call) -> Part:
        parts = [builder.number(argument) for argument in node.arguments]
        kind = Kind(builder.same_dimension(*parts), builder.joint_axis(*parts))
        runs = _runs(*parts)
        if len(runs) == 1:
            only = runs[0]
            return Part(kind, lambda values: function(only(values)), node)
        return Part(kind, lambda values: function(*(run(values) for run in runs)), node)

    return build


def _sqrt(builder: Builder, node: Call) -> Part:
    part = builder.number(node.arguments[0])
    run = part.run
    return Part(Kind((part.kind.dimension or NUMBER) ** 0.5, part.kind.axis), lambda values: np.sqrt(run(values)), node)


def _least(*arrays: Array) -> Array:
    found = arrays[0]
    for array in arrays[1:]:
        found = np.minimum(found, array)
    return found


def _most(*arrays: Array) -> Array:
    found = arrays[0]
    for array in arrays[1:]:
        found = np.maximum(found, array)
    return found


# --- along an axis --------------------------------------------------------------------------------------------------


def _along(builder: Builder, part: Part) -> Part:
    if not part.kind.axis:
        raise builder.source.error(
            "a series over periods or a table column is needed here, this is one number",
            part.node.at,
            code="series_needed",
            remedy="Use each(...) to repeat a number in every period.",
        )
    return part


def _over_time(builder: Builder, part: Part) -> Part:
    """A series over periods; one number is taken as the same in every period."""
    if part.kind.axis not in {"", PERIOD}:
        raise builder.source.error(
            "a series over periods is needed here, this is a table column",
            part.node.at,
            code="series_needed",
            remedy="Reduce the column with sum or mean.",
        )
    return part


def _reduce(function: Callable[[Array], Array]) -> Callable[[Builder, Call], Part]:
    def build(builder: Builder, node: Call) -> Part:
        part = _along(builder, builder.number(node.arguments[0]))
        run = part.run
        return Part(Kind(part.kind.dimension), lambda values: function(run(values)), node)

    return build


def _written(builder: Builder, node: Call, index: int, low: float, high: float) -> float:
    part = builder.pure(builder.number(node.arguments[index]))
    value = part.kind.written
    if value is None or not low <= value <= high:
        raise builder.source.error(
            f"a written number from {low:g} to {high:g} is needed here",
            part.node.at,
            code="written_number_needed",
            remedy="Write the number itself, not a name.",
            low=low,
            high=high,
        )
    return value


def _count(builder: Builder, node: Call) -> Part:
    part = _along(builder, builder.number(node.arguments[0]))
    run = part.run
    return Part(Kind(NUMBER), lambda values: np.array([[float(run(values).shape[1])]]), node)


def _mean_last(builder: Builder, node: Call) -> Part:
    part = _along(builder, builder.number(node.arguments[0]))
    run, last = part.run, int(_written(builder, node, 1, 1, 10_000))
    return Part(Kind(part.kind.dimension), lambda values: run(values)[:, -last:].mean(axis=1, keepdims=True), node)


def _percentile(builder: Builder, node: Call) -> Part:
    part = _along(builder, builder.number(node.arguments[0]))
    run, percent = part.run, _written(builder, node, 1, 0, 100)
    return Part(
        Kind(part.kind.dimension), lambda values: np.percentile(run(values), percent, axis=1, keepdims=True), node
    )


# --- series over periods --------------------------------------------------------------------------------------------


def _full(array: Array, frame: Frame) -> Array:
    """At full width along the time axis."""
    return array if array.shape[1] > 1 else np.broadcast_to(array, (len(array), frame.periods + 1))


def _placed(where: Callable[[Array, float], NDArray[np.bool_]]) -> Callable[[Builder, Call], Part]:
    """k, x: x in the periods for which `where(t, k)` holds, 0 in the others."""

    def build(builder: Builder, node: Call) -> Part:
        at = _written(builder, node, 0, 0, 10_000)
        part = _over_time(builder, builder.number(node.arguments[1]))
        run, mask = part.run, where(builder.frame.t, at)
        return Part(Kind(part.kind.dimension, PERIOD), lambda values: np.where(mask, run(values), 0.0), node)

    return build


def _each(builder: Builder, node: Call) -> Part:
    part = _over_time(builder, builder.number(node.arguments[0]))
    run, mask = part.run, builder.frame.t > 0
    return Part(Kind(part.kind.dimension, PERIOD), lambda values: np.where(mask, run(values), 0.0), node)


def _at_end(builder: Builder, node: Call) -> Part:
    part = _over_time(builder, builder.number(node.arguments[0]))
    run, mask = part.run, builder.frame.t == builder.frame.periods
    return Part(Kind(part.kind.dimension, PERIOD), lambda values: np.where(mask, run(values), 0.0), node)


def _series(function: Callable[[Array], Array]) -> Callable[[Builder, Call], Part]:
    """A function from one series to another of the same dimension."""

    def build(builder: Builder, node: Call) -> Part:
        part = _over_time(builder, builder.number(node.arguments[0]))
        run, frame = part.run, builder.frame
        return Part(Kind(part.kind.dimension, PERIOD), lambda values: function(_full(run(values), frame)), node)

    return build


def _previous(series: Array) -> Array:
    moved = np.zeros_like(series)
    moved[:, 1:] = series[:, :-1]
    return moved


def _grown(builder: Builder, node: Call) -> Part:
    part = builder.pure(_over_time(builder, builder.number(node.arguments[0])))
    run, frame = part.run, builder.frame

    def compound(values: Mapping[str, Array]) -> Array:
        factors = 1.0 + _full(run(values), frame)
        factors[:, 0] = 1.0
        return np.asarray(np.cumprod(factors, axis=1))

    return Part(Kind(NUMBER, PERIOD), compound, node)


# --- with rates and times -------------------------------------------------------------------------------------------


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
    run, frame = _over_time(builder, _along(builder, part)).run, builder.frame
    return lambda values: _full(run(values), frame)


def _rate_or_number(rate: Array) -> Array:
    """One rate for all draws as a plain number, which is quicker."""
    return rate.reshape(()) if rate.size == 1 else rate


def _npv(builder: Builder, node: Call) -> Part:
    flow, rate = _arguments(builder, node)
    run, per_period = _flows(builder, flow), _per_period(builder, rate)
    return Part(
        Kind(flow.kind.dimension),
        lambda values: money.npv(run(values), _rate_or_number(per_period(values)))[:, None],
        node,
    )


def _discount(builder: Builder, node: Call) -> Part:
    flow, rate = _arguments(builder, node)
    run, per_period, frame = _flows(builder, flow), _per_period(builder, rate), builder.frame
    return Part(
        Kind(flow.kind.dimension, PERIOD),
        lambda values: run(values) * money.discount_factors(per_period(values), frame.periods + 1),
        node,
    )


def _irr(builder: Builder, node: Call) -> Part:
    (flow,) = _arguments(builder, node)
    run, frame = _flows(builder, flow), builder.frame

    def annual(values: Mapping[str, Array]) -> Array:
        rate = irr(run(values)).rate
        return (np.expm1(np.log1p(rate) * frame.periods_a_year) / frame.units.year)[:, None]

    return Part(Kind(PER_TIME), annual, node)


def _mirr(builder: Builder, node: Call) -> Part:
    flow, finance, reinvest = _arguments(builder, node)
    run, frame = _flows(builder, flow), builder.frame
    borrow, lend = _per_period(builder, finance), _per_period(builder, reinvest)

    def annual(values: Mapping[str, Array]) -> Array:
        rate = money.mirr(run(values), _rate_or_number(borrow(values)), _rate_or_number(lend(values)))
        return (np.expm1(np.log1p(rate) * frame.periods_a_year) / frame.units.year)[:, None]

    return Part(Kind(PER_TIME), annual, node)


def _payback(builder: Builder, node: Call) -> Part:
    (flow,) = _arguments(builder, node)
    run, length = _flows(builder, flow), builder.frame.period_seconds
    return Part(Kind(TIME), lambda values: money.payback(run(values)).time[:, None] * length, node)


def _discounted_payback(builder: Builder, node: Call) -> Part:
    flow, rate = _arguments(builder, node)
    run, per_period, length = _flows(builder, flow), _per_period(builder, rate), builder.frame.period_seconds
    return Part(
        Kind(TIME),
        lambda values: (
            money.discounted_payback(run(values), _rate_or_number(per_period(values))).time[:, None] * length
        ),
        node,
    )


def _ratio(function: Callable[[Array, Array], Array]) -> Callable[[Builder, Call], Part]:
    def build(builder: Builder, node: Call) -> Part:
        top, bottom = _arguments(builder, node)
        builder.same_dimension(top, bottom)
        one, other = top.run, bottom.run
        return Part(
            Kind(NUMBER, builder.joint_axis(top, bottom)), lambda values: function(one(values), other(values)), node
        )

    return build


def _equal_payments(builder: Builder, node: Call) -> Part:
    amount, rate, duration = _arguments(builder, node)
    run, per_period, periods = amount.run, _per_period(builder, rate), _periods(builder, duration)
    return Part(
        Kind(amount.kind.dimension),
        lambda values: run(values) / money.annuity(per_period(values)[:, None], periods(values)),
        node,
    )


def _indexed(builder: Builder, node: Call) -> Part:
    amount, rate = _arguments(builder, node)
    run, annual, frame = _over_time(builder, amount).run, _annual(builder, rate), builder.frame
    times = max(1, round(frame.periods_a_year))
    steps = np.where(frame.t > 0, (frame.t - 1) // times, 0.0)
    paid = frame.t > 0
    return Part(
        Kind(amount.kind.dimension, PERIOD),
        lambda values: np.where(paid, run(values) * (1.0 + annual(values)) ** steps, 0.0),
        node,
    )


def _decay(builder: Builder, node: Call) -> Part:
    amount, rate = _arguments(builder, node)
    run, annual, frame = amount.run, _annual(builder, rate), builder.frame
    years = frame.t / frame.periods_a_year
    return Part(
        Kind(amount.kind.dimension, PERIOD),
        lambda values: run(values) * (1.0 - (1.0 - annual(values)) ** years),
        node,
    )


def _depreciated(kind: ramps.Depreciation) -> Callable[[Builder, Call], Part]:
    def build(builder: Builder, node: Call) -> Part:
        cost, life = _arguments(builder, node)
        run, periods, frame = cost.run, _periods(builder, life), builder.frame
        return Part(
            Kind(cost.kind.dimension, PERIOD),
            lambda values: run(values) * kind(periods(values), frame.t),
            node,
        )

    return build


def _taxed(function: Callable[[Array, Array], Array]) -> Callable[[Builder, Call], Part]:
    def build(builder: Builder, node: Call) -> Part:
        profit, rate = _arguments(builder, node)
        run, share = _flows(builder, profit), builder.pure(rate).run
        return Part(
            Kind(profit.kind.dimension, PERIOD),
            lambda values: function(run(values), share(values)[:, 0]),
            node,
        )

    return build


def _loan(interest: bool) -> Callable[[Builder, Call], Part]:
    def build(builder: Builder, node: Call) -> Part:
        principal, rate, months = _arguments(builder, node)
        run, per_period, frame = principal.run, _per_period(builder, rate), builder.frame
        instalments = _periods(builder, months)

        def schedule(values: Mapping[str, Array]) -> Array:
            count = max(1, round(float(instalments(values).flat[0])))
            loan = money_flows.loan(run(values)[:, 0], per_period(values), count, frame.periods)
            return loan.interest if interest else loan.flows

        return Part(Kind(principal.kind.dimension, PERIOD), schedule, node)

    return build


def _times(run: Run, factor: float) -> Run:
    return lambda values: run(values) * factor


def _ramp(shape: Callable[..., Array], dimensions: tuple[Dimension, ...]) -> Callable[[Builder, Call], Part]:
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


def _lookup(builder: Builder, node: Call) -> Part:
    table_node, argument = node.arguments
    name = table_node.name if isinstance(table_node, Name) else ""
    lookups = builder.frame.lookups
    if name not in lookups:
        guess = closest(name, lookups)
        raise builder.source.error(
            f"there is no lookup table {name!r}",
            table_node.at,
            code="unknown_lookup",
            remedy=f"Did you mean {guess!r}?" if guess else "Declare it under lookups.",
            name=name,
            guess=guess or "—",
        )
    table = lookups[name]
    x_unit, y_unit = builder.frame.units.unit(table.x_unit), builder.frame.units.unit(table.y_unit)
    part = builder.measured(builder.number(argument), x_unit.dimension, table.x_unit)
    run = part.run
    xs = np.array([x for x, _ in table.points]) * x_unit.factor
    ys = np.array([y for _, y in table.points]) * y_unit.factor
    if table.method == "linear":
        return Part(Kind(y_unit.dimension, part.kind.axis), lambda values: np.interp(run(values), xs, ys), node)

    def step(values: Mapping[str, Array]) -> Array:
        return np.asarray(ys[np.clip(np.searchsorted(xs, run(values), side="right") - 1, 0, len(xs) - 1)])

    return Part(Kind(y_unit.dimension, part.kind.axis), step, node)


def _function(form: str, zh: str, en: str, build: Callable[[Builder, Call], Part], most: int = 0) -> Function:
    arguments = form.count(",") + 1
    return Function(form=form, meaning=_words(zh, en), least=arguments, most=most or arguments, build=build)


def _sum(array: Array) -> Array:
    return np.asarray(array.sum(axis=1, keepdims=True))


FUNCTIONS: Mapping[str, Function] = {
    "min": _function("min(a, b)", "较小者", "the smaller", _keeping(_least), 20),
    "max": _function("max(a, b)", "较大者", "the larger", _keeping(_most), 20),
    "clip": _function("clip(x, low, high)", "限制在上下限之间", "kept between limits", _keeping(np.clip)),
    "abs": _function("abs(x)", "绝对值", "absolute value", _keeping(np.abs)),
    "exp": _function("exp(x)", "指数", "exponential", _pure(np.exp)),
    "log": _function("log(x)", "自然对数", "natural logarithm", _pure(np.log)),
    "sin": _function("sin(x)", "正弦", "sine", _pure(np.sin)),
    "cos": _function("cos(x)", "余弦", "cosine", _pure(np.cos)),
    "ceil": _function("ceil(x)", "向上取整", "rounded up", _pure(np.ceil)),
    "floor": _function("floor(x)", "向下取整", "rounded down", _pure(np.floor)),
    "sqrt": _function("sqrt(x)", "平方根", "square root", _sqrt),
    "sum": _function("sum(x)", "合计", "total", _reduce(_sum)),
    "mean": _function("mean(x)", "平均", "mean", _reduce(lambda x: x.mean(axis=1, keepdims=True))),
    "lowest": _function("lowest(x)", "最小值", "lowest", _reduce(lambda x: x.min(axis=1, keepdims=True))),
    "highest": _function("highest(x)", "最大值", "highest", _reduce(lambda x: x.max(axis=1, keepdims=True))),
    "first": _function("first(x)", "首项", "first", _reduce(lambda x: x[:, :1])),
    "last": _function("last(x)", "末项", "last", _reduce(lambda x: x[:, -1:])),
    "count": _function("count(x)", "个数", "how many", _count),
    "mean_last": _function("mean_last(x, n)", "最近n项平均", "mean of the last n", _mean_last),
    "percentile": _function("percentile(x, p)", "百分位数", "percentile", _percentile),
    "at": _function("at(k, x)", "仅在第k期", "only in period k", _placed(lambda t, k: t == k)),
    "from_period": _function("from_period(k, x)", "自第k期起", "from period k on", _placed(lambda t, k: t >= k)),
    "until": _function("until(k, x)", "至第k期止", "up to period k", _placed(lambda t, k: t <= k)),
    "at_end": _function("at_end(x)", "仅在最后一期", "only in the last period", _at_end),
    "each": _function("each(x)", "第1期起每期", "in every period from 1 on", _each),
    "cumulative": _function("cumulative(x)", "累计", "running total", _series(lambda x: np.cumsum(x, axis=1))),
    "previous": _function("previous(x)", "上一期", "of the period before", _series(_previous)),
    "grown": _function("grown(rate)", "逐期增长倍数", "grown by each period's rate", _grown),
    "indexed": _function("indexed(x, rate)", "每年调价后的每期金额", "in every period, price rising yearly", _indexed),
    "decay": _function("decay(x, rate)", "不作为时的损失", "lost when nothing is done", _decay),
    "discount": _function("discount(flows, rate)", "折现", "discounted to now", _discount),
    "npv": _function("npv(flows, rate)", "净现值", "net present value", _npv),
    "irr": _function("irr(flows)", "内部收益率", "internal rate of return", _irr),
    "mirr": _function("mirr(flows, finance, reinvest)", "修正内部收益率", "modified rate of return", _mirr),
    "payback": _function("payback(flows)", "回收期", "payback time", _payback),
    "discounted_payback": _function(
        "discounted_payback(flows, rate)", "折现回收期", "discounted payback time", _discounted_payback
    ),
    "roi": _function("roi(benefits, costs)", "投资回报率", "return on investment", _ratio(money.roi)),
    "bcr": _function("bcr(benefits, costs)", "收益成本比", "benefit-cost ratio", _ratio(money.bcr)),
    "equal_payments": _function(
        "equal_payments(value, rate, duration)", "等额年金", "equal payments of the same value", _equal_payments
    ),
    "straight_line": _function(
        "straight_line(cost, life)", "直线法折旧", "straight-line depreciation", _depreciated(ramps.straight_line_share)
    ),
    "sum_of_years": _function(
        "sum_of_years(cost, life)", "年数总和法折旧", "sum-of-years depreciation", _depreciated(ramps.digits_share)
    ),
    "declining_balance": _function(
        "declining_balance(cost, life)",
        "双倍余额递减法折旧",
        "double declining depreciation",
        _depreciated(ramps.declining_share),
    ),
    "tax_offset": _function(
        "tax_offset(profit, rate)", "税额（亏损即时抵扣）", "tax, losses set off at once", _taxed(tax.tax_offset)
    ),
    "tax_carried": _function(
        "tax_carried(profit, rate)", "税额（亏损结转）", "tax, losses carried forward", _taxed(tax.tax_carried)
    ),
    "working_capital": _function(
        "working_capital(balance)",
        "营运资金占用",
        "flows of working capital",
        _series(money_flows.working_capital),
    ),
    "loan": _function("loan(principal, rate, duration)", "贷款现金流", "loan flows", _loan(interest=False)),
    "loan_interest": _function(
        "loan_interest(principal, rate, duration)", "贷款利息", "loan interest", _loan(interest=True)
    ),
    "ramp": _function("ramp(delay, duration)", "线性爬坡", "linear ramp", _ramp(ramps.linear_ramp, (TIME, TIME))),
    "logistic_ramp": _function(
        "logistic_ramp(t10, t90)", "S形爬坡", "S-shaped ramp", _ramp(ramps.logistic_ramp, (TIME, TIME))
    ),
    "bass_ramp": _function(
        "bass_ramp(p, q)", "Bass扩散", "Bass adoption", _ramp(ramps.bass_ramp, (PER_TIME, PER_TIME))
    ),
    "lookup": _function("lookup(table, x)", "查表", "looked up", _lookup),
}
