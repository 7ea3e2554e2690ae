"""Buy, pilot, wait or do not buy: what the figures speak for, never an order, never on vendor claims alone.

The verdict is drawn twice, with claims and without any. Where only the claims carry it, the most that is said is
"pilot": try it and measure.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from calculators.declarations import Tier, VerdictRule
from calculators.information import evpi, evppi
from calculators.sheet import Sheet


class Verdict(StrEnum):
    BUY = "buy"
    PILOT = "pilot"
    WAIT = "wait"
    DO_NOT_BUY = "do_not_buy"


@dataclass(frozen=True, slots=True, kw_only=True)
class Advice:
    """The verdict, why (ids of sentences: loss_rare, loss_likely, loss_possible, claims_only, worth_measuring), and
    what knowing the inputs better would be worth at most: (input, value in the unit of the NPV), dearest first."""

    verdict: Verdict
    reasons: tuple[str, ...]
    loss_with_claims: float
    loss_without_claims: float
    evpi: float
    worth_measuring: tuple[tuple[str, float], ...]


def _by_loss(loss: float, median: float, rule: VerdictRule) -> Verdict:
    if loss < rule.buy_below and median > 0:
        return Verdict.BUY
    if loss > rule.refuse_above and median < 0:
        return Verdict.DO_NOT_BUY
    return Verdict.PILOT if median > 0 else Verdict.WAIT


def _reason(verdict: Verdict) -> str:
    return {Verdict.BUY: "loss_rare", Verdict.DO_NOT_BUY: "loss_likely"}.get(verdict, "loss_possible")


def judge(sheet: Sheet, rule: VerdictRule) -> tuple[Verdict, str]:
    """The verdict of one sheet and its reason. Where a claim that counts carries it, the most is a pilot."""
    figure = sheet.outputs[rule.output]
    verdict = _by_loss(float((figure.values < 0).mean()), figure.p50, rule)
    if verdict is Verdict.BUY and figure.tier is Tier.CLAIM:
        return Verdict.PILOT, "claims_only"
    return verdict, _reason(verdict)


def advise(with_claims: Sheet, without_claims: Sheet, rule: VerdictRule) -> Advice:
    """Draw the verdict from two sheets of the same calculator, one with vendor claims and one without."""
    figures = [sheet.outputs[rule.output] for sheet in (with_claims, without_claims)]
    losses = [float((figure.values < 0).mean()) for figure in figures]
    verdict, without = (_by_loss(loss, figure.p50, rule) for loss, figure in zip(losses, figures, strict=True))
    reasons = [_reason(verdict)]
    if verdict is Verdict.BUY and without is not Verdict.BUY:
        verdict, reasons = Verdict.PILOT, ["claims_only"]
    gains = worth_measuring(with_claims, npv=rule.output)
    if gains and verdict in {Verdict.PILOT, Verdict.WAIT}:
        reasons.append("worth_measuring")
    return Advice(
        verdict=verdict,
        reasons=tuple(reasons),
        loss_with_claims=losses[0],
        loss_without_claims=losses[1],
        evpi=evpi(figures[0].values),
        worth_measuring=gains,
    )


def worth_measuring(sheet: Sheet, *, npv: str = "npv", least: float = 0.0) -> tuple[tuple[str, float], ...]:
    """What knowing each uncertain input exactly is worth for the go or no-go, dearest first, above `least`.

    A simulated series counts by its total over the periods.
    """
    values = sheet.outputs[npv].values
    found = []
    for column in sheet.drivers.columns:
        name = sheet.drivers.moved_by(column)[0].item.name
        uniform = sheet.drivers.draw(sheet.draws, sheet.seed)[:, sheet.drivers.columns.index(column)]
        worth = evppi(values, uniform)
        if worth > least:
            found.append((name, worth))
    return tuple(sorted(found, key=lambda one: -one[1]))
