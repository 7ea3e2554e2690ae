"""The functions a formula may call. Each checks the units of its arguments once and works on all draws at once.

Arguments along the time axis have shape [draw or 1, periods + 1]; period 0 is now. Rates are annual effective ones
(unit 1/year or %/year); times are converted to periods here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from calculators import flows as money_flows
from calculators import money, ramps, tax
from calculators.money_functions import (
    PER_TIME,
    build_decay,
    build_depreciated,
    build_discount,
    build_discounted_payback,
    build_equal_payments,
    build_indexed,
    build_irr,
    build_loan,
    build_mirr,
    build_npv,
    build_payback,
    build_ramp,
    build_ratio,
    build_taxed,
)
from calculators.parts import TIME, Builder, Function, Kind, Part, Run
from calculators.series_functions import (
    build_at_end,
    build_count,
    build_each,
    build_grown,
    build_mean_last,
    build_percentile,
    build_placed,
    build_reduce,
    build_series,
    previous,
    total,
)
from calculators.syntax import Call, Name, closest
from calculators.units import NUMBER, Array


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
    "sum": _function("sum(x)", "合计", "total", build_reduce(total)),
    "mean": _function("mean(x)", "平均", "mean", build_reduce(lambda x: x.mean(axis=1, keepdims=True))),
    "lowest": _function("lowest(x)", "最小值", "lowest", build_reduce(lambda x: x.min(axis=1, keepdims=True))),
    "highest": _function("highest(x)", "最大值", "highest", build_reduce(lambda x: x.max(axis=1, keepdims=True))),
    "first": _function("first(x)", "首项", "first", build_reduce(lambda x: x[:, :1])),
    "last": _function("last(x)", "末项", "last", build_reduce(lambda x: x[:, -1:])),
    "count": _function("count(x)", "个数", "how many", build_count),
    "mean_last": _function("mean_last(x, n)", "最近n项平均", "mean of the last n", build_mean_last),
    "percentile": _function("percentile(x, p)", "百分位数", "percentile", build_percentile),
    "at": _function("at(k, x)", "仅在第k期", "only in period k", build_placed(lambda t, k: t == k)),
    "from_period": _function("from_period(k, x)", "自第k期起", "from period k on", build_placed(lambda t, k: t >= k)),
    "until": _function("until(k, x)", "至第k期止", "up to period k", build_placed(lambda t, k: t <= k)),
    "at_end": _function("at_end(x)", "仅在最后一期", "only in the last period", build_at_end),
    "each": _function("each(x)", "第1期起每期", "in every period from 1 on", build_each),
    "cumulative": _function("cumulative(x)", "累计", "running total", build_series(lambda x: np.cumsum(x, axis=1))),
    "previous": _function("previous(x)", "上一期", "of the period before", build_series(previous)),
    "grown": _function("grown(rate)", "逐期增长倍数", "grown by each period's rate", build_grown),
    "indexed": _function(
        "indexed(x, rate)", "每年调价后的每期金额", "in every period, price rising yearly", build_indexed
    ),
    "decay": _function("decay(x, rate)", "不作为时的损失", "lost when nothing is done", build_decay),
    "discount": _function("discount(flows, rate)", "折现", "discounted to now", build_discount),
    "npv": _function("npv(flows, rate)", "净现值", "net present value", build_npv),
    "irr": _function("irr(flows)", "内部收益率", "internal rate of return", build_irr),
    "mirr": _function("mirr(flows, finance, reinvest)", "修正内部收益率", "modified rate of return", build_mirr),
    "payback": _function("payback(flows)", "回收期", "payback time", build_payback),
    "discounted_payback": _function(
        "discounted_payback(flows, rate)", "折现回收期", "discounted payback time", build_discounted_payback
    ),
    "roi": _function("roi(benefits, costs)", "投资回报率", "return on investment", build_ratio(money.roi)),
    "bcr": _function("bcr(benefits, costs)", "收益成本比", "benefit-cost ratio", build_ratio(money.bcr)),
    "equal_payments": _function(
        "equal_payments(value, rate, duration)", "等额年金", "equal payments of the same value", build_equal_payments
    ),
    "straight_line": _function(
        "straight_line(cost, life)",
        "直线法折旧",
        "straight-line depreciation",
        build_depreciated(ramps.straight_line_share),
    ),
    "sum_of_years": _function(
        "sum_of_years(cost, life)", "年数总和法折旧", "sum-of-years depreciation", build_depreciated(ramps.digits_share)
    ),
    "declining_balance": _function(
        "declining_balance(cost, life)",
        "双倍余额递减法折旧",
        "double declining depreciation",
        build_depreciated(ramps.declining_share),
    ),
    "tax_offset": _function(
        "tax_offset(profit, rate)", "税额（亏损即时抵扣）", "tax, losses set off at once", build_taxed(tax.tax_offset)
    ),
    "tax_carried": _function(
        "tax_carried(profit, rate)", "税额（亏损结转）", "tax, losses carried forward", build_taxed(tax.tax_carried)
    ),
    "working_capital": _function(
        "working_capital(balance)",
        "营运资金占用",
        "flows of working capital",
        build_series(money_flows.working_capital),
    ),
    "loan": _function("loan(principal, rate, duration)", "贷款现金流", "loan flows", build_loan(interest=False)),
    "loan_interest": _function(
        "loan_interest(principal, rate, duration)", "贷款利息", "loan interest", build_loan(interest=True)
    ),
    "ramp": _function("ramp(delay, duration)", "线性爬坡", "linear ramp", build_ramp(ramps.linear_ramp, (TIME, TIME))),
    "logistic_ramp": _function(
        "logistic_ramp(t10, t90)", "S形爬坡", "S-shaped ramp", build_ramp(ramps.logistic_ramp, (TIME, TIME))
    ),
    "bass_ramp": _function(
        "bass_ramp(p, q)", "Bass扩散", "Bass adoption", build_ramp(ramps.bass_ramp, (PER_TIME, PER_TIME))
    ),
    "lookup": _function("lookup(table, x)", "查表", "looked up", _lookup),
}
