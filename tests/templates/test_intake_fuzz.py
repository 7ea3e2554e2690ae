"""Whatever the bytes: tables or a refusal, never another error; and the figures of a clean file survive its writing."""

from __future__ import annotations

import csv
import io
import json
from datetime import UTC, datetime, timedelta

import numpy as np
import openpyxl
import pikepdf
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from templates.bulk_times import in_bulk
from templates.cells import fold
from templates.durations import one_duration
from templates.figures import decimal_comma, one_number
from templates.files import FileRefused, open_tables
from templates.mapping import understand
from templates.names import clusters, key_of
from templates.times import times
from templates.zones import to_epoch

QUIET = settings(deadline=None, max_examples=120, suppress_health_check=list(HealthCheck))
LONG = settings(deadline=None, max_examples=1500, suppress_health_check=list(HealthCheck))


def survives(data: bytes, name: str) -> None:
    """Reading gives tables or a refusal; what was read is plain JSON."""
    try:
        read = understand(open_tables(data, name))
    except FileRefused as refused:
        assert refused.code
        assert refused.remedy
        return
    text = json.dumps(read.to_json(), allow_nan=False)
    assert len(text) > 2
    for table in read.tables:
        for column in table.apply().values():
            assert len(column) == len(table.raw)


def _seed_xlsx() -> bytes:
    made = openpyxl.Workbook()
    made.active.append(["Machine", "Start", "End", "Reason"])
    made.active.append(["M1", datetime(2026, 1, 5, 8), datetime(2026, 1, 5, 9), "jam"])
    out = io.BytesIO()
    made.save(out)
    return out.getvalue()


def _seed_pdf() -> bytes:
    made = pikepdf.new()
    made.add_blank_page(page_size=(300, 300))
    lines = "".join(f"{x} 50 m {x} 250 l S " for x in (50, 150, 250)) + "".join(
        f"50 {y} m 250 {y} l S " for y in (50, 150, 250)
    )
    font = pikepdf.Dictionary(Type=pikepdf.Name.Font, Subtype=pikepdf.Name.Type1, BaseFont=pikepdf.Name.Helvetica)
    made.pages[0].Resources = pikepdf.Dictionary(Font=pikepdf.Dictionary(F1=font))
    words = "".join(
        f"BT /F1 10 Tf {x} {y} Td ({text}) Tj ET " for x, y, text in ((60, 200, "Machine"), (160, 200, "Buffer"), (60, 100, "M1"), (160, 100, "5"))
    )  # fmt: skip
    made.pages[0].Contents = made.make_stream((lines + words).encode())
    out = io.BytesIO()
    made.save(out)
    return out.getvalue()


SEEDS = {
    "stops.csv": "设备,开始时间,结束时间,停机原因\nM1,2026-01-05 08:00,2026-01-05 08:10,卡料\n".encode("gb18030"),
    "stops.xlsx": _seed_xlsx(),
    "list.pdf": _seed_pdf(),
    "plan.dxf": b"  0\nSECTION\n  2\nENTITIES\n  0\nLINE\n  8\n0\n 10\n0.0\n 20\n0.0\n 11\n1.0\n 21\n1.0\n  0\nENDSEC\n  0\nEOF\n",
    "log.json": b'[{"machine": "M1", "start": "2026-01-05T08:00:00", "end": 5, "x": {"y": [1, null]}}]',
}


def test_the_seeds_are_read() -> None:
    for name, data in SEEDS.items():
        assert len(open_tables(data, name).tables) == 1, name


def _mutated(data: bytes, edits: list[tuple[int, int, bytes]]) -> bytes:
    out = bytearray(data)
    for place, length, piece in edits:
        at = place % (len(out) + 1)
        out[at : at + length] = piece
    return bytes(out)


EDITS = st.lists(st.tuples(st.integers(0, 10**6), st.integers(0, 40), st.binary(max_size=40)), min_size=1, max_size=6)


