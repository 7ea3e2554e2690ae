"""What could change: modules, their effects and how fast they are adopted; `apply` lays them over a line.

A line is never edited. In month t of a draw, a parameter x becomes x * (1 + a(t) * e) for a gain and x * (1 - a(t) * e)
for a reduction; e is drawn once for each draw, a(t) in [0, 1] is the mean adoption over the month. Effects on the same
parameter multiply, so that two reductions of 20 % make 36 %, not 40 %.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from functools import lru_cache
from typing import Any, Literal

import numpy as np

from simulators.effects import Adoption, Effect, FloatArray, Parameter, Text, Tier, uniforms
from simulators.line import Failure, Line, ModelError, Station
from simulators.products import ProductAt
from simulators.reasons import kinds_of

__all__ = [
    "Adoption",
    "Drawn",
    "Effect",
    "Module",
    "Parameter",
    "Price",
    "Scenario",
    "Text",
    "Tier",
    "apply",
    "baseline_scenario",
    "combined",
    "targets",
]

KINDS = ("breakdown", "minor", "setup", "planned")


@dataclass(frozen=True, slots=True, kw_only=True)
class Price:
    """One thing to pay for a module, in `currency`: once at the start, or each month or year of use."""

    id: str
    title: Text
    low: float
    likely: float
    high: float
    currency: str
    every: Literal["once", "month", "year"]
    tier: Tier
    source: Text

    def __post_init__(self) -> None:
        if not self.low <= self.likely <= self.high:
            raise ModelError(
                f"price {self.id!r} needs low <= likely <= high",
                code="effect_order",
                place="likely",
                remedy="Give the low value first, then the likely one, then the high one.",
                low=self.low,
                likely=self.likely,
                high=self.high,
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class Module:
    """An intervention on offer: what it changes, what it costs, how it is adopted."""

    id: str
    title: Text
    effects: tuple[Effect, ...]
    prices: tuple[Price, ...] = ()
    adoption: Adoption = field(default_factory=Adoption)
    about: Text = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """A line with modules; the baseline has none. With `claims` off, effects of tier D (vendor claims) do nothing."""

    id: str
    title: Text
    modules: tuple[Module, ...] = ()
    claims: bool = False

    def __post_init__(self) -> None:
        names = [module.id for module in self.modules]
        for name in names:
            if names.count(name) > 1:
                raise ModelError(
                    f"scenario {self.id!r} holds module {name!r} twice",
                    code="same_name",
                    place="modules",
                    remedy="Name every module once.",
                    name=name,
                )

    def active(self) -> tuple[tuple[Module, Effect], ...]:
        """The effects that count, in the order of the modules."""
        return tuple(
            (module, effect)
            for module in self.modules
            for effect in module.effects
            if self.claims or effect.tier != "D"
        )

    def draw(self, *, seed: int, draws: int, months: int) -> Drawn:
        """The random part: the same for a module whatever else the scenario holds, and however many draws follow."""
        effects, adoption = [], []
        for module in self.modules:
            curve = module.adoption.curve(
                months, module.adoption.t90_quantile(uniforms(seed, f"adoption/{module.id}", draws))
            )
            for number, effect in enumerate(module.effects):
                if self.claims or effect.tier != "D":
                    purpose = f"evidence/{effect.evidence}" if effect.evidence else f"effect/{module.id}/{number}"
                    effects.append(effect.quantile(uniforms(seed, purpose, draws)))
                    adoption.append(curve)
        return Drawn(
            effects=np.array(effects, dtype=np.float64).reshape(len(effects), draws),
            adoption=np.array(adoption, dtype=np.float64).reshape(len(effects), draws, months),
        )

    def to_json(self) -> dict[str, Any]:
        """Plain JSON values; `Scenario.from_json` gives an equal object."""
        document: dict[str, Any] = _plain(asdict(self))
        return document

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> Scenario:
        """The scenario that `to_json` wrote."""
        modules = tuple(
            Module(
                **{
                    **module,
                    "effects": tuple(Effect(**effect) for effect in module["effects"]),
                    "prices": tuple(Price(**price) for price in module["prices"]),
                    "adoption": Adoption(**module["adoption"]),
                }
            )
            for module in document["modules"]
        )
        return cls(**{**document, "modules": modules})


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Drawn:
    """Effects [effect, draw] in the order of `Scenario.active()`, and adoption [effect, draw, month]."""

    effects: FloatArray
    adoption: FloatArray


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    return [_plain(item) for item in value] if isinstance(value, list | tuple) else value


def baseline_scenario() -> Scenario:
    """The scenario without modules: the line as it is."""
    return Scenario(id="baseline", title={"zh-CN": "现状", "en": "As is"})


def combined(scenarios: Sequence[Scenario], *, name: str, title: Text) -> Scenario:
    """All modules of several scenarios, each once; claims count if they do in any of them."""
    modules = {module.id: module for scenario in scenarios for module in scenario.modules}
    claims = any(scenario.claims for scenario in scenarios)
    return Scenario(id=name, title=title, modules=tuple(modules.values()), claims=claims)


def kind_of_failure(failure: Failure) -> str:
    """What kind of stop the failure's name says it is; breakdown where it says nothing. Planned is what is planned."""
    if failure.planned:
        return "planned"
    return _kind_of_name(failure.name)


