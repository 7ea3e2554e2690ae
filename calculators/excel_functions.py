"""How each function of the formula language is written in a spreadsheet, period by period."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Protocol

from calculators.parts import Frame
from calculators.syntax import Name, Node, Number

At = Callable[[int], str]
"""The text of an expression in period t, in base units."""

Arguments = tuple[Node, ...]


class Writer(Protocol):
    """What writes the cells: texts of expressions, rows of their own, and references to them."""

    @property
    def frame(self) -> Frame: ...
    @property
    def next_helper(self) -> str: ...
    def text(self, node: Node) -> At: ...
    def helper(self, what: str, text: At, width: int) -> str: ...
    def width_of(self, node: Node) -> int: ...
    def cell(self, name: str, t: int) -> str: ...
    def span(self, name: str, start: int = 0, end: int | None = None) -> str: ...


Call = Callable[[Writer, Arguments], At]


def _plain(form: str) -> Call:
    """A function that a spreadsheet has as well; `{0}`, `{1}` ... stand for the arguments."""

    def write(writer: Writer, arguments: Arguments) -> At:
        texts = [writer.text(argument) for argument in arguments]
        return lambda t: form.format(*(text(t) for text in texts))

    return write


def _listed(name: str) -> Call:
    def write(writer: Writer, arguments: Arguments) -> At:
        texts = [writer.text(argument) for argument in arguments]
        return lambda t: f"{name}({','.join(text(t) for text in texts)})"

    return write


def _row(writer: Writer, node: Node, what: str) -> str:
    """The row that holds an expression in base units."""
    return writer.helper(what, writer.text(node), writer.width_of(node))


def _over(form: str) -> Call:
    """A function of a whole row; `{0}` stands for its cells."""

    def write(writer: Writer, arguments: Arguments) -> At:
        text = form.format(writer.span(_row(writer, arguments[0], "values")))
        return lambda _: text

    return write


def _written(node: Node) -> float:
    assert isinstance(node, Number)
    return node.value


def _percentile(writer: Writer, arguments: Arguments) -> At:
    span, share = writer.span(_row(writer, arguments[0], "values")), _written(arguments[1]) / 100
    return lambda _: f"PERCENTILE({span},{share!r})"


def _mean_last(writer: Writer, arguments: Arguments) -> At:
    row, count = _row(writer, arguments[0], "values"), int(_written(arguments[1]))
    width = writer.width_of(arguments[0])
    return lambda _: f"AVERAGE({writer.span(row, max(0, width - count))})"


def _end(index: int) -> Call:
    def write(writer: Writer, arguments: Arguments) -> At:
        row = _row(writer, arguments[0], "values")
        place = index if index >= 0 else writer.width_of(arguments[0]) - 1
        return lambda _: writer.cell(row, place)

    return write


def _placed(where: Callable[[int, float], bool]) -> Call:
    def write(writer: Writer, arguments: Arguments) -> At:
        at, text = _written(arguments[0]), writer.text(arguments[1])
        return lambda t: text(t) if where(t, at) else "0"

    return write


def _each(writer: Writer, arguments: Arguments) -> At:
    text = writer.text(arguments[0])
    return lambda t: text(t) if t else "0"


def _at_end(writer: Writer, arguments: Arguments) -> At:
    text, last = writer.text(arguments[0]), writer.frame.periods
    return lambda t: text(t) if t == last else "0"


def _cumulative(writer: Writer, arguments: Arguments) -> At:
    row = _row(writer, arguments[0], "values")
    return lambda t: f"SUM({writer.span(row, 0, t)})"


def _previous(writer: Writer, arguments: Arguments) -> At:
    text = writer.text(arguments[0])
    return lambda t: text(t - 1) if t else "0"


def _grown(writer: Writer, arguments: Arguments) -> At:
    text = writer.text(arguments[0])
    row = writer.helper("growth factors", lambda t: f"1+{text(t)}" if t else "1", writer.frame.periods + 1)
    return lambda t: f"PRODUCT({writer.span(row, 0, t)})"


# --- with rates and times -------------------------------------------------------------------------------------------


def _annual(writer: Writer, node: Node) -> At:
    text, year = writer.text(node), writer.frame.units.year
    return lambda t: f"({text(t)}*{year!r})"


def _per_period(writer: Writer, node: Node) -> At:
    annual, times = _annual(writer, node), writer.frame.periods_a_year
    return annual if times == 1 else lambda t: f"((1+{annual(t)})^(1/{times!r})-1)"


def _periods(writer: Writer, node: Node) -> At:
    text, length = writer.text(node), writer.frame.period_seconds
    return lambda t: f"({text(t)}/{length!r})"


def _discounted(writer: Writer, flow: Node, rate: Node) -> str:
    text, per_period = writer.text(flow), _per_period(writer, rate)
    return writer.helper("discounted", lambda t: f"{text(t)}/(1+{per_period(t)})^{t}", writer.frame.periods + 1)


def _npv(writer: Writer, arguments: Arguments) -> At:
    row = _discounted(writer, *arguments)
    return lambda _: f"SUM({writer.span(row)})"


def _discount(writer: Writer, arguments: Arguments) -> At:
    return partial(writer.cell, _discounted(writer, *arguments))


def _yearly(writer: Writer, rate: str) -> str:
    return f"(((1+{rate})^{writer.frame.periods_a_year!r}-1)/{writer.frame.units.year!r})"


def _irr(writer: Writer, arguments: Arguments) -> At:
    span = writer.span(_row(writer, arguments[0], "flows"))
    return lambda _: _yearly(writer, f"IRR({span},0.01)")


def _mirr(writer: Writer, arguments: Arguments) -> At:
    span = writer.span(_row(writer, arguments[0], "flows"))
    finance, reinvest = _per_period(writer, arguments[1]), _per_period(writer, arguments[2])
    return lambda t: _yearly(writer, f"MIRR({span},{finance(t)},{reinvest(t)})")


def _paid_back(writer: Writer, flow: str) -> At:
    """The first crossing of the running total; #N/A where there is none or a later one undoes it."""
    width, length = writer.frame.periods + 1, writer.frame.period_seconds
    total = writer.helper("running total", lambda t: f"SUM({writer.span(flow, 0, t)})", width)

    def crossing(t: int) -> str:
        now = writer.cell(total, t)
        if not t:
            return f'IF({now}>=0,0,"")'
        before = writer.cell(total, t - 1)
        return f'IF(AND({before}<0,{now}>=0),{t - 1}-{before}/{writer.cell(flow, t)},"")'

    def dip(t: int) -> str:
        return f"IF(AND({writer.cell(total, t)}<0,COUNT({writer.span(times, 0, t)})>0),1,0)"

    times = writer.helper("crossings", crossing, width)
    dips = writer.helper("below zero again", dip, width)
    spans = writer.span(times), writer.span(dips)
    return lambda _: f"IF(OR(COUNT({spans[0]})=0,SUM({spans[1]})>0),NA(),MIN({spans[0]})*{length!r})"


