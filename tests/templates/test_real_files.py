"""Every file of the reference data, read and compared with figures that somebody else computed."""

from __future__ import annotations

import io
import json
import re
from collections import Counter
from collections.abc import Callable, Iterable
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema
import numpy as np
import pdfplumber
import pytest
from defusedxml import ElementTree

from templates.cells import head, shown
from templates.files import FileRefused, open_tables
from templates.mapping import understand
from templates.readers_pdf import page_grids
from templates.reading import TableReading, Understanding
from templates.reading_schema import reading_schema

REFUSED = {
    "pdf/cn_scanned_no_text_3p.pdf": "scan",
    "pdf/scanned_table_merged_header.pdf": "scan",
    "pdf/encrypted_password_test.pdf": "password",
    "pdf/empty_zero_bytes.pdf": "empty_file",
    "sheets/password_protected.xlsx": "password",
}
KINDS = {
    "logs/film_plant_runs_2019.csv": "runs",
    "logs/chiller_work_orders.csv": "work_orders",
    "logs/chiller_alert_events.csv": "events",
    "logs/chiller_failure_codes.csv": "codes",
    "logs/pv_om_tickets_messy.csv": "work_orders",
    "logs/pv_om_events.csv": "events",
    "logs/express_parcels_cn.csv": "orders",
    "layout/barcelona_pavilion_plan.dxf": "layout",
}
DIFFERS = {
    "logs/chiller_failure_codes.csv": "the file holds 143 records (its last line has no line break); 142 were expected",
}
"""Where we do not give what `expectations.json` says, and why."""

ALL = (
    "logs/film_plant_runs_2019.csv", "logs/chiller_work_orders.csv", "logs/chiller_alert_events.csv",
    "logs/chiller_failure_codes.csv", "logs/pv_om_tickets_messy.csv", "logs/pv_om_events.csv",
    "logs/pv_ticket_texts.csv", "logs/ai4i2020.csv", "logs/express_parcels_cn.csv",
    "reliability/nist_apr413_weibull_right_censored.csv", "reliability/nbs_1956_ball_bearings_23.csv",
    "reliability/bofors_steel_strength.csv", "pdf/cn_standard_two_tables_merged_header.pdf",
    "pdf/cn_equipment_maker_quarterly_report_22p.pdf", "pdf/cn_scanned_no_text_3p.pdf",
    "pdf/encrypted_password_test.pdf", "pdf/malformed_issue932.pdf", "pdf/empty_zero_bytes.pdf",
    "pdf/long_table_16p_warn_report.pdf", "pdf/dense_table_totals_row_nics.pdf", "pdf/icdar_us-018.pdf",
    "pdf/icdar_us-024.pdf", "pdf/icdar_us-026.pdf", "pdf/icdar_eu-015.pdf", "pdf/scanned_table_merged_header.pdf",
    "pdf/faa_maintenance_handbook_1p.pdf", "pdf/owner_restricted_41p.pdf", "layout/barcelona_pavilion_plan.dxf",
    "layout/door_block_wipeout.dxf", "layout/engineer_drawing_r12_needs_recover.dxf", "layout/binary_r2000.dxf",
    "layout/duplicate_handles.dxf", "layout/georeferenced_site.dxf", "sheets/semicolon.csv",
    "sheets/inconsistent_header.csv", "sheets/legacy_biff.xls", "sheets/several_tables_with_gaps.xlsx",
    "sheets/title_above_table.xlsx", "sheets/section_label_header.xlsx", "sheets/utf16_bom.csv",
    "sheets/password_protected.xlsx", "sheets/vodafone_notes.xlsx", "sheets/half_year_by_segment.xlsx",
    "sheets/subtable_cases.xlsx", "sheets/date_formats.xls", "sheets/date_formats.xlsx", "sheets/big_numbers.xlsx",
    "sheets/japanese_phonetic_runs.xlsx",
)  # fmt: skip


@cache
def _read(folder: Path, name: str, password: str | None = None) -> Understanding:
    data = (folder / "real" / name).read_bytes()
    return understand(open_tables(data, name.rpartition("/")[2], password=password))


def _expected(folder: Path, name: str) -> dict[str, Any]:
    wanted: dict[str, Any] = json.loads((folder / "real" / "expectations.json").read_text(encoding="utf-8"))
    return dict(wanted[name]["expect"])


def _table(folder: Path, name: str) -> TableReading:
    (table,) = _read(folder, name).tables
    return table


def test_no_file_of_the_reference_data_is_left_out(reference_data: Path) -> None:
    wanted = json.loads((reference_data / "real" / "expectations.json").read_text(encoding="utf-8"))
    assert set(wanted) == set(ALL)


