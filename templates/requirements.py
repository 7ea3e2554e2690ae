"""A tender or a data sheet as a matrix of requirements: clauses, and parameters with operator, value and unit.

Pure: it takes the printed lines of a document (see `page_text`) and proposes; a person confirms. What it proposes
keeps the words as they stand, their page and the box around them, so that each line can be shown where it was read.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from templates.amounts_in_words import Amount, amounts_in, only_amount, unit_alone
from templates.cells import fold
from templates.personal import masked

Box = tuple[float, float, float, float]
"""Left, top, right and bottom as shares of the page's width and height, from its upper left corner."""

MOST: Final = 2000
MOST_TEXT, MOST_NAME = 600, 80
KINDS: Final = ("clause", "parameter")
STRENGTHS: Final = ("must", "should", "stated")


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One printed line or one row of a table. `cells` and `heads`: what stands in a row's cells, and above them."""

    page: int  # from 1
    text: str
    box: Box
    cells: tuple[str, ...] = ()
    heads: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Requirement:
    """One proposed line of the matrix.

    `number`: the clause it stands under, "" where it has none. `strength`: must, should, or stated (a data sheet's
    plain value). Of a parameter: `operator` is one of ≥ ≤ > < = and ".." (from `value` to `upper`); of a clause all
    four are empty.
    """

    page: int
    box: Box
    number: str
    kind: str
    strength: str
    text: str
    name: str = ""
    operator: str = ""
    value: float | None = None
    upper: float | None = None
    unit: str = ""

    def to_json(self) -> dict[str, object]:
        """The line as plain values."""
        return {
            "page": self.page, "box": [round(edge, 4) for edge in self.box], "number": self.number, "kind": self.kind,
            "strength": self.strength, "text": self.text, "name": self.name, "operator": self.operator,
            "value": self.value, "upper": self.upper, "unit": self.unit,
        }  # fmt: skip


_must = re.compile(
    r"必须|务必|不得|严禁|禁止|不允许|(?<![供响反适对相效感因])应(?![用急力变答聘酬激届收付])"
    r"|(?<![无必])须(?!知)|(?<![无所按急])需(?![求量])"
    r"|\b(?:shall|must|(?:is|are) required to|ha(?:s|ve) to)\b",
    re.IGNORECASE,
)
_should = re.compile(
    r"建议|最好|(?<![适便不事])宜(?=[采用为设选不配具有考按在])|\b(?:should|ought to|(?:is|are) recommended)\b",
    re.IGNORECASE,
)
_star = re.compile(r"[★☆▲△※*]{1,3}\s*")
_number = re.compile(
    r"第[一二三四五六七八九十百\d]{1,6}[章节条款]|[一二三四五六七八九十]{1,3}、|\([一二三四五六七八九十\d]{1,3}\)"
    r"|\d{1,3}(?:\.\d{1,3}){1,5}(?=[.)、]?(?:\s|[^\W\d_]))|\d{1,3}(?=[.)、](?!\d))|[A-Z]\.\d{1,3}(?:\.\d{1,3}){0,4}|[a-z](?=\))"
)
_pair = re.compile(r"[^:]{1,30}:\s*\S")
_sentence = re.compile(r"(?<=[。;!?！？])|(?<=[.])\s+(?=[A-Z(★▲*])")
_wordy = re.compile(r"[^\W\d_]")
_cjk = re.compile(r"[\u3000-\u30ff\u3400-\u9fff\uff00-\uffef]")
_name_head = re.compile(
    r"参数|项目|名称|指标|内容|\b(?:parameter|item|characteristic|property|description|feature|quantity)", re.IGNORECASE
)
_wish_head = re.compile(
    r"要求|规格|数值|值|标准|\b(?:requirement|required|value|specification|rating|limit)", re.IGNORECASE
)
_unit_head = re.compile(r"^(?:计量)?单位$|^units?$", re.IGNORECASE)
_count_head = re.compile(r"^(?:序号|编号|条款号?|no\.?|#|pos\.?|item no\.?|clause)$", re.IGNORECASE)
_code_head = re.compile(r"代码|故障码|报警[码号]|\b(?:codes?|alarm)\b", re.IGNORECASE)
_tail = re.compile(
    r"(?:[\s:,、(]|应当?|必?须|需要?|为|是|达到?|不|\b(?:shall|must|should|be|is|are|of|at|a|an|the|to|have|has|by|with|not|run|than))$",
    re.IGNORECASE,
)
_front = re.compile(
    r"(?:[\s:,、.)]|应当?|必?须|需要?|并|且|具[有备]|能够?|提供|其|其中|和|及"
    r"|\b(?:shall|must|should|be|is|are|has|have|a|an|and|with|provide|the|not)\b)+",
    re.IGNORECASE,
)
_after_of = re.compile(r"\s*的([^\W\d_]{2,12})")


