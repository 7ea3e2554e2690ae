"""What people really send us, and what we make of it: one small file for each habit."""

from __future__ import annotations

import io
from datetime import UTC, datetime, time, timedelta
from pathlib import Path

import jsonschema
import numpy as np
import openpyxl
import pytest

from templates.files import open_tables
from templates.mapping import KINDS, confirm, understand
from templates.node import DocumentError
from templates.reading import TableReading, Understanding
from templates.reading_schema import reading_schema


def reading(content: str | bytes, name: str = "stops.csv", **said: str) -> Understanding:
    data = content if isinstance(content, bytes) else content.encode()
    return understand(open_tables(data, name), **said)


def only(content: str | bytes, name: str = "stops.csv", **said: str) -> TableReading:
    (table,) = reading(content, name, **said).tables
    return table


def fields_of(table: TableReading) -> dict[str, str | None]:
    return {column.header: column.field for column in table.columns}


def codes(table: TableReading) -> set[str]:
    return {one.code for one in table.findings}


def at(text: str) -> float:
    return datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()


def workbook(*rows: list[object], merge: tuple[str, ...] = (), title: str = "Sheet1") -> bytes:
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.title = title
    for row in rows:
        sheet.append(row)
    for area in merge:
        sheet.merge_cells(area)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


STOPS_EN = """Machine,Start,End,Reason
M1,2026-01-05 08:00,2026-01-05 08:10,jam
M2,2026-01-05 09:00,2026-01-05 10:30,breakdown
"""
STOPS_ZH = """设备名称,停机开始时间,停机结束时间,停机原因
一号压机,2026-01-05 08:00,2026-01-05 08:10,卡料
二号压机,2026-01-05 09:00,2026-01-05 10:30,液压故障
"""


@pytest.mark.parametrize("content", [STOPS_EN, STOPS_ZH], ids=["en", "zh"])
def test_a_stop_log_is_understood_in_both_languages(content: str) -> None:
    table = only(content, "export.csv")
    assert table.kind == "stops"
    assert list(fields_of(table).values()) == ["station", "started_at", "ended_at", "reason"]
    assert table.facts["rows"] == table.facts["stops"] == table.facts["machines"] == 2
    assert table.facts["total_downtime_s"] == 6000
    assert table.facts["first"] == "2026-01-05T08:00:00+00:00"
    typed = table.apply()
    assert typed["row"].tolist() == [2, 3]
    assert typed["started_at"].tolist() == [at("2026-01-05T08:00:00"), at("2026-01-05T09:00:00")]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gbk", "gb18030", "utf-16", "utf-16-le", "utf-16-be"])
def test_any_encoding_of_a_chinese_file(encoding: str) -> None:
    opened = open_tables(STOPS_ZH.encode(encoding), "停机.csv")
    expected = {"gbk": "gb18030"}.get(encoding, encoding)
    assert opened.facts["encoding"] == expected
    assert understand(opened).tables[0].apply()["station"].tolist() == ["一号压机", "二号压机"]


def test_western_accents_are_not_taken_for_chinese() -> None:
    table = only("Anlage;Beginn;Ende;Grund\nPresse;05.01.2026 08:00;05.01.2026 08:10;Störung Öl\n".encode("cp1252"))
    assert table.apply()["reason"].tolist() == ["Störung Öl"]
    assert table.facts["total_downtime_s"] == 600


@pytest.mark.parametrize("separator", [",", ";", "\t", "|", "，"])
def test_any_separator(separator: str) -> None:
    assert only(STOPS_EN.replace(",", separator), "paste.txt").facts["total_downtime_s"] == 6000


def test_ten_pasted_rows_without_a_header_are_proposed_from_their_values() -> None:
    rows = [f"Press\t2026-01-{day:02d} 08:00\t2026-01-{day:02d} 08:2{day % 10}\tjam {day % 3}" for day in range(1, 11)]
    table = only("\n".join(rows), "paste.txt")
    assert table.kind == "stops"
    assert list(fields_of(table).values()) == ["station", "started_at", "ended_at", "reason"]
    assert all(column.confidence < 0.7 for column in table.columns)
    assert table.facts["rows"] == 10
    assert "header_missing" in codes(table)
    assert table.apply()["row"].tolist() == list(range(1, 11))


