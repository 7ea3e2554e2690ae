"""One stop log and one output table, written in every way that plants write them: the figures stay the same."""

from __future__ import annotations

import datetime as dt
import io
import json
import random
from collections.abc import Callable, Sequence
from typing import Any

import openpyxl
import pytest

from templates.files import open_tables
from templates.mapping import understand

MACHINES = ("灌装机", "旋盖机", "贴标机")
HEAD = ("设备名称", "开始时间", "结束时间", "停机原因")
_draw = random.Random(3)


def _events() -> list[tuple[str, dt.datetime, dt.datetime, str]]:
    at, found = dt.datetime(2026, 1, 13, 6, 0), []
    for number in range(24):
        at += dt.timedelta(minutes=_draw.randint(60, 400))
        end = at + dt.timedelta(minutes=_draw.randint(2, 200))
        found.append((MACHINES[number % 3], at, end, ("卡料", "电机故障", "缺瓶", "清洗")[number % 4]))
    return found


EVENTS = _events()
TOTAL = sum((end - start).total_seconds() for _, start, end, _ in EVENTS)
Moment = Callable[[dt.datetime], str]
Length = Callable[[dt.timedelta], object]


def iso(at: dt.datetime) -> str:
    return at.strftime("%Y-%m-%d %H:%M:%S")


ROWS = [(name, iso(start), iso(end), why) for name, start, end, why in EVENTS]


def text(head: Sequence[str], rows: Sequence[Sequence[object]], separator: str = ",") -> str:
    return "\n".join([separator.join(head), *(separator.join(map(str, row)) for row in rows)]) + "\n"


PLAIN = text(HEAD, ROWS)
TRADITIONAL = str.maketrans("灌装机旋盖贴标设备称开时间结束停因电障", "灌裝機旋蓋貼標設備稱開時間結束停因電障")


def read(data: bytes | str, name: str = "x.csv", *, rows: int = 24, kind: str = "stops", tables: int = 1) -> Any:
    understood = understand(open_tables(data.encode() if isinstance(data, str) else data, name))
    assert len(understood.tables) == tables, [table.kind for table in understood.tables]
    (table,) = [table for table in understood.tables if table.kind == kind]
    assert table.facts["rows"] == rows
    return table


def same(data: bytes | str, name: str = "x.csv", **more: Any) -> None:
    """The log is understood: as many rows and machines, the same first moment, the same hours."""
    facts = read(data, name, **more).facts
    assert facts["machines"] == 3
    assert facts["total_downtime_s"] == pytest.approx(TOTAL, rel=1e-4)
    assert str(facts["first"])[:16] == EVENTS[0][1].isoformat()[:16]


@pytest.mark.parametrize(
    "encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "gb18030", "gbk"]
)
def test_encodings(encoding: str) -> None:
    same(PLAIN.encode(encoding))


@pytest.mark.parametrize("encoding", ["utf-8", "big5"])
def test_traditional_characters(encoding: str) -> None:
    same(PLAIN.translate(TRADITIONAL).replace("卡料", "卡料").encode(encoding, "replace"))


@pytest.mark.parametrize("separator", [";", "\t", "|", "，"])
def test_separators(separator: str) -> None:
    same(text(HEAD, ROWS, separator).encode("gb18030"))


ROUND_THE_TABLE = {
    "sep line": "sep=;\n" + text(HEAD, ROWS, ";"),
    "trailing separators": "\r\n".join(line + ",," for line in PLAIN.splitlines()),
    "old line ends": PLAIN.replace("\n", "\r"),
    "titles": "停机记录表\n车间：一车间\n日期：2026年1月\n编制：设备部\n\n" + PLAIN,
    "comments": "# exported by MES\n# version 3\n" + PLAIN,
    "header on every page": text(HEAD, ROWS[:12]) + text(HEAD, ROWS[12:]),
    "total": PLAIN + f"合计,,,{TOTAL / 60}\n",
    "signatures": PLAIN + "\n制表：张三,,,\n审核：李四\n",
    "two-row header": "设备,停机,,原因\n,开始,结束,\n" + PLAIN.split("\n", 1)[1],
    "both languages": text(("设备/Machine", "开始/Start time", "结束/End time", "原因/Reason"), ROWS),
    "snake case": text(("machine_id", "stop_start_ts", "stop_end_ts", "reason_code"), ROWS),
    "camel case": text(("MachineName", "StartTime", "EndTime", "StopReason"), ROWS),
    "numbered": text(("序号", *HEAD), [(number, *row) for number, row in enumerate(ROWS)]),
    "group labels": text(
        HEAD,
        [
            (name if number % 8 == 0 else "", iso(start), iso(end), why)
            for number, (name, start, end, why) in enumerate(sorted(EVENTS))
        ],
    ),
}


