"""From a header to the fields it may name: Chinese and English words, bilingual headers, spelling slips."""

from __future__ import annotations

import re
from functools import cache, lru_cache

from rapidfuzz import fuzz

from templates.catalogue import fields
from templates.cells import fold
from templates.traditional import simplified
from templates.unitwords import is_unit_word, split_unit

_camel = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_gaps = re.compile(r"[_\-/\\.:,;#*|&\s]+")
_cjk = re.compile(r"[\u3400-\u9fff]")


def words_of(text: str) -> str:
    """A header as plain lower-case words.

    >>> words_of("From Date/Time"), words_of("equipment_name"), words_of("WOType"), words_of("停机 时长")
    ('from date time', 'equipment name', 'wo type', '停机时长')
    """
    plain = _gaps.sub(" ", _camel.sub(" ", fold(simplified(text)))).strip().lower()
    return plain.replace(" ", "") if _cjk.search(plain) and plain.replace(" ", "").isalpha() else plain


def parts_of(header: str) -> list[tuple[str, float]]:
    """The pieces of a header that may name it, with their weight: outside and inside of brackets, before and after "/".

    >>> parts_of("快递运输数量(件) (Express delivery quantity (PCS))")
    [('快递运输数量', 1.0), ('express delivery quantity', 0.97)]
    """
    outer: list[str] = [""]
    inner: list[str] = []
    depth = 0
    for sign in fold(simplified(header)):
        if sign in "([【<":
            depth += 1
            if depth == 1:
                inner.append("")
                continue
        elif sign in ")]】>" and depth:
            depth -= 1
            if depth == 0:
                continue
        if depth == 0:
            outer[-1] += sign
        else:
            inner[-1] += sign
    found: dict[str, float] = {}
    whole = outer[0].strip()
    for text, weight in [(whole, 1.0), *((piece, 0.97) for piece in inner)]:
        base = split_unit(text)[0]
        if not base or (text is not whole and is_unit_word(base)):
            continue
        words = words_of(re.sub(r"\(.*?\)", "", base))
        if words:
            found.setdefault(words, weight)
        levels = [level for level in base.split(" / ") if level]
        if len(levels) > 1:
            found.setdefault(words_of(levels[-1]), 0.9 * weight)
    chinese = "".join(_cjk.findall(whole))
    latin = words_of(re.sub(r"[\u3400-\u9fff]+", " ", whole))
    if chinese and latin and len(latin) > 2:  # "设备 Machine"
        found.setdefault(chinese, 0.97)
        found.setdefault(latin, 0.95)
    return list(found.items())


@cache
def _known() -> tuple[tuple[str, str], ...]:
    return tuple((words_of(word), name) for name, entry in fields().items() for word in entry.words)


@lru_cache(maxsize=4096)
def scores(header: str) -> dict[str, float]:
    """How well a header names each field, 0 to 1; fields below 0.5 are left out.

    >>> scores("停机开始时间")["started_at"], scores("Ideal cycle time (s)")["ideal_cycle_s"]
    (1.0, 1.0)
    """
    found: dict[str, float] = {}
    for piece, weight in parts_of(header):
        for word, name in _known():
            value = _likeness(piece, word) * weight
            if value >= 0.5 and value > found.get(name, 0.0):
                found[name] = round(value, 3)
    return found


def _likeness(piece: str, word: str) -> float:
    if piece == word:
        return 1.0
    if _cjk.search(word):
        if len(word) >= 2 and word in piece:
            bonus = 0.04 if piece.endswith(word) else 0.0
            return 0.55 + 0.38 * len(word) / len(piece) + bonus
        return 0.0
    ours, theirs = piece.split(), word.split()
    if len(theirs) < len(ours) and len(word) > 1:
        for k in range(len(ours) - len(theirs) + 1):
            if ours[k : k + len(theirs)] == theirs:
                return 0.5 + 0.42 * len(theirs) / len(ours)
    if piece.replace(" ", "") == word.replace(" ", ""):
        return 0.98
    if (
        ours
        and len(ours) == len(theirs)
        and ours[-1].removesuffix("s") == theirs[-1].removesuffix("s")
        and ours[:-1] == theirs[:-1]
    ):
        return 0.95
    if min(len(piece), len(word)) >= 5 and abs(len(piece) - len(word)) <= 2 and len(ours) == len(theirs):
        ratio = min(fuzz.ratio(a, b) for a, b in zip(ours, theirs, strict=True)) / 100  # a slip in one word
        return 0.82 * ratio if ratio >= 0.8 else 0.0
    return 0.0