def test_columns_that_nobody_needs_are_dropped_and_listed() -> None:
    table = only("Machine,Start,End,Reason,Weather,SAP text\nM1,2026-01-05 08:00,2026-01-05 08:10,jam,rain,x\n")
    assert [(one.header, one.reason) for one in table.dropped] == [
        ("Weather", "not_needed"),
        ("SAP text", "not_needed"),
    ]
    assert set(table.apply()) == {"row", "station", "started_at", "ended_at", "reason"}


def test_personal_columns_are_dropped_whatever_they_are_called() -> None:
    table = only(
        "Machine,Start,End,Reason,Operator,Note A,Note B,Note C,Note D\n"
        "M1,2026-01-05 08:00,2026-01-05 08:10,jam,Li Na,13812345678,11010519491231002X,a@example.com,京A12345\n"
        "M1,2026-01-06 08:00,2026-01-06 08:10,call 13912345678,Wang W,13912345678,11010519491231002X,b@example.com,沪B12345\n"
    )
    assert {one.header for one in table.dropped if one.reason == "personal"} == {
        "Operator", "Note A", "Note B", "Note C", "Note D",
    }  # fmt: skip
    assert table.apply()["reason"].tolist() == ["jam", "call [phone]"]


# --- dates ------------------------------------------------------------------------------------------------------------


def log_of(*starts: str) -> str:
    return "Machine,Start,Minutes down\n" + "".join(f"M1,{start},5\n" for start in starts)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-01-05 08:00:00", "2026-01-05T08:00:00"),
        ("2026/1/5 8:00", "2026-01-05T08:00:00"),
        ("2026年1月5日 8:00", "2026-01-05T08:00:00"),
        ("2026年1月5日下午3时20分", "2026-01-05T15:20:00"),
        ("２０２６－０１－０５　０８：００", "2026-01-05T08:00:00"),
        ("05.01.2026 08:00", "2026-01-05T08:00:00"),
        ("1/13/26 8:00 PM", "2026-01-13T20:00:00"),
        ("13/1/2026 08:00", "2026-01-13T08:00:00"),
        ("5 Jan 2026 08:00", "2026-01-05T08:00:00"),
        ("20260105 080000", "2026-01-05T08:00:00"),
        ("2026-01-05T08:00:00+08:00", "2026-01-05T00:00:00"),
        ("46027.3333333333", "2026-01-05T08:00:00"),
        ("1767600000", "2026-01-05T08:00:00"),
        ("1767600000000", "2026-01-05T08:00:00"),
    ],
)
def test_dates_as_people_write_them(text: str, expected: str) -> None:
    table = only(log_of(text, text))
    assert table.apply()["started_at"] == pytest.approx([at(expected)] * 2, abs=0.01)


def test_a_date_that_could_be_either_way_is_asked_and_never_guessed() -> None:
    ambiguous = log_of("03/04/2026 08:00", "05/04/2026 08:00")
    table = only(ambiguous)
    assert "date_order_unclear" in codes(table)
    assert np.isnan(table.apply()["started_at"]).all()
    assert only(ambiguous, date_order="dmy").facts["first"] == "2026-04-03T08:00:00+00:00"
    assert only(ambiguous, date_order="mdy").facts["first"] == "2026-03-04T08:00:00+00:00"
    answered = confirm(table, {h: f for h, f in fields_of(table).items() if f}, date_order="dmy")
    assert answered.facts["first"] == "2026-04-03T08:00:00+00:00"
    assert "date_order_unclear" not in codes(answered)


def test_one_telling_date_decides_for_the_whole_table() -> None:
    table = only(
        "Machine,Start,End,Reason\nM1,03/04/2026 08:00,03/04/2026 08:10,a\nM1,05/06/2026 08:00,25/06/2026 08:10,a\n"
    )
    assert table.facts["first"] == "2026-04-03T08:00:00+00:00"
    assert "date_order_day" in codes(table)