@lru_cache(maxsize=4096)
def _kind_of_name(name: str) -> str:
    return str(kinds_of(np.array([name], dtype=np.str_))[0]) or "breakdown"


def targets(line: Line, effect: Effect) -> tuple[tuple[int, int], ...]:
    """(station, failure) pairs that the effect changes; failure -1 for a parameter of the station itself.

    Raises:
        ModelError: the effect names a station that the line does not have (`effect_without_target`).
    """
    names = [station.name for station in line.stations]
    if effect.station != "*" and effect.station not in names:
        raise ModelError(
            f"an effect changes {effect.parameter} of station {effect.station!r}, which the line does not have",
            code="effect_without_target",
            place="station",
            remedy=f"Use one of {', '.join(names)}, or * for all.",
            station=effect.station,
            parameter=effect.parameter,
        )
    found: list[tuple[int, int]] = []
    for index, station in enumerate(line.stations):
        if effect.station not in {"*", station.name}:
            continue
        if effect.parameter in {"cycle", "scrap", "buffer"}:
            found.append((index, -1))
        else:
            if effect.parameter == "setup" and station.setup is not None and effect.cause in {"*", "setup"}:
                found.append((index, -1))  # set-ups between products
            found.extend((index, n) for n, failure in enumerate(station.failures) if _meant(effect, failure))
    return tuple(found)


def _meant(effect: Effect, failure: Failure) -> bool:
    kind = kind_of_failure(failure)
    if effect.parameter == "setup":
        return kind == "setup" if effect.cause in {"*", "setup"} else effect.cause == failure.name
    if effect.cause == "*":
        return kind not in {"setup", "planned"}
    return effect.cause in {failure.name, kind}


def apply(line: Line, scenario: Scenario, drawn: Drawn, draw: int, month: int) -> Line:
    """The line in one month of one draw; the very same object where nothing changes.

    Raises:
        ModelError: an effect names a station that the line does not have (`effect_without_target`).
    """
    factors = [
        effect.factor(float(drawn.effects[number, draw]), float(drawn.adoption[number, draw, month]))
        for number, (_, effect) in enumerate(scenario.active())
    ]
    if all(factor == 1.0 for factor in factors):
        return line
    changes: dict[tuple[int, int, Parameter], float] = {}
    for (_, effect), factor in zip(scenario.active(), factors, strict=True):
        for station, failure in targets(line, effect):
            key = (station, failure, effect.parameter)
            changes[key] = changes.get(key, 1.0) * factor
    return changed(line, changes)


def changed(line: Line, changes: Mapping[tuple[int, int, Parameter], float]) -> Line:
    """The line with parameters multiplied: factor by (station, failure or -1, parameter)."""
    stations = list(line.stations)
    for (index, number, parameter), factor in changes.items():
        if factor == 1.0:
            continue
        station = stations[index]
        if number < 0:
            stations[index] = _changed_station(station, parameter, factor)
        else:
            failures = list(station.failures)
            failures[number] = _changed_failure(failures[number], parameter, factor)
            stations[index] = replace(station, failures=tuple(failures))
    return replace(line, stations=tuple(stations))


def _changed_station(station: Station, parameter: Parameter, factor: float) -> Station:
    match parameter:
        case "cycle":
            own = tuple(_changed_product(product, parameter, factor) for product in station.products)
            return replace(station, ideal_cycle=station.ideal, cycle=station.cycle.scaled(factor), products=own)
        case "scrap":
            own = tuple(_changed_product(product, parameter, factor) for product in station.products)
            return replace(station, scrap=min(station.scrap * factor, 1.0), products=own)
        case "setup":
            return station if station.setup is None else replace(station, setup=station.setup.scaled(factor))
        case _:
            places = None if station.buffer is None else round(station.buffer * factor)
            return replace(station, buffer=places)


def _changed_product(own: ProductAt, parameter: Parameter, factor: float) -> ProductAt:
    """What a product has of its own changes as the station does; its ideal cycle stays the yardstick."""
    if parameter == "scrap":
        return own if own.scrap is None else replace(own, scrap=min(own.scrap * factor, 1.0))
    if own.cycle is None:
        return own
    ideal = own.cycle.mean if own.ideal_cycle is None else own.ideal_cycle
    return replace(own, ideal_cycle=ideal, cycle=own.cycle.scaled(factor))


def _changed_failure(failure: Failure, parameter: Parameter, factor: float) -> Failure:
    match parameter:
        case "uptime":
            return replace(failure, uptime=failure.uptime.scaled(factor))
        case "failure_rate":
            return replace(failure, uptime=failure.uptime.scaled(1 / factor))
        case _:
            return replace(failure, repair=failure.repair.scaled(factor))
