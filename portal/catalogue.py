"""What the installed packs offer to a workspace: lines, modules, check lists; and a person's changes to them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from typing import Any

from calculators.calculator import Calculator
from calculators.checklist import CheckList
from industry_packs.matching import likeness, line_for, match_stations, module_for
from industry_packs.pack import Pack
from industry_packs.predictors import predictor_of
from portal.actions import ActionError
from portal.shelf import on_shelf
from portal.text import pick
from privacy.disclosure import Item
from simulators.line import Line
from simulators.predictors import FailurePredictor
from simulators.scenario import Effect, Module
from templates.calculator_document import shipped_calculator
from templates.checklist_document import shipped_checklist, shipped_checklists

GENERAL = "discrete-manufacturing"


PLAIN = "discrete-manufacturing"
"""The pack whose lines are offered where the machines sound like no pack's."""


def packs() -> tuple[Pack, ...]:
    """Return the packs that the present tenant works with, the general one first; see `portal.shelf`."""
    return tuple(sorted(on_shelf(), key=lambda pack: (pack.id != GENERAL, pack.id)))


def packs_by_likeness(machines: Sequence[str]) -> tuple[Pack, ...]:
    """Return the packs, those first whose stations sound most like the machines."""
    return tuple(sorted(packs(), key=lambda pack: (-likeness(pack.stations, machines), pack.id != PLAIN)))


def failure_predictor() -> FailurePredictor | None:
    """The predictor that is installed for the first of the tenant's packs that has one."""
    return next((found for pack in packs() if (found := predictor_of(pack.id)) is not None), None)


def modules_on_offer() -> dict[str, Module]:
    """Return every module by pack/module; the module's own id is that name."""
    return {
        f"{pack.manifest.id}/{name}": replace(module, id=f"{pack.manifest.id}/{name}")
        for pack in packs()
        for name, module in pack.modules.items()
    }


def lines_on_offer() -> dict[str, Line]:
    """Return every line template by pack/line."""
    return {f"{pack.manifest.id}/{name}": line for pack in packs() for name, line in pack.lines.items()}


@lru_cache(maxsize=1)
def calculator() -> Calculator:
    """Return the ROI calculator, read and checked once for each process."""
    return shipped_calculator("module_roi")


def checklists_on_offer() -> dict[str, CheckList]:
    """Return every check list by pack/check list, then the general ones by general/check list."""
    found = {f"{pack.manifest.id}/{name}": one for pack in packs() for name, one in pack.checklists.items()}
    return {**found, **{f"general/{name}": shipped_checklist(name) for name in shipped_checklists()}}


def checklist(name: str = "") -> tuple[str, CheckList]:
    """Return a check list by name, or the first there is; raises ActionError unknown_checklist."""
    offer = checklists_on_offer()
    chosen = name or next(iter(offer), "")
    if chosen not in offer:
        raise ActionError(
            f"no installed pack has a check list {name!r}",
            code="unknown_checklist",
            remedy="Choose one of the list.",
            name=name,
        )
    return chosen, offer[chosen]


def line_template(name: str = "", *, machines: Sequence[str] = ()) -> Line:
    """Return a line template; with `machines`, its stations bear the names of the machines that they match.

    Without a name it is one of the pack whose stations sound most like the machines. Raises ActionError
    no_line_template.
    """
    for pack in packs_by_likeness(machines):
        for short, line in pack.lines.items():
            if name not in {"", f"{pack.manifest.id}/{short}"}:
                continue
            return line_for(line, match_stations(pack.stations, machines)) if machines else line
    raise ActionError(
        f"no installed pack has a line template {name!r}",
        code="no_line_template",
        remedy="Choose one of the list, or upload an equipment list.",
        name=name,
    )


def with_overrides(offer: Mapping[str, Module], wish: Mapping[str, Any], *, machines: Sequence[str] = ()) -> Module:
    """Return a module of the offer with a person's changes; what he typed counts as his own (tier B).

    With `machines`, the stations of the customer's line, its effects name his machines instead of the pack's stations.
    """
    name = str(wish.get("id", ""))
    if name not in offer:
        raise ActionError(
            f"no installed pack has a module {name!r}",
            code="unknown_module",
            place=name,
            remedy="Choose one of the list.",
            name=name,
        )
    module = offer[name]
    said = str(wish.get("reason", ""))
    source = {"zh-CN": said or "自行填写", "en": said or "typed"}
    effects = list(module.effects)
    for number, values in dict(wish.get("effects", {})).items():
        low, likely, high = _three(values, place=f"{name}.effects")
        effects[int(number)] = _typed_effect(effects, int(number), low, likely, high, source)
    prices = list(module.prices)
    for key, values in dict(wish.get("prices", {})).items():
        low, likely, high = _three(values, place=f"{name}.prices")
        prices = [
            replace(price, low=low, likely=likely, high=high, tier="B", source=source) if price.id == key else price
            for price in prices
        ]
    adoption = module.adoption
    if "start" in wish:
        adoption = replace(adoption, start=float(wish["start"]))
    if "t90" in wish:
        t90 = float(wish["t90"])
        adoption = replace(adoption, t90=t90, t10=min(adoption.t10, t90), t90_low=None, t90_high=None)
    changed = replace(module, effects=tuple(effects), prices=tuple(prices), adoption=adoption)
    if not machines:
        return changed
    pack = next(pack for pack in packs() if name.startswith(f"{pack.manifest.id}/"))
    return module_for(changed, match_stations(pack.stations, machines))


def _typed_effect(
    effects: Sequence[Effect], number: int, low: float, likely: float, high: float, source: Mapping[str, str]
) -> Effect:
    if not 0 <= number < len(effects):
        raise ActionError(
            f"the module has no effect number {number}",
            code="unknown_effect",
            place="effects",
            remedy="Choose one of the effects that are shown.",
            number=number,
        )
    return replace(effects[number], low=low, likely=likely, high=high, tier="B", source=source)


def _three(values: Any, *, place: str) -> tuple[float, float, float]:
    """Return (low, likely, high) of a number or of three."""
    try:
        if isinstance(values, int | float):
            return float(values), float(values), float(values)
        low, likely, high = (float(value) for value in values)
    except (TypeError, ValueError) as error:
        raise ActionError(
            "give a low, a likely and a high value",
            code="three_values",
            place=place,
            remedy="Type three numbers, the smallest first.",
        ) from error
    return low, likely, high


def station_words(name: str, machines: Sequence[str] = ()) -> dict[str, str]:
    """What the stations of a pack are called for the reader, by the pack's names: his own machine, or the pack's title.

    `name`: the pack, or one of its modules as pack/module.
    """
    pack = next(pack for pack in packs() if pack.manifest.id == name.partition("/")[0])
    chosen = match_stations(pack.stations, machines) if machines else {}
    return {station.name: chosen.get(station.name) or pick(station.title) for station in pack.stations}


def titled(item: Item) -> str:
    """The title of a released field, as a table begins a row."""
    title = pick(item.title)
    return title[:1].upper() + title[1:]


def in_words(item: Item) -> str:
    """The value of a released field for the reader; modules, packs and check lists by their titles."""
    titles: dict[str, Mapping[str, str]] = {pack.manifest.id: pack.manifest.title for pack in packs()}
    titles |= {name: module.title for name, module in modules_on_offer().items()}
    titles |= {name: checklist.title for name, checklist in checklists_on_offer().items()}
    if item.codes and all(code in titles for code in item.codes):
        return " + ".join(pick(titles[code]) for code in item.codes)
    return pick(item.value)