def test_both_orders_in_one_column_are_refused_for_the_rows_in_doubt() -> None:
    table = only(log_of("13/04/2026 08:00", "04/13/2026 08:00", "03/04/2026 08:00"))
    assert "date_order_mixed" in codes(table)
    assert np.isnan(table.apply()["started_at"][2])


def test_clock_times_take_their_day_from_the_date_column_and_run_past_midnight() -> None:
    table = only("日期,设备,开始时间,结束时间,停机原因\n2026-01-05,M1,23:50,00:20,卡料\n2026-01-06,M1,8:00,8:05,卡料\n")
    assert table.facts["total_downtime_s"] == 35 * 60
    assert table.apply()["started_at"][0] == at("2026-01-05T23:50:00")


def test_days_without_a_year_take_it_from_the_title_or_are_asked() -> None:
    rows = "设备,日期,开始时间,结束时间,停机原因\nM1,1月5日,8:00,8:10,x\nM1,1月6日,9:00,9:10,x\n"
    assert only(rows, "停机2026.csv").facts["first"] == "2026-01-05T08:00:00+00:00"
    table = only(rows, "停机.csv")
    assert "year_missing" in codes(table)
    assert np.isnan(table.apply()["started_at"]).all()


def test_a_day_and_its_time_in_two_columns_are_one_moment() -> None:
    table = only(
        "Machine,Start Date,Start Time,End Date,End Time,Reason\nM1,05/01/2026,23:50,06/01/2026,00:10,jam\n"
        "M1,13/01/2026,08:00,13/01/2026,08:10,jam\n"
    )
    assert table.facts["total_downtime_s"] == 1800
    assert table.apply()["started_at"][0] == at("2026-01-05T23:50:00")
    data = workbook(
        ["设备", "开始日期", "开始时间", "结束日期", "结束时间", "停机原因"],
        ["M1", datetime(2026, 1, 5), time(23, 50), datetime(2026, 1, 6), time(0, 10), "x"],
    )
    assert only(data, "停机.xlsx").facts["total_downtime_s"] == 1200


def test_downtime_is_not_how_long_a_run_took() -> None:
    table = only(
        "Date,Machine,Planned production time (min),Downtime (min),Total pieces,Good pieces,Ideal cycle time (s)\n"
        "2026-03-01,M1,480,47,19271,18848,1.0\n"
    )
    assert table.kind == "counts"
    typed = table.apply()
    assert typed["duration_s"].tolist() == [28800.0]
    assert typed["started_at"].tolist() == typed["date"].tolist()
    assert "Downtime (min)" in {one.header for one in table.dropped}


def test_counts_by_day_have_the_day_as_their_period() -> None:
    typed = only("日期,设备,产量,合格数\n2026-01-05,M1,100,98\n", "产量.csv").apply()
    assert (typed["ended_at"] - typed["started_at"]).tolist() == [86400.0]


def test_a_plant_has_its_own_time_and_a_clock_change_is_reported() -> None:
    table = only(log_of("2026-10-25 02:30", "2026-03-29 02:30", "2026-07-01 12:00"), timezone="Europe/Berlin")
    assert {"clock_repeated", "clock_missing"} <= codes(table)
    assert table.apply()["started_at"].tolist() == [
        at("2026-10-25T00:30:00"), at("2026-03-29T01:00:00"), at("2026-07-01T10:00:00"),
    ]  # fmt: skip
    assert table.facts["last"] == "2026-10-25T02:30:00+02:00"


def test_an_unreadable_date_names_row_column_and_value() -> None:
    table = only(STOPS_EN + "M1,31.02.2026,2026-03-01 10:00,jam\n")
    (one,) = [one for one in table.findings if one.code == "time_unreadable"]
    assert (one.row, one.column, one.severity) == (4, "Start", "error")
    assert "31.02.2026" in one.message
    assert one.remedy