@pytest.mark.parametrize("name", ALL)
def test_facts_that_the_reading_names_are_those_expected(reference_data: Path, name: str) -> None:
    if name in REFUSED:
        with pytest.raises(FileRefused) as caught:
            _read(reference_data, name)
        assert caught.value.code == REFUSED[name]
        assert caught.value.remedy
        return
    expect = _expected(reference_data, name)
    read = _read(reference_data, name)
    jsonschema.validate(json.loads(json.dumps(read.to_json(), allow_nan=False)), reading_schema())
    for key in ("pages", "entities", "lines", "texts", "units", "encoding", "separator", "sheets"):
        if key in expect and not (key == "lines" and name.startswith("logs/")):
            assert read.facts[key] == expect[key], key
    if name in KINDS:
        assert read.tables[0].kind == KINDS[name]
    if name.startswith(("logs/", "reliability/")):
        rows = expect.get("rows", expect.get("n_units"))
        if name == "reliability/bofors_steel_strength.csv":
            rows = 10  # 389 units in ten rows: a frequency table
        if name in DIFFERS:
            assert read.tables[0].facts["rows"] == rows + 1
        else:
            assert read.tables[0].facts["rows"] == rows


def test_film_plant_runs(reference_data: Path) -> None:
    expect = _expected(reference_data, "logs/film_plant_runs_2019.csv")
    table = _table(reference_data, "logs/film_plant_runs_2019.csv")
    facts = table.facts
    assert (facts["rows"], facts["runs"], facts["machines"]) == (expect["rows"], expect["rows"], expect["lines"])
    assert facts["run_s"] == pytest.approx(expect["run_hours"] * 3600, rel=1e-6)
    assert facts["net_quantity"] == pytest.approx(expect["net_quantity"], rel=1e-9)
    assert facts["good_quantity"] == pytest.approx(expect["good_quantity"], rel=1e-9)
    assert sum(one.code == "log_overlap" for one in table.findings) == expect["overlapping_runs"]
    assert "Uptime" in {one.header for one in table.dropped}
    typed = table.apply()
    assert np.abs(typed["ended_at"] - typed["started_at"] - typed["duration_s"]).max() == 0
    for line, wanted in expect["per_line"].items():
        mine = typed["station"] == line
        assert mine.sum() == wanted["runs"]
        assert typed["duration_s"][mine].sum() == pytest.approx(wanted["run_h"] * 3600, rel=1e-6)
        assert typed["made"][mine].sum() == pytest.approx(wanted["net"], rel=1e-6)
        assert typed["good"][mine].sum() == pytest.approx(wanted["good"], rel=1e-6)


def test_chiller_work_orders(reference_data: Path) -> None:
    expect = _expected(reference_data, "logs/chiller_work_orders.csv")
    table = _table(reference_data, "logs/chiller_work_orders.csv")
    facts = table.facts
    assert (facts["preventive"], facts["corrective"]) == (expect["preventive"], expect["corrective"])
    assert facts["machines"] == expect["machines"]
    assert facts["duration_s"] == pytest.approx(expect["duration_h_total"] * 3600, rel=1e-9)
    assert facts["labour_s"] == pytest.approx(expect["labour_h_total"] * 3600, rel=1e-9)
    assert str(facts["first"]).startswith(expect["first"])
    assert str(facts["last"]).startswith(expect["last"])
    typed = table.apply()
    for machine, count in expect["corrective_by_machine_top"].items():
        assert ((typed["station"] == machine) & (typed["preventive"] == 0)).sum() == count
    assert len(set(typed["code"])) == 35  # their descriptions are the 34 of the expectations: two codes share one


def test_chiller_alerts_are_cut_at_midnight_and_said_to_be(reference_data: Path) -> None:
    expect = _expected(reference_data, "logs/chiller_alert_events.csv")
    table = _table(reference_data, "logs/chiller_alert_events.csv")
    assert table.facts["machines"] == expect["machines"]
    assert table.facts["duration_s"] == pytest.approx(expect["sum_h"] * 3600, rel=1e-4)
    (one,) = [one for one in table.findings if one.code == "rows_continue"]
    assert one.params["count"] == expect["adjacent_within_1_min"]
    typed = table.apply()
    for machine, count in expect["per_machine_rows"].items():
        assert (typed["station"] == machine).sum() == count
    assert len(set(typed["activity"])) == expect["rules"]


