"""Words for units in headers and cells, in Chinese and English, and what they are worth in our base units."""

from __future__ import annotations

import re

from templates.cells import fold
from templates.durations import SECONDS, SHORT
from templates.traditional import simplified

PIECES = frozenset(
    {"pcs", "pc", "pieces", "piece", "parts", "part", "units", "unit", "ea", "stk", "stück", "qty", "nos", "no."}
    | {"件", "个", "只", "片", "台", "套", "pcs.", "枚", "支", "瓶", "箱", "袋", "包", "根", "块", "条", "人", "次"}
)
_others = frozenset(
    {
        "kg",
        "g",
        "t",
        "lb",
        "mm",
        "cm",
        "m",
        "km",
        "m2",
        "m3",
        "㎡",
        "l",
        "ml",
        "kw",
        "kwh",
        "v",
        "a",
        "hz",
        "bar",
        "mpa",
    }
    | {
        "℃",
        "°c",
        "ºc",
        "rpm",
        "r/min",
        "n",
        "nm",
        "kn",
        "kv",
        "va",
        "kva",
        "db",
        "吨",
        "千克",
        "公斤",
        "克",
        "米",
        "毫米",
    }
    | {
        "元",
        "万元",
        "cny",
        "rmb",
        "usd",
        "eur",
        "¥",
        "$",
        "€",
        "%",
        "percent",
        "ppm",
        "班",
        "人天",
        "转/分",
        "升",
        "cny/h",
    }
)
_rate = re.compile(r"(.+?)\s*(?:/|per|每|p\.)\s*(.+)", re.IGNORECASE)
_inside = re.compile(r"[\(\[（【<]([^()\[\]（）【】<>]{1,24})[\)\]）】>]")
_after = re.compile(r"(?:[,_/:]|\s-\s|\sin\s)\s*([^\s,:/()]{1,12}(?:/[^\s,:/()]{1,8})?)$")


def is_unit_word(text: str) -> bool:
    """Whether a short text is a unit.

    >>> [is_unit_word(word) for word in ("min", "件/小时", "kg", "%", "reason")]
    [True, True, True, True, False]
    """
    word = fold(simplified(text)).strip("()[]（）【】 .").lower()
    return (
        word in SECONDS or word in PIECES or word in _others or rate_of(word) is not None or a_piece(word) is not None
    )


def rate_of(text: str) -> float | None:
    """Seconds in the time part of a rate: "pcs/h" is 3600.

    >>> rate_of("pcs/h"), rate_of("件/分钟"), rate_of("per hour"), rate_of("kg")
    (3600.0, 60.0, 3600.0, None)
    """
    word = fold(simplified(text)).strip("()[] .").lower()
    if word in {"ppm", "cpm", "spm"}:
        return 60.0
    if word in {"uph", "pph", "jph"}:
        return 3600.0
    if word.startswith("per ") and word[4:] in SECONDS:
        return SECONDS[word[4:]]
    found = _rate.fullmatch(word)
    if found is None or found[2].strip() not in SECONDS:
        return None
    amount = found[1].strip()
    return SECONDS[found[2].strip()] if amount in PIECES or amount in {"1", "kg", "t", "m", "l", "吨", "米"} else None


def a_piece(text: str) -> float | None:
    """Seconds in the time of a time per piece.

    >>> a_piece("s/pcs"), a_piece("秒/件"), a_piece("min per part"), a_piece("pcs/h")
    (1.0, 1.0, 60.0, None)
    """
    found = _rate.fullmatch(fold(text).strip("()[] .").lower())
    if found is None or found[2].strip() not in PIECES:
        return None
    return SECONDS.get(found[1].strip())


def split_unit(header: str) -> tuple[str, str]:
    """A header and the unit written in it.

    >>> split_unit("停机时长(分钟)"), split_unit("Ideal cycle [s]"), split_unit("duration_min"), split_unit("Yield %")
    (('停机时长', '分钟'), ('Ideal cycle', 's'), ('duration', 'min'), ('Yield', '%'))
    >>> split_unit("Date (Y/M/D)"), split_unit("Duration, h"), split_unit("Planned")
    (('Date (Y/M/D)', ''), ('Duration', 'h'), ('Planned', ''))
    """
    text = fold(simplified(header))
    for found in _inside.finditer(text):
        if is_unit_word(found[1]) or found[1].lower() in {"mm:ss", "min:s", "h:mm", "hh:mm", "hh:mm:ss", "h:m"}:
            rest = f"{text[: found.start()].rstrip()} {text[found.end() :].lstrip()}".strip()
            return rest, found[1].strip()
    if (after := _after.search(text)) is not None:
        word = after[1]
        if is_unit_word(word) and word.lower() not in {"part", "unit", "no.", "d", "t", "n", "a", "v", "次"}:
            return text[: after.start()].strip(), word
    if text.endswith("%") and len(text) > 1:
        return text[:-1].strip(), "%"
    last = text.rsplit(" ", 1)
    if len(last) == 2 and last[1].lower() in {
        "min",
        "mins",
        "minutes",
        "hours",
        "hrs",
        "sec",
        "seconds",
        "secs",
        "days",
    }:
        return last[0], last[1]
    return text, ""


def short(text: str) -> str:
    """A unit's usual short form: 分钟 is min.

    >>> short("分钟"), short("Hours"), short("件")
    ('min', 'h', 'pcs')
    """
    word = fold(simplified(text)).strip("()[] .").lower()
    if word in SECONDS:
        return SHORT[SECONDS[word]]
    if word in PIECES:
        return "pcs"
    if (length := a_piece(word)) is not None:
        return f"{SHORT[length]}/pcs"
    seconds = rate_of(word)
    return f"pcs/{SHORT[seconds]}" if seconds is not None else fold(text)