# --- lengths and numbers ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("header", "cell", "seconds"),
    [
        ("停机时长(分钟)", "12.5", 750),
        ("停机时长（小时）", "1.5", 5400),
        ("Downtime [min]", "90", 5400),
        ("Downtime (s)", "90", 90),
        ("Duration", "2 days 04:46:24.000000000", 189984),
        ("Duration", "1:30", 5400),
        ("Duration (mm:ss)", "1:30", 90),
        ("Duration", "6小时30分钟", 23400),
        ("Duration", "1小时半", 5400),
        ("Duration", "1 h 20 min", 4800),
        ("Duration", "PT1H30M", 5400),
        ("Duration", "90秒", 90),
        ("Downtime minutes", "15", 900),
        ("Downtime (min)", "1,5", 90),
    ],
)
def test_lengths_of_time(header: str, cell: str, seconds: float) -> None:
    table = only(f"Machine;Start;{header};Reason\n" + f"M1;2026-01-05 08:00;{cell};jam\n" * 3)
    assert fields_of(table)[header] == "duration_s"
    assert table.apply()["duration_s"].tolist() == [seconds] * 3


def test_a_length_without_unit_is_settled_by_the_times_or_asked() -> None:
    with_times = "Machine,Start,End,Duration,Reason\n" + "".join(
        f"M1,2026-01-0{day} 08:00,2026-01-0{day} 09:00,60,jam\n" for day in range(1, 6)
    )
    settled = only(with_times)
    assert settled.apply()["duration_s"].tolist() == [3600.0] * 5
    assert "unit_found" in codes(settled)
    alone = only("Machine,Start,Duration,Reason\nM1,2026-01-05 08:00,60,jam\n")
    assert "unit_missing" in codes(alone)
    asked = confirm(alone, {h: f for h, f in fields_of(alone).items() if f}, units={"Duration": "s"})
    assert asked.apply()["duration_s"].tolist() == [60.0]


def test_a_duration_that_disagrees_with_its_times_is_found() -> None:
    table = only("Machine,Start,End,Duration (min),Reason\nM1,2026-01-05 08:00,2026-01-05 09:00,30,jam\n")
    assert "duration_differs" in codes(table)
    assert table.facts["total_downtime_s"] == 3600


def test_decimal_commas_and_thousands() -> None:
    table = only(
        "Maschine;Beginn;Ende;Menge\nM1;05.01.2026 06:00;05.01.2026 14:00;1.234,5\nM1;13.01.2026 06:00;13.01.2026 14:00;900\n",
        "runs.csv",
        kind="runs",
    )
    assert table.apply()["made"].tolist() == [1234.5, 900.0]
    table = only("Maschine;Beginn;Ende;Menge\nM1;13.01.2026 06:00;13.01.2026 14:00;1,234\n", "runs.csv", kind="runs")
    mapping = {header: field for header, field in fields_of(table).items() if field}
    assert confirm(table, mapping).apply()["made"].tolist() == [1.234]
    assert table.apply({**mapping, "Ende": ""})["made"].tolist() == [1.234]
    table = only('Machine,Start,End,Qty\nM1,2026-01-05 06:00,2026-01-05 14:00,"1,234"\n', "runs.csv", kind="runs")
    assert table.apply()["made"].tolist() == [1234.0]
    assert "decimal_unclear" in codes(table)


def test_an_equipment_list_gives_seconds_a_part_and_fractions() -> None:
    table = only(
        "设备,理论节拍(秒),额定产能(件/小时),台数,缓存容量,废品率(%)\n冲压,44,,1,30,0.8\n焊接,46,,2,不限,1.5\n",
        "设备清单.csv",
    )
    assert table.kind == "equipment"
    typed = table.apply()
    assert typed["ideal_cycle_s"].tolist() == [44.0, 46.0]
    assert typed["servers"].tolist() == [1.0, 2.0]
    assert typed["buffer"].tolist() == [30.0, np.inf]
    assert typed["scrap"] == pytest.approx([0.008, 0.015])


@pytest.mark.parametrize(
    "text",
    [
        STOPS_EN.replace("\n", "\r"),
        (
            "| Machine | Start | End | Reason |\n|---|---|---|---|\n| M1 | 2026-01-05 08:00 | 2026-01-05 08:10 | jam |\n"
            "| M2 | 2026-01-05 09:00 | 2026-01-05 10:30 | breakdown |\n"
        ),
        (
            "Machine      Start               End                 Reason\n"
            "M1           2026-01-05 08:00    2026-01-05 08:10    jam\n"
            "M2           2026-01-05 09:00    2026-01-05 10:30    breakdown\n"
        ),
    ],
    ids=["old line ends", "markdown", "aligned"],
)
def test_tables_from_odd_places(text: str) -> None:
    table = only(text, "log.txt")
    assert (table.facts["rows"], table.facts["total_downtime_s"]) == (2, 6000)