def test_messy_tickets(reference_data: Path) -> None:
    expect = _expected(reference_data, "logs/pv_om_tickets_messy.csv")
    table = _table(reference_data, "logs/pv_om_tickets_messy.csv")
    codes = [one.code for one in table.findings]
    assert codes.count("log_end_before_start") == expect["end_before_start"]
    assert codes.count("log_end_missing") == expect["missing_end"]
    assert table.facts["duration_s"] == pytest.approx(expect["positive_hours"] * 3600, rel=1e-6)
    typed = table.apply()
    assert (typed["site"] == "").sum() == expect["missing_site"]
    assert len(set(typed["station"])) == expect["asset_types_case_insensitive"]


def test_photovoltaic_events(reference_data: Path) -> None:
    expect = _expected(reference_data, "logs/pv_om_events.csv")
    table = _table(reference_data, "logs/pv_om_events.csv")
    typed = table.apply()
    assert len(set(typed["site"])) == expect["sites"]
    for asset, count in expect["asset"].items():
        assert (typed["station"] == asset).sum() == count
    (one,) = [one for one in table.findings if one.code == "too_many_duplicates"]
    assert "15%" in one.message
    assert str(table.facts["first"]).startswith(expect["first"].replace(" ", "T"))
    assert str(table.facts["last"]).startswith(expect["last"].replace(" ", "T"))


def test_parcels_with_bilingual_headers(reference_data: Path) -> None:
    expect = _expected(reference_data, "logs/express_parcels_cn.csv")
    table = _table(reference_data, "logs/express_parcels_cn.csv")
    typed = table.apply()
    assert typed["quantity"].sum() == expect["parcels"]
    assert len(np.unique(typed["date"])) == expect["distinct_days"]
    assert len(set(typed["origin"])) == expect["origins"]
    assert (str(table.facts["first"])[:10], str(table.facts["last"])[:10]) == (expect["first"], expect["last"])


def test_the_byte_order_mark_is_not_part_of_the_first_header(reference_data: Path) -> None:
    assert _table(reference_data, "logs/chiller_failure_codes.csv").columns[0].header == "category"
    assert _table(reference_data, "logs/ai4i2020.csv").columns[0].header == "UDI"


def _cell(table: TableReading, row: int, column: int) -> str:
    return shown(head(table.raw.columns[column], row + 1)[row])


def test_merged_headers_of_a_chinese_standard(reference_data: Path) -> None:
    expect = _expected(reference_data, "pdf/cn_standard_two_tables_merged_header.pdf")
    tables = _read(reference_data, "pdf/cn_standard_two_tables_merged_header.pdf").tables
    assert len(tables) == expect["tables"]
    widths = [len(table.columns) for table in tables]
    assert widths == [width for _, width in expect["table_shapes"]]
    values = [float(_cell(tables[1], 0, k)) for k in range(3, 8)]
    assert values == expect["cells"]["7.6 row 1"]
    assert float(_cell(tables[0], 0, 2)) == expect["cells"]["7.5 expressway 8 lanes"]
    assert float(_cell(tables[0], 1, 2)) == expect["cells"]["7.5 expressway 6 lanes"]


def test_a_quarterly_report_keeps_its_figures(reference_data: Path) -> None:
    expect = _expected(reference_data, "pdf/cn_equipment_maker_quarterly_report_22p.pdf")
    tables = _read(reference_data, "pdf/cn_equipment_maker_quarterly_report_22p.pdf").tables
    cells = {
        shown(cell).replace(",", "") for table in tables for column in table.raw.columns for cell in head(column, 500)
    }
    for value in expect["values"].values():
        assert f"{value:.2f}" in cells or str(value) in cells, value


def test_a_long_table_is_one_table_with_one_header(reference_data: Path) -> None:
    expect = _expected(reference_data, "pdf/long_table_16p_warn_report.pdf")
    detail, summary = _read(reference_data, "pdf/long_table_16p_warn_report.pdf").tables
    assert len(detail.columns) == expect["detail_columns"]
    assert [_cell(detail, 0, k) for k in range(7)] == expect["first_row"]
    assert sum(int(shown(cell)) for cell in head(summary.raw.columns[1], 50)) == expect["summary_total"]["notices"]
    total = sum(int(shown(cell).replace(",", "")) for cell in head(summary.raw.columns[2], 50))
    assert total == expect["summary_total"]["employees"]


def test_totals_are_no_state_and_drawings_are_no_tables(reference_data: Path) -> None:
    (table,) = _read(reference_data, "pdf/dense_table_totals_row_nics.pdf").tables
    assert len(table.columns) == 25
    names = [shown(cell) for cell in head(table.raw.columns[0], 100)]
    assert len(names) == 55
    assert not any("Total" in name for name in names)
    handbook = _read(reference_data, "pdf/faa_maintenance_handbook_1p.pdf")
    assert len(handbook.tables) == 0


