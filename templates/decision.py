"""One decision as one object: every document is written from it, so every document says the same numbers.

It holds plain numbers in the units of the calculator, texts in both languages, and for each number the id that leads to
its lineage. Nothing is rounded here; documents round when they write.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import date
from hashlib import sha256
from typing import Any

Text = Mapping[str, str]
"""The same sentence in several languages: {"zh-CN": ..., "en": ...}."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Money:
    """One figure of the case with its band over all draws; `id` leads to its lineage.

    `chance`: (estimate, low, high) of the event the calculator asks about, such as a loss. `undefined`: share of draws
    without a value, such as a payback that never comes.
    """

    id: str
    title: Text
    unit: str
    p10: float | None
    p50: float | None
    p90: float | None
    undefined: float
    chance: tuple[float, float, float] | None
    tier: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Driver:
    """What moves the value: the value with one input at its P10 and at its P90, all others at their median.

    `share`: total Sobol share of the variance, None where it was not computed.
    """

    id: str
    title: Text
    tier: str
    unit: str
    at_p10: float
    at_p90: float
    low: float
    high: float
    share: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Assumption:
    """One input in force: its band in `unit`, how it is known (tier), from where, how old, who objects.

    `rank`: its place among the drivers of the value, from 1; None where it moves nothing.
    """

    id: str
    title: Text
    unit: str
    p10: float | None
    p50: float | None
    p90: float | None
    tier: str
    source: Text
    age_days: float | None
    stale: bool
    claim_off: bool
    objections: tuple[str, ...]
    rank: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class BreakEven:
    """The values of one input at which the value turns to zero; `plausible`: one lies in its P10 to P90."""

    id: str
    title: Text
    unit: str
    values: tuple[float, ...]
    p10: float
    p90: float
    plausible: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Fan:
    """The running total of money by period, now first; `nothing` is what doing nothing comes to."""

    period: str
    p10: tuple[float, ...]
    p50: tuple[float, ...]
    p90: tuple[float, ...]
    nothing: tuple[float, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Band:
    """One key figure by month: what may happen (p10 to p90), and how well its mean is known (95 %)."""

    p10: tuple[float, ...]
    p90: tuple[float, ...]
    mean: tuple[float, ...]
    mean_low: tuple[float, ...]
    mean_high: tuple[float, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Ramp:
    """One key figure without and with the modules."""

    kpi: str
    before: Band
    after: Band


@dataclass(frozen=True, slots=True, kw_only=True)
class Loss:
    """One step from planned time to good parts, as a share of planned time; the steps add up to 1."""

    id: str
    before: float
    after: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Option:
    """One of the choices, the one that is decided about among them: key figure in the last month, value, chance of a
    loss. None where nothing was computed; doing nothing has neither cost nor gain."""

    id: str
    title: Text
    oee_p10: float
    oee: float
    oee_p90: float
    npv_p10: float | None
    npv_p50: float | None
    npv_p90: float | None
    loss: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """What ties a copy to its consent ("": the tenant's own) and to its holder, as the log knows him ("": unsigned).

    Who hands a copy out writes the signed tag into the file itself; what stands on every page is this.
    """

    consent: str = ""
    holder: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """All that documents say of one scenario.

    `verdict` and `reason` are ids of sentences, "" without a verdict. `history` is the waterfall of the records (loss,
    seconds), `back_test`, `gaps` and `pilot` have the shapes of `simulators.backtest.BackTest.to_json()`, of the action
    `assess` and of the pilot designer; None where there is none. `risks` have the shape of the action `risks`, traps
    last. `limits`: what this model does not know. `lineage` names what every number rests on: word -> id.
    """

    id: str
    name: str
    title: Text
    made_at: date
    sample: bool
    claims: bool
    currency: str
    draws: int
    seed: int
    months: int
    verdict: str
    reason: str
    buy_below: float | None
    refuse_above: float | None
    worst: float | None
    money: tuple[Money, ...]
    drivers: tuple[Driver, ...]
    assumptions: tuple[Assumption, ...]
    break_evens: tuple[BreakEven, ...]
    fan: Fan | None
    ramps: tuple[Ramp, ...]
    losses: tuple[Loss, ...]
    options: tuple[Option, ...]
    history: tuple[tuple[str, float], ...]
    risks: tuple[Mapping[str, Any], ...]
    back_test: Mapping[str, Any] | None
    gaps: Mapping[str, Any] | None
    pilot: Mapping[str, Any] | None
    limits: tuple[Text, ...]
    lineage: Mapping[str, str]
    mark: Mark = field(default_factory=Mark)

    def figure(self, name: str) -> Money | None:
        """One figure of the case, or None."""
        return next((one for one in self.money if one.id == name), None)

    @property
    def loss(self) -> float | None:
        """The chance of losing money, None where nothing was valued."""
        npv = self.figure("npv")
        return None if npv is None or npv.chance is None else npv.chance[0]

    def to_json(self) -> dict[str, Any]:
        """Plain JSON values, every number in full."""
        document = {**asdict(self), "made_at": self.made_at.isoformat()}
        return {"mingsuan": "decision/1", **json.loads(json.dumps(document, allow_nan=False))}

    def digest(self) -> str:
        """SHA-256 of what is decided on, day and mark left out: the same numbers, the same digest."""
        plain = {key: value for key, value in self.to_json().items() if key not in {"made_at", "mark"}}
        text = json.dumps(plain, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
        return sha256(text.encode()).hexdigest()

    def marked(self, mark: Mark) -> Decision:
        """The same decision under a mark."""
        return replace(self, mark=mark)