def test_a_time_per_piece_is_a_unit() -> None:
    table = only("工位,节拍（秒/件）,在制品上限\n冲压,44,30\n焊接,46,20\n", "产线参数.csv")
    assert table.apply()["cycle_s"].tolist() == [44.0, 46.0]
    assert "unit_missing" not in codes(table)


def test_a_rate_becomes_a_cycle() -> None:
    table = only("Machine,Rated speed (pcs/h),Buffer\nFiller,1800,10\nCapper,30 pcs/min,5\n", "equipment.csv")
    assert table.apply()["ideal_cycle_s"].tolist() == [2.0, 2.0]


# --- shapes of sheets -------------------------------------------------------------------------------------------------


def test_a_title_above_a_two_row_header_and_a_totals_row_below() -> None:
    data = workbook(
        ["停机日报 2026年1月"],
        [],
        ["设备", "停机", None, "停机原因"],
        [None, "开始时间", "结束时间", None],
        ["M1", datetime(2026, 1, 5, 8), datetime(2026, 1, 5, 8, 10), "卡料"],
        ["M2", datetime(2026, 1, 5, 9), datetime(2026, 1, 5, 10, 30), "故障"],
        ["合计", None, None, "100 分钟"],
        merge=("A1:D1", "B3:C3", "A3:A4", "D3:D4"),
    )
    table = only(data, "停机.xlsx")
    assert list(fields_of(table)) == ["设备", "停机 / 开始时间", "停机 / 结束时间", "停机原因"]
    assert list(fields_of(table).values()) == ["station", "started_at", "ended_at", "reason"]
    assert table.facts["rows"] == 2
    assert table.apply()["row"].tolist() == [5, 6]
    assert "totals_left_out" in codes(table)
    assert table.name == "停机日报 2026年1月"


def test_a_form_with_its_head_lines_two_row_header_subtotal_and_signatures() -> None:
    data = workbook(
        ["某公司设备停机记录表"],
        ["部门：一车间", None, "填报人：张三", None, "日期：2026年3月"],
        ["序号", "设备名称", "停机时间", None, "停机原因", "备注"],
        [None, None, "起", "止", None, None],
        [1, "1#冲床", datetime(2026, 3, 1, 8), datetime(2026, 3, 1, 8, 30), "换模", None],
        [2, "2#冲床", datetime(2026, 3, 1, 9), datetime(2026, 3, 1, 9, 30), "故障", None],
        ["小计", None, None, None, "60分钟", None],
        [3, "1#冲床", datetime(2026, 3, 2, 8), datetime(2026, 3, 2, 8, 30), "换模", None],
        ["制表人：张三", None, None, "审核：李四", None, None],
        merge=("A1:F1", "C3:D3", "A3:A4", "B3:B4", "E3:E4", "F3:F4"),
    )
    table = only(data, "停机记录.xlsx")
    assert (table.kind, table.facts["rows"], table.facts["total_downtime_s"]) == ("stops", 3, 5400)
    assert table.apply()["row"].tolist() == [5, 6, 8]
    assert "张三" not in str(table.to_json())
    assert not [one for one in table.findings if one.severity == "error"]


def test_a_unit_row_below_the_header() -> None:
    table = only("Machine,Start,Downtime,Reason\n,,min,\nM1,2026-01-05 08:00,10,jam\nM1,2026-01-06 08:00,20,jam\n")
    assert table.facts["rows"] == 2
    assert table.facts["total_downtime_s"] == 1800


