"""Numbers as readers of a language expect them: amounts of money, shares, quantities, days.

Two significant digits by default; what is not quite nothing or everything never reads so.
"""

from __future__ import annotations

import re
from datetime import date
from math import isfinite

CHINESE = "zh-CN"
MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)


def quantity(value: float | None, *, digits: int = 2) -> str:
    """A number with significant digits and separators of thousands.

    >>> quantity(12345.6), quantity(0.01234), quantity(-3.0), quantity(None)
    ('12,000', '0.012', '−3', '–')
    """
    if value is None or not isfinite(value):
        return "–"
    if value == 0:
        return "0"
    rounded = float(f"{value:.{digits}g}")
    shown = f"{rounded:,.0f}" if abs(rounded) >= 10 ** (digits - 1) else f"{rounded:,.{digits}g}"
    return shown.replace("-", "−")


def percent(share: float | None, *, digits: int = 0) -> str:
    """A share as a percentage, or a dash.

    >>> percent(0.163), percent(0.001), percent(1.0), percent(0.7125, digits=1)
    ('16 %', '0.1 %', '100 %', '71.2 %')
    """
    if share is None or not isfinite(share):
        return "–"
    if digits == 0 and (0 < share < 0.005 or 0.995 <= share < 1):
        return "< 0.1 %" if share < 0.0005 else "> 99.9 %" if share >= 0.9995 else f"{100 * share:.1f} %"
    return f"{100 * share + 0.0:.{digits}f} %".replace("-", "−")


def points(difference: float, *, digits: int = 1) -> str:
    """A difference of shares in percentage points, with its sign; one that rounds to nothing is 0.

    >>> points(0.0564), points(-0.0001)
    ('+5.6', '0')
    """
    shown = f"{100 * difference:+.{digits}f}"
    return "0" if not shown.strip("+-0.") else shown.replace("-", "−")


def money(value: float | None, currency: str, language: str) -> str:
    """An amount in the size people speak of. Two digits carry it.

    >>> money(1_400_000, "CNY", "en"), money(-1_400_000, "CNY", "zh-CN"), money(83.2, "EUR", "en")
    ('CNY 1.4 m', 'CNY −140 万', 'EUR 83')
    """
    if value is None or not isfinite(value):
        return "–"
    size, sign = abs(value), "−" if value < 0 else ""
    steps = ((1e8, "亿"), (1e4, "万")) if language == CHINESE else ((1e9, "bn"), (1e6, "m"), (1e3, "k"))
    for step, word in steps:
        if size >= step:
            return f"{currency} {sign}{quantity(size / step)} {word}".strip()
    return f"{currency} {sign}{quantity(size)}".strip()


def day(at: date, language: str) -> str:
    """A date as this language writes it.

    >>> day(date(2026, 11, 3), "en"), day(date(2026, 11, 3), "zh-CN")
    ('3 November 2026', '2026 年 11 月 3 日')
    """
    if language == CHINESE:
        return f"{at.year} 年 {at.month} 月 {at.day} 日"
    return f"{at.day} {MONTHS[at.month - 1]} {at.year}"


CHINESE_UNITS = {
    "d": "天",
    "h": "小时",
    "min": "分钟",
    "s": "秒",
    "piece": "件",
    "person": "人",
    "month": "月",
    "year": "年",
}


def unit(text: str, language: str) -> str:
    """A unit, or an amount with its unit, in the words of a language.

    >>> unit("CNY/(person*h)", "zh-CN"), unit("12 month", "zh-CN"), unit("person*h", "en")
    ('CNY/(人·小时)', '12月', 'person·h')
    """
    told = text.replace("*", "·")
    if language != CHINESE:
        return told
    words = re.sub(r"[A-Za-z]+", lambda found: CHINESE_UNITS.get(found[0], found[0]), told)
    return re.sub(r"(?<=\d) (?=[年月])", "", words)
