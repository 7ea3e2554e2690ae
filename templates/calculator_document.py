"""The calculator document `mingsuan: calculator/1`: inputs, formulas, outputs; and the general ones that are shipped.

A pack author writes no Python: units, axes, names and formulas are checked when the document is read, and a refusal
names the line of the file and the column of the formula.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, get_args

from calculators.calculator import Calculator
from calculators.declarations import Cap, Correlation, Formula, Input, Output, Tier, VerdictRule
from calculators.parts import Lookup
from calculators.uncertainty import Shape as DistributionShape
from templates.documents import DocumentError, Node, closest, load
from templates.shapes import (
    Bilingual,
    ByName,
    Choice,
    Document,
    Fields,
    Maybe,
    Number,
    Schema,
    Several,
    Share,
    Whole,
    Words,
)

_folder = Path(__file__).with_name("calculators")
_unit = Words(at_most=60)
_formula = Words(at_most=2000)
_name = Words(at_most=60)
_empty: dict[str, str] = {}


class _Likely:
    """One number, or a list with one number for each period or row."""

    def read(self, node: Node) -> float | tuple[float, ...]:
        return tuple(item.number() for item in node.items(at_least=1)) if node.is_list else node.number()

    def schema(self) -> Schema:
        return {"anyOf": [{"type": "number"}, {"type": "array", "items": {"type": "number"}, "minItems": 1}]}


_input = Fields(
    {
        "title": Bilingual(at_most=200),
        "unit": _unit,
        "purpose": Bilingual(at_most=1000),
        "likely": Maybe(_Likely()),
        "low": Maybe(Number()),
        "high": Maybe(Number()),
        "shape": Maybe(Choice(get_args(DistributionShape)), "pert"),
        "reads": Maybe(Choice(("bounds", "p10_p90")), "bounds"),
        "tier": Maybe(Choice(tuple(tier.value for tier in Tier))),
        "source": Maybe(Bilingual(), _empty),
        "each": Maybe(_name, ""),
        "at_least": Maybe(Number()),
        "at_most": Maybe(Number()),
        "no_effect": Maybe(Number()),
        "beyond": Maybe(Choice(("error", "hold", "zero")), "error"),
        "valid_days": Maybe(Number(above=0)),
        "sensitivity": Maybe(Choice(("public", "internal", "confidential")), "internal"),
    }
)
CALCULATOR = Document(
    kind="calculator",
    about="A calculator: inputs, formulas, outputs",
    fields=Fields(
        {
            "id": Words(pattern=r"[a-z][a-z0-9_-]{1,60}", example="module_roi", at_most=64),
            "version": Words(pattern=r"\d+\.\d+\.\d+", example="1.0.0"),
            "title": Bilingual(at_most=200),
            "description": Bilingual(),
            "period": Maybe(Choice(("month", "year")), "month"),
            "periods": Maybe(Whole(low=1, high=600), 36),
            "times": Maybe(ByName(of=_unit), _empty),
            "inputs": ByName(of=_input),
            "lookups": Maybe(
                ByName(
                    of=Fields(
                        {
                            "x_unit": _unit,
                            "y_unit": _unit,
                            "method": Maybe(Choice(("linear", "step")), "linear"),
                            "points": Several(of=Several(of=Number(), at_least=2, at_most=2), at_least=1),
                        }
                    )
                ),
                {},
            ),
            "correlations": Maybe(
                Several(of=Fields({"inputs": Several(of=_name, at_least=2, at_most=20), "r": Number(low=-1, high=1)})),
                (),
            ),
            "formulas": ByName(
                of=Fields(
                    {
                        "unit": _unit,
                        "is": _formula,
                        "title": Maybe(Bilingual(at_most=200), _empty),
                        "hangs_on": Maybe(_name, ""),
                    }
                )
            ),
            "caps": Maybe(
                ByName(
                    of=Fields(
                        {
                            "unit": _unit,
                            "is": _formula,
                            "covers": Several(of=_name, at_least=1, at_most=50),
                            "title": Maybe(Bilingual(at_most=200), _empty),
                        }
                    )
                ),
                {},
            ),
            "verdict": Maybe(
                Fields({"output": _name, "buy_below": Share(), "refuse_above": Share(), "source": Bilingual()})
            ),
            "outputs": ByName(
                of=Fields(
                    {
                        "title": Bilingual(at_most=200),
                        "action": Bilingual(at_most=500),
                        "acceptance": Bilingual(at_most=500),
                        "chance_below": Maybe(Number()),
                        "chance_above": Maybe(Number()),
                        "good": Maybe(Choice(("high", "low", "none")), "high"),
                    }
                )
            ),
        }
    ),
)


def read_calculator(text: str | bytes, name: str) -> Calculator:
    """The calculator that a document describes, checked and ready to evaluate; `name` is the file's, for messages.

    Raises DocumentError with the place: all of `load`, and every refusal of `calculators.graph`.
    """
    return calculator_from(load(text, name=name))


def calculator_from(document: Node) -> Calculator:
    """The calculator of a loaded document."""
    values = CALCULATOR.read(document)
    try:
        return _calculator(values)
    except ValueError as error:
        raise _with_line(document, error) from error


def _calculator(values: dict[str, Any]) -> Calculator:
    inputs = tuple(
        Input(
            name=name,
            axis=item["each"],
            tier=Tier(item["tier"]) if item["tier"] else None,
            **{key: value for key, value in item.items() if key not in {"each", "tier"}},
        )
        for name, item in values["inputs"].items()
    )
    formulas = tuple(
        Formula(name=name, unit=item["unit"], text=item["is"], title=item["title"], hangs_on=item["hangs_on"])
        for name, item in values["formulas"].items()
    )
    caps = tuple(
        Cap(name=name, unit=item["unit"], text=item["is"], covers=item["covers"], title=item["title"])
        for name, item in values["caps"].items()
    )
    return Calculator(
        id=values["id"],
        version=values["version"],
        title=values["title"],
        description=values["description"],
        inputs=inputs,
        formulas=formulas,
        caps=caps,
        outputs=tuple(Output(name=name, **item) for name, item in values["outputs"].items()),
        lookups=tuple(Lookup(name=name, **item) for name, item in values["lookups"].items()),
        correlations=tuple(Correlation(**item) for item in values["correlations"]),
        times=values["times"],
        period=values["period"],
        periods=values["periods"],
        verdict=VerdictRule(**values["verdict"]) if values["verdict"] else None,
    )


def _with_line(document: Node, error: ValueError) -> DocumentError:
    """The engine's refusal with the line of the formula, cap, input or table it speaks of."""
    code = getattr(error, "code", "")
    if not code:
        raise error
    words = str(getattr(error, "place", "")).replace(",", "").split()
    folder = {"formula": ("formulas", "caps"), "input": ("inputs",), "cap": ("caps",), "lookup": ("lookups",)}
    node = document
    for section in folder.get(words[0], ()) if words else ():
        found = document.find(f"{section}.{words[1]}")
        if found.path.endswith(f".{words[1]}"):
            node = found.find("is") if "is" in found.mapping() else found
    params = {key: value for key, value in getattr(error, "params", {}).items() if key not in {"file", "line"}}
    return node.error(str(error), code=code, remedy=str(getattr(error, "remedy", "")), **params)


def shipped_calculators() -> dict[str, Path]:
    """Id to file of the general calculators: module_roi, downtime_cost, changeover_saving, web_portal_jeffery."""
    return {path.stem: path for path in sorted(_folder.glob("*.yaml"))}


def shipped_calculator(identity: str) -> Calculator:
    """A shipped calculator by its id.

    Raises DocumentError `unknown_calculator`.
    """
    shipped = shipped_calculators()
    if identity not in shipped:
        guess = closest(identity, list(shipped))
        raise DocumentError(
            f"there is no calculator {identity!r}",
            code="unknown_calculator",
            remedy=f"Did you mean {guess!r}?" if guess else f"There are {', '.join(shipped)}.",
            name=identity,
            guess=guess or ", ".join(shipped),
        )
    return read_calculator(shipped[identity].read_bytes(), shipped[identity].name)
