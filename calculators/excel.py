"""A calculator as spreadsheet cells: inputs, tables and live formulas that give the same numbers.

Each number has one row; a series runs along the columns, period 0 first. Cells hold values in the declared units;
formulas convert to base units where they must. What a formula cannot say in one cell (a running total under a payback)
gets a row of its own below. The inputs stand at their median, as in a tornado; a spreadsheet holds no draws.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np

from calculators.declarations import Text
from calculators.excel_functions import CALLS, At
from calculators.graph import Plan
from calculators.parts import PERIOD, Frame
from calculators.sheet import Sheet
from calculators.syntax import Call, Choice, Condition, Name, Node, Number, Operation, names_in
from calculators.wording import formula_text

INPUTS, CALCULATION, TABLES = "Inputs", "Calculation", "Tables"
FIRST_COLUMN = 6  # of values; the columns before hold name, titles, unit, tier, source or formula in words
FIRST_ROW = 2  # from 0; row 0 is the header, row 1 the number of the period

Cell = float | str
"""A number, a text, or a formula that begins with "="."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One row: heading cells, then the value or the values by period."""

    heading: tuple[str, ...]
    cells: tuple[Cell, ...]
    is_input: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Workbook:
    """Sheets by name; `where` gives the sheet and row (from 0) of each number."""

    title: Text
    periods: int
    sheets: Mapping[str, tuple[Row, ...]]
    where: Mapping[str, tuple[str, int]]


def workbook(sheet: Sheet) -> Workbook:
    """The cells of an evaluated calculator, its inputs at their median."""
    return _Writer(sheet).written()


def column_name(index: int) -> str:
    """Letters of a column counted from 0: 0 is A, 26 is AA."""
    letters = ""
    index += 1
    while index:
        index, rest = divmod(index - 1, 26)
        letters = chr(65 + rest) + letters
    return letters