def _payback(writer: Writer, arguments: Arguments) -> At:
    return _paid_back(writer, _row(writer, arguments[0], "flows"))


def _discounted_payback(writer: Writer, arguments: Arguments) -> At:
    return _paid_back(writer, _discounted(writer, *arguments))


def _equal_payments(writer: Writer, arguments: Arguments) -> At:
    amount, rate, count = (
        writer.text(arguments[0]), _per_period(writer, arguments[1]), _periods(writer, arguments[2]),
    )  # fmt: skip
    return lambda t: f"-PMT({rate(t)},{count(t)},{amount(t)})"


def _indexed(writer: Writer, arguments: Arguments) -> At:
    amount, rate = writer.text(arguments[0]), _annual(writer, arguments[1])
    times = max(1, round(writer.frame.periods_a_year))
    return lambda t: f"{amount(t)}*(1+{rate(t)})^{(t - 1) // times}" if t else "0"


def _decay(writer: Writer, arguments: Arguments) -> At:
    amount, rate = writer.text(arguments[0]), _annual(writer, arguments[1])
    return lambda t: f"{amount(t)}*(1-(1-{rate(t)})^({t}/{writer.frame.periods_a_year!r}))"


def _straight_line(writer: Writer, arguments: Arguments) -> At:
    cost, life = writer.text(arguments[0]), _periods(writer, arguments[1])
    return lambda t: f"{cost(t)}*MAX(0,MIN(1,{life(t)}-{t - 1}))/{life(t)}" if t else "0"