def requirements_of(lines: Sequence[Line]) -> tuple[Requirement, ...]:
    """Propose the requirements of a document in reading order, at most `MOST`.

    >>> (one,) = requirements_of([Line(page=1, text="3.1 灌装机产能应不低于2000瓶/小时。", box=(0, 0, 1, 0.1))])
    >>> one.number, one.name, one.operator, one.value, one.unit
    ('3.1', '灌装机产能', '≥', 2000.0, '瓶/小时')
    """
    found: list[Requirement] = []
    for group in _paragraphs(lines):
        found.extend(_of_row(group[0]) if group[0].cells else _of_paragraph(group))
        if len(found) >= MOST:
            break
    return tuple(found[:MOST])


def strength_of(text: str) -> str:
    """Return must, should or stated.

    >>> [strength_of(text) for text in ("供应商应提供手册", "应用软件", "The cell should be quiet", "供应稳定")]
    ['must', 'stated', 'should', 'stated']
    """
    if _must.search(text):
        return "must"
    return "should" if _should.search(text) else "stated"


# --- prose ----------------------------------------------------------------------------------------------------------


def _paragraphs(lines: Sequence[Line]) -> Iterator[list[Line]]:
    """Lines that belong together: a number, a star, a gap, a row or "name: value" begins anew."""
    group: list[Line] = []
    for line in lines:
        if group and (line.cells or group[-1].cells or line.page != group[-1].page or _begins(line, group[-1])):
            yield group
            group = []
        group.append(line)
    if group:
        yield group


def _begins(line: Line, last: Line) -> bool:
    text = fold(line.text)
    height = max(last.box[3] - last.box[1], 1e-6)
    gap = line.box[1] - last.box[3]
    return bool(_numbered(text)[0] or _star.match(text) or _pair.match(text) or gap > height or gap < -2 * height)


def _numbered(text: str) -> tuple[str, bool, str]:
    """A clause's number, whether it is starred, and the rest; a value with its unit ("2.5 kW") is no number.

    >>> _numbered("★3.2.1 设备须接地"), _numbered("2.5 kW motors"), _numbered("1) Guards")
    (('3.2.1', True, '设备须接地'), ('', False, '2.5 kW motors'), ('1', False, 'Guards'))
    """
    star = _star.match(text)
    rest = text[star.end() :] if star else text
    number = _number.match(rest)
    if number is None or ((amount := only_amount(rest[: number.end() + 12].split(",")[0])) and amount.unit):
        return "", bool(star), rest
    after = rest[number.end() :]
    if re.match(r"\d|\s*[-~±×]\s*\d", after) or _starts_with_unit(rest):
        return "", bool(star), rest
    after = after.lstrip(" .)、:")
    further = _star.match(after)
    if further:
        after = after[further.end() :]
    return number.group().rstrip("、").strip("()"), bool(star or further), after


def _starts_with_unit(text: str) -> bool:
    first = next(iter(amounts_in(text[:40], plain=True)), None)
    return first is not None and first.start == 0 and bool(first.unit)


def _of_paragraph(group: Sequence[Line]) -> Iterator[Requirement]:
    text, spans = "", []
    for line in group:
        piece = fold(line.text)
        if text and not (_cjk.search(text[-1]) and _cjk.match(piece)):
            text += " "
        spans.append((len(text), len(text) + len(piece), line.box))
        text += piece
    number, starred, rest = _numbered(text)
    place = len(text) - len(rest)
    for sentence in _sentence.split(rest):
        start = text.index(sentence, place)
        place = start + len(sentence)
        boxes = [box for low, high, box in spans if low < place and start < high]
        if boxes and sentence.strip():
            yield from _of_sentence(
                sentence.strip(), page=group[0].page, box=_around(boxes), number=number, starred=starred
            )


def _of_sentence(
    text: str, *, page: int, box: Box, number: str, starred: bool, about: str = ""
) -> Iterator[Requirement]:
    strength = "must" if starred else strength_of(text)
    told = masked(text[:MOST_TEXT])
    last, any_amount = 0, False
    for amount in amounts_in(text):
        name = about or _name(text[last : amount.start], text[amount.end :])
        last = amount.end
        if not name:
            continue
        any_amount = True
        yield _parameter(amount, name, text=told, page=page, box=box, number=number, strength=strength)
    if not any_amount and strength != "stated" and len(_wordy.findall(text)) > 3:
        yield Requirement(page=page, box=box, number=number, kind="clause", strength=strength, text=told)


def _parameter(
    amount: Amount, name: str, *, text: str, page: int, box: Box, number: str, strength: str, unit: str = ""
) -> Requirement:
    if strength == "stated" and amount.operator != "=":
        strength = "must"
    return Requirement(
        page=page, box=box, number=number, kind="parameter", strength=strength, text=text,
        name=masked(name)[:MOST_NAME], operator=amount.operator, value=amount.value, upper=amount.upper,
        unit=amount.unit or unit,
    )  # fmt: skip


