"""The decision memo: two pages to decide on, and an annex with everything they rest on."""

from __future__ import annotations

from templates import amounts
from templates.annex import annex
from templates.decision import Decision, Money
from templates.exhibits import break_even_table, cash, ramp, tornado
from templates.report import (
    Block,
    Bullets,
    Heading,
    Number,
    Numbers,
    Paragraph,
    Report,
    Table,
    Words,
)

CHOICES, TURNS, WATCHED = 5, 3, 3
SIGNED = ("plant", "finance", "it", "people")


def memo(decision: Decision, language: str) -> Report:
    """The memo of a decision in one language."""
    words = Words(language=language)
    mark = decision.mark
    return Report(
        language=language,
        kind=words("memo"),
        title=words.pick(decision.title),
        about=words(
            "about",
            name=decision.name,
            day=amounts.day(decision.made_at, language),
            draws=decision.draws,
            seed=decision.seed,
        ),
        sample=words("sample") if decision.sample else "",
        front=(_first(decision, words), _second(decision, words)),
        annex_title=words("annex"),
        annex=annex(decision, words),
        footer=words(
            "footer",
            day=decision.made_at.isoformat(),
            digest=decision.digest()[:12],
            consent=mark.consent or words("own"),
            holder=mark.holder or words("unsigned"),
        ),
        digest=decision.digest(),
    )


def _first(decision: Decision, words: Words) -> tuple[Block, ...]:
    """The answer, the numbers, the choices, when the money comes back, what must be true, what to watch."""
    return (
        *_verdict(decision, words),
        _headline(decision, words),
        Heading(text=words("options")),
        _options(decision, words),
        *cash(decision, words),
        *_turning(decision, words),
        *_watch(decision, words),
    )


def _second(decision: Decision, words: Words) -> tuple[Block, ...]:
    """What moves it, how OEE rises, the limits, the questions, who agrees."""
    blocks: list[Block] = [*tornado(decision, words), *ramp(decision, words, height=170)]
    traps = [risk for risk in decision.risks if risk["trap"]]
    if traps:
        asked = tuple(f"{words.pick(one['title'])}: {words.pick(one['question'])}" for one in traps)
        blocks += [Heading(text=words("traps")), Bullets(items=asked)]
    if decision.limits:
        blocks += [
            Heading(text=words("limits")),
            Paragraph(text=" ".join(words.pick(one) for one in decision.limits), kind="quiet"),
        ]
    rows = tuple((words(role), "", "", "") for role in SIGNED)
    headers = tuple(words(key) for key in ("role", "name", "agreed", "date"))
    blocks += [
        Heading(text=words("signatures")),
        Table(headers=headers, rows=rows, widths=(0.22, 0.3, 0.3, 0.18), tall=True),
    ]
    return tuple(blocks)


def _verdict(decision: Decision, words: Words) -> list[Block]:
    blocks: list[Block] = [
        Paragraph(text=words(f"verdict_{decision.verdict}" if decision.verdict else "verdict_none"), kind="lead")
    ]
    sentences = []
    npv = decision.figure("npv")
    if npv is not None and decision.fan is not None:
        sentences.append(
            words(
                "answer",
                months=len(decision.fan.p50) - 1,
                npv=words.money(npv.p50, decision.currency),
                low=words.money(npv.p10, ""),
                high=words.money(npv.p90, ""),
                loss=amounts.percent(decision.loss),
            )
        )
    oee = decision.ramps[0]
    rises = oee.after.mean[-1] > oee.before.mean[-1]
    sentences.append(
        words(
            "answer_oee" if rises else "answer_oee_down",
            month=decision.months,
            before=amounts.percent(oee.before.mean[-1], digits=1),
            after=amounts.percent(oee.after.mean[-1], digits=1),
            low=amounts.percent(oee.after.p10[-1], digits=1),
            high=amounts.percent(oee.after.p90[-1], digits=1),
        )
    )
    space = "" if words.language == amounts.CHINESE else " "
    blocks.append(Paragraph(text=space.join(sentences)))
    if decision.verdict:
        quiet = [words(f"reason_{decision.reason}"), words("yours")]
        if decision.worst is not None:
            quiet.append(words("worst", worst=words.money(decision.worst, decision.currency)))
        limits = {"buy": decision.buy_below, "refuse": decision.refuse_above}
        quiet.append(words("rule", **{key: amounts.percent(share) for key, share in limits.items()}))
        quiet.append(words("claims_in" if decision.claims else "claims_out"))
        blocks.append(Paragraph(text=space.join(quiet), kind="quiet"))
    return blocks


