"""The module document: read with percentages and months, written back, refused with its place."""

from __future__ import annotations

import jsonschema
import pytest

from industry_packs.pack import shipped_packs
from simulators.scenario import Module
from templates.documents import DocumentError, load
from templates.module_document import read_module, write_module
from templates.schemas import schema

TEXT = """\
mingsuan: module/1
id: fast-changeover
title: {zh-CN: 快速换型, en: Fast changeover}
about: {zh-CN: 缩短换型, en: Shorter changeovers}
effects:
  - parameter: setup
    change: reduction
    station: Press
    low: 15 %
    likely: 0.3
    high: 45 %
    tier: C
    source: {zh-CN: 公开案例, en: Published cases}
prices:
  - id: workshop
    title: {zh-CN: 工作坊, en: Workshop}
    low: 1000
    likely: 2000
    high: 3000
    currency: CNY
    every: once
    tier: D
    source: {zh-CN: 目录价, en: List price}
adoption: {shape: logistic, start: 1, t10: 1, t90: 6, dip: 5 %, dip_months: 2}
"""


def test_percentages_and_fractions_are_fractions() -> None:
    module = read_module(TEXT, "x.yaml")
    effect = module.effects[0]
    assert (effect.low, effect.likely, effect.high) == (0.15, 0.3, 0.45)
    assert (effect.station, effect.cause, effect.reading) == ("Press", "*", "p10_p90")
    assert (module.adoption.t90, module.adoption.dip) == (6, 0.05)
    assert module.prices[0].every == "once"


@pytest.mark.parametrize(
    "module", [read_module(TEXT, "x"), *(module for pack in shipped_packs() for module in pack.modules.values())]
)
def test_every_module_survives_the_way_out_and_back(module: Module) -> None:
    text = write_module(module)
    assert read_module(text, "x") == module
    jsonschema.validate(load(text, name="x").plain(), schema("module"))


@pytest.mark.parametrize(
    ("old", "new", "code", "place"),
    [
        ("parameter: setup", "parameter: set-up", "expected_choice", "line 6: effects[0].parameter"),
        ("low: 15 %", "low: 50 %", "effect_order", "line 10: effects[0].likely"),
        ("high: 45 %", "high: 100 %", "effect_range", "line 11: effects[0].high"),
        ("tier: C", "tier: E", "expected_choice", "line 12: effects[0].tier"),
        ("    tier: C\n", "", "missing_key", "line 6: effects[0]"),
        ("en: Published cases", "fr: Cas", "unknown_key", "line 13: effects[0].source.fr"),
        ("currency: CNY", "currency: yuan", "text_pattern", "line 20: prices[0].currency"),
        ("low: 1000", "low: -1", "out_of_range", "line 17: prices[0].low"),
        ("low: 1000", "low: 9000", "effect_order", "line 18: prices[0].likely"),
        ("t10: 1,", "t10: 9,", "adoption_order", "line 24: adoption.t90"),
        ("dip: 5 %", "dip: 500 %", "out_of_range", "line 24: adoption.dip"),
        ("id: fast-changeover", "id: Fast Changeover", "text_pattern", "line 2: id"),
    ],
)
def test_nonsense_is_refused_and_its_place_named(old: str, new: str, code: str, place: str) -> None:
    assert old in TEXT
    with pytest.raises(DocumentError) as caught:
        read_module(TEXT.replace(old, new, 1), "x.yaml")
    assert (caught.value.code, caught.value.place) == (code, place)
    assert caught.value.remedy