@pytest.mark.parametrize("name", ROUND_THE_TABLE)
def test_what_stands_around_the_table(name: str) -> None:
    same(ROUND_THE_TABLE[name])


def _minutes(length: dt.timedelta) -> int:
    return int(length.total_seconds() / 60)


LENGTHS: dict[str, tuple[str, Length]] = {
    "h:mm": ("停机时长", lambda d: f"{_minutes(d) // 60}:{_minutes(d) % 60:02}"),
    "h:mm full width": ("停机时长", lambda d: f"{_minutes(d) // 60}：{_minutes(d) % 60:02}"),
    "hh:mm:ss": ("停机时长", lambda d: f"{_minutes(d) // 60:02}:{_minutes(d) % 60:02}:00"),
    "小时分钟": ("停机时长", lambda d: f"{_minutes(d) // 60}小时{_minutes(d) % 60}分钟"),
    "小時分鐘": ("停機時長", lambda d: f"{_minutes(d) // 60}小時{_minutes(d) % 60}分鐘"),
    "个小时": ("停机时长", lambda d: f"{_minutes(d) // 60}个小时{_minutes(d) % 60}分钟0秒"),
    "h m": ("Downtime", lambda d: f"{_minutes(d) // 60}h{_minutes(d) % 60}m"),
    "hours minutes": ("Downtime", lambda d: f"{_minutes(d) // 60} hours {_minutes(d) % 60} minutes"),
    "minutes": ("Downtime", lambda d: f"{_minutes(d)} min"),
    "iso": ("Downtime", lambda d: f"PT{_minutes(d) // 60}H{_minutes(d) % 60}M"),
    "pandas": ("Downtime", lambda d: f"0 days {_minutes(d) // 60:02}:{_minutes(d) % 60:02}:00.000000000"),
    "header minutes": ("停机时长/min", _minutes),
    "header hours": ("停机时长（小时）", lambda d: f"{d.total_seconds() / 3600:.5f}"),
    "header seconds": ("停机时间 秒", lambda d: f"{d.total_seconds():.0f}"),
    "thousands": ("Downtime (sec)", lambda d: f'"{d.total_seconds():,.0f}"'),
}


@pytest.mark.parametrize("name", LENGTHS)
def test_lengths_of_time(name: str) -> None:
    head, written = LENGTHS[name]
    same(text(("设备", "开始时间", head), [(who, iso(start), written(end - start)) for who, start, end, _ in EVENTS]))


def test_a_sum_below_the_table_without_a_word() -> None:
    rows = [(name, iso(start), _minutes(end - start)) for name, start, end, _ in EVENTS]
    same(text(("设备", "开始时间", "停机时长(分钟)"), [*rows, ("", "", int(TOTAL / 60))]))


def test_subtotals_by_machine() -> None:
    rows: list[tuple[object, ...]] = []
    for machine in MACHINES:
        mine = [(who, iso(start), _minutes(end - start)) for who, start, end, _ in EVENTS if who == machine]
        rows += [*mine, ("小计", "", sum(int(str(row[2])) for row in mine))]
    same(text(("设备", "开始时间", "停机时长(分钟)"), [*rows, ("总计", "", TOTAL / 60)]))


