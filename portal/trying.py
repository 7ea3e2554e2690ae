"""A first answer before anybody has signed in: one pain, a guess, at most ten numbers, a result with its range.

The page is computed from what the form holds and forgotten: nothing is stored, no account is made, no link is used up.
Its figures are the sample of a pack's validation template until somebody types over them.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from anyio import to_thread
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from calculators.declarations import Input
from calculators.sheet import Sheet, run_calculator
from industry_packs.content import Pain, ValidationTemplate
from industry_packs.pack import Pack
from portal.catalogue import packs
from portal.front import front_page, markup
from portal.signin import read_form
from portal.text import error_text, language, pick, t
from templates import amounts

DRAWS = 4000
FIRST = "discrete-manufacturing"
MOST_TYPED = 80
DOUBT = 0.2
"""What a plain figure may be off by, until somebody says how sure he is."""
PLAIN = re.compile(r"([-+]?[\d,]*\.?\d+)\s*([^\d\s/][^/]*(?:/[^\d\s][^/]*)?|1/\w+)?")


@dataclass(slots=True)
class TryRoutes:
    """Routes of the first answer; the gate limits how often an address may ask."""

    def routes(self) -> list[Route]:
        return [Route("/s/{token}/try", self.show, methods=["GET", "POST"])]

    async def show(self, request: Request) -> Response:
        """The three pains of an industry; for one of them its fields; with a sent form the result above them."""
        asked = request.query_params
        here = f"/s/{quote(request.path_params['token'], safe='')}"
        pack = _pack(asked.get("industry", ""))
        pain = next((one for one in pack.decision_map.pains if one.id == asked.get("pain", "")), None)
        template = None if pain is None else _template(pack, pain)
        if pain is None or template is None:
            return _page(_choices(pack, here) + (_records(here, pain) if pain is not None else ""), here)
        given = await read_form(request) if request.method == "POST" else {}
        result = ""
        if given:
            result = await to_thread.run_sync(_result, pack, template, given, here, language())
        where = f"{here}/try?industry={quote(pack.manifest.id)}&pain={quote(pain.id)}"
        return _page(result + _fields(template, given, where), here)


def _pack(wanted: str) -> Pack:
    known = {pack.manifest.id: pack for pack in packs()}
    return known.get(wanted) or known.get(FIRST) or next(iter(known.values()))


def _template(pack: Pack, pain: Pain) -> ValidationTemplate | None:
    """The first template on the way of a pain that a few numbers answer; None where records are needed."""
    ways = [pain.first_template, *(name for one in pack.decision_map.route(pain.id) for name in one.templates)]
    found = (pack.templates[name] for name in ways if name in pack.templates)
    return next((one for one in found if one.model == "calculator"), None)


def _page(body: str, here: str) -> Response:
    back = markup('<p class="small"><a href="{here}">{words}</a></p>', here=here, words=t("trying.back"))
    return front_page(t("trying.title"), body + back, next_page=quote(f"{here}/try", safe=""), wide=True)


def _choices(pack: Pack, here: str) -> str:
    industries = "".join(
        markup(
            '<a class="chip{on}" href="{here}/try?industry={id}">{title}</a>',
            on=" on" if one.manifest.id == pack.manifest.id else "",
            here=here,
            id=one.manifest.id,
            title=pick(one.manifest.title),
        )
        for one in packs()
    )
    pains = "".join(
        markup(
            '<a class="choice" href="{here}/try?industry={pack}&amp;pain={pain}"><b>{title}</b><span>{hint}</span></a>',
            here=here,
            pack=pack.manifest.id,
            pain=one.id,
            title=pick(one.title),
            hint=t("trying.numbers", count=len(found.fields))
            if (found := _template(pack, one)) is not None
            else t("trying.by_records"),
        )
        for one in pack.decision_map.pains
    )
    lead = markup("<p>{lead}</p>", lead=t("trying.lead"))
    top = markup('<nav class="chips" aria-label="{words}">', words=t("trying.industry"))
    heading = markup("</nav><h2>{words}</h2>", words=t("trying.pain"))
    return f"{lead}{top}{industries}{heading}{pains}"


def _records(here: str, pain: Pain) -> str:
    return markup(
        '<p class="note">{words}</p><a class="button" href="{here}">{go}</a>',
        words=t("trying.needs_records", pain=pick(pain.title)),
        here=here,
        go=t("trying.go_on"),
    )


def _fields(template: ValidationTemplate, given: Mapping[str, str], where: str) -> str:
    items = "".join(
        markup(
            '<div class="field"><label for="f-{name}">{title} <span>({unit})</span></label>'
            '<input id="f-{name}" name="{name}" value="{value}" maxlength="80" aria-describedby="w-{name}">'
            '<p class="small" id="w-{name}">{why} {where}</p></div>',
            name=one.name,
            title=pick(one.title),
            unit=amounts.unit(one.unit, language()),
            value=given.get(one.name) or _shown(template.sample.get(one.name, one.default)),
            why=pick(one.why),
            where=t("trying.where", place=pick(one.where)),
        )
        for one in template.fields
    )
    guess = markup(
        '<div class="field"><label for="f-guess">{label}</label>'
        '<input id="f-guess" name="guess" value="{value}" maxlength="20" inputmode="decimal" '
        'aria-describedby="w-guess">'
        '<p class="small" id="w-guess">{why}</p></div>',
        label=t("trying.guess", what=pick(template.outputs[0].title)),
        value=given.get("guess", ""),
        why=t("trying.guess_why"),
    )
    head = markup(
        '<h2>{question}</h2><p class="small">{sample}</p>', question=pick(template.question), sample=t("trying.sample")
    )
    limits = markup('<p class="small">{words}</p>', words=pick(template.limits))
    form = markup('<form method="post" action="{where}">', where=where)
    button = markup("<button>{words}</button></form>", words=t("trying.compute"))
    return f'{head}{form}{guess}<div class="fields">{items}</div>{button}{limits}'


def _shown(value: Any) -> str:
    if isinstance(value, list | tuple):
        return " / ".join(_shown(one) for one in value)
    return f"{value:g}" if isinstance(value, int | float) else "" if value is None else str(value)


def _result(pack: Pack, template: ValidationTemplate, given: Mapping[str, str], here: str, tag: str) -> str:
    """The answer as HTML, or what is wrong with a number that was typed."""
    typed = {one.name: given.get(one.name, "").strip()[:MOST_TYPED] for one in template.fields}
    units = {one.name: one.unit for one in template.fields}
    calculator = pack.calculators[template.uses]
    items = {item.name: item for item in calculator.inputs}
    values = {name: _doubted(text, items[name], units[name]) for name, text in typed.items() if text}
    try:
        sheet = run_calculator(calculator, values, draws=DRAWS, seed=1, claims=False)
    except ValueError as error:
        message, remedy = error_text(error)
        return markup('<p class="note" role="alert">{message} {remedy}</p>', message=message, remedy=remedy)
    rows = "".join(_output(sheet, one.name, template, tag) for one in template.outputs)
    go = markup(
        '<p class="small">{forgotten}</p><a class="button" href="{here}">{go}</a><hr>',
        forgotten=t("trying.forgotten"),
        here=here,
        go=t("trying.go_on"),
    )
    return f'<div class="result" role="status">{rows}{_gap(sheet, template, given, tag)}</div>{go}'


def _doubted(text: str, item: Input, unit: str) -> str:
    """A typed value with its unit; a plain figure counts with a fifth more or less, within what is possible."""
    found = PLAIN.fullmatch(text)
    if found is None:  # three values, or a mistake that the calculator names
        return text
    value, given = float(found[1].replace(",", "")), found[2] or unit
    low, high = sorted((value * (1 - DOUBT), value * (1 + DOUBT)))
    if given.replace(" ", "") == item.unit.replace(" ", ""):
        low = low if item.at_least is None else max(low, item.at_least)
        high = high if item.at_most is None else min(high, item.at_most)
    if not low < value < high:
        return f"{found[1]} {given}"
    return f"{low:.12g} / {value:.12g} / {high:.12g} {given}"


def _output(sheet: Sheet, name: str, template: ValidationTemplate, tag: str) -> str:
    figure = sheet.outputs[name]
    rule = next(one for one in template.outputs if one.name == name)
    told = [_amount(value, figure.unit, tag) for value in (figure.p50, figure.p10, figure.p90)]
    return markup(
        '<div class="small">{title}</div><div class="answer">{middle}</div><div>{range}</div>'
        '<p class="small">{acceptance} {action}</p>',
        title=pick(rule.title),
        middle=told[0],
        range=t("trying.range", low=told[1], high=told[2]) if told[1] != told[2] else t("trying.no_range"),
        acceptance=pick(rule.acceptance),
        action=pick(rule.action),
    )


def _amount(value: float, unit: str, tag: str) -> str:
    currency, _, rest = unit.partition("/")
    if len(currency) == 3 and currency.isupper():
        told = amounts.money(value, currency, tag)
        return f"{told}/{amounts.unit(rest, tag)}" if rest else told
    shown = amounts.quantity(value)
    return shown if unit == "1" else f"{shown} {amounts.unit(unit, tag)}"


def _gap(sheet: Sheet, template: ValidationTemplate, given: Mapping[str, str], tag: str) -> str:
    """The own guess beside the figure, where one was given."""
    figure = sheet.outputs[template.outputs[0].name]
    try:
        guess = float(given.get("guess", "").replace(",", "").strip())
    except ValueError:
        return ""
    inside = figure.p10 <= guess <= figure.p90
    return markup(
        "<p>{words}</p>",
        words=t("trying.guess_in" if inside else "trying.guess_out", guess=_amount(guess, figure.unit, tag)),
    )
