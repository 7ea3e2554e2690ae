"""Which kind of table it is and which field each column holds: header words and what stands in the cells."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from templates.catalogue import Field, Kind, fields, kinds
from templates.cells import fold, sample
from templates.durations import one_duration
from templates.figures import one_number, one_truth
from templates.headers import scores, words_of
from templates.personal import personal_kind
from templates.tables import Cell, RawTable
from templates.times import share_of_times
from templates.unitwords import a_piece, rate_of, split_unit

THRESHOLD = 0.5
_unnamed = re.compile(r"Column [A-Z]{1,3}")
_machine = re.compile(r"machine|equipment|station|asset|设备|机台|机器|工位", re.IGNORECASE)
_standing = re.compile(r"down|stop|lost|loss|stand|故障|停|损失|维修|换型|换模|\bdt\b", re.IGNORECASE)
_running = re.compile(
    r"run|production|planned|available|schedul|shift|loading|operating|运行|生产时|计划|负荷|出勤|班次|开动",
    re.IGNORECASE,
)
_unlimited = re.compile(r"(?:unlimited|infinite|inf|∞|无限|不限|无限制)", re.IGNORECASE)
_preventive = re.compile(r"预防|保养|计划|点检|prevent|pm\b|planned|scheduled|routine|inspection", re.IGNORECASE)
_corrective = re.compile(
    r"纠正|故障|维修|抢修|correct|cm\b|repair|breakdown|emergency|unplanned|reactive|other|其他", re.IGNORECASE
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """What one column was matched to. `why`: "header", "values" or "both"."""

    column: int
    field: str
    confidence: float
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """The kind of a table (None: unknown), its columns' fields, other candidates and personal columns."""

    kind: str | None
    choices: tuple[Choice, ...]
    others: Mapping[int, tuple[str, ...]]
    personal: Mapping[int, str]
    missing: tuple[str, ...] = ()


def evidence(cells: Sequence[Cell], entry: Field, header_score: float) -> float:
    """The share of sample cells that can be what the field needs, 0 to 1; 0.5 when there are none."""
    if not cells:
        return 0.5
    match entry.type:
        case "time" | "date":
            return _times(cells, header_score, dates_only=entry.type == "date")
        case "duration":
            return _share(cells, lambda cell: one_duration(cell) is not None or _with_unit(cell))
        case "cycle":
            return _share(cells, lambda cell: one_duration(cell) is not None or _with_unit(cell))
        case "count" | "number" | "share":
            return _share(cells, lambda cell: _is_number(cell) or isinstance(cell, bool))
        case "buffer":
            return _share(
                cells,
                lambda cell: one_number(cell) is not None or (isinstance(cell, str) and bool(_unlimited.search(cell))),
            )
        case "truth":
            return _share(cells, lambda cell: one_truth(cell) is not None)
        case "preventive":
            return _share(cells, lambda cell: preventive_of(cell) is not None)
        case _:
            return _names(cells, header_score)


def preventive_of(cell: Cell) -> float | None:
    """1.0 for preventive work, 0.0 for corrective, None where the cell says neither.

    >>> preventive_of("Corrective"), preventive_of("预防性维护"), preventive_of(True), preventive_of("blue")
    (0.0, 1.0, 1.0, None)
    """
    truth = one_truth(cell)
    if truth is not None or not isinstance(cell, str):
        return truth
    if _preventive.search(cell) and not re.search(r"非计划|unplanned|unscheduled", cell, re.IGNORECASE):
        return 1.0
    return 0.0 if _corrective.search(cell) else None


def _share(cells: Sequence[Cell], test: object) -> float:
    assert callable(test)
    return sum(1 for cell in cells if test(cell)) / len(cells)


def _is_number(cell: Cell) -> bool:
    return one_number(cell) is not None or (isinstance(cell, str) and one_number(cell, comma=True) is not None)


def _with_unit(cell: Cell) -> bool:
    number = one_number(cell) if isinstance(cell, str) else None
    return number is not None and (rate_of(number[1]) is not None or a_piece(number[1]) is not None)


def _times(cells: Sequence[Cell], header_score: float, *, dates_only: bool) -> float:
    share = share_of_times(cells, with_clock=not dates_only)
    if share < 0.5 and header_score >= 0.75:
        serial = _share(
            cells,
            lambda cell: (
                isinstance(number := _plain_number(cell), float)
                and (
                    18264 <= number < 92000 or 6e8 <= number < 5e9 or 6e11 <= number < 5e12 or 19000101 <= number < 21e6
                )
            ),
        )
        length = 0.0 if dates_only else _share(cells, lambda cell: isinstance(cell, timedelta))
        share = max(share, serial, length)
    return share