def _sum_of_years(writer: Writer, arguments: Arguments) -> At:
    cost, life = writer.text(arguments[0]), _periods(writer, arguments[1])

    def share(t: int) -> str:
        whole = f"MAX(ROUND({life(t)},0),1)"
        return f"{cost(t)}*MAX({whole}-{t - 1},0)/({whole}*({whole}+1)/2)" if t else "0"

    return share


def _declining(writer: Writer, arguments: Arguments) -> At:
    cost, life = writer.text(arguments[0]), _periods(writer, arguments[1])
    book = writer.next_helper

    def left(t: int) -> str:
        """Book value, as a share of the cost, after period t."""
        if not t:
            return "1"
        before, whole = writer.cell(book, t - 1), f"MAX(ROUND({life(t)},0),1)"
        rate = f"MAX({before}*MIN(1,2/{whole}),{before}/MAX({whole}-{t - 1},1))"
        return f"{before}-IF({t - 1}<{whole},{rate},0)"

    writer.helper("book value", left, writer.frame.periods + 1)
    return lambda t: f"{cost(t)}*({writer.cell(book, t - 1)}-{writer.cell(book, t)})" if t else "0"


def _tax_carried(writer: Writer, arguments: Arguments) -> At:
    row, rate = _row(writer, arguments[0], "profit"), writer.text(arguments[1])
    total = writer.helper("running profit", lambda t: f"SUM({writer.span(row, 0, t)})", writer.frame.periods + 1)

    def paid(t: int) -> str:
        now = f"MAX(0,{writer.span(total, 0, t)})"
        return f"{rate(t)}*({now}-MAX(0,{writer.span(total, 0, t - 1)}))" if t else f"{rate(t)}*{now}"

    return paid


def _working_capital(writer: Writer, arguments: Arguments) -> At:
    text, last = writer.text(arguments[0]), writer.frame.periods

    def moved(t: int) -> str:
        rise = f"-({text(t)}-{text(t - 1)})" if t else f"-({text(t)})"
        return f"{rise}+{text(t)}" if t == last else rise

    return moved


def _loan(interest: bool) -> Call:
    def write(writer: Writer, arguments: Arguments) -> At:
        principal, rate = writer.text(arguments[0]), _per_period(writer, arguments[1])
        periods, last = _periods(writer, arguments[2]), writer.frame.periods

        def flow(t: int) -> str:
            count = f"MAX(1,ROUND({periods(t)},0))"
            if interest:
                return f"IF({t}<={count},-IPMT({rate(t)},{t},{count},{principal(t)}),0)" if t else "0"
            if not t:
                return principal(t)
            payment = f"PMT({rate(t)},{count},{principal(t)})"
            rest = f"+IF({count}>{last},FV({rate(t)},{last},{payment},{principal(t)}),0)" if t == last else ""
            return f"IF({t}<={count},{payment},0){rest}"

        return flow

    return write


def _ramp(integral: Callable[[str, tuple[str, ...]], str], *, rates: bool = False) -> Call:
    def write(writer: Writer, arguments: Arguments) -> At:
        length = writer.frame.period_seconds
        texts = [writer.text(argument) for argument in arguments]

        def share(t: int) -> str:
            if not t:
                return "0"
            values = tuple(f"({text(t)}{'*' if rates else '/'}{length!r})" for text in texts)
            return f"({integral(str(t), values)}-({integral(str(t - 1), values)}))"

        return share

    return write


def _linear(time: str, values: tuple[str, ...]) -> str:
    delay, length = values[0], f"MAX({values[1]},1E-9)"
    return f"MAX(0,MIN({time}-{delay},{length}))^2/(2*{length})+MAX({time}-{delay}-{length},0)"


