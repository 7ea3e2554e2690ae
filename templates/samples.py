"""Sample files of an invented plant, labelled as samples: 26 weeks of a line of five stations, in Chinese and English.

The files under `templates/uploads/samples` are made by this module (a test keeps them alike): a stop log, an equipment
list and production runs that belong together. They hold what real files hold: a title, a column that nobody needs, a
column with names (which is dropped), planned stops, and two spellings of one machine.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np

FOLDER = Path(__file__).with_name("uploads") / "samples"
LANGUAGES = ("zh_CN", "en")
START = datetime.fromisoformat("2026-03-30T06:00:00")
WEEKS = 26
SHIFT_HOURS = 8
SEED = 20260330


@dataclass(frozen=True, slots=True, kw_only=True)
class _Cause:
    """Why a station stops: operating hours between stops, minutes to repair (median, spread), what people write."""

    hours: float
    minutes: float
    spread: float
    kind: str
    en: str
    zh: str


@dataclass(frozen=True, slots=True, kw_only=True)
class _Station:
    en: str
    zh: str
    ideal_s: float
    cycle_s: float
    buffer: int | None
    scrap: float
    causes: tuple[_Cause, ...]


def _cause(hours: float, minutes: float, spread: float, kind: str, en: str, zh: str) -> _Cause:
    return _Cause(hours=hours, minutes=minutes, spread=spread, kind=kind, en=en, zh=zh)


_line = (
    _Station(en="Press", zh="冲压", ideal_s=44, cycle_s=46.5, buffer=30, scrap=0.008, causes=(
        _cause(6.5, 34, 0.3, "setup", "Die change", "换模"),
        _cause(9.0, 17, 0.9, "breakdown", "Feeder jam", "送料卡滞"),
        _cause(60.0, 75, 0.8, "breakdown", "Hydraulic leak", "液压泄漏"),
    )),
    _Station(en="Weld", zh="焊接", ideal_s=46, cycle_s=47.5, buffer=25, scrap=0.006, causes=(
        _cause(2.2, 3, 0.6, "minor", "Electrode dressing", "修磨电极"),
        _cause(11.0, 26, 0.9, "breakdown", "Robot fault", "机器人故障"),
    )),
    _Station(en="Paint", zh="涂装", ideal_s=44, cycle_s=45.5, buffer=40, scrap=0.022, causes=(
        _cause(24.0, 45, 0.8, "breakdown", "Conveyor stop", "输送链停机"),
        _cause(40.0, 25, 0.4, "setup", "Colour change", "换色"),
    )),
    _Station(en="Assembly", zh="装配", ideal_s=48, cycle_s=50.5, buffer=20, scrap=0.005, causes=(
        _cause(1.7, 3, 0.7, "minor", "Part missing", "缺件等待"),
        _cause(10.0, 18, 0.9, "breakdown", "Screwdriver fault", "拧紧枪故障"),
    )),
    _Station(en="Pack", zh="包装", ideal_s=38, cycle_s=40.0, buffer=None, scrap=0.001, causes=(
        _cause(4.0, 4, 0.6, "minor", "Label jam", "贴标卡纸"),
    )),
)  # fmt: skip
_words = {
    "en": {
        "title": "SAMPLE - invented data, not a real plant",
        "stops": "Machine,Start,End,Stop type,Reason,Recorded by",
        "equipment": "No.,Machine,Machines in parallel,Ideal cycle (s),Cycle time (s),Buffer behind it,Scrap rate (%)",
        "runs": "Machine,Start,End,Product,Quantity produced,Good quantity,Order",
        "breakdown": "breakdown", "setup": "setup", "minor": "minor stop", "planned": "planned",
        "maintenance": "Weekly maintenance", "product": "Housing",
        "people": "Operator A|Operator B|Operator C|Operator D",
    },
    "zh_CN": {
        "title": "示例数据（虚构，并非真实工厂）",
        "stops": "设备,开始时间,结束时间,停机类型,停机原因,记录人",
        "equipment": "序号,设备,台数,理论节拍(秒),实际节拍(秒),缓存容量,废品率(%)",
        "runs": "设备,开始时间,结束时间,产品,产量(件),合格数(件),订单号",
        "breakdown": "故障", "setup": "换型", "minor": "短停", "planned": "计划停机",
        "maintenance": "每周保养", "people": "操作工甲|操作工乙|操作工丙|操作工丁", "product": "壳体",
    },
}  # fmt: skip


def sample_files() -> dict[str, bytes]:
    """All sample files by their path below `FOLDER`, such as "en/stops.csv"."""
    shifts = [
        START + timedelta(days=7 * week + day, hours=SHIFT_HOURS * shift)
        for week in range(WEEKS)
        for day in range(5)
        for shift in range(2)
    ]
    stops, down = _stops(shifts)
    runs = _runs(shifts, down)
    out: dict[str, bytes] = {}
    for language in LANGUAGES:
        out[f"{language}/stops.csv"] = _csv(language, "stops", _stop_lines(language, stops))
        out[f"{language}/runs.csv"] = _csv(language, "runs", _run_lines(language, runs))
        out[f"{language}/equipment.csv"] = _csv(language, "equipment", _equipment_lines(language))
    return out


_Stop = tuple[datetime, datetime, int, str, str, str, int]
_Run = tuple[datetime, datetime, int, int, int]


def _stops(shifts: list[datetime]) -> tuple[list[_Stop], np.ndarray]:
    """Stops as (start, end, station, kind, en, zh, person), and seconds down by shift and station."""
    rng = np.random.default_rng(SEED)
    down = np.zeros((len(shifts), len(_line)))
    stops: list[_Stop] = []
    length = SHIFT_HOURS * 3600
    for k, station in enumerate(_line):
        left = [rng.exponential(cause.hours * 3600) for cause in station.causes]
        for s, begin in enumerate(shifts):
            end_of_shift = begin + timedelta(seconds=length)
            clock = 0.0
            if begin.weekday() == 4 and begin.hour == 14:  # the last two hours of the week
                maintained = begin + timedelta(hours=6)
                en, zh = _words["en"]["maintenance"], _words["zh_CN"]["maintenance"]
                stops.append((maintained, end_of_shift, k, "planned", en, zh, s % 4))
                down[s, k] += 7200
            until = length - down[s, k]
            while True:
                cause = int(np.argmin(left))
                if clock + left[cause] * 1.12 > until:  # a tenth of the time the station waits for others
                    worked = (until - clock) / 1.12
                    left = [rest - worked for rest in left]
                    break
                worked = left[cause]
                clock += worked * 1.12
                left = [rest - worked for rest in left]
                why = station.causes[cause]
                left[cause] = rng.exponential(why.hours * 3600)
                seconds = max(60.0, 60 * why.minutes * float(np.exp(why.spread * rng.standard_normal())))
                seconds = min(seconds, until - clock)
                if seconds < 30:
                    break
                start = begin + timedelta(seconds=int(clock))
                stops.append(
                    (start, start + timedelta(seconds=int(seconds)), k, why.kind, why.en, why.zh, int(rng.integers(4)))
                )
                down[s, k] += int(seconds)
                clock += seconds
    return sorted(stops), down


def _runs(shifts: list[datetime], down: np.ndarray) -> list[_Run]:
    """One run a shift and station: the line moves at the pace of its slowest station of that shift."""
    rng = np.random.default_rng(SEED + 1)
    cycles = np.array([station.cycle_s for station in _line])
    runs: list[_Run] = []
    for s, begin in enumerate(shifts):
        room = (SHIFT_HOURS * 3600 - down[s]) / cycles
        pace = float(room.min()) * (0.95 + 0.04 * rng.random())
        for k, station in enumerate(_line):
            arriving = pace * float(np.prod([1 - other.scrap for other in _line[:k]]))
            made = int(min(arriving, room[k]) + rng.integers(-6, 7))
            made = max(0, min(made, int(room[k])))
            scrap = int(rng.binomial(made, station.scrap))
            runs.append((begin, begin + timedelta(hours=SHIFT_HOURS), k, made, made - scrap))
    return runs


def _name(language: str, k: int, place: int) -> str:
    """The station's name; one row in 97 is written in another way, as people do."""
    name = _line[k].en if language == "en" else _line[k].zh
    return f" {name.upper()}" if place % 97 == 13 and language == "en" else f"{name} " if place % 97 == 13 else name


