"""Exhibits of a decision: a finding, the drawing that shows it, and the tables beside it."""

from __future__ import annotations

from collections.abc import Sequence

from templates import amounts, drawings
from templates.decision import BreakEven, Decision
from templates.drawings import Bar, Curve, Drawing
from templates.report import Block, Chart, Heading, Paragraph, Table, Words

BARS = 6


def cash(decision: Decision, words: Words) -> list[Block]:
    """When the money comes back, against doing nothing."""
    fan = decision.fan
    if fan is None:
        return []
    paid = next((month for month in range(1, len(fan.p50)) if min(fan.p50[month:]) >= fan.nothing[month]), None)
    months = len(fan.p50) - 1
    finding = words("fan_not", months=months) if paid is None else words("fan_paid", month=paid)
    return [
        Heading(text=finding),
        Paragraph(text=words("fan_note"), kind="quiet"),
        Chart(drawing=_fan(decision, words, alt=finding)),
    ]


def _fan(decision: Decision, words: Words, *, alt: str) -> Drawing:
    fan = decision.fan
    assert fan is not None
    curves = [
        Curve(label=words("nothing"), mean=fan.nothing, colour=drawings.QUIET, dashed=True),
        Curve(label=words("with"), mean=fan.p50, p10=fan.p10, p90=fan.p90, colour=drawings.ACCENT),
    ]
    return drawings.curves(
        curves,
        first=0,
        month=words("month"),
        shown=lambda value: words.money(value, ""),
        alt=alt,
        zero=True,
        height=270,
    )


def tornado(decision: Decision, words: Words) -> list[Block]:
    """What moves the value most, as a finding and a chart."""
    drivers, npv = decision.drivers[:BARS], decision.figure("npv")
    if not drivers or npv is None or npv.p50 is None:
        return []
    swing = words.money(abs(drivers[0].at_p90 - drivers[0].at_p10), decision.currency)
    finding = words("tornado", name=words.pick(drivers[0].title), swing=swing)
    drawing = drawings.tornado(
        [Bar(label=f"{one.tier} · {words.pick(one.title)}", at_p10=one.at_p10, at_p90=one.at_p90) for one in drivers],
        base=npv.p50,
        shown=lambda value: words.money(value, ""),
        low=words("at_low"),
        high=words("at_high"),
        alt=finding,
    )
    return [
        Heading(text=finding),
        Paragraph(text=words("tornado_note"), kind="quiet"),
        Chart(drawing=drawing),
    ]


def gained(before: Sequence[float], after: Sequence[float]) -> tuple[float, int]:
    """What a key figure gains by the last month, and the month from 1 by which nine tenths of it are there.

    >>> gained([0.7, 0.7, 0.7], [0.7, 0.75, 0.75])
    (0.05, 2)
    """
    differences = [round(late - early, 12) for early, late in zip(before, after, strict=True)]
    gain = differences[-1]
    return gain, next((month for month, one in enumerate(differences, 1) if one >= 0.9 * gain), len(differences))


def ramp(decision: Decision, words: Words, *, height: float) -> list[Block]:
    """How OEE rises, with both bands."""
    oee = decision.ramps[0]
    gain, there = gained(oee.before.mean, oee.after.mean)
    key = "ramp" if gain > 0.0005 else "ramp_flat"
    finding = words(key, **({"points": amounts.points(gain).lstrip("+")} | ({"month": there} if key == "ramp" else {})))
    curves = [
        Curve(
            label=words(label),
            mean=[100 * value for value in band.mean],
            p10=[100 * value for value in band.p10],
            p90=[100 * value for value in band.p90],
            low=[100 * value for value in band.mean_low],
            high=[100 * value for value in band.mean_high],
            colour=colour,
        )
        for label, band, colour in (("today", oee.before, drawings.QUIET), ("with", oee.after, drawings.ACCENT))
    ]
    drawing = drawings.curves(
        curves, first=1, month=words("month"), shown=lambda value: f"{value:g} %", alt=finding, height=height
    )
    return [Heading(text=finding), Paragraph(text=words("ramp_note"), kind="quiet"), Chart(drawing=drawing)]


def break_even_table(decision: Decision, words: Words, *, most: int) -> Table:
    """At which value of each input the value turns to zero."""
    rows = tuple(
        (
            words.pick(one.title),
            _turns(one, words),
            f"{amounts.quantity(one.p10, digits=3)} … {words.amount(one.p90, one.unit)}",
            words("within" if one.plausible else "outside"),
        )
        for one in decision.break_evens[:most]
    )
    headers = tuple(words(key) for key in ("input", "turns_at", "expected", "plausible"))
    return Table(headers=headers, rows=rows, right=frozenset({1, 2}), widths=(0.34, 0.22, 0.26, 0.18))


def _turns(one: BreakEven, words: Words) -> str:
    """Where the sign turns: one place, or from the first to the last of several."""
    ends = dict.fromkeys(amounts.quantity(value, digits=3) for value in (min(one.values), max(one.values)))
    return f"{' … '.join(ends)} {amounts.unit(one.unit, words.language)}"


def losses(decision: Decision, words: Words) -> list[Block]:
    """Where planned time goes, before and after, closing to the whole."""
    steps = decision.losses
    largest = max(steps[:-1], key=lambda one: one.before)
    finding = words(
        "losses",
        name=words(f"loss_{largest.id}"),
        before=amounts.percent(largest.before, digits=1),
        after=amounts.percent(largest.after, digits=1),
    )
    drawn = [
        (words(f"loss_{one.id}"), drawings.LOSSES[one.id], one.after, _change(one.before, one.after)) for one in steps
    ]
    rows = tuple(
        (
            words(f"loss_{one.id}"),
            amounts.percent(one.before, digits=1),
            amounts.percent(one.after, digits=1),
            amounts.points(one.after - one.before),
        )
        for one in steps
    )
    return [
        Heading(text=finding),
        Paragraph(text=words("losses_note"), kind="quiet"),
        Chart(drawing=drawings.waterfall(drawn, alt=finding)),
        Table(
            headers=(words("loss_step"), words("before"), words("after"), "±"),
            rows=rows,
            right=frozenset({1, 2, 3}),
            widths=(0.46, 0.18, 0.18, 0.18),
        ),
    ]


def _change(before: float, after: float) -> str:
    return f"{amounts.percent(after, digits=1)} ({amounts.points(after - before)})"
