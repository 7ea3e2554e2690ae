"""The gate: every shipped pack passes it; a pack made wrong in more than thirty ways is refused with its place."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from industry_packs import signing
from industry_packs.folder import read_contents
from industry_packs.pack import Pack, shipped_packs
from industry_packs.testing import lint
from industry_packs.trials import gate, run_trials

SHIPPED = sorted(path.parent for path in Path(signing.__file__).parent.glob("*/pack.yaml"))


@pytest.mark.parametrize("shipped", SHIPPED, ids=lambda path: path.name)
def test_every_shipped_pack_keeps_every_rule(shipped: Path) -> None:
    report = lint(shipped, today=date(2026, 11, 25))
    assert report["findings"] == []
    assert report["passed"]


@pytest.mark.parametrize("pack", shipped_packs(), ids=lambda pack: pack.id)
def test_every_test_of_a_shipped_pack_passes_and_every_template_runs_from_its_sample(pack: Pack) -> None:
    tests = read_contents(pack.files).tests
    trials = run_trials(pack, tests)
    assert [(trial.name, trial.why) for trial in trials if not trial.passed] == []
    figures = {test["template"]: set(trial.figures) for test, trial in zip(tests, trials, strict=True)}
    for identity, template in pack.templates.items():
        assert {output.name for output in template.outputs} <= figures[identity], identity


def test_template_ids_are_unique_over_all_packs() -> None:
    ids = [template for pack in shipped_packs() for template in pack.templates]
    assert len(ids) == len(set(ids))


WRONG = [
    # file, old, new, code, place
    ("pack.yaml", "version: 1.0.0\ntitle", "version: one\ntitle", "text_pattern", "line 3: version"),
    ("pack.yaml", "owner:", "ownr:", "unknown_key", "line 8: ownr"),
    (
        "pack.yaml",
        "reviewer: Independent pack review",
        "reviewer: manufacturing practice",
        "owner_reviews",
        "line 9: reviewer",
    ),
    ("pack.yaml", "2027-10-31", "31.10.2027", "expected_date", "line 10: review_by"),
    ("pack.yaml", "2027-10-31", "2025-10-31", "review_over", "line 10: review_by"),
    ("pack.yaml", "from: 0.1.0", "from: 0.9.0", "engine_range", "line 12: engine"),
    ("pack.yaml", "[zh-CN, en]", "[zh-CN]", "languages_missing", "line 13: languages"),
    ("pack.yaml", "- version: 1.0.0", "- version: 0.9.0", "change_missing", "line 15: changes[0].version"),
    ("pack.yaml", 'zh-CN: "离散制造", ', "", "missing_key", "line 4: title"),
    ("pack.yaml", '"离散制造"', '"Discrete manufacturing of things"', "wrong_language", "line 4: title.zh-CN"),
    ("pack.yaml", '"Discrete manufacturing"', '"离散 manufacturing"', "wrong_language", "line 4: title.en"),
    ("lines/press-to-pack.yaml", "buffer: 30", "buffer: -1", "buffer_negative", "line 18: stations[0].buffer"),
    (
        "lines/press-to-pack.yaml",
        "crew: maintenance",
        "crew: mechanics",
        "unknown_crew",
        "line 17: stations[0].failures[1].crew",
    ),
    ("lines/press-to-pack.yaml", "name: Weld", "name: Welder", "station_without_names", "line 19: stations[1].name"),
    ("modules/fast-changeover.yaml", "likely: 30 %", "likely: 50 %", "effect_order", "line 12: effects[0].likely"),
    ("modules/fast-changeover.yaml", "likely: 30 %", "likely: 30 min", "expected_share", "line 12: effects[0].likely"),
    ("modules/fast-changeover.yaml", "station: Press", "station: Lathe", "effect_without_target", "line 8: effects[0]"),
    ("modules/fast-changeover.yaml", "tier: C", "tier: A", "tier_a", "line 14: effects[0].tier"),
    ("modules/fast-changeover.yaml", "tier: C", "tier: D", "claims_only", "line 7: effects"),
    ("modules/fast-changeover.yaml", "id: fast-changeover", "id: quick-changeover", "id_and_file", "line 2: id"),
    (
        "modules/quick-response.yaml",
        "zh-CN: 与总装取同一区间，机制相同；试点两周即可替换。",
        "zh-CN: 同",
        "no_source",
        "line 28: effects[1].source",
    ),
    ("calculators/stop_cost.yaml", "unit: 1/week", "unit: 1/weak", "unknown_unit", "line"),
    (
        "calculators/stop_cost.yaml",
        "stops_per_week * weeks_per_year,",
        "stops_per_week * week_per_year,",
        "unknown_name",
        "line 71: formulas.stops_per_year.is",
    ),
    (
        "calculators/stop_cost.yaml",
        "hours_lost * output_per_hour,",
        "hours_lost + output_per_hour,",
        "unit_mismatch",
        "line 73: formulas.pieces_lost.is",
    ),
    (
        "calculators/stop_cost.yaml",
        '    tier: C\n    source: {zh-CN: "52',
        '    source: {zh-CN: "52',
        "default_tier",
        "inputs.weeks_per_year",
    ),
    (
        "calculators/stop_cost.yaml",
        "is: margin_lost + scrap_lost",
        "is: __import__('os')",
        "formula_character",
        "line 76: formulas.cost_per_year.is",
    ),
    ("checklists/mlps-3-computing-network.yaml", "- id: CNS1-02", "- id: CNS1-01", "same_id", "controls[1].id"),
    (
        "checklists/mlps-3-computing-network.yaml",
        "section: 8.1.2.3",
        "section: 8.1.9.9",
        "unknown_section",
        "controls[7].section",
    ),
    ("checklists/mlps-3-computing-network.yaml", "不构成测评结论，更不是认证", "已通过认证", "certifies", "notice"),
    (
        "decision_map.yaml",
        "first_template: discrete.changeover",
        "first_template: discrete.change",
        "no_such_thing",
        "line 12: pains[1].first_template",
    ),
    ("decision_map.yaml", "guide: [data]", "guide: [date]", "no_such_thing", "obstacles[2].guide[0]"),
    ("decision_map.yaml", "  - id: old-machines", "  - id: older\n  - id: old-machines", "wrong_length", "obstacles"),
    ("templates/downtime-cost.yaml", "uses: stop_cost", "uses: stopp_cost", "unknown_input_field", "line 9: fields[0]"),
    (
        "templates/downtime-cost.yaml",
        "measure: cost_per_year >= 100000",
        "measure: a lot",
        "bad_measure",
        "outputs[0].measure",
    ),
    (
        "templates/downtime-cost.yaml",
        "stops_per_week: 12 1/week,",
        "stops: 12 1/week,",
        "no_such_thing",
        "sample.stops",
    ),
    (
        "templates/predictive-maintenance-line.yaml",
        "modules: [predictive-maintenance]",
        "modules: [ai]",
        "no_such_thing",
        "modules[0]",
    ),
    (
        "templates/predictive-maintenance-line.yaml",
        "sample_file: samples/stops_zh.csv",
        "sample_file: samples/none.csv",
        "no_sample_file",
        "sample_file",
    ),
    ("uploads/stops.yaml", "sample: samples/stops_zh.csv", "sample: samples/none.csv", "no_sample_file", "sample"),
    ("uploads/stops.yaml", "kind: stops", "kind: stopps", "expected_choice", "line 3: kind"),
    ("risks/risks.yaml", "when: loss_probability > 0.3", "when: it loses", "bad_rule", "rules[0].when"),
    (
        "risks/risks.yaml",
        "    level: 3\n    when: loss",
        "    level: 4\n    when: loss",
        "out_of_range",
        "rules[0].level",
    ),
    ("risks/risks.yaml", "    haircut: [0 %, 10 %, 30 %]\n", "", "trap_incomplete", "rules[16]"),
    ("policies/release.yaml", "oee_uplift,", "oee_exact,", "expected_choice", "line 2: allowed[1]"),
    ("limits.yaml", "accuracy:", "accuracy_:", "unknown_key", "accuracy_"),
    (
        "stations.yaml",
        'title: {zh-CN: "冲压", en: "Press"}',
        'title: {zh-CN: "保证提升 OEE", en: "Press"}',
        "promise",
        "stations[0].title.zh-CN",
    ),
    ("guide/guide.yaml", "never:", "ever:", "unknown_key", "cards[0].ever"),
    ("tests/tests.yaml", "template: discrete.scrap-cost", "pain: scrap-eats-margin", "no_test", "tests/"),
]


@pytest.mark.parametrize(("file", "old", "new", "code", "place"), WRONG)
def test_a_wrong_pack_is_refused_and_the_place_named(
    folder: Path, file: str, old: str, new: str, code: str, place: str
) -> None:
    path = folder / file
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    report = lint(folder, today=date(2026, 11, 25))
    assert not report["passed"]
    found = [row for row in report["findings"] if place in row["place"]]
    assert found, report["findings"]
    assert code in {row["code"] for row in found}, report["findings"]
    assert all(row["file"] and row["message"] and row["remedy"] for row in report["findings"])


def test_missing_and_stray_files_are_named(folder: Path) -> None:
    (folder / "limits.yaml").unlink()
    (folder / "notes.txt").write_text("x")
    (folder / "lines" / "readme.md").write_text("x")
    codes = {(row["code"], row["place"]) for row in lint(folder)["findings"]}
    assert codes >= {
        ("missing_file", "limits.yaml"),
        ("unknown_file_in_pack", "notes.txt"),
        ("unknown_file_in_pack", "lines/readme.md"),
    }


def test_a_test_that_does_not_come_true_fails_the_gate(folder: Path) -> None:
    path = folder / "tests" / "tests.yaml"
    path.write_text(
        "mingsuan: pack_test/1\ntests:\n"
        "  - {name: a, template: discrete.downtime-cost, expect: {hours_lost: [0, 1]}}\n"
        "  - {name: b, template: discrete.changeover, expect: {nothing: [0, 1]}}\n"
        "  - {name: c, template: discrete.scrap-cost}\n"
        "  - {name: d, pain: unplanned-stops, expect_words: [x]}\n"
        "  - {name: e, template: discrete.security-gaps, expect: {score_low: [1, 1]}}\n"
        "  - {name: f, template: discrete.predictive-maintenance-line, line: gone, expect: {oee_gain: [9, 9]}}\n"
        "  - {name: g, template: discrete.fast-changeover-line, expect: {oee_gain: [-1, 1]}}\n"
        "  - {name: h, template: discrete.quick-response-line, expect: {oee_gain: [-1, 1]}}\n"
        "  - {name: i, calculator: none, expect: {x: [0, 1]}}\n"
    )
    report = gate(folder)
    assert report["findings"] == []
    assert not report["passed"]
    assert [test["passed"] for test in report["tests"]] == [False, False, False, False, True, False, True, True, False]
    assert all(test["why"] for test in report["tests"] if not test["passed"])


@pytest.mark.parametrize("pack", shipped_packs(), ids=lambda pack: pack.id)
def test_every_pain_leads_over_its_doubts_to_a_tool(pack: Pack) -> None:
    for pain in pack.decision_map.pains:
        way = pack.decision_map.tree(pain.id)
        assert len(way.questions) >= 3
        assert way.after() is None
        for index, fork in enumerate(way.forks):
            assert way.after(*[False] * index, True) == fork
            assert fork.tool in pack.templates
            assert fork.evidence
        assert way.after(*[False] * len(way.forks)) == way.otherwise
        assert way.otherwise in pack.templates
    with pytest.raises(KeyError):
        pack.decision_map.tree("no-such-pain")


@pytest.mark.parametrize("pack", shipped_packs(), ids=lambda pack: pack.id)
def test_every_pack_is_complete_for_a_sale_that_helps_to_decide(pack: Pack) -> None:
    """Five doubts with evidence, tool, owner and a guide for the rep; two modules, two calculators, a check list, samples."""
    assert len(pack.decision_map.obstacles) == 5
    assert len(pack.modules) >= 2
    assert len(pack.calculators) >= 2
    assert pack.checklists
    assert all(len(template.fields) <= 10 for template in pack.templates.values())
    assert all(obstacle.guide for obstacle in pack.decision_map.obstacles)
    assert (len(pack.brief.questions), len(pack.brief.formulas), len(pack.brief.objections)) == (5, 5, 5)
    assert {card.objection for card in pack.guide.values()} >= {"price", "risk"}
    for name in ("stops", "counts", "equipment"):
        assert pack.sample(f"{name}_zh.csv")
        assert pack.sample(f"{name}_en.csv")


def test_there_are_two_dozen_templates_and_more() -> None:
    assert sum(len(pack.templates) for pack in shipped_packs()) >= 24
    assert len(shipped_packs()) == 11
