"""The release schema: every field that can ever leave a tenant, with its words and its possible codes.

A field is a *band* of the public grid, a *choice* from a fixed list, or *ids* of published things (packs, modules,
check lists). There is no other kind, so there is no field for free text.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final, Literal

from privacy.bands import Text, grids

SCHEMA_VERSION: Final = "release/1"
ABSENT: Final = "not_available"  # no figure was computed
UNPUBLISHED: Final = "unpublished"  # an id that is not on a published list
_ID: Final = re.compile(r"[a-z0-9][a-z0-9_-]{0,47}(/[a-z0-9][a-z0-9_-]{0,47})?")


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleaseField:
    """One field of the schema."""

    id: str
    kind: Literal["band", "choice", "ids"]
    title: Text
    grid: str = ""  # band: name of the grid
    choices: Mapping[str, Text] = field(default_factory=dict)  # choice: code -> words

    def knows(self, code: str) -> bool:
        """Is this a code that the field may carry?"""
        if code == ABSENT:
            return True
        if self.kind == "band":
            return grids()[self.grid].title(code) is not None
        if self.kind == "choice":
            return code in self.choices
        return code == UNPUBLISHED or _ID.fullmatch(code) is not None

    def words(self, code: str) -> Text:
        """The words for a code of this field."""
        if code == ABSENT:
            return _NOT_AVAILABLE
        if code == UNPUBLISHED:
            return _NOT_PUBLISHED
        found = grids()[self.grid].title(code) if self.kind == "band" else self.choices.get(code)
        return found or _text(code, code)


def _text(zh: str, en: str) -> Text:
    return MappingProxyType({"zh-CN": zh, "en": en})


def _choices(**words: tuple[str, str]) -> Mapping[str, Text]:
    return MappingProxyType({code: _text(zh, en) for code, (zh, en) in words.items()})


_NOT_AVAILABLE: Final = _text("未计算", "not computed")
_NOT_PUBLISHED: Final = _text("未公开的内容", "something not published")

_GRADES: Final = _choices(
    A=("A：能重现历史", "A: reproduces the history"),
    B=("B：大体重现", "B: mostly reproduces it"),
    C=("C：部分重现", "C: partly reproduces it"),
    D=("D：不能重现", "D: does not reproduce it"),
)
_LOSSES: Final = _choices(
    breakdown=("故障停机", "breakdowns"),
    changeover=("换型", "changeovers"),
    minor_stop=("短暂停机", "minor stops"),
    speed=("速度损失", "lost speed"),
    scrap=("不良", "scrap"),
    waiting=("待料与堵料", "waiting and blocking"),
    planned=("计划停机", "planned stops"),
)
_CURRENCIES: Final = _choices(CNY=("人民币", "CNY"), EUR=("欧元", "EUR"), USD=("美元", "USD"))
_LEVELS: Final = MappingProxyType(
    {
        "0": _text("没有风险提示", "no risk flagged"),
        "1": _text("1 级：留意", "level 1: watch"),
        "2": _text("2 级：需要处理", "level 2: act"),
        "3": _text("3 级：先解决再决定", "level 3: resolve before deciding"),
    }
)

_BIAS: Final = _choices(
    below=("实际偏低于预测", "actual figures lie low in the forecast band"),
    centred=("实际居中", "actual figures lie in the middle of the forecast band"),
    above=("实际偏高于预测", "actual figures lie high in the forecast band"),
)

_BY_BAND: Final = (
    ("oee_baseline", "oee", "现状 OEE", "OEE today"),
    ("oee_uplift", "uplift", "模块上线后 OEE 的变化", "change of OEE with the modules"),
    ("npv_low", "money", "净现值，偏低情形（P10）", "net present value, low case (P10)"),
    ("npv_likely", "money", "净现值，居中情形（P50）", "net present value, middle case (P50)"),
    ("npv_high", "money", "净现值，偏高情形（P90）", "net present value, high case (P90)"),
    ("payback", "payback", "回收期", "payback"),
    ("irr", "irr", "内部收益率", "internal rate of return"),
    ("loss_probability", "probability", "亏损的可能性", "chance of a loss"),
    ("stations", "stations", "工位数", "stations on the line"),
    ("weeks_of_data", "weeks", "数据覆盖的时长", "weeks of data"),
    ("forecast_inside", "share", "实际值落在预测区间内的占比", "actual figures inside the forecast band"),
    ("gap_share", "share", "自查未达标项占比", "share of check-list gaps"),
    ("not_assessed_share", "share", "尚未自查项占比", "share not assessed yet"),
)
_BY_CHOICE: Final = (
    ("currency", _CURRENCIES, "币种", "currency"),
    ("backtest_grade", _GRADES, "模型与历史的吻合度", "how well the model reproduces the history"),
    ("main_loss", _LOSSES, "最大的损失来源", "largest kind of loss"),
    ("forecast_bias", _BIAS, "实际值在预测区间中的位置", "where actual figures lie in the forecast band"),
    ("highest_risk", _LEVELS, "最高风险等级", "highest risk level"),
)
_BY_IDS: Final = (
    ("pack", "行业包", "industry pack"),
    ("modules", "评估过的模块", "modules looked at"),
    ("checklist", "自查清单", "check list"),
)

FIELDS: Final[Mapping[str, ReleaseField]] = MappingProxyType(
    {
        **{name: ReleaseField(id=name, kind="band", grid=grid, title=_text(zh, en)) for name, grid, zh, en in _BY_BAND},
        **{
            name: ReleaseField(id=name, kind="choice", choices=choices, title=_text(zh, en))
            for name, choices, zh, en in _BY_CHOICE
        },
        **{name: ReleaseField(id=name, kind="ids", title=_text(zh, en)) for name, zh, en in _BY_IDS},
    }
)

NOT_SENT: Final[tuple[Text, ...]] = (
    _text("人员和公司名称", "names of people and companies"),
    _text("文件、文件名和表头", "files, file names and column headers"),
    _text("逐条的停机、产量和工单记录", "single stops, counts and work orders"),
    _text("工位名称和产线结构", "station names and the structure of the line"),
    _text("精确数值", "exact values"),
    _text("成本、价格和预算的输入值", "costs, prices and budgets that were entered"),
    _text("自查的逐项回答和证据", "single check-list answers and evidence"),
    _text("备注和任何自由文字", "notes and free text of any kind"),
)