def _headline(decision: Decision, words: Words) -> Numbers:
    currency = decision.currency
    numbers = []
    npv, payback, irr = (decision.figure(name) for name in ("npv", "payback", "irr"))
    if npv is not None:
        band = words.between(words.money(npv.p10, ""), words.money(npv.p90, ""))
        numbers.append(
            Number(id="npv", label=words("npv"), value=words.money(npv.p50, currency), note=band, tier=npv.tier)
        )
        numbers.append(
            Number(
                id="npv",
                label=words("loss"),
                value=amounts.percent(decision.loss),
                note=words("loss_note"),
                tier=npv.tier,
            )
        )
    if payback is not None:
        value = "–" if payback.p50 is None else f"{payback.p50:.0f} {words('months')}"
        note = _ends(payback, words, "never", whole=True)
        numbers.append(Number(id="payback", label=words("payback"), value=value, note=note, tier=payback.tier))
    if irr is not None:
        value = "–" if irr.p50 is None else f"{amounts.quantity(irr.p50)} %"
        numbers.append(
            Number(id="irr", label=words("irr"), value=value, note=_ends(irr, words, "none_in"), tier=irr.tier)
        )
    oee = decision.ramps[0]
    numbers.append(
        Number(
            id="oee",
            label=words("oee_end", month=decision.months),
            value=amounts.percent(oee.after.mean[-1], digits=1),
            note=words("oee_from", before=amounts.percent(oee.before.mean[-1], digits=1)),
        )
    )
    return Numbers(items=tuple(numbers[:5]))


def _ends(figure: Money, words: Words, undefined: str, *, whole: bool = False) -> str:
    said = []
    if figure.p10 is not None and figure.p90 is not None:
        shown = [f"{end:.0f}" if whole else amounts.quantity(end) for end in (figure.p10, figure.p90)]
        said.append(words.between(*shown))
    if figure.undefined >= 0.005:
        said.append(words(undefined, share=amounts.percent(figure.undefined)))
    return " · ".join(said)


def _turning(decision: Decision, words: Words) -> list[Block]:
    if not decision.money:
        return []
    blocks: list[Block] = [Heading(text=words("must"))]
    if not decision.break_evens:
        return [*blocks, Paragraph(text=words("must_none"), kind="quiet")]
    return [*blocks, break_even_table(decision, words, most=TURNS)]


def _watch(decision: Decision, words: Words) -> list[Block]:
    """The worst of what the risk rules say, each with its next step."""
    found = [one for one in decision.risks if not one["trap"]]
    if not found:
        return []
    rows = tuple(
        (
            str(one["level"]),
            words.pick(one["title"]),
            words.pick(one["next_step"]),
            words.said(f"owner_{one['owner_role']}", one["owner_role"]),
        )
        for one in sorted(found, key=lambda one: -one["level"])[:WATCHED]
    )
    headers = tuple(words(key) for key in ("level", "cause", "next", "owner"))
    return [Heading(text=words("watch")), Table(headers=headers, rows=rows, widths=(0.08, 0.32, 0.46, 0.14))]


def _options(decision: Decision, words: Words) -> Table:
    rows = []
    shown = [one for one in decision.options if one.id == decision.id or one in decision.options[:CHOICES]]
    for place, one in enumerate(shown):
        title = words("do_nothing") if place == 0 else words.pick(one.title)
        valued = one.npv_p50 is not None
        band = words.between(words.money(one.npv_p10, ""), words.money(one.npv_p90, "")) if valued and place else "–"
        rows.append(
            (
                f"▸ {title}" if one.id == decision.id else title,
                amounts.percent(one.oee, digits=1),
                words.money(one.npv_p50, decision.currency) if valued and place else "0" if valued else "–",
                band,
                amounts.percent(one.loss) if valued and place else "–",
            )
        )
    headers = (words("option"), words("oee"), words("npv"), words("band"), words("loss"))
    return Table(
        headers=headers, rows=tuple(rows), right=frozenset({1, 2, 3, 4}), widths=(0.34, 0.11, 0.19, 0.22, 0.14)
    )
