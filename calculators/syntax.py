"""From the text of a formula to a small tree of our own, and clear words where that fails.

The text is first cut into tokens of a fixed alphabet, so nothing but names, plain numbers, operators, brackets and
commas reaches Python's parser; the parser's tree is then copied node by node into the six kinds below, and everything
else is refused. Nothing is ever compiled or evaluated by Python.
"""

from __future__ import annotations

import ast
import difflib
import math
import re
import threading
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from calculators.units import CalculationError

# CPython counts the depth of trees under construction in one place for all threads (gh-106905): two threads that parse
# at once could end in a SystemError.
_one_at_a_time = threading.Lock()

MAX_LENGTH = 2000
MAX_NODES = 400
MAX_DEPTH = 40

_token = re.compile(
    r"(?P<space>\s+)|(?P<number>(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?(?![\w.]))|(?P<name>[A-Za-z_]\w*)"
    r"|(?P<mark>\*\*|<=|>=|==|!=|[-+*/(),<>])",
    re.ASCII,
)
_full_width = str.maketrans("（），＋－×÷＊／＜＞≤≥＝。：；", "(),+-*/*/<><>=.:;")


@dataclass(frozen=True, slots=True)
class Number:
    value: float
    at: int


@dataclass(frozen=True, slots=True)
class Name:
    name: str
    at: int


@dataclass(frozen=True, slots=True)
class Operation:
    """`sign` is one of + - * / ** for two parts, "neg" for one."""

    sign: str
    parts: tuple[Node, ...]
    at: int


@dataclass(frozen=True, slots=True)
class Condition:
    """`sign` is one of < <= > >= == != for two parts, and/or for several, not for one."""

    sign: str
    parts: tuple[Node, ...]
    at: int


@dataclass(frozen=True, slots=True)
class Choice:
    """`yes` where the condition holds, `no` elsewhere."""

    condition: Node
    yes: Node
    no: Node
    at: int


@dataclass(frozen=True, slots=True)
class Call:
    function: str
    arguments: tuple[Node, ...]
    at: int


Node = Number | Name | Operation | Condition | Choice | Call

