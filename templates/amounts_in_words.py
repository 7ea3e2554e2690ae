"""Values with operator and unit as tenders and data sheets write them: "不低于98%", "at most 75 dB", "380±10 V"."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Final


@dataclass(frozen=True, slots=True, kw_only=True)
class Amount:
    """A value in a text from `start` to `end`; `operator` ".." runs from `value` to `upper`."""

    start: int
    end: int
    operator: str
    value: float
    upper: float | None
    unit: str


_ATOMS: Final = (
    "KW KVA KWh KG Kg rpm kWh MWh Wh kVA kvar MW kW W kV mV V mA A MHz GHz kHz Hz mm2 mm cm2 cm dm km m3 "
    "m2 m μm um nm kg mg g t kN N·m N.m Nm N kPa MPa hPa Pa mbar bar psi °C °F K ° % ‰ dB(A) dBA dB r ms "
    "μs seconds second sec s minutes minute min hours hour hrs hr h days day d weeks week months month "
    "years year kJ MJ J mL ml L l GB MB TB KB kB bit px lx ppm pcs pc pieces piece parts part units unit "
    "bottles bottle bph cans can boxes cycles cycle times people persons sets set CNY EUR USD 年 个月 月 "
    "天 日 小时 分钟 分 秒 件 瓶 台 套 个 人 次 米 毫米 微米 厘米 公斤 千克 吨 升 毫升 千瓦 伏 安 赫兹 "
    "转 度 兆帕 分贝 万元 元 班 批 路 点 箱 包 罐 盒 袋 片 支 卷 名 位 份 种 "
)
_ATOM = "(?:" + "|".join(re.escape(word) for word in sorted(_ATOMS.split(), key=len, reverse=True)) + ")"
_UNIT = rf"(?-i:{_ATOM}(?:\s?/\s?(?:100\s?)?{_ATOM}|\s(?:per|an|a)\s{_ATOM})?(?![A-Za-z]))"
_VALUE = r"(?:\d{1,3}(?:,\d{3})+|\d{1,12})(?:\.\d{1,9})?"
_AT_LEAST: Final = (
    r"≥|≧|>=|⩾|不(?:得|应|能|可)?(?:低于|小于|少于)|大于或?等于|至少"
    r"|(?:not|no) (?:be )?(?:less|lower|fewer) than|at least|(?:a )?minimum (?:of )?|min\.?"
)
_AT_MOST: Final = (
    r"≤|≦|<=|⩽|不(?:得|应|能|可|允许)?(?:超过|高于|大于|多于)|小于或?等于|至多"
    r"|(?:not|no) (?:be )?(?:more|greater|higher|longer) than|not (?:to )?exceed(?:ing)?|at most|within"
    r"|(?:a )?maximum (?:of )?|max\.?"
)
_OPERATORS: Final = (
    ("≥", _AT_LEAST),
    ("≤", _AT_MOST),
    (">", r">|大于|高于|超过|多于|(?:more|greater|higher) than|above"),
    ("<", r"<|小于|低于|少于|(?:less|lower|fewer) than|below"),
    ("=", r"="),
)
_OPERATOR = "|".join(f"(?:{words})" for _, words in _OPERATORS)
_UP = r"(?:\(含\))?及?以上|or (?:more|above|higher|better)"
_DOWN = r"(?:\(含\))?及?以[下内]|or (?:less|below|lower|fewer)"
_amount = re.compile(
    rf"(?P<operator>{_OPERATOR})?:?\s*(?P<sign>±|\+/-|(?<![A-Za-z\d)])[-+])?\s?(?<![A-Za-z\d.])(?P<value>{_VALUE})\s?(?P<first>{_UNIT})?"
    rf"(?:\s?(?P<way>~|–|—|-|至|到|\bto\b|±|\+/-)\s?(?P<other>-?{_VALUE}))?(?![\d.]*\d)(?:\s?(?P<unit>{_UNIT}))?"
    rf"(?:\s?(?:(?P<up>{_UP})|(?P<down>{_DOWN})))?",
    re.IGNORECASE,
)
_alone = re.compile(_UNIT)
_by_words = [(sign, re.compile(words, re.IGNORECASE)) for sign, words in _OPERATORS]


def amounts_in(text: str, *, plain: bool = False) -> Iterator[Amount]:
    """The values of a sentence that an operator, a range or "name: value unit" makes a parameter; `plain`: all values.

    >>> [(one.operator, one.value, one.unit) for one in amounts_in("额定功率≥55kW,噪声不超过75dB(A),质保3年以上")]
    [('≥', 55.0, 'kW'), ('≤', 75.0, 'dB(A)'), ('≥', 3.0, '年')]
    """
    for hit in _amount.finditer(text):
        colon = text[: hit.start("value")].rstrip(" -+±/").endswith(":")
        amount = _made(hit)
        if amount is None:
            continue
        said = hit["operator"] or amount.operator != "="
        if plain or (said and (amount.unit or hit["operator"])) or (colon and amount.unit):
            yield amount


def only_amount(text: str) -> Amount | None:
    """The value of a cell that holds nothing else.

    >>> only_amount("380 ± 10 V"), only_amount("Type 55")
    (Amount(start=0, end=10, operator='..', value=370.0, upper=390.0, unit='V'), None)
    """
    hit = _amount.fullmatch(text.strip())
    return None if hit is None else _made(hit)


def unit_alone(text: str) -> bool:
    """Whether a cell holds a unit and nothing else."""
    return bool(_alone.fullmatch(text))


def _made(hit: re.Match[str]) -> Amount | None:
    operator = next((sign for sign, words in _by_words if hit["operator"] and words.fullmatch(hit["operator"])), "=")
    if operator == "=" and (hit["up"] or hit["down"]):
        operator = "≥" if hit["up"] else "≤"
    unit = hit["unit"] or hit["first"] or ""
    value, upper = Decimal(hit["value"].replace(",", "")), None
    if hit["sign"] == "-":
        value = -value
    if hit["other"] is not None:
        other = Decimal(hit["other"].replace(",", ""))
        low, high = (value - other, value + other) if hit["way"] in {"±", "+/-"} else (value, other)
        if low > high or (hit["way"] in "-–—" and not unit and not hit["operator"]):
            return None  # a date, a standard's number, a telephone number
        operator, value, upper = "..", low, high
    elif hit["sign"] in {"±", "+/-"}:
        operator, value, upper = "..", -value, value
    return Amount(
        start=hit.start(),
        end=hit.end(),
        operator=operator,
        value=float(value),
        upper=None if upper is None else float(upper),
        unit="".join(unit.split()) if "/" in unit else unit,
    )