@pytest.mark.parametrize("name", SEEDS)
@QUIET
@given(edits=EDITS)
def test_damaged_files_are_tables_or_refusals(name: str, edits: list[tuple[int, int, bytes]]) -> None:
    survives(_mutated(SEEDS[name], edits), name)


@pytest.mark.slow
@pytest.mark.parametrize("name", SEEDS)
@LONG
@given(edits=EDITS)
def test_damaged_files_for_long(name: str, edits: list[tuple[int, int, bytes]]) -> None:
    survives(_mutated(SEEDS[name], edits), name)


CELLS = st.one_of(
    st.text(max_size=12),
    st.sampled_from(
        ["", "M1", "合计", "Total", "2026-01-05", "03/04/2026", "1,234", "5 min", "—", "=1+1", '"', "8:00"]
    ),
    st.integers(-(10**12), 10**12).map(str),
)


@QUIET
@given(
    rows=st.lists(st.lists(CELLS, min_size=1, max_size=7), min_size=1, max_size=12),
    separator=st.sampled_from([",", ";", "\t", "|"]),
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "gb18030", "utf-16", "cp1252"]),
)
def test_any_small_text_table(rows: list[list[str]], separator: str, encoding: str) -> None:
    out = io.StringIO()
    csv.writer(out, delimiter=separator).writerows(rows)
    survives(out.getvalue().encode(encoding, errors="ignore"), "table.csv")


@QUIET
@given(data=st.binary(max_size=400))
def test_any_bytes(data: bytes) -> None:
    survives(data, "x.csv")


@settings(deadline=None, max_examples=40)
@given(
    stops=st.lists(
        st.tuples(
            st.sampled_from(["M1", "Filler 2", "三号机"]),
            st.integers(0, 180 * 1440),
            st.integers(1, 600),
            st.sampled_from(["jam", "no parts, waiting", '"quoted"', "卡料"]),
        ),
        min_size=3,
        max_size=25,
    ),
    style=st.sampled_from(["%Y-%m-%d %H:%M", "%Y/%m/%d %H:%M:%S", "%d.%m.%Y %H:%M", "%Y年%m月%d日 %H:%M"]),
    separator=st.sampled_from([",", ";", "\t"]),
    encoding=st.sampled_from(["utf-8-sig", "gb18030", "utf-16"]),
)
def test_what_was_written_is_what_is_read(
    stops: list[tuple[str, int, int, str]], style: str, separator: str, encoding: str
) -> None:
    base = datetime(2026, 1, 1, tzinfo=UTC)
    out = io.StringIO()
    writer = csv.writer(out, delimiter=separator)
    writer.writerow(["设备", "开始时间", "结束时间", "停机原因"])
    for name, start, minutes, reason in stops:
        begin = base + timedelta(minutes=start)
        writer.writerow([name, begin.strftime(style), (begin + timedelta(minutes=minutes)).strftime(style), reason])
    (table,) = understand(open_tables(out.getvalue().encode(encoding), "停机.csv")).tables
    typed = table.apply()
    assert typed["station"].tolist() == [name for name, *_ in stops]
    assert typed["reason"].tolist() == [reason for *_, reason in stops]
    assert typed["started_at"].tolist() == [base.timestamp() + 60 * start for _, start, *_ in stops]
    assert table.facts["total_downtime_s"] == 60 * sum(minutes for _, _, minutes, _ in stops)


@given(st.floats(-1e9, 1e9, allow_nan=False).map(lambda x: round(x, 3)), st.booleans())
def test_numbers_survive_either_way_of_writing(value: float, comma: bool) -> None:
    text = f"{value:,.3f}"
    if comma:
        text = text.replace(",", "_").replace(".", ",").replace("_", ".")
    seen, _ = decimal_comma([text, "1234567,5" if comma else "1234567.5"])
    assert seen == comma
    read = one_number(text, comma=comma)
    assert read is not None
    assert read[0] == pytest.approx(value, abs=1e-6)