def test_several_tables_on_one_sheet() -> None:
    data = workbook(
        ["Equipment"],
        ["Machine", "Ideal cycle (s)", "Buffer"],
        ["M1", 10, 5],
        ["M2", 12, 0],
        [],
        ["Stop log"],
        ["Machine", "Start", "End", "Reason"],
        ["M1", datetime(2026, 1, 5, 8), datetime(2026, 1, 5, 9), "jam"],
        [],
        ["M2", datetime(2026, 1, 6, 8), datetime(2026, 1, 6, 9), "jam"],
    )
    equipment, stops = reading(data, "plant.xlsx").tables
    assert (equipment.kind, equipment.facts["rows"]) == ("equipment", 2)
    assert (stops.kind, stops.facts["rows"], stops.apply()["row"].tolist()) == ("stops", 2, [8, 10])


def test_excel_lengths_and_serial_days() -> None:
    data = workbook(
        ["Machine", "Start", "Duration", "Reason"],
        ["M1", 46027.5, timedelta(hours=30, minutes=5), "jam"],
        ["M1", 46028.5, timedelta(minutes=20), "jam"],
    )
    table = only(data, "stops.xlsx")
    assert table.facts["first"] == "2026-01-05T12:00:00+00:00"
    assert table.apply()["duration_s"] == pytest.approx([108300.0, 1200.0])


def test_dates_as_columns_become_rows() -> None:
    table = only(
        "设备,2026-01-05,2026-01-06,2026-01-07\n冲压,480,470,455\n焊接,450,440,430\n合计,930,910,885\n", "产量.csv"
    )
    assert table.kind == "counts"
    typed = table.apply()
    assert typed["made"].tolist() == [480, 470, 455, 450, 440, 430]
    assert typed["station"].tolist() == ["冲压"] * 3 + ["焊接"] * 3
    assert typed["date"][2] == at("2026-01-07T00:00:00")
    assert typed["row"].tolist() == [2, 2, 2, 3, 3, 3]
    assert table.facts["rows"] == 2
    assert "unpivoted" in codes(table)


def test_a_changeover_matrix_becomes_rows() -> None:
    table = only("from \\ to,A,B,C\nA,0,10,20\nB,12,0,15\nC,30,25,0\n", "changeover_min.csv")
    assert table.kind == "changeover"
    typed = table.apply()
    assert len(typed["duration_s"]) == 9
    assert list(zip(typed["from_product"], typed["to_product"], strict=True))[1] == ("A", "B")


def test_a_parameter_sheet_is_turned() -> None:
    table = only("参数,冲压,焊接,涂装\n理论节拍(秒),44,46,44\n台数,1,2,1\n缓存容量,30,25,40\n", "设备参数.csv")
    assert table.kind == "equipment"
    typed = table.apply()
    assert typed["station"].tolist() == ["冲压", "焊接", "涂装"]
    assert typed["ideal_cycle_s"].tolist() == [44.0, 46.0, 44.0]
    assert "turned" in codes(table)


def test_a_name_merged_over_several_rows_stands_in_each() -> None:
    data = workbook(
        ["设备", "开始时间", "结束时间", "停机原因"],
        ["M1", "2026/1/5 8:00", "2026/1/5 8:10", "x"],
        [None, "2026/1/6 8:00", "2026/1/6 8:10", "y"],
        ["M2", "2026/1/7 8:00", "2026/1/7 8:10", "z"],
        merge=("A2:A3",),
    )
    assert only(data, "停机.xlsx").apply()["station"].tolist() == ["M1", "M1", "M2"]


def sheets(named: dict[str, list[list[object]]]) -> bytes:
    book = openpyxl.Workbook()
    book.remove(book.active)
    for title, rows in named.items():
        sheet = book.create_sheet(title)
        for row in rows:
            sheet.append(row)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def test_a_sheet_for_each_month_is_one_log() -> None:
    head: list[object] = ["设备", "开始时间", "结束时间", "停机原因"]
    data = sheets({f"{m}月": [head, ["M1", datetime(2026, m, 5, 8), datetime(2026, m, 5, 9), "x"]] for m in (1, 2, 3)})
    table = only(data, "停机.xlsx")
    assert (table.kind, table.facts["rows"], table.facts["total_downtime_s"]) == ("stops", 3, 10800)
    assert "sheets_joined" in codes(table)
    assert "station_from_sheets" not in codes(table)