def _logistic(time: str, values: tuple[str, ...]) -> str:
    steepness, middle = f"(LN(81)/MAX({values[1]}-{values[0]},1E-9))", f"(({values[0]}+{values[1]})/2)"
    return f"LN(1+EXP({steepness}*({time}-{middle})))/{steepness}"


def _bass(time: str, values: tuple[str, ...]) -> str:
    p, q = values
    return f"{time}+LN(1+{q}/{p}*EXP(-({p}+{q})*{time}))/{q}"


def _lookup(writer: Writer, arguments: Arguments) -> At:
    table, text = arguments[0], writer.text(arguments[1])
    assert isinstance(table, Name)
    lookup = writer.frame.lookups[table.name]
    x_factor = writer.frame.units.unit(lookup.x_unit).factor
    y_factor = writer.frame.units.unit(lookup.y_unit).factor
    xs, ys = writer.span(f"{table.name} x"), writer.span(f"{table.name} y")
    low, high, count = lookup.points[0], lookup.points[-1], len(lookup.points)

    def found(t: int) -> str:
        x = f"({text(t)}/{x_factor!r})"
        place = f"MIN(MATCH({x},{xs},1),{count})"
        inner = f"INDEX({ys},{place})"
        if lookup.method == "linear":
            after = f"MIN({place}+1,{count})"
            x0, x1, y0, y1 = (
                f"INDEX({xs},{place})", f"INDEX({xs},{after})", f"INDEX({ys},{place})", f"INDEX({ys},{after})",
            )  # fmt: skip
            inner = f"({y0}+({y1}-{y0})*({x}-{x0})/({x1}-{x0}))"
        return f"(IF({x}<={low[0]!r},{low[1]!r},IF({x}>={high[0]!r},{high[1]!r},{inner}))*{y_factor!r})"

    return found


CALLS: Mapping[str, Call] = {
    "min": _listed("MIN"),
    "max": _listed("MAX"),
    "clip": _plain("MIN({2},MAX({0},{1}))"),
    "abs": _plain("ABS({0})"),
    "exp": _plain("EXP({0})"),
    "log": _plain("LN({0})"),
    "sin": _plain("SIN({0})"),
    "cos": _plain("COS({0})"),
    "ceil": _plain("(-INT(-({0})))"),
    "floor": _plain("INT({0})"),
    "sqrt": _plain("SQRT({0})"),
    "sum": _over("SUM({0})"),
    "mean": _over("AVERAGE({0})"),
    "lowest": _over("MIN({0})"),
    "highest": _over("MAX({0})"),
    "count": _over("COUNT({0})"),
    "first": _end(0),
    "last": _end(-1),
    "mean_last": _mean_last,
    "percentile": _percentile,
    "at": _placed(lambda t, k: t == k),
    "from_period": _placed(lambda t, k: t >= k),
    "until": _placed(lambda t, k: t <= k),
    "at_end": _at_end,
    "each": _each,
    "cumulative": _cumulative,
    "previous": _previous,
    "grown": _grown,
    "indexed": _indexed,
    "decay": _decay,
    "discount": _discount,
    "npv": _npv,
    "irr": _irr,
    "mirr": _mirr,
    "payback": _payback,
    "discounted_payback": _discounted_payback,
    "roi": _plain("IF({1}>0,{0}/{1}-1,NA())"),
    "bcr": _plain("IF({1}>0,{0}/{1},NA())"),
    "equal_payments": _equal_payments,
    "straight_line": _straight_line,
    "sum_of_years": _sum_of_years,
    "declining_balance": _declining,
    "tax_offset": _plain("({1}*{0})"),
    "tax_carried": _tax_carried,
    "working_capital": _working_capital,
    "loan": _loan(interest=False),
    "loan_interest": _loan(interest=True),
    "ramp": _ramp(_linear),
    "logistic_ramp": _ramp(_logistic),
    "bass_ramp": _ramp(_bass, rates=True),
    "lookup": _lookup,
}
