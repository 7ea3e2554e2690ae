"""Every validation template of every pack runs from its sample to a result and a document."""

from __future__ import annotations

from io import BytesIO

import openpyxl
import pytest

from industry_packs import template_workbook, trials
from industry_packs.pack import Pack, shipped_pack, shipped_packs
from industry_packs.template_workbook import outcomes, write_result
from industry_packs.trials import run_template


@pytest.mark.parametrize("pack", shipped_packs(), ids=lambda pack: pack.id)
def test_every_template_runs_from_its_sample_to_a_document(pack: Pack, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trials, "PROCESS_RUNS", 1)  # the gate's own test runs them in full
    monkeypatch.setattr(trials, "PAIRS", 2)
    for identity, template in pack.templates.items():
        figures = run_template(pack, identity)
        monkeypatch.setattr(template_workbook, "run_template", lambda *_, figures=figures, **__: figures)
        for language in ("zh-CN", "en"):
            book = openpyxl.load_workbook(BytesIO(write_result(pack, identity, language=language)))
            told = [[cell.value for cell in row] for row in book["result"].iter_rows()]
            assert told[0][0] == template.title[language]
            assert told[1][1] == template.question[language]
            shown = {row[0]: row[1] for row in told[4 : 4 + len(template.outputs)]}
            assert shown == pytest.approx({output.title[language]: figures[output.name] for output in template.outputs})
            assert any(pack.digest in row for row in told)
            if template.model == "calculator":
                assert len(book.sheetnames) > 1


def test_the_verdict_is_that_of_the_acceptance_measure() -> None:
    pack = shipped_pack("automotive-parts")
    figures = {"time_saved": 44.0, "gain_per_year": 100.0}
    assert [(one.name, one.holds) for one in outcomes(pack, "auto.paint-changeover", figures)] == [
        ("time_saved", True),
        ("gain_per_year", False),
    ]


def test_the_same_template_gives_the_same_bytes() -> None:
    pack = shipped_pack("logistics")
    assert write_result(pack, "logistics.freight-quote") == write_result(pack, "logistics.freight-quote")