@dataclass(slots=True)
class _Writer:
    sheet: Sheet
    rows: dict[str, list[Row]] = field(default_factory=lambda: {INPUTS: [], CALCULATION: [], TABLES: []})
    where: dict[str, tuple[str, int]] = field(default_factory=dict)

    @property
    def plan(self) -> Plan:
        return self.sheet.calculator.plan

    @property
    def frame(self) -> Frame:
        return self.plan.frame

    @property
    def width(self) -> int:
        return self.plan.frame.periods + 1

    def written(self) -> Workbook:
        titles = self.sheet.titles()
        middle = np.full((1, len(self.sheet.drivers.columns)), 0.5)
        values = self.sheet.drivers.inputs(middle, frozenset(self.plan.inputs))
        for name, known in self.sheet.drivers.known.items():
            cells = tuple(float(value) for value in values[name][0] / known.unit.factor)
            heading = (name, *_both(known.item.title), known.unit.text, known.tier.value, known.source.get("en", ""))
            self._put(INPUTS, name, Row(heading=heading, cells=cells, is_input=True))
        for lookup in self.plan.frame.lookups.values():
            for part, place, unit in (("x", 0, lookup.x_unit), ("y", 1, lookup.y_unit)):
                points = tuple(point[place] for point in lookup.points)
                self._put(
                    TABLES, f"{lookup.name} {part}", Row(heading=(lookup.name, "", part, unit, "", ""), cells=points)
                )
        for name in self.plan.order:
            self._formula(name, titles)
        return Workbook(
            title=self.sheet.calculator.title,
            periods=self.plan.frame.periods,
            sheets={key: tuple(found) for key, found in self.rows.items() if found},
            where=dict(self.where),
        )

    def _put(self, page: str, name: str, row: Row) -> None:
        self.where[name] = (page, FIRST_ROW + len(self.rows[page]))
        self.rows[page].append(row)

    def _formula(self, name: str, titles: Mapping[str, Text]) -> None:
        compiled = self.plan.compiled[name]
        words = formula_text(compiled.tree, titles).get("en", "")
        heading = (name, *_both(titles[name]), compiled.unit.text, self.sheet.tier(name).value, words)
        covered = name in self.plan.capped_by
        text = _divided(self.text(compiled.tree), compiled.unit.factor)
        self._put(CALCULATION, f"raw {name}" if covered else name, Row(heading=heading, cells=self._cells(text, name)))
        if name in self.plan.caps:
            self._held_back(name, titles)

    def _cells(self, text: At, name: str) -> tuple[Cell, ...]:
        kind = self.plan.kind(name)
        if kind.axis not in {"", PERIOD}:
            return tuple(f"={text(i)}" for i in range(self._rows_of(kind.axis)))
        return tuple(f"={text(t)}" for t in range(self.width if kind.axis else 1))

    def _rows_of(self, axis: str) -> int:
        return next(
            len(row.cells)
            for name, (page, at) in self.where.items()
            if page == INPUTS and self.plan.kind(name).axis == axis
            for row in [self.rows[page][at - FIRST_ROW]]
        )

    def _held_back(self, cap: str, titles: Mapping[str, Text]) -> None:
        """The benefits under a cap, scaled down wherever together they exceed it."""
        for name in self.plan.caps[cap].covers:
            unit = self.plan.unit(name)
            heading = (name, *_both(titles[name]), unit.text, self.sheet.tier(name).value, f"as {cap} leaves it")

            def scaled(t: int, name: str = name) -> str:
                raw = self.cell(f"raw {name}", t)
                total = "+".join(
                    f"MAX({self.cell(f'raw {one}', t)}*{self.plan.unit(one).factor!r},0)"
                    for one in self.plan.caps[cap].covers
                )
                limit = f"MAX({self.cell(cap, t)}*{self.plan.unit(cap).factor!r},0)"
                return f"IF(AND({raw}>0,{total}>{limit}),{raw}*{limit}/({total}),{raw})"

            self._put(CALCULATION, name, Row(heading=heading, cells=self._cells(scaled, name)))

    def helper(self, what: str, text: At, width: int) -> str:
        """A row of its own for an expression in base units; the name under which it can be referred to."""
        name = self.next_helper
        row = Row(heading=("", "", what, "", "", ""), cells=("",) * width)
        self._put(CALCULATION, name, row)  # first its place, so that a row may look back at itself
        cells = tuple(f"={text(t)}" for t in range(width))
        self.rows[CALCULATION][self.where[name][1] - FIRST_ROW] = replace(row, cells=cells)
        return name

    @property
    def next_helper(self) -> str:
        """The name that the next row of its own will have."""
        return f"helper {len(self.rows[CALCULATION])}"

    def width_of(self, node: Node) -> int:
        """How many values an expression along an axis has."""
        axes = {
            self.plan.kind(name).axis for name in names_in(node) if name in self.plan.feeds or name in self.plan.inputs
        }
        rows = axes - {"", PERIOD}
        return self._rows_of(rows.pop()) if rows else self.width

    def cell(self, name: str, t: int) -> str:
        page, row = self.where[name]
        single = len(self.rows[page][row - FIRST_ROW].cells) == 1
        column = column_name(FIRST_COLUMN + (0 if single else t))
        return f"{page}!{'$' if single else ''}{column}${row + 1}"

    def span(self, name: str, start: int = 0, end: int | None = None) -> str:
        """The cells of a row from one period to another."""
        page, row = self.where[name]
        last = len(self.rows[page][row - FIRST_ROW].cells) - 1 if end is None else end
        first = FIRST_COLUMN + start
        return f"{page}!${column_name(first)}${row + 1}:${column_name(FIRST_COLUMN + last)}${row + 1}"

    # --- expressions, in base units ---------------------------------------------------------------------------------

    def text(self, node: Node) -> At:
        match node:
            case Number(value=value):
                return lambda _: repr(value)
            case Name(name=name):
                return self._name(name)
            case Operation(sign="neg", parts=(inner,)):
                part = self.text(inner)
                return lambda t: f"(-{part(t)})"
            case Operation(sign=sign, parts=(left, right)):
                a, b, mark = self.text(left), self.text(right), "^" if sign == "**" else sign
                return lambda t: f"({a(t)}{mark}{b(t)})"
            case Condition(sign="and" | "or" | "not" as sign, parts=parts):
                texts = [self.text(part) for part in parts]
                return lambda t: f"{sign.upper()}({','.join(text(t) for text in texts)})"
            case Condition(sign=sign, parts=(left, right)):
                a, b, mark = self.text(left), self.text(right), {"==": "=", "!=": "<>"}.get(sign, sign)
                return lambda t: f"({a(t)}{mark}{b(t)})"
            case Choice(condition=condition, yes=yes, no=no):
                test, one, other = (self.text(part) for part in (condition, yes, no))
                return lambda t: f"IF({test(t)},{one(t)},{other(t)})"
            case Call(function=function, arguments=arguments):
                return CALLS[function](self, arguments)
        raise AssertionError(node)

    def _name(self, name: str) -> At:
        frame = self.plan.frame
        if name == "t":
            return str
        constants = frame.constants()
        if name in constants:
            value = float(constants[name][1].item())
            return lambda _: repr(value)
        factor = self.plan.unit(name).factor
        if factor == 1:
            return lambda t: self.cell(name, t)
        return lambda t: f"({self.cell(name, t)}*{factor!r})"


def _divided(text: At, factor: float) -> At:
    return text if factor == 1 else lambda t: f"{text(t)}/{factor!r}"


def _both(title: Text) -> tuple[str, str]:
    return title.get("zh-CN", ""), title.get("en", "")