def _plain_number(cell: Cell) -> float | None:
    number = one_number(cell)
    return number[0] if number is not None and not number[1] else None


def _names(cells: Sequence[Cell], header_score: float) -> float:
    wordy = _share(
        cells,
        lambda cell: (
            isinstance(cell, str) and one_number(cell) is None and share_of_times((cell,), with_clock=False) == 0
        ),
    )
    dated = _share(cells, lambda cell: isinstance(cell, (datetime, date, time)))
    if dated > 0.5:
        return 0.0
    if wordy >= 0.5:
        return max(wordy, 0.9)
    fractions = _share(cells, lambda cell: (number := _plain_number(cell)) is not None and not number.is_integer())
    if fractions > 0.2 or share_of_times(cells, with_clock=False) > 0.5:
        return 0.1
    return 0.8 if header_score >= 0.9 else 0.4


def column_scores(header: str, cells: Sequence[Cell]) -> dict[str, tuple[float, str]]:
    """For each field, how well the column holds it and on what evidence."""
    found: dict[str, tuple[float, str]] = {}
    if _unnamed.fullmatch(header):
        return found
    catalogue = fields()
    unit = split_unit(header)[1]
    for name, score in scores(header).items():
        entry = catalogue[name]
        seen = evidence(cells, entry, score)
        value = score * 0.3 * seen if seen < 0.5 else score * (0.72 + 0.28 * seen)
        if rate_of(unit) is not None and entry.type in {"count", "duration"}:
            value *= 0.5  # pieces an hour are not pieces
        if entry.type in {"count", "number"} and unit in {"%", "min", "h", "s", "分钟", "小时", "秒"}:
            value *= 0.6
        if name == "station":  # a machine rather than its line, its name rather than its number
            value += 0.02 if _machine.search(header) else 0.0
            value += 0.015 if re.search(r"name|名称", header, re.IGNORECASE) else 0.0
        if name in {"made", "quantity", "duration_s", "date"} and score < 1:
            value -= 0.03
        found[name] = (value, "both" if seen >= 0.8 and cells else "header")
    return found


def match(raw: RawTable, *, file: str = "", kind: str | None = None, chosen: Mapping[str, str] | None = None) -> Match:
    """Match a table. `kind` is what a person said; `chosen` is header to field as confirmed ("" drops)."""
    samples = [sample(column) for column in raw.columns]
    personal = {
        k: what
        for k, (header, cells) in enumerate(zip(raw.headers, samples, strict=True))
        if (what := personal_kind(header, cells)) is not None
    }
    if chosen is not None:
        return _as_chosen(raw, chosen, kind or raw.kind, personal)
    table = [
        {} if k in personal else column_scores(header, cells)
        for k, (header, cells) in enumerate(zip(raw.headers, samples, strict=True))
    ]
    if all(_unnamed.fullmatch(header) for header in raw.headers):
        table = _by_values(samples, personal)
    kind = kind or raw.kind
    wanted = [kinds()[kind]] if kind else list(kinds().values())
    text = words_of(f"{file.rsplit('.', 1)[0]} {raw.name} {raw.place} {raw.title}")
    best: tuple[float, Kind, list[Choice], tuple[str, ...]] | None = None
    for entry in wanted:
        choices = _assign(_allowed(table, entry, raw.headers), entry)
        missing = _missing(entry, choices)
        if missing and not kind:
            continue
        value = _value(entry, choices) + (1.2 if any(words_of(word) in text for word in entry.words) else 0.0)
        value -= 3.0 * sum(any(row.get(name, (0.0, ""))[0] >= 0.8 for row in table) for name in entry.never)
        if best is None or value > best[0] + 1e-9:
            best = (value, entry, choices, missing)
    if best is None:
        return Match(kind=None, choices=(), others=_others(table, {}), personal=personal)
    _, entry, choices, missing = best
    taken = {choice.column: choice.field for choice in choices}
    return Match(
        kind=entry.name, choices=tuple(choices), others=_others(table, taken), personal=personal, missing=missing
    )


def _as_chosen(raw: RawTable, chosen: Mapping[str, str], kind: str | None, personal: Mapping[int, str]) -> Match:
    places = {header: k for k, header in enumerate(raw.headers)}
    choices = tuple(
        Choice(column=places[header], field=name, confidence=1.0, why="you")
        for header, name in chosen.items()
        if name and header in places and name in fields()
    )
    missing = _missing(kinds()[kind], choices) if kind else ()
    return Match(kind=kind, choices=choices, others={}, personal=personal, missing=missing)