def test_a_sheet_for_each_line_names_the_machine() -> None:
    head: list[object] = ["Start", "End", "Reason"]
    data = sheets({f"Line {k}": [head, [datetime(2026, 1, k, 8), datetime(2026, 1, k, 9), "jam"]] for k in (1, 2)})
    table = only(data, "stops.xlsx")
    assert table.kind == "stops"
    assert table.apply()["station"].tolist() == ["Line 1", "Line 2"]


def test_a_header_shorter_than_its_rows_is_reported_with_its_row() -> None:
    (one,) = [one for one in only("1,2,3\n" + "a,b,c,d\n" * 4).findings if one.code == "header_shorter"]
    assert one.row == 1
    assert "4 columns" in one.message


def test_empty_columns_without_a_name_are_no_columns() -> None:
    rows = "".join(f"M1,2026-01-05 08:{k % 60:02d}:00,2026-01-05 09:00:00,jam,,\n" for k in range(6000))
    table = only("Machine,Start,End,Reason,,\n" + rows)
    assert [column.header for column in table.columns] == ["Machine", "Start", "End", "Reason"]
    assert table.facts["rows"] == 6000


def test_a_machine_is_named_rather_than_its_line_and_by_name_rather_than_number() -> None:
    table = only(
        "Line,Machine no,Machine name,Start,End,Reason\nL1,7,Filler,2026-01-05 08:00,2026-01-05 08:10,jam\n"
        "L1,8,Capper,2026-01-05 09:00,2026-01-05 09:10,jam\n"
    )
    assert table.apply()["station"].tolist() == ["Filler", "Capper"]
    assert table.apply()["site"].tolist() == ["L1", "L1"]


def test_a_repeated_header_is_no_data() -> None:
    assert only(STOPS_EN + STOPS_EN).facts["rows"] == 4


def test_headers_that_say_nothing_are_listed_and_named() -> None:
    table = only("foo,bar\n1,2\n3,4\n", "mystery.csv")
    assert table.kind is None
    assert [column.field for column in table.columns] == [None, None]
    assert "kind_unknown" in codes(table)


# --- rows -------------------------------------------------------------------------------------------------------------


def test_the_usual_faults_are_found_with_their_rows() -> None:
    table = only(
        "Machine,Start,End,Reason\n"
        "M1,2026-01-05 08:00,2026-01-05 08:30,jam\n"
        "M1,2026-01-05 08:10,2026-01-05 08:40,jam\n"
        "M1,2026-01-06 10:00,2026-01-06 09:00,jam\n"
        ",2026-01-07 10:00,2026-01-07 11:00,jam\n"
        "M1,2026-01-08 10:00,,jam\n"
    )
    rows = {(one.code, one.row) for one in table.findings}
    assert {("log_overlap", 3), ("log_end_before_start", 4), ("log_station_missing", 5), ("log_end_missing", 6)} <= rows
    assert table.facts["rows"] == 5
    assert table.facts["total_downtime_s"] == 2 * 1800 + 3600


def test_negative_durations_are_errors() -> None:
    table = only("Machine,Start,Duration (min),Reason\nM1,2026-01-05 08:00,-5,jam\nM1,2026-01-06 08:00,5,jam\n")
    assert ("negative", 2) in {(one.code, one.row) for one in table.findings}


def test_one_machine_in_several_spellings_is_one_and_different_numbers_are_not() -> None:
    names = ["ZDHJ-17", "ZDHJ一17", "zDHJ17", "ZDHJ-18", "ZDHJ-17"]
    rows = "".join(f"{name},2026-01-0{k + 1} 08:00,2026-01-0{k + 1} 08:10,jam\n" for k, name in enumerate(names))
    table = only("设备,开始时间,结束时间,停机原因\n" + rows)
    assert table.apply()["station"].tolist() == ["ZDHJ-17", "ZDHJ-17", "ZDHJ-17", "ZDHJ-18", "ZDHJ-17"]
    assert "names_alike" in codes(table)
    assert table.facts["machines"] == 2


def test_a_person_may_change_the_mapping() -> None:
    table = only("A,B,C,D\nM1,2026-01-05 08:00,2026-01-05 08:10,jam\n", "x.csv")
    mine = {"A": "station", "B": "started_at", "C": "ended_at", "D": ""}
    assert set(table.apply(mine)) == {"row", "station", "started_at", "ended_at"}
    again = confirm(table, mine, kind="stops")
    assert again.facts["total_downtime_s"] == 600
    first = again.columns[0]
    assert (first.field, first.confidence, first.why) == ("station", 1.0, "you")


