"""Units of calculator inputs and formulas: read with pint when a calculator is loaded, plain floats afterwards.

Every value is converted once to base units (seconds, kilograms, metres, pieces, yuan ...), every result once back.
Counts (piece, person, order, Mrev) and each currency are dimensions of their own, which finds a cost per person-hour
used as a cost per hour, and a cycle in seconds used as seconds per piece. Nothing converts one currency into another.

A year is 365.25 days and a month a twelfth of it unless a calculator says otherwise; `workday` and `shift` exist only
where a calculator defines them, because their length is a fact of a plant.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache, cached_property, lru_cache
from types import MappingProxyType

import numpy as np
import pint
from numpy.typing import NDArray

Array = NDArray[np.float64]
"""Numbers in base units or as told; shapes are given where they matter."""

CURRENCIES = ("CNY", "EUR", "USD", "JPY", "GBP", "CHF", "KRW", "HKD", "TWD", "SGD", "INR")
COUNTS = ("piece", "person", "order", "Mrev")
LOCAL_TIMES = ("year", "month", "workday", "shift")
SIGNS = {"%": "percent", "t": "metric_ton", "€": "EUR", "$": "USD", "pieces": "piece"}
_chinese_names = {
    "CNY": ("元", "人民币"), "USD": ("美元",), "EUR": ("欧元",), "piece": ("件", "个", "台"), "person": ("人",),
    "order": ("单", "订单"), "s": ("秒",), "min": ("分", "分钟"), "h": ("时", "小时"), "d": ("天", "日"),
    "week": ("周",), "month": ("月", "个月"), "year": ("年",), "shift": ("班",), "workday": ("工作日",),
    "kg": ("千克", "公斤"), "t": ("吨",), "kWh": ("度",),
}  # fmt: skip
_chinese_sizes = {"千元": ("CNY", 1e3), "万元": ("CNY", 1e4), "亿元": ("CNY", 1e8), "万件": ("piece", 1e4)}
CHINESE: Mapping[str, tuple[str, float]] = MappingProxyType(
    {word: (unit, 1.0) for unit, words in _chinese_names.items() for word in words} | _chinese_sizes
)
"""Units as they are written in Chinese; 度 is a kilowatt hour."""
_full_width = str.maketrans("（）／＊·％　", "()/**% ")
MAX_UNIT_LENGTH = 60
MAX_EXPONENT = 9

_token = re.compile(
    r"\s*(?:(?P<name>[A-Za-z%µΩ°$€¥_][A-Za-zµΩ°_]*|[\u4e00-\u9fff]+)|(?P<number>\d+)|(?P<mark>\*\*|[*/^()·-]))"
)
_quantity = re.compile(r"\s*([-+]?(?:\d+(?:[ _]\d{3})*|\d*)(?:\.\d+)?(?:[eE][-+]?\d+)?)\s*(.*)", re.DOTALL)


class CalculationError(ValueError):
    """A calculator, an input or a formula cannot be used as given.

    `code` is a stable id (the pages keep the sentence for it in two languages), `place` says where, such as
    "formula margin, column 12" or "input repair_time", `remedy` what to do, `params` the parts of the sentence.
    """

    def __init__(self, message: str, *, code: str, place: str = "", remedy: str = "", **params: object) -> None:
        super().__init__(message)
        self.code = code
        self.place = place
        self.remedy = remedy
        self.params = params

    def __str__(self) -> str:
        return str(self.args[0])


@dataclass(frozen=True, slots=True)
class Dimension:
    """Exponents of base dimensions, such as {"[time]": -1, "[CNY]": 1}; empty for a pure number."""

    powers: tuple[tuple[str, float], ...] = ()

    def __mul__(self, other: Dimension) -> Dimension:
        total = dict(self.powers)
        for name, power in other.powers:
            total[name] = total.get(name, 0.0) + power
        return _dimension(total)

    def __truediv__(self, other: Dimension) -> Dimension:
        return self * other**-1

    def __pow__(self, exponent: float) -> Dimension:
        return _dimension({name: power * exponent for name, power in self.powers})

    @property
    def is_number(self) -> bool:
        return not self.powers

    def __str__(self) -> str:
        above = "*".join(_power(name, power) for name, power in self.powers if power > 0)
        below = "*".join(_power(name, -power) for name, power in self.powers if power < 0)
        return f"{above or '1'}/{below}" if below else above or "1"


NUMBER = Dimension()


def _dimension(powers: Mapping[str, float]) -> Dimension:
    return Dimension(tuple(sorted((name, power) for name, power in powers.items() if abs(power) > 1e-12)))


def _power(name: str, power: float) -> str:
    return name.strip("[]") if power == 1 else f"{name.strip('[]')}^{power:g}"


@dataclass(frozen=True, slots=True)
class Unit:
    """What a number is counted in: `value in unit * factor = value in base units`."""

    text: str
    factor: float
    dimension: Dimension


ONE = Unit("1", 1.0, NUMBER)


@cache
def _registry() -> pint.UnitRegistry[float]:
    registry: pint.UnitRegistry[float] = pint.UnitRegistry(cache_folder=None)
    for name in (*CURRENCIES, *COUNTS):
        registry.define(f"{name} = [{name}]")
    return registry


@lru_cache(maxsize=2048)
def _named(name: str) -> Unit | None:
    """One unit name as pint knows it, prefixes included; None when it is unknown or has an offset, as degC."""
    registry = _registry()
    known = SIGNS.get(name, name)
    try:
        factor, base = registry.get_root_units(known)
        if registry.Quantity(0.0, known).to_root_units().magnitude != 0 or isinstance(factor, complex):
            return None
    except (pint.errors.PintError, AssertionError, AttributeError, ValueError, TypeError, ZeroDivisionError):
        return None
    if not isinstance(factor, int | float) or not math.isfinite(factor) or factor <= 0:
        return None
    dimension = _dimension({str(key): float(str(power)) for key, power in base.dimensionality.items()})
    return Unit(name, factor * 1.0, dimension)


@dataclass(frozen=True)
class UnitBook:
    """The units one calculator may use: pint's, our counts and currencies, and its own working times.

    `times` gives the length of "year", "month", "workday" or "shift" as text in any other unit, such as
    {"shift": "8 h", "year": "250 d"}.

    >>> UnitBook().unit("EUR/h").factor * 3600
    1.0
    >>> UnitBook().read("12 min", "h")
    0.2
    """

    times: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for name, text in self.times.items():
            if name not in LOCAL_TIMES:
                raise CalculationError(
                    f"{name!r} is not a working time",
                    code="unknown_working_time",
                    remedy=f"Only {', '.join(LOCAL_TIMES)} may be defined.",
                    name=name,
                    known=", ".join(LOCAL_TIMES),
                )
            if not self._seconds(name, text) > 0:
                raise _bad_time(name, text)

    def _seconds(self, name: str, text: str) -> float:
        amount, unit_text = split_quantity(text)
        unit = _product(unit_text, {})
        if unit.dimension != Dimension((("[time]", 1.0),)):
            raise _bad_time(name, text)
        return amount * unit.factor

    @cached_property
    def _local(self) -> dict[str, Unit]:
        second = Dimension((("[time]", 1.0),))
        local = {name: Unit(name, self._seconds(name, text), second) for name, text in self.times.items()}
        if "year" in local and "month" not in local:
            local["month"] = Unit("month", local["year"].factor / 12, second)
        return local

    @cached_property
    def year(self) -> float:
        """Seconds in a year of this calculator."""
        return self.unit("year").factor

    @cached_property
    def month(self) -> float:
        """Seconds in a month of this calculator."""
        return self.unit("month").factor

    def unit(self, text: str) -> Unit:
        """Read a unit such as "CNY/piece", "1/month", "kWh" or "%".

        Raises CalculationError `unknown_unit` (with what was probably meant) or `unit_syntax`.
        """
        return _product(text, self._local)

    def read(self, text: str, unit: str) -> float:
        """A written quantity, such as "12 min", in `unit`; a bare number is already in it.

        Raises CalculationError `wrong_unit` when the dimensions differ and `not_a_quantity` for anything else.
        """
        amount, written = split_quantity(text)
        if not written:
            return amount
        wanted, got = self.unit(unit), self.unit(written)
        if got.dimension != wanted.dimension:
            raise CalculationError(
                f"{text!r} is measured in {got.dimension}, not in {wanted.dimension} as {unit} is",
                code="wrong_unit",
                remedy=f"Give a value in {unit}.",
                value=text,
                unit=unit,
            )
        if got.factor >= wanted.factor:
            return amount * (got.factor / wanted.factor)
        return amount / (wanted.factor / got.factor)


def _bad_time(name: str, text: str) -> CalculationError:
    return CalculationError(
        f"{name}: {text!r} is not a length of time",
        code="bad_working_time",
        remedy="Write a time such as 8 h or 250 d.",
        name=name,
        value=text,
    )


def split_quantity(text: str) -> tuple[float, str]:
    """A written quantity as amount and unit ("" where there is none); raises CalculationError `not_a_quantity`.

    >>> split_quantity("15 EUR/piece")
    (15.0, 'EUR/piece')
    """
    found = _quantity.fullmatch(text) if len(text) <= 2 * MAX_UNIT_LENGTH else None
    digits = found.group(1).replace("_", "").replace(" ", "") if found else ""
    try:
        amount = float(digits)
    except ValueError:
        amount = math.nan
    if found is None or not math.isfinite(amount):
        raise CalculationError(
            f"{text[:40]!r} is not a quantity",
            code="not_a_quantity",
            remedy="Write a number and a unit, such as 12 min.",
            value=text[:40],
        )
    return amount, found.group(2).strip()


@lru_cache(maxsize=4096)
def _tokens(text: str) -> tuple[tuple[str, str], ...]:
    text = text.translate(_full_width)
    if len(text) > MAX_UNIT_LENGTH:
        raise _syntax(text[:40])
    found, at = [], 0
    while at < len(text.rstrip()):
        token = _token.match(text, at)
        if token is None:
            raise _syntax(text)
        found.append((str(token.lastgroup), token.group(str(token.lastgroup))))
        at = token.end()
    return tuple(found)


def _syntax(text: str) -> CalculationError:
    return CalculationError(
        f"{text!r} cannot be read as a unit",
        code="unit_syntax",
        remedy="Write names joined by * and /, powers as m^2, such as CNY/piece.",
        unit=text,
    )


def _product(text: str, local: Mapping[str, Unit]) -> Unit:
    """A product of named units; `a/b*c` reads left to right, one pair of brackets may follow a slash."""
    factor, dimension, sign, tokens, at = 1.0, NUMBER, 1, _tokens(text), 0
    expects_name, inside, outer = True, False, 1
    while at < len(tokens):
        kind, mark = tokens[at]
        at += 1
        if mark == "(" and expects_name and not inside:
            inside, outer = True, sign
        elif mark == ")" and inside and not expects_name:
            inside, sign = False, outer
        elif expects_name and kind == "name":
            exponent, at = _exponent(tokens, at, text)
            name, scale = CHINESE.get(mark, (mark, 1.0))
            unit = local.get(name) or _one(name, text)
            factor *= scale ** (sign * exponent)
            factor *= unit.factor ** (sign * exponent)
            dimension = dimension * unit.dimension ** (sign * exponent)
            expects_name = False
        elif expects_name and kind == "number" and mark == "1":
            expects_name = False
        elif not expects_name and mark in {"*", "·", "/"}:
            turned = -1 if mark == "/" else 1
            sign = outer * turned if inside else turned
            expects_name = True
        else:
            raise _syntax(text)
    if expects_name or inside:
        raise _syntax(text)
    return Unit(text.strip(), factor, dimension)


def _exponent(tokens: tuple[tuple[str, str], ...], at: int, text: str) -> tuple[int, int]:
    if at >= len(tokens) or tokens[at][1] not in {"^", "**"}:
        return 1, at
    at += 1
    sign = 1
    if at < len(tokens) and tokens[at][1] == "-":
        sign, at = -1, at + 1
    if at >= len(tokens) or tokens[at][0] != "number" or not 0 < int(tokens[at][1][:3]) <= MAX_EXPONENT:
        raise _syntax(text)
    return sign * int(tokens[at][1]), at + 1


def _one(name: str, text: str) -> Unit:
    if name in {"workday", "shift"}:
        raise CalculationError(
            f"{name} has no length here",
            code="working_time_missing",
            remedy=f"Define it in the calculator, such as times: {{{name}: 8 h}}.",
            unit=name,
        )
    unit = _named(name)
    if unit is None:
        raise CalculationError(
            f"the unit {name!r} in {text!r} is not known",
            code="unknown_unit",
            remedy="Use names such as s, min, h, kWh, kg, piece, person, CNY, EUR, USD or %.",
            unit=name,
        )
    return unit
