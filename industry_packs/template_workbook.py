"""A validation template's result as a workbook: question, figures beside what was to be reached, next step, limits."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from io import BytesIO

from calculators.sheet import Given, evaluate
from industry_packs.measures import read_measure
from industry_packs.pack import Pack
from industry_packs.trials import DRAWS, run_template
from templates.calculator_workbook import add_sheets, new_book
from templates.documents import Text

WORDS: Mapping[str, Mapping[str, str]] = {
    "en": {
        "sample": "from the pack's sample, not from your plant", "question": "Question", "output": "Output",
        "value": "Value", "wanted": "Wanted", "reached": "reached", "missed": "not reached", "verdict": "Verdict",
        "action": "Next step", "acceptance": "Good enough when", "field": "Field", "limits": "Limits", "pack": "Pack",
        "where": "Where to find it", "entered": "Entered",
    },
    "zh-CN": {
        "sample": "来自行业包示例，并非您的数据", "question": "问题", "output": "结果", "value": "数值",
        "wanted": "要求", "reached": "达到", "missed": "未达到", "verdict": "判断", "action": "下一步",
        "acceptance": "怎样算够好", "field": "字段", "limits": "适用范围", "pack": "行业包", "where": "在哪里找",
        "entered": "填入",
    },
}  # fmt: skip
WIDTHS = (34, 20, 26, 16, 60, 60)


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """One output of a template: its figure, the comparison it has to pass, and whether it does."""

    name: str
    value: float
    measure: str
    holds: bool


def outcomes(pack: Pack, identity: str, figures: Mapping[str, float]) -> tuple[Outcome, ...]:
    """The outputs of a template beside their acceptance measures; `figures` are those of `trials.run_template`."""
    found = []
    for output in pack.templates[identity].outputs:
        measure = read_measure(output.measure)
        value = figures[output.name]
        found.append(
            Outcome(
                name=output.name,
                value=value,
                measure=output.measure,
                holds=measure is not None and measure.holds(value),
            )
        )
    return tuple(found)


def write_result(pack: Pack, identity: str, *, language: str = "en", claims: bool = False) -> bytes:
    """Run a template from its sample and write the XLSX file; a calculator comes along with its live formulas."""
    template, words = pack.templates[identity], WORDS[language]
    figures = run_template(pack, identity, claims=claims)
    data = BytesIO()
    book = new_book(data, template.title[language])
    page = book.add_worksheet("result")
    head, wrapped = book.add_format({"bold": True, "bottom": 1}), book.add_format({"text_wrap": True, "valign": "top"})
    number = book.add_format({"num_format": "#,##0.####", "valign": "top", "align": "left"})
    for column, width in enumerate(WIDTHS):
        page.set_column(column, column, width)
    rows: list[tuple[object, ...]] = [
        (template.title[language], words["sample"]),
        (words["question"], template.question[language]),
        (),
        tuple(words[key] for key in ("output", "value", "wanted", "verdict", "action", "acceptance")),
    ]
    titles: Mapping[str, tuple[Text, Text, Text]] = {
        output.name: (output.title, output.action, output.acceptance) for output in template.outputs
    }
    for one in outcomes(pack, identity, figures):
        title, action, acceptance = (text[language] for text in titles[one.name])
        verdict = words["reached"] if one.holds else words["missed"]
        rows.append((title, one.value, one.measure, verdict, action, acceptance))
    rows += [(), (words["field"], words["entered"], words["where"])]
    rows += [
        (field.title[language], str(template.sample.get(field.name, field.default or "")), field.where[language])
        for field in template.fields
    ]
    rows += [
        (),
        (words["limits"], template.limits[language]),
        (words["pack"], f"{pack.manifest.title[language]} {pack.version}"),
        ("SHA-256", pack.digest),
    ]
    for at, row in enumerate(rows):
        for column, value in enumerate(row):
            if isinstance(value, float):
                page.write_number(at, column, value, number)
            else:
                page.write_string(at, column, str(value), head if at in {0, 3} else wrapped)
    if template.model == "calculator":
        given = {
            name: value if isinstance(value, int | float) else str(value) for name, value in template.sample.items()
        }
        sheet = evaluate(
            pack.calculators[template.uses],
            {name: Given(value=value) for name, value in given.items()},
            draws=DRAWS,
            seed=1,
            claims=claims,
        )
        add_sheets(book, sheet)
    book.close()
    return data.getvalue()
