"""The module document `mingsuan: module/1`: an intervention on offer, what it changes, costs and needs in time.

Fractions may be percentages; months are plain numbers counted from the start of the study (adoption: from the module's
own start). Every effect and price carries a tier (A measured, B typed, C public source, D vendor claim) and a source.
"""

from __future__ import annotations

from typing import Any, get_args

from simulators.effects import Change, Parameter, Reading
from simulators.effects import Shape as AdoptionShape
from simulators.scenario import Adoption, Effect, Module, Price
from templates.documents import Node, build, load, write
from templates.shapes import (
    Bilingual,
    Choice,
    Document,
    Fields,
    Maybe,
    Number,
    Several,
    Share,
    Words,
)

TIERS = Choice(("A", "B", "C", "D"))
ID = Words(pattern=r"[a-z][a-z0-9-]{0,60}", example="fast-changeover", at_most=64)
_month = Number(low=0, high=600)

_effect = Fields(
    {
        "parameter": Choice(get_args(Parameter)),
        "change": Choice(get_args(Change)),
        "station": Maybe(Words(at_most=200), "*"),
        "cause": Maybe(Words(at_most=200), "*"),
        "low": Share(low=-1, high=100),
        "likely": Share(low=-1, high=100),
        "high": Share(low=-1, high=100),
        "reading": Maybe(Choice(get_args(Reading)), "p10_p90"),
        "tier": TIERS,
        "source": Bilingual(),
        "evidence": Maybe(Words(at_most=100), ""),
    }
)
_price = Fields(
    {
        "id": ID,
        "title": Bilingual(at_most=200),
        "low": Number(low=0),
        "likely": Number(low=0),
        "high": Number(low=0),
        "currency": Words(pattern="[A-Z]{3}", example="CNY"),
        "every": Choice(("once", "month", "year")),
        "tier": TIERS,
        "source": Bilingual(),
    }
)
_adoption = Fields(
    {
        "shape": Maybe(Choice(get_args(AdoptionShape)), "logistic"),
        "start": Maybe(_month, 0.0),
        "t10": Maybe(_month, 0.0),
        "t90": Maybe(_month, 0.0),
        "t90_low": Maybe(_month, None),
        "t90_high": Maybe(_month, None),
        "dip": Maybe(Share(), 0.0),
        "dip_months": Maybe(_month, 0.0),
    }
)
MODULE = Document(
    kind="module",
    about="An intervention on offer: effects, prices, adoption",
    fields=Fields(
        {
            "id": ID,
            "title": Bilingual(at_most=200),
            "about": Bilingual(),
            "effects": Several(of=_effect, at_least=1, at_most=40),
            "prices": Maybe(Several(of=_price, at_most=40), ()),
            "adoption": Maybe(_adoption, None),
        }
    ),
)


def read_module(text: str | bytes, name: str) -> Module:
    """The module that a document describes; `name` is the file's name for messages.

    Raises DocumentError with the place of whatever is wrong, from YAML to sense.
    """
    return module_from(load(text, name=name))


def module_from(document: Node) -> Module:
    """The module of a document that is already loaded, or that stands inside another one."""
    values = MODULE.read(document)
    effects = _each(document, "effects", values["effects"], Effect)
    prices = _each(document, "prices", values["prices"], Price)
    adoption = Adoption()
    if values["adoption"] is not None:
        adoption = build(document, lambda: Adoption(**values["adoption"]))
    return build(
        document,
        lambda: Module(
            id=values["id"],
            title=values["title"],
            about=values["about"],
            effects=effects,
            prices=prices,
            adoption=adoption,
        ),
    )


def write_module(module: Module) -> str:
    """The document of a module; `read_module` gives an equal module back."""
    adoption = {key: value for key, value in _plain(module.adoption).items() if value is not None}
    return write(
        {
            "mingsuan": "module/1",
            "id": module.id,
            "title": dict(module.title),
            "about": dict(module.about),
            "effects": [_plain(effect) for effect in module.effects],
            "prices": [_plain(price) for price in module.prices],
            "adoption": adoption,
        }
    )


def _each(document: Node, key: str, values: tuple[dict[str, Any], ...], make: Any) -> tuple[Any, ...]:
    def one(index: int, value: dict[str, Any]) -> Any:
        return build(document.find(f"{key}[{index}]"), lambda: make(**value))

    return tuple(one(index, value) for index, value in enumerate(values))


def _plain(value: Effect | Price | Adoption) -> dict[str, Any]:
    found = {name: getattr(value, name) for name in value.__dataclass_fields__}
    return {
        key: dict(item) if isinstance(item, dict) else item for key, item in found.items() if item not in ("", None)
    }
