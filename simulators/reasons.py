"""What kind of stop a reason names, in Chinese or English."""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import NDArray

TextArray = NDArray[np.str_]
StopKind = Literal["planned", "setup", "breakdown", "minor", ""]

_KIND_WORDS: tuple[tuple[StopKind, tuple[str, ...]], ...] = (
    ("minor", ("minor", "micro", "short stop", "小停", "短停", "瞬停")),
    (
        "setup",
        ("setup", "set-up", "changeover", "change over", "retool", "换型", "换模", "换产", "换卷", "调机", "切换"),
    ),
    ("breakdown", ("breakdown", "failure", "fault", "unplanned", "unscheduled", "故障", "损坏", "非计划", "计划外")),
    (
        "planned",
        (
            *("planned", "scheduled", "preventive", "break", "meeting", "lunch", "cleaning", "no order"),
            *("计划", "保养", "休息", "会议", "用餐", "午餐", "清洁", "无订单", "停产", "点检"),
        ),
    ),
)


def kinds_of(words: TextArray) -> TextArray:
    """What kind of stop each text names: planned, setup, breakdown, minor or nothing.

    >>> kinds_of(np.array(["Planned maintenance", "换型", "unplanned", "jam"])).tolist()
    ['planned', 'setup', 'breakdown', '']
    """
    distinct, index = np.unique(words, return_inverse=True)
    kinds = np.array([_kind_of(str(word)) for word in distinct], dtype=np.str_)
    return kinds[index] if kinds.size else np.full(words.shape, "", dtype=np.str_)


def _kind_of(text: str) -> StopKind:
    low = text.strip().lower()
    for kind, words in _KIND_WORDS:
        if any(word in low for word in words):
            return kind
    return ""
