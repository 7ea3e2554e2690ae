"""Amounts in another currency, at a rate that somebody declared; nothing is ever converted without one."""

from __future__ import annotations

from collections.abc import Mapping

from calculators.units import CURRENCIES, CalculationError, Dimension, UnitBook, split_quantity


def exchanged(text: str, unit: str, units: UnitBook, rates: Mapping[str, float]) -> str:
    """A written value, three estimates or a series in the currency of `unit`; other texts are returned as they are.

    `rates`: how much of that currency one unit of another is worth. Raises CalculationError `rate_missing`.

    >>> exchanged("10 / 12 / 15 EUR/piece", "CNY/piece", UnitBook(), {"EUR": 7.5})
    '75 / 90 / 112.5 CNY/piece'
    >>> exchanged("2 kUSD", "CNY", UnitBook(), {"USD": 7.0})
    '14000 CNY'
    >>> exchanged("12 min", "CNY", UnitBook(), {"USD": 7.0})
    '12 min'
    """
    mark = " / " if " / " in text else "," if "," in text else ""
    parts = [part.strip() for part in text.split(mark)] if mark else [text.strip()]
    try:
        written = split_quantity(parts[-1])[1]
        if not written:
            return text
        got, wanted = units.unit(written), units.unit(unit)
        numbers = [units.read(f"{part} {written}", written) for part in parts[:-1]]
        numbers.append(units.read(parts[-1], written))
    except CalculationError:
        return text  # whoever reads it says what is wrong with it
    foreign, home = _currencies(got.dimension), _currencies(wanted.dimension)
    if len(foreign) != 1 or len(home) != 1 or foreign == home:
        return text
    ((code, power),), ((own, _),) = foreign.items(), home.items()
    swapped = Dimension(((f"[{own}]", power),)) / Dimension(((f"[{code}]", power),))
    if got.dimension * swapped != wanted.dimension:
        return text
    if code not in rates:
        raise CalculationError(
            f"{text!r} is in {code}, and no rate of {code} in {own} is declared",
            code="rate_missing",
            remedy=f"Declare what one {code} is worth in {own}, or give the amount in {own}.",
            currency=code,
            home=own,
        )
    factor = rates[code] ** power * got.factor / wanted.factor
    between = " / " if mark == " / " else ", "
    return f"{between.join(f'{number * factor:.12g}' for number in numbers)} {unit}"


def _currencies(dimension: Dimension) -> dict[str, float]:
    return {name.strip("[]"): power for name, power in dimension.powers if name.strip("[]") in CURRENCIES}
