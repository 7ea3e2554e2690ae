"""The annex of a decision: every assumption, every number by its id, and what each rests on."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from templates import amounts
from templates.decision import Decision
from templates.exhibits import break_even_table, losses
from templates.report import Block, Heading, Paragraph, Section, Table, Words

MOST_GAPS = 60
HOUR_S = 3600.0


def annex(decision: Decision, words: Words) -> tuple[Section, ...]:
    """The sections of the annex, in the order in which a reader asks for them."""
    valued = bool(decision.money)
    written = (
        ("figures", _figures(decision, words) if valued else ()),
        ("assumptions", _assumptions(decision, words) if valued else ()),
        ("sensitivity", _sensitivity(decision, words) if valued else ()),
        ("cash", _cash(decision, words) if decision.fan else ()),
        ("ramp", _ramp(decision, words)),
        ("losses", (*losses(decision, words), *_history(decision, words))),
        ("risks", _risks(decision, words)),
        ("backtest", _back_test(decision, words)),
        ("gaps", _gaps(decision, words)),
        ("pilot", _pilot(decision, words)),
        ("lineage", _lineage(decision, words)),
    )
    return tuple(Section(id=name, title=words(f"a_{name}"), blocks=tuple(blocks)) for name, blocks in written if blocks)


def _headers(words: Words, *keys: str) -> tuple[str, ...]:
    return tuple(words(key) for key in keys)


def _figures(decision: Decision, words: Words) -> list[Block]:
    rows = []
    for one in decision.money:
        cells = [words.amount(value, one.unit) for value in (one.p10, one.p50, one.p90)]
        missing = amounts.percent(one.undefined) if one.undefined >= 0.0005 else ""
        rows.append((words.pick(one.title), *cells, missing, one.tier, one.id))
    headers = (words("figure"), "P10", "P50", "P90", *_headers(words, "undefined", "tier", "id"))
    return [
        Paragraph(text=words("tiers"), kind="quiet"),
        Table(
            headers=headers,
            rows=tuple(rows),
            right=frozenset({1, 2, 3, 4}),
            ids=tuple(one.id for one in decision.money),
            widths=(0.24, 0.15, 0.15, 0.15, 0.08, 0.06, 0.17),
        ),
    ]


def _assumptions(decision: Decision, words: Words) -> list[Block]:
    rows = []
    for one in decision.assumptions:
        band = ""
        if one.p10 is not None and one.p90 is not None and one.p10 != one.p90:
            band = f"{amounts.quantity(one.p10, digits=3)} … {amounts.quantity(one.p90, digits=3)}"
        notes = [words("off")] * one.claim_off + [words("stale")] * one.stale
        notes += [words("objections") + ": " + "; ".join(one.objections)] if one.objections else []
        age = words("days", days=f"{one.age_days:.0f}") if one.age_days is not None else ""
        source = " · ".join([words.pick(one.source), *notes]) if one.source else " · ".join(notes)
        rows.append(
            (
                words.pick(one.title),
                words.amount(one.p50, one.unit),
                band,
                one.tier,
                source,
                age,
                str(one.rank or ""),
                one.id,
            )
        )
    headers = _headers(words, "input", "value", "band", "tier", "source", "age", "rank", "id")
    return [
        Table(
            headers=headers,
            rows=tuple(rows),
            right=frozenset({1, 2, 6}),
            ids=tuple(one.id for one in decision.assumptions),
            widths=(0.18, 0.14, 0.13, 0.05, 0.22, 0.06, 0.07, 0.15),
        )
    ]


def _sensitivity(decision: Decision, words: Words) -> list[Block]:
    rows = tuple(
        (
            words.pick(one.title),
            f"{amounts.quantity(one.low, digits=3)} … {words.amount(one.high, one.unit)}",
            words.money(one.at_p10, decision.currency),
            words.money(one.at_p90, decision.currency),
            amounts.percent(one.share),
        )
        for one in decision.drivers
    )
    headers = _headers(words, "input", "expected", "low", "high", "share")
    blocks: list[Block] = [
        Paragraph(text=words("tornado_note"), kind="quiet"),
        Table(headers=headers, rows=rows, right=frozenset({1, 2, 3, 4}), widths=(0.28, 0.24, 0.18, 0.18, 0.12)),
        Heading(text=words("must")),
    ]
    if not decision.break_evens:
        return [*blocks, Paragraph(text=words("must_none"), kind="quiet")]
    return [*blocks, break_even_table(decision, words, most=len(decision.break_evens))]


def _cash(decision: Decision, words: Words) -> list[Block]:
    fan = decision.fan
    assert fan is not None
    months = sorted({*range(0, len(fan.p50), 6), len(fan.p50) - 1})
    rows = tuple(
        (
            str(month),
            *(words.money(row[month], decision.currency) for row in (fan.p10, fan.p50, fan.p90, fan.nothing)),
        )
        for month in months
    )
    headers = (words("month"), "P10", "P50", "P90", words("nothing"))
    return [
        Paragraph(text=words("fan_note"), kind="quiet"),
        Table(headers=headers, rows=rows, right=frozenset(range(5)), widths=(0.12, 0.22, 0.22, 0.22, 0.22)),
    ]


def _ramp(decision: Decision, words: Words) -> list[Block]:
    months = sorted({0, *(month - 1 for month in (1, 3, 6, 9, 12, 18, 24, 36, 48, 60) if month <= decision.months)})
    rows = []
    for one in decision.ramps:
        for label, band in (("before", one.before), ("after", one.after)):
            cells = (amounts.percent(band.mean[month], digits=1) for month in months)
            rows.append((f"{words(one.kpi)} · {words(label)}", *cells))
    headers = (words("month"), *(str(month + 1) for month in months))
    width = 0.7 / len(months)
    return [
        Paragraph(text=words("ramp_method"), kind="quiet"),
        Table(
            headers=headers,
            rows=tuple(rows),
            right=frozenset(range(1, len(headers))),
            widths=(0.3, *(width for _ in months)),
        ),
    ]


def _history(decision: Decision, words: Words) -> list[Block]:
    if not decision.history:
        return []
    calendar = decision.history[0][1]
    rows = tuple(
        (
            words.said(f"history_{loss}", loss),
            amounts.quantity(seconds / HOUR_S, digits=3),
            amounts.percent(seconds / calendar, digits=1),
        )
        for loss, seconds in decision.history
    )
    headers = _headers(words, "loss_step", "hours", "of_calendar")
    return [
        Heading(text=words("history")),
        Table(headers=headers, rows=rows, right=frozenset({1, 2}), widths=(0.5, 0.25, 0.25)),
    ]


def _risks(decision: Decision, words: Words) -> list[Block]:
    if not decision.risks:
        return [Paragraph(text=words("watch_none"), kind="quiet")]
    rows = []
    for one in decision.risks:
        level = words("trap") if one["trap"] else str(one["level"])
        trigger = words.pick(one["question"]) if one["trap"] else str(one["rule"])
        value = one["value"]
        now = "" if value is None or one["trap"] else value if isinstance(value, str) else amounts.quantity(value)
        owner = words.said(f"owner_{one['owner_role']}", one["owner_role"])
        rows.append((level, words.pick(one["title"]), trigger, now, owner, words.pick(one["next_step"])))
    headers = _headers(words, "level", "cause", "trigger", "now", "owner", "next")
    return [
        Table(
            headers=headers,
            rows=tuple(rows),
            right=frozenset({3}),
            ids=tuple(f"risk-{one['id']}" for one in decision.risks),
            widths=(0.08, 0.2, 0.27, 0.08, 0.1, 0.27),
        )
    ]


def _back_test(decision: Decision, words: Words) -> list[Block]:
    test = decision.back_test
    if test is None:
        return [Paragraph(text=words("backtest_none"), kind="warning")]
    finding = words(
        "backtest",
        fitted=test["fitted_weeks"],
        judged=test["judged_weeks"],
        verdict=words(f"verdict_{test['verdict']}"),
        grade=test["grade"],
    )
    rows = tuple(
        (
            words.said(one["name"], one["name"]),
            amounts.quantity(one["median"], digits=3),
            f"{amounts.quantity(one['low'], digits=3)} … {amounts.quantity(one['high'], digits=3)}",
            amounts.percent(one["coverage"]),
            f"{amounts.points(one['bias'])} %",
            words(f"verdict_{one['verdict']}"),
        )
        for one in test["measures"]
    )
    headers = (words("measure"), "P50", "P10…P90", *_headers(words, "coverage", "bias", "fit"))
    table = Table(headers=headers, rows=rows, right=frozenset({1, 2, 3, 4}), widths=(0.24, 0.12, 0.2, 0.14, 0.12, 0.18))
    return [Heading(text=finding), *([table] if rows else [])]


def _gaps(decision: Decision, words: Words) -> list[Block]:
    gaps = decision.gaps
    if gaps is None or not gaps["answered"]:
        return [Paragraph(text=words("gaps_none"), kind="quiet")]
    low, high = gaps["score"]
    finding = words(
        "gaps",
        title=words.pick(gaps["title"]),
        answered=gaps["answered"],
        applicable=gaps["applicable"],
        low=amounts.percent(low),
        high=amounts.percent(high),
    )
    rows = tuple(_gap(one, words) for one in gaps["gaps"][:MOST_GAPS])
    headers = _headers(words, "id", "control", "state", "points", "whose", "due", "remediation")
    table = Table(headers=headers, rows=rows, right=frozenset({3}), widths=(0.12, 0.2, 0.1, 0.08, 0.12, 0.12, 0.26))
    return [Heading(text=finding), *([table] if rows else [])]


def _gap(one: Mapping[str, Any], words: Words) -> tuple[str, ...]:
    return (
        one["control"],
        words.pick(one["title"]),
        words.said(f"why_{one['why']}", one["why"]),
        amounts.quantity(one["points_lost"]),
        words.said(f"owner_{one['owner']}", one["owner"]) if one.get("owner") else "–",
        one.get("due") or "–",
        words.pick(one["remediation"]),
    )


def _pilot(decision: Decision, words: Words) -> list[Block]:
    pilot = decision.pilot
    if pilot is None:
        return [Paragraph(text=words("pilot_none"), kind="quiet")]
    rows = tuple((words.pick(one["title"]), words.pick(one["text"])) for one in pilot["lines"])
    return [Table(headers=_headers(words, "what", "plan"), rows=rows, widths=(0.3, 0.7))]


def _lineage(decision: Decision, words: Words) -> list[Block]:
    mark = decision.mark
    rows = [(words.said(f"line_{name}", name), identity) for name, identity in decision.lineage.items()]
    rows += [
        (words("digest"), decision.digest()),
        (words("consent"), mark.consent or words("consent_none")),
        (words("tag"), words("tag_inside", holder=mark.holder) if mark.holder else words("tag_none")),
    ]
    return [
        Paragraph(text=words("lineage_why"), kind="quiet"),
        Table(headers=_headers(words, "rests", "id"), rows=tuple(rows), widths=(0.25, 0.75)),
    ]