def test_the_kind_that_a_person_names_is_taken_and_its_gaps_are_named() -> None:
    table = only("Machine,Note\nM1,x\n", kind="stops")
    assert table.kind == "stops"
    (one,) = [one for one in table.findings if one.code == "field_missing"]
    assert "started_at" in one.message


def test_an_unknown_kind_and_an_unknown_time_zone_are_refused() -> None:
    opened = open_tables(STOPS_EN.encode(), "x.csv")
    with pytest.raises(DocumentError, match="stop") as caught:
        understand(opened, kind="stop")
    assert "stops" in caught.value.remedy
    with pytest.raises(DocumentError, match="time zone"):
        understand(opened, timezone="Mars/Base")


def test_json_is_the_contract() -> None:
    plain = reading(STOPS_EN).to_json()
    assert list(plain) == ["file", "sha256", "facts", "tables", "findings"]
    (table,) = plain["tables"]  # type: ignore[misc]
    assert list(table) == ["name", "page_or_sheet", "kind", "columns", "facts"]
    assert list(table["columns"][0]) == ["header", "field", "unit", "confidence"]


def test_a_shift_calendar_keeps_the_time_of_day() -> None:
    table = only("班次,开始时间,结束时间,休息时间(分钟)\n早班,06:00,14:00,30\n中班,14:00,22:00,30\n", "班次.csv")
    assert table.apply()["started_at"].tolist() == [21600.0, 50400.0]
    assert not [one for one in table.findings if one.severity == "error"]


KIND_FILES = {
    "equipment": "Machine,Ideal cycle (s),Buffer\nM1,10,5\n",
    "stops": STOPS_EN,
    "counts": "日期,设备,产量,合格数\n2026-01-05,M1,100,98\n",
    "runs": "Line,Start,End,Quantity produced,Good quantity\nL1,2026-01-05 06:00,2026-01-05 14:00,100,98\n",
    "states": "Machine,State,From,To\nM1,running,2026-01-05 06:00,2026-01-05 07:00\n",
    "events": "Equipment,Rule ID,Start time,End time\nM1,R1,2026-01-05 06:00,2026-01-05 07:00\n",
    "work_orders": "Work order,Equipment,Work type,Finish,Labor hours\n1,M1,Preventive,2026-01-05 06:00,1:30\n",
    "routing": "Product,Operation no,Work center,Cycle time (s)\nA,10,M1,30\n",
    "changeover": "From product,To product,Changeover time (min)\nA,B,30\n",
    "calendar": "Shift,Weekday,Start time,End time\nEarly,Mon,06:00,14:00\n",
    "orders": "Order no,Product,Order quantity,Due date\n1,A,100,2026-01-31\n",
    "costs": "Cost item,Amount,Currency\nLicence,1000,EUR\n",
    "codes": "Alarm code,Meaning\nE01,Door open\n",
}


def test_an_alarm_log_is_no_code_list() -> None:
    table = only(
        "时间,设备,报警代码,报警内容\n2026-01-05 08:00:01,M1,E01,门未关\n2026-01-05 08:05:01,M1,E02,超温\n", "报警.csv"
    )
    assert table.kind == "events"
    assert {"started_at", "station", "code"} <= set(table.apply())


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "layout"])
def test_every_kind_is_recognised(kind: str) -> None:
    table = only(KIND_FILES[kind], "data.csv")
    assert table.kind == kind, fields_of(table)
    assert "field_missing" not in codes(table)


@pytest.mark.parametrize("kind", KIND_FILES)
def test_what_is_printed_keeps_to_its_schema(kind: str) -> None:
    jsonschema.validate(reading(KIND_FILES[kind], "data.csv").to_json(), reading_schema())


def test_the_guide_names_every_kind() -> None:
    guide = (Path(__file__).parents[2] / "docs" / "uploads.md").read_text(encoding="utf-8")
    assert [kind for kind in KINDS if kind not in guide] == []