@given(st.integers(0, 10**6))
def test_lengths_survive_every_way_of_writing(seconds: int) -> None:
    hours, rest = divmod(seconds, 3600)
    minutes, second = divmod(rest, 60)
    ways = [
        f"{hours}:{minutes:02d}:{second:02d}", f"{hours}小时{minutes}分{second}秒", f"{hours} h {minutes} min {second} s",
        f"PT{hours}H{minutes}M{second}S", f"{seconds}s", f"{seconds // 86400} days {seconds % 86400 // 3600:02d}:{minutes:02d}:{second:02d}",
    ]  # fmt: skip
    for text in ways:
        assert one_duration(text) == (seconds, False), text


@given(st.text(max_size=30))
def test_folding_is_stable(text: str) -> None:
    assert fold(fold(text)) == fold(text)


@given(
    st.datetimes(datetime(1990, 1, 1), datetime(2080, 1, 1)),
    st.sampled_from(["Europe/Berlin", "America/New_York", "Asia/Shanghai", "Australia/Lord_Howe", "UTC"]),
)
def test_local_times_go_to_the_right_instant(moment: datetime, zone: str) -> None:
    from zoneinfo import ZoneInfo

    moment = moment.replace(microsecond=0)
    local = np.array([(moment - datetime(1970, 1, 1)).total_seconds()])
    epoch, _, missing = to_epoch(local, np.array([False]), zone)
    there = datetime.fromtimestamp(epoch[0], tz=ZoneInfo(zone)).replace(tzinfo=None)
    if missing[0]:
        assert timedelta() < there - moment <= timedelta(hours=2)
    else:
        assert there == moment


@given(
    st.lists(st.dates(datetime(1990, 1, 1).date(), datetime(2080, 1, 1).date()), min_size=1, max_size=8), st.booleans()
)
def test_days_are_never_turned_round_in_silence(days: list[object], first: bool) -> None:
    style = "%d/%m/%Y" if first else "%m/%d/%Y"
    read = times([day.strftime(style) for day in days])
    for value, day in zip(read.values, days, strict=True):
        if not np.isnan(value):
            assert value == (datetime(day.year, day.month, day.day) - datetime(1970, 1, 1)).total_seconds()
    if np.isnan(read.values).any():
        assert read.unclear


STYLES = (
    "%Y/%m/%d %H:%M", "%Y-%m-%d %H:%M:%S", "%d.%m.%Y %H:%M", "%m/%d/%y %I:%M %p", "%d/%m/%Y", "%m/%d/%Y %H:%M:%S",
)  # fmt: skip


@given(
    st.lists(st.none() | st.datetimes(datetime(1950, 1, 1), datetime(2060, 1, 1)), min_size=1, max_size=12),
    st.sampled_from(STYLES),
    st.sampled_from(["", "31/02/2025", "2025-13-01", "x"]),
    st.sampled_from([None, "dmy", "mdy"]),
)
def test_times_in_bulk_are_those_of_single_cells(
    moments: list[datetime | None], style: str, odd: str, order: str | None
) -> None:
    texts = [None if moment is None else moment.strftime(style) for moment in moments] + ([odd] if odd else [])
    quick = in_bulk(pa.chunked_array([pa.array(texts, pa.string())]), order=order)
    if quick is None:
        return
    slow = times(texts, order=order)
    for name in ("values", "bad", "absolute", "clock", "dated"):
        assert np.array_equal(getattr(quick, name), getattr(slow, name), equal_nan=name in {"values", "clock"}), name
    assert (quick.unclear, quick.mixed) == (slow.unclear, slow.mixed)


@given(st.integers(1, 400), st.integers(1, 400))
def test_machines_with_other_numbers_are_never_one(a: int, b: int) -> None:
    found = clusters({f"ZDHJ-{a}": 100, f"ZDHJ-{b}": 1} if a != b else {f"ZDHJ-{a}": 1})
    assert found == []
    assert (key_of(f"M-{a}") == key_of(f"m{b:04d}")) == (a == b)