MOMENTS: dict[str, Moment] = {
    "slashes": lambda x: f"{x.year}/{x.month}/{x.day} {x.hour}:{x.minute:02}",
    "年月日": lambda x: f"{x.year}年{x.month}月{x.day}日 {x.hour}时{x.minute}分",
    "年月日点": lambda x: f"{x.year}年{x.month}月{x.day}日{x.hour}点{x.minute:02}分",
    "dots": lambda x: x.strftime("%d.%m.%Y %H:%M"),
    "named month": lambda x: x.strftime("%d-%b-%Y %H:%M"),
    "American": lambda x: x.strftime("%m/%d/%Y %I:%M:%S %p"),
    "British": lambda x: x.strftime("%d/%m/%y %H:%M"),
    "zulu": lambda x: x.strftime("%Y-%m-%dT%H:%M:%SZ"),
    "offset": lambda x: (x + dt.timedelta(hours=8)).strftime("%Y-%m-%dT%H:%M:%S+08:00"),
    "packed": lambda x: x.strftime("%Y%m%d%H%M%S"),
    "packed day": lambda x: x.strftime("%Y%m%d %H:%M"),
    "half days": lambda x: f"{x:%Y/%m/%d} {'上午' if x.hour < 12 else '下午'}{(x.hour - 1) % 12 + 1}:{x.minute:02}",
    "serial": lambda x: f"{(x - dt.datetime(1899, 12, 30)).total_seconds() / 86400:.8f}",
    "epoch": lambda x: str(int((x - dt.datetime(1970, 1, 1)).total_seconds() * 1000)),
    "full width": lambda x: iso(x).translate(str.maketrans("0123456789:-", "０１２３４５６７８９：－")),
    "long": lambda x: x.strftime("%A, %B %d, %Y %H:%M"),
    "Unix": lambda x: x.strftime("%a %b %d %H:%M:%S %Y"),
    "weekday": lambda x: f"{x:%Y-%m-%d} 星期{'一二三四五六日'[x.weekday()]} {x:%H:%M}",
}


@pytest.mark.parametrize("name", MOMENTS)
def test_moments(name: str) -> None:
    written = MOMENTS[name]
    rows = [(who, f'"{written(start)}"', f'"{written(end)}"') for who, start, end, _ in EVENTS]
    same(text(("设备", "开始时间", "结束时间"), rows))


@pytest.mark.parametrize("once", [False, True])
def test_clock_times_beside_a_day(once: bool) -> None:
    rows, before = [], None
    for who, start, end, why in EVENTS:
        day = "" if once and start.date() == before else start.strftime("%Y-%m-%d")
        rows.append((day, who, start.strftime("%H:%M"), end.strftime("%H:%M"), why))
        before = start.date()
    table = read(text(("日期", "设备", "开始", "结束", "原因"), rows))
    assert table.facts["total_downtime_s"] == pytest.approx(TOTAL)
    assert ("filled_down" in {one.code for one in table.findings}) == once


def test_objects_within_objects() -> None:
    records = [dict(zip(("machine", "start", "end", "reason"), row, strict=True)) for row in ROWS]
    same(json.dumps({"status": "ok", "data": {"items": records}}), "x.json")
    same("\n".join(json.dumps(dict(zip(HEAD, row, strict=True)), ensure_ascii=False) for row in ROWS), "x.ndjson")


# --- workbooks -------------------------------------------------------------------------------------------------------


def book(*blocks: tuple[int, int, Sequence[Sequence[object]]]) -> bytes:
    """A workbook with blocks of rows at (row, column) of its only sheet."""
    workbook = openpyxl.Workbook()
    for top, left, rows in blocks:
        for row, cells in enumerate(rows):
            for column, value in enumerate(cells):
                if value not in ("", None):
                    workbook.active.cell(top + row, left + column, value)
    buffer = io.BytesIO()
    workbook.save(buffer)
    return buffer.getvalue()