def _stop_lines(language: str, stops: list[_Stop]) -> list[str]:
    words = _words[language]
    people = words["people"].split("|")
    when = "%Y-%m-%d %H:%M:%S"
    return [
        f"{_name(language, k, place)},{start.strftime(when)},{end.strftime(when)},{words[kind]},"
        f"{en if language == 'en' else zh},{people[person]}"
        for place, (start, end, k, kind, en, zh, person) in enumerate(stops)
    ]


def _run_lines(language: str, runs: list[_Run]) -> list[str]:
    words = _words[language]
    return [
        f"{_name(language, k, 0)},{start:%Y-%m-%d %H:%M},{end:%Y-%m-%d %H:%M},{words['product']} {1 + place // 40 % 3},"
        f"{made},{good},W{26000 + place // 5}"
        for place, (start, end, k, made, good) in enumerate(runs)
    ]


def _equipment_lines(language: str) -> list[str]:
    return [
        f"{k + 1},{_name(language, k, 0)},1,{station.ideal_s:g},{station.cycle_s:g},"
        f"{'' if station.buffer is None else station.buffer},{100 * station.scrap:g}"
        for k, station in enumerate(_line)
    ]


def _csv(language: str, table: str, lines: list[str]) -> bytes:
    """UTF-8 with a mark, so that a spreadsheet opens the Chinese file rightly; the title says that it is a sample."""
    words = _words[language]
    return ("\ufeff" + "\r\n".join([words["title"], words[table], *lines]) + "\r\n").encode()


def write_samples(folder: Path = FOLDER) -> None:
    """Write the sample files again, after a change in this module."""
    for path, content in sample_files().items():
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)