def _allowed(
    table: Sequence[Mapping[str, tuple[float, str]]], kind: Kind, headers: Sequence[str]
) -> list[dict[str, tuple[float, str]]]:
    """How long a run took is not how long it stood, and the other way round."""
    wrong = {"runs": _standing, "counts": _standing, "stops": _running, "work_orders": _running}.get(kind.name)
    return [
        {name: pair for name, pair in row.items() if name != "duration_s" or not (wrong and wrong.search(header))}
        for row, header in zip(table, headers, strict=True)
    ]


def _assign(table: Sequence[Mapping[str, tuple[float, str]]], kind: Kind) -> list[Choice]:
    """Best pairs first; each column and each field once."""
    known = kind.fields
    pairs = sorted(
        (
            (value, -k, name, why)
            for k, row in enumerate(table)
            for name, (value, why) in row.items()
            if name in known and value >= THRESHOLD
        ),
        key=lambda pair: (-pair[0], known.index(pair[2]) if pair[2] in kind.needed else 50, -pair[1]),
    )
    columns: set[int] = set()
    names: set[str] = set()
    choices: list[Choice] = []
    for value, place, name, why in pairs:
        if -place in columns or name in names:
            continue
        columns.add(-place)
        names.add(name)
        choices.append(Choice(column=-place, field=name, confidence=round(min(value, 1.0), 2), why=why))
    if "started_at" in known and "started_at" not in names and "date" in names and kind.name in {"stops", "states"}:
        choices = [
            Choice(column=c.column, field="started_at", confidence=round(0.7 * c.confidence, 2), why=c.why)
            if c.field == "date"
            else c
            for c in choices
        ]
    return sorted(choices, key=lambda choice: choice.column)


def _missing(kind: Kind, choices: Sequence[Choice]) -> tuple[str, ...]:
    names = {choice.field for choice in choices}
    lacking = [name for name in kind.needed if name not in names]
    lacking.extend("|".join(group) for group in kind.one_of if not names & set(group))
    return tuple(lacking)


def _value(kind: Kind, choices: Sequence[Choice]) -> float:
    chosen_one = {name for group in kind.one_of for name in group}
    total = 0.0
    for choice in choices:
        weight = 0.5
        if choice.field in kind.marks:
            weight = 2.0
        elif choice.field in kind.needed or choice.field in chosen_one:
            weight = 1.0
        total += weight * choice.confidence
    return total


def _others(table: Sequence[Mapping[str, tuple[float, str]]], taken: Mapping[int, str]) -> dict[int, tuple[str, ...]]:
    return {
        k: tuple(
            name
            for name, (value, _) in sorted(row.items(), key=lambda item: -item[1][0])
            if value >= 0.3 and name != taken.get(k)
        )[:4]
        for k, row in enumerate(table)
    }


def _by_values(samples: Sequence[Sequence[Cell]], personal: Mapping[int, str]) -> list[dict[str, tuple[float, str]]]:
    """A table without a header, such as ten pasted rows: what the cells look like decides, with low confidence."""
    table: list[dict[str, tuple[float, str]]] = [{} for _ in samples]
    moments: list[int] = []
    texts: list[int] = []
    lengths: list[int] = []
    for k, cells in enumerate(samples):
        if not cells or k in personal:
            continue
        if share_of_times(cells) >= 0.8:
            moments.append(k)
        elif _share(cells, lambda cell: one_duration(cell) is not None) >= 0.8:
            lengths.append(k)
        elif _share(cells, lambda cell: isinstance(cell, str)) >= 0.8:
            texts.append(k)
    dates = [k for k in moments if share_of_times(samples[k], with_clock=False) >= 0.8]
    clocks = [k for k in moments if k not in dates]
    if len(dates) == 1 and clocks:
        table[dates[0]] = {"date": (0.6, "values")}
        moments = clocks
    for name, k in zip(("started_at", "ended_at"), moments, strict=False):
        table[k] = {name: (0.6, "values")}
    ranked = sorted(texts, key=lambda k: (len({fold(str(cell)) for cell in samples[k]}), k))
    few = [k for k in ranked if all(len(str(cell)) <= 30 for cell in samples[k])]
    station = min(texts) if texts and min(texts) in few else (few[0] if few else None)
    if station is not None:
        table[station] = {"station": (0.55, "values")}
    rest = [k for k in texts if k != station]
    if rest:
        table[rest[0]] = {"reason": (0.52, "values")}
    if lengths and len(moments) < 2:
        table[lengths[0]] = {"duration_s": (0.52, "values")}
    return table