LIST = [["设备名称", "理论节拍(s)", "缓存"], *([name, 5, 10] for name in MACHINES)]
SHEETS = {
    "plain": (book((1, 1, [HEAD, *EVENTS])), 1),
    "offset": (book((5, 3, [HEAD, *EVENTS])), 1),
    "below": (book((1, 1, [["设备参数"], *LIST]), (8, 1, [["停机记录"], HEAD, *EVENTS])), 2),
    "beside": (book((1, 1, LIST), (1, 6, [HEAD, *EVENTS])), 2),
    "day and clock": (
        book((1, 1, [["设备", "日期", "开始", "结束"], *([w, s.date(), s.time(), e.time()] for w, s, e, _ in EVENTS)])),
        1,
    ),
    "lengths": (book((1, 1, [["设备", "开始", "停机时长"], *([w, s, e - s] for w, s, e, _ in EVENTS)])), 1),
}


@pytest.mark.parametrize("name", SHEETS)
def test_workbooks(name: str) -> None:
    data, tables = SHEETS[name]
    same(data, "x.xlsx", tables=tables)


# --- days as columns -------------------------------------------------------------------------------------------------

DAYS = [dt.date(2026, 1, day) for day in range(5, 15)]
MADE = [[100 + 10 * machine + day for day in range(10)] for machine in range(3)]
SUM = float(sum(map(sum, MADE)))


def _by_machine(head: Sequence[object], *above: Sequence[object]) -> list[list[object]]:
    return [*map(list, above), ["设备", *head], *([name, *made] for name, made in zip(MACHINES, MADE, strict=True))]


def _twice(pairs: Callable[[int], tuple[int, int]], names: tuple[str, str]) -> list[list[object]]:
    over: list[object] = ["设备", *(part for day in DAYS for part in (day.isoformat(), ""))]
    rows: list[list[object]] = [over, ["", *(names * 10)]]
    rows += [
        [name, *(part for value in made for part in pairs(value))] for name, made in zip(MACHINES, MADE, strict=True)
    ]
    return rows


SPREAD = {
    "dates": _by_machine([dt.datetime(day.year, day.month, day.day) for day in DAYS]),
    "texts": _by_machine([day.isoformat() for day in DAYS]),
    "month and day": _by_machine([f"{day.month}月{day.day}日" for day in DAYS], ["2026年1月产量统计"]),
    "day only": _by_machine([day.day for day in DAYS], ["2026年1月产量统计表"]),
    "日 only": _by_machine([f"{day.day}日" for day in DAYS], ["2026年1月产量"]),
    "pairs": _by_machine([f"{day.month}/{day.day}" for day in DAYS], ["Output, January 2026"]),
    "turned": [
        ["各设备产量统计"],
        ["日期", *MACHINES, "合计"],
        *([day.isoformat(), *(made[k] for made in MADE), sum(made[k] for made in MADE)] for k, day in enumerate(DAYS)),
    ],
    "two measures": _twice(lambda value: (value, value - 1), ("产量", "合格数")),
    "two shifts": _twice(lambda value: (value - 1, 1), ("白班", "夜班")),
    "measures in rows": [
        ["设备", "项目", *(day.isoformat() for day in DAYS)],
        *(
            row
            for name, made in zip(MACHINES, MADE, strict=True)
            for row in ([name, "产量", *made], [name, "合格数", *(value - 1 for value in made)])
        ),
    ],
}


@pytest.mark.parametrize("name", SPREAD)
def test_days_as_columns(name: str) -> None:
    understood = understand(open_tables(book((1, 1, SPREAD[name])), "产量统计.xlsx"))
    (table,) = understood.tables
    assert table.kind == "counts"
    assert table.facts["machines"] == 3
    assert table.facts["net_quantity"] == SUM
    assert str(table.facts["first"]).startswith("2026-01-05")
    assert str(table.facts["last"]).startswith("2026-01-1")
    if "measures" in name:
        assert table.facts["good_quantity"] == SUM - 30


def test_a_row_of_counting_numbers_is_no_header() -> None:
    rows = [["M1", 1, 2, 3, 4, 5], ["M2", 2, 3, 4, 5, 6]]
    (table,) = understand(open_tables(book((1, 1, rows)), "x.xlsx")).tables
    assert len(table.raw) == 2