_operators: dict[type[ast.AST], str] = {ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.Div: "/", ast.Pow: "**"}
_comparisons: dict[type[ast.AST], str] = {
    ast.Lt: "<", ast.LtE: "<=", ast.Gt: ">", ast.GtE: ">=", ast.Eq: "==", ast.NotEq: "!=",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class FormulaText:
    """A formula as written and where it stands, so that every complaint can point into it."""

    name: str
    text: str

    def error(self, message: str, at: int, *, code: str, remedy: str, **params: object) -> CalculationError:
        """A refusal that points at a column (from 0) with a caret."""
        line = re.sub(r"\s", " ", self.text)
        start = max(0, at - 60)
        excerpt = f"    {line[start : start + 110]}\n    {' ' * (at - start)}^"
        return CalculationError(
            f"{message}\n{excerpt}",
            code=code,
            place=f"formula {self.name}, column {at + 1}",
            remedy=remedy,
            formula=self.name,
            column=at + 1,
            excerpt=excerpt,
            **params,
        )


def closest(name: str, known: Iterable[str]) -> str:
    """What was probably meant, or "".

    >>> closest("marign", ["margin", "price"])
    'margin'
    """
    near = difflib.get_close_matches(name, list(known), n=1, cutoff=0.6)
    return near[0] if near else ""


def parse(name: str, text: str) -> Node:
    """The tree of a formula.

    Raises CalculationError `formula_length`, `formula_character`, `formula_depth`, `formula_nodes`,
    `formula_syntax`, `formula_construct` or `formula_number`, each with the column.

    >>> parse("twice", "2 * x")
    Operation(sign='*', parts=(Number(value=2.0, at=0), Name(name='x', at=4)), at=0)
    """
    source = FormulaText(name, text)
    if not text.strip() or len(text) > MAX_LENGTH:
        raise source.error(
            f"a formula has 1 to {MAX_LENGTH} characters, this one {len(text)}",
            0,
            code="formula_length",
            remedy="Split it into several formulas.",
            most=MAX_LENGTH,
        )
    _check_characters(source)
    line = re.sub(r"\s", " ", text)
    start = len(line) - len(line.lstrip())
    try:
        with _one_at_a_time:
            tree = ast.parse(line.lstrip(), mode="eval")
    except SyntaxError as error:
        at = min(max((error.offset or 1) - 1 + start, 0), len(line) - 1)
        raise source.error(
            "this cannot be read as a formula",
            at,
            code="formula_syntax",
            remedy="Look for a missing operator, comma or bracket near the mark.",
        ) from None
    except (RecursionError, MemoryError, ValueError, OverflowError):
        raise _too_deep(source, 0) from None
    nodes = 0

    def copy(node: ast.expr, depth: int) -> Node:
        nonlocal nodes
        nodes += 1
        at = node.col_offset + start
        if nodes > MAX_NODES:
            raise source.error(
                f"a formula has at most {MAX_NODES} parts",
                at,
                code="formula_nodes",
                remedy="Split it into several formulas.",
                most=MAX_NODES,
            )
        if depth > MAX_DEPTH:
            raise _too_deep(source, at)
        return _copied(node, source, at, lambda part: copy(part, depth + 1))

    return copy(tree.body, 1)


def _too_deep(source: FormulaText, at: int) -> CalculationError:
    return source.error(
        f"parts are nested more than {MAX_DEPTH} deep",
        at,
        code="formula_depth",
        remedy="Name inner parts as formulas of their own.",
        most=MAX_DEPTH,
    )


def _check_characters(source: FormulaText) -> None:
    """Only the alphabet of the language, and brackets no deeper than allowed."""
    text, at, depth = source.text, 0, 0
    while at < len(text):
        token = _token.match(text, at)
        if token is None:
            plain = text[at].translate(_full_width)
            hint = f"Write {plain} in its plain form." if plain != text[at] else ""
            hint = "Write ** for a power." if text[at] == "^" else hint
            raise source.error(
                f"{text[at]!r} has no meaning in a formula",
                at,
                code="formula_character",
                remedy=hint or "Use names, numbers, + - * / **, comparisons, brackets and commas.",
                character=text[at],
            )
        depth += {"(": 1, ")": -1}.get(token.group(), 0)
        if depth > MAX_DEPTH:
            raise _too_deep(source, at)
        at = token.end()


def _copied(node: ast.expr, source: FormulaText, at: int, copy: Callable[[ast.expr], Node]) -> Node:
    match node:
        case ast.Constant(value=bool() | None) | ast.Constant(value=str() | bytes()):
            pass
        case ast.Constant(value=int() | float() as value):
            return Number(_as_float(value, source, at), at)
        case ast.Name(id=name):
            return Name(name, at)
        case ast.UnaryOp(op=ast.USub(), operand=part):
            return Operation("neg", (copy(part),), at)
        case ast.UnaryOp(op=ast.UAdd(), operand=part):
            return copy(part)
        case ast.UnaryOp(op=ast.Not(), operand=part):
            return Condition("not", (copy(part),), at)
        case ast.BinOp(op=sign, left=left, right=right) if type(sign) in _operators:
            return Operation(_operators[type(sign)], (copy(left), copy(right)), at)
        case ast.BoolOp(op=both, values=parts):
            return Condition("and" if isinstance(both, ast.And) else "or", tuple(copy(part) for part in parts), at)
        case ast.Compare(left=left, ops=signs, comparators=others) if all(type(sign) in _comparisons for sign in signs):
            ends = [copy(left), *(copy(other) for other in others)]
            pairs = tuple(
                Condition(_comparisons[type(sign)], (ends[i], ends[i + 1]), at) for i, sign in enumerate(signs)
            )
            return pairs[0] if len(pairs) == 1 else Condition("and", pairs, at)
        case ast.IfExp(test=test, body=yes, orelse=no):
            return Choice(copy(test), copy(yes), copy(no), at)
        case ast.Call(func=ast.Name(id=name), args=arguments, keywords=[]):
            return Call(name, tuple(copy(argument) for argument in arguments), at)
    raise source.error(
        "this construct is not part of the formula language",
        at,
        code="formula_construct",
        remedy="Use names, numbers, + - * / **, comparisons, and/or/not, 'a if c else b' and the listed functions.",
    )


def _as_float(value: float, source: FormulaText, at: int) -> float:
    try:
        number = float(value)
    except OverflowError:
        number = math.inf
    if not math.isfinite(number):
        raise source.error(
            "this number is too large", at, code="formula_number", remedy="Use a number below 1e308.",
        )  # fmt: skip
    return number


def walk(node: Node) -> Iterator[Node]:
    """The node and everything below it."""
    yield node
    match node:
        case Operation(parts=parts) | Condition(parts=parts) | Call(arguments=parts):
            for part in parts:
                yield from walk(part)
        case Choice(condition=condition, yes=yes, no=no):
            for part in (condition, yes, no):
                yield from walk(part)
        case _:
            return


def names_in(node: Node) -> frozenset[str]:
    """The names a formula uses, functions not counted."""
    return frozenset(part.name for part in walk(node) if isinstance(part, Name))