def _name(before: str, after: str) -> str:
    """What a value is of: the words before it without the verbs, or what follows "…的"."""
    before = before[-MOST_TEXT:]
    part = re.split(r"[,、;。(]\s*|\band\b", before)[-1] if before.strip() else ""
    part = part if _wordy.search(part) else before
    hits = [*_must.finditer(part), *_should.finditer(part)]
    cut = max(hits, key=lambda hit: hit.end(), default=None)
    choices = [part] if cut is None else [part[cut.end() :], part[: cut.start()]]
    names = [_bare(choice) for choice in choices]
    good = [name for name in names if len(name.split()) > 1 or len(_cjk.findall(name)) > 1]
    of = _after_of.match(after)
    if of and not (cut is not None and good[:1] == names[:1]):
        return of.group(1)
    return next(iter(good), next((name for name in reversed(names) if _wordy.search(name)), ""))


def _bare(text: str) -> str:
    text = text[(found.end() if (found := _front.match(text)) else 0) :]
    while text and (found := _tail.search(text)):
        text = text[: found.start()]
    return text.strip(" -–—:")


def _around(boxes: Sequence[Box]) -> Box:
    return (
        min(box[0] for box in boxes), min(box[1] for box in boxes),
        max(box[2] for box in boxes), max(box[3] for box in boxes),
    )  # fmt: skip


# --- rows -----------------------------------------------------------------------------------------------------------


def _of_row(line: Line) -> Iterator[Requirement]:
    cells = [fold(cell) for cell in line.cells]
    heads = [fold(head) for head in line.heads] if len(line.heads) == len(cells) else [""] * len(cells)
    if any(_code_head.search(head) for head in heads) or cells == heads:
        return
    counting = {k for k, head in enumerate(heads) if _count_head.match(head)}
    units = [
        k for k, (head, cell) in enumerate(zip(heads, cells, strict=True)) if _unit_head.match(head) or unit_alone(cell)
    ]
    named = next((k for k, head in enumerate(heads) if _name_head.search(head) and k not in counting), None)
    if named is None or not _wordy.search(cells[named]):
        named = next((k for k, cell in enumerate(cells) if _wordy.search(cell) and k not in {*units, *counting}), None)
    if named is None:
        return
    number = next((cells[k] for k in sorted(counting) if cells[k]), "")[:20]
    _, starred, name = _numbered(cells[named])
    starred |= any(_star.match(cell) for cell in cells)
    wished = any(_wish_head.search(head) for head in heads)
    unit = next((cells[k] for k in units if _wordy.search(cells[k]) or unit_alone(cells[k])), "")
    values = [k for k in range(len(cells)) if k not in {named, *units, *counting} and cells[k]]
    for k in values:
        about = f"{name} · {heads[k]}" if len(values) > 1 and heads[k] else name
        yield from _of_cell(
            line, cells[k], about=about, number=number, starred=starred, unit=unit,
            listed=wished and bool(_wish_head.search(heads[k])),
        )  # fmt: skip


def _of_cell(
    line: Line, cell: str, *, about: str, number: str, starred: bool, unit: str, listed: bool
) -> Iterator[Requirement]:
    amount = only_amount(cell)
    text = masked(f"{about}: {cell} {unit}".strip()[:MOST_TEXT])
    if amount is not None:
        if amount.unit or unit or amount.operator != "=" or listed:
            strength = "must" if starred or listed else "stated"
            yield _parameter(
                amount, about, text=text, page=line.page, box=line.box, number=number, strength=strength, unit=unit
            )
        return
    inside = list(_of_sentence(cell, page=line.page, box=line.box, number=number, starred=starred, about=about))
    if inside or not listed:
        yield from inside
    else:
        yield Requirement(page=line.page, box=line.box, number=number, kind="clause", strength="must", text=text)


# --- what a person says of a line -----------------------------------------------------------------------------------


def edited(line: Mapping[str, object], change: Mapping[str, object]) -> dict[str, object]:
    """A proposed line with what a person corrected in it; the words of the document stay beside it as `as_read`.

    Raises ValueError where the change makes no requirement.
    """
    fields = ("text", "name", "operator", "value", "upper", "unit")
    made = {**line, **{key: change[key] for key in fields if key in change}}
    for key, most in (("text", MOST_TEXT), ("name", MOST_NAME), ("unit", 24)):
        made[key] = fold(str(made[key] or ""))[:most]
    for key in ("value", "upper"):
        given = made[key]
        made[key] = None if given is None else float(str(given))
        if made[key] is not None and not math.isfinite(float(str(given))):
            raise ValueError(f"{given} is no value")
    if line["kind"] == "parameter" or made["operator"] or made["value"] is not None or made["upper"] is not None:
        made["kind"] = "parameter"
    if not made["text"] or (made["kind"] == "parameter" and not _whole(made)):
        raise ValueError("a requirement needs its words, a parameter its name, operator and value")
    changed = {key: line[key] for key in fields if made[key] != line[key]}
    return {**made, "as_read": changed} if changed else made


def _whole(line: Mapping[str, object]) -> bool:
    value, upper = line["value"], line["upper"]
    if line["operator"] == "..":
        return bool(line["name"]) and isinstance(value, float) and isinstance(upper, float) and value <= upper
    plain = line["operator"] in {"≥", "≤", ">", "<", "="} and upper is None
    return bool(line["name"]) and plain and value is not None