def _cells_of(texts: Iterable[object]) -> Counter[str]:
    return Counter(word for text in texts if (word := re.sub(r"\s+", "", str(text or "")).lower()))


def _f1(found: Counter[str], truth: Counter[str]) -> float:
    return 2 * (found & truth).total() / (found.total() + truth.total())


@pytest.mark.parametrize(
    ("name", "least"), [("icdar_us-018", 0.98), ("icdar_us-024", 0.97), ("icdar_us-026", 0.99), ("icdar_eu-015", 0.99)]
)
def test_competition_tables_are_read_at_least_as_well_as_by_the_plain_library(
    reference_data: Path, name: str, least: float, record_property: Callable[[str, object], None]
) -> None:
    folder = reference_data / "real" / "pdf"
    cells = ElementTree.parse(folder / f"{name}-truth.xml").getroot().iter("cell")
    truth = _cells_of(cell.findtext("content") for cell in cells)
    data = (folder / f"{name}.pdf").read_bytes()
    ours = _cells_of(cell for grid in page_grids(data) for row in grid.rows for cell in row)
    with pdfplumber.open(io.BytesIO(data)) as pdf:
        plain = _cells_of(c for page in pdf.pages for table in page.extract_tables() for row in table for c in row)
    record_property("cell_f1", _f1(ours, truth))
    assert _f1(ours, truth) >= max(least, _f1(plain, truth))


def test_passwords_restrictions_and_damage(reference_data: Path) -> None:
    assert _read(reference_data, "pdf/encrypted_password_test.pdf", "test").facts["pages"] == 4
    restricted = _read(reference_data, "pdf/owner_restricted_41p.pdf")
    assert (restricted.facts["pages"], restricted.facts["needs_password"]) == (41, False)
    malformed = _read(reference_data, "pdf/malformed_issue932.pdf")
    assert malformed.facts["pages"] == 1
    assert malformed.facts["text_chars"] <= 20  # type: ignore[operator]  # facts are plain numbers


def test_sheets_keep_their_cells(reference_data: Path) -> None:
    numbers = _table(reference_data, "sheets/big_numbers.xlsx")
    cells = [_cell(numbers, row, column) for row in range(2) for column in range(2)]
    assert cells == _expected(reference_data, "sheets/big_numbers.xlsx")["values"]
    for name in ("sheets/date_formats.xls", "sheets/date_formats.xlsx"):
        dates = _table(reference_data, name)
        assert [_cell(dates, row, 0) for row in range(2)] == _expected(reference_data, name)["dates"]
    cups = _table(reference_data, "sheets/utf16_bom.csv")
    assert [column.header for column in cups.columns] == _expected(reference_data, "sheets/utf16_bom.csv")["header"]
    assert cups.raw.title == "Stanley Cups"
    ducks = _table(reference_data, "sheets/title_above_table.xlsx")
    assert [column.header for column in ducks.columns] == ["Year", "Freshwater Ducks"]
    assert ducks.apply()["row"].tolist() == [5, 6, 7, 8, 9, 10]
    names = _table(reference_data, "sheets/japanese_phonetic_runs.xlsx")
    assert _cell(names, 0, 1) == "豊田"


def test_customers_are_not_read_into_a_plant(reference_data: Path) -> None:
    table = _table(reference_data, "sheets/semicolon.csv")
    assert (table.facts["rows"], len(table.columns)) == (5, 12)
    personal = {one.header for one in table.dropped if one.reason == "personal"}
    assert {"First Name", "Last Name", "Phone 1", "Phone 2", "Email"} <= personal
    assert all(column.field is None for column in table.columns)


def test_a_header_too_short_is_reported(reference_data: Path) -> None:
    codes = {one.code for one in _table(reference_data, "sheets/inconsistent_header.csv").findings}
    assert "header_shorter" in codes


def test_half_year_report_gives_one_table_for_each_block(reference_data: Path) -> None:
    read = _read(reference_data, "sheets/half_year_by_segment.xlsx")
    assert {table.place for table in read.tables} == {
        "OS-Rev.and results 30 06 2023", "OS-Other information 30 06 2023", "Prod.Rev.and results 30 06 2023",
        "Prod.-Other inform. 30 06 23", "Reconciliation 30 06 2023",
    }  # fmt: skip
    first = read.tables[0]
    assert first.facts["rows"] == 9
    assert _cell(first, 0, 0) == "Zone NA"
